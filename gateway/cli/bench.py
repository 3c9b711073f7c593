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
_FIGURE = ("name", "value", "unit", "against", "ratio", "target")


@click.command(name="bench", help=t("cli.bench.help"))
@click.argument("name", required=False, metavar=t("cli.metavar.name"))
@click.option("--scale", type=click.FloatRange(0.001, 100), default=1.0, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.bench.scale"))
@click.option("--peers", is_flag=True, help=t("cli.bench.peers"))
@json_option
@without_settings
def bench_command(name: str | None, scale: float, peers: bool, as_json: bool) -> int:
    """Each figure with what it was compared with in the same run. Exit 1 when a target is missed."""
    if not (_CHECKOUT / "tests" / "bench").is_dir():
        raise LocalError(Finding(code="C005"))
    sys.path.insert(0, str(_CHECKOUT))
    benches = import_module("tests.bench")
    if name is not None and name not in benches.NAMES:
        raise LocalError(Finding(code="C006", values={"name": name, "known": ", ".join(benches.NAMES)}))
    met = True
    for chosen in [name] if name is not None else benches.NAMES:
        bench = import_module(f"tests.bench.{chosen}")
        others = bench.peer_figures(scale) if peers and chosen in benches.PEERS else ()
        for figure in chain(bench.figures(scale), others):
            met = met and figure.ok
            if as_json:
                emit_json("figure", {name: getattr(figure, name) for name in _FIGURE} | {"ok": figure.ok})
            else:
                emit(t("bench.line", name=figure.name, value=f"{figure.value:,.4g}", unit=figure.unit,
                       against=figure.against or "—", ratio="—" if figure.ratio is None else f"{figure.ratio:.3g}",
                       target=figure.target or "—", verdict=t("bench.ok" if figure.ok else "bench.missed")))
    return Exit.DONE if met else Exit.PERSON
