"""`edi bench`: run the project's benchmarks and compare within the same run."""

from __future__ import annotations

import sys
from importlib import import_module
from itertools import chain
from pathlib import Path

import click

from gateway.cli.context import emit, emit_json, json_option, t, without_settings
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding

_CHECKOUT = Path(__file__).parents[2]
MOST = 40_000_000
"""Messages of a ledger that is filled at most: about 110 GB."""
_FIGURE = ("name", "value", "unit", "against", "ratio", "target")


@click.command(name="bench", help=t("cli.bench.help"))
@click.argument("name", required=False, metavar=t("cli.metavar.name"))
@click.option("--scale", type=click.FloatRange(0.001, 100), default=1.0, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.bench.scale"))
@click.option("--peers", is_flag=True, help=t("cli.bench.peers"))
@click.option("--rows", metavar=t("cli.metavar.number"), help=t("cli.bench.rows"))
@click.option("--folder", type=click.Path(path_type=Path, exists=True, file_okay=False),
              metavar=t("cli.metavar.folder"), help=t("cli.bench.folder"))
@json_option
@without_settings
def bench_command(name: str | None, scale: float, peers: bool, rows: str | None, folder: Path | None,
                  as_json: bool) -> int:
    """Each figure with what it was compared with in the same run. Exit 1 when a target is missed."""
    if not (_CHECKOUT / "tests" / "bench").is_dir():
        raise LocalError(Finding(code="C005"))
    sys.path.insert(0, str(_CHECKOUT))
    benches = import_module("tests.bench")
    if name is not None and name not in benches.NAMES:
        raise LocalError(Finding(code="C006", values={"name": name, "known": ", ".join(benches.NAMES)}))
    sizes = _sizes(rows, name in benches.SIZED)
    met = True
    for chosen in [name] if name is not None else benches.NAMES:
        bench = import_module(f"tests.bench.{chosen}")
        others = bench.peer_figures(scale) if peers and chosen in benches.PEERS else ()
        figures = bench.figures(scale) if sizes is None else bench.figures_in(folder, sizes)
        for figure in chain(figures, others):
            met = met and figure.ok
            if as_json:
                emit_json("figure", {name: getattr(figure, name) for name in _FIGURE} | {"ok": figure.ok})
            else:
                emit(t("bench.line", name=figure.name, value=f"{figure.value:,.4g}", unit=figure.unit,
                       against=figure.against or "—", ratio="—" if figure.ratio is None else f"{figure.ratio:.3g}",
                       target=figure.target or "—", verdict=t("bench.ok" if figure.ok else "bench.missed")))
    return Exit.DONE if met else Exit.PERSON


def _sizes(rows: str | None, sized: bool) -> list[int] | None:
    """Sizes as they are written, ``10000,1000000``; None where none are. Raises click's error of a bad option."""
    if rows is None:
        return None
    found = [int(part) for part in rows.split(",") if part.isascii() and part.isdigit() and 0 < int(part) <= MOST]
    if not sized or len(found) != rows.count(",") + 1:
        raise click.BadParameter(rows, param_hint="--rows")
    return found
