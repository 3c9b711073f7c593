"""`edi simulate`: a corridor on this computer with a partner that does everything wrong, and what comes of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gateway.cli.context import emit, emit_json, json_option, occasion, t, table, without_settings
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding

_MARKS = {True: "✔", False: "✘"}


@click.command(name="simulate", help=t("cli.simulate.help"))
@click.argument("corridor", metavar="ID")
@click.option("--fault", "faults", multiple=True, metavar=t("cli.simulate.faults"), help=t("cli.simulate.fault"))
@click.option("--declaration", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar=t("cli.metavar.file"), help=t("cli.simulate.declaration"))
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.simulate.dir"))
@click.option("--list", "listed", is_flag=True, help=t("cli.simulate.list"))
@json_option
@without_settings
def simulate_command(corridor: str, faults: tuple[str, ...], declaration: Path | None, folder: Path | None,
                     listed: bool, as_json: bool) -> int:
    """Exit 1 when something else happened than what must."""
    from gateway.mapping import load_corridors, search_path
    from gateway.simulation import SCENES, Pair, play

    corridors = load_corridors(search_path())
    corridors.named(corridor)
    names = [name for one in faults for name in one.split(",") if name] or list(SCENES)
    for name in names:
        if name not in SCENES:
            raise click.BadParameter(t("cli.simulate.unknown", fault=name, known=", ".join(SCENES)))
    if listed:
        for name in names:
            if as_json:
                emit_json("fault", {"fault": name, "text": t(f"simulate.fault.{name}")})
            else:
                emit(f"{name:<16} {t(f'simulate.fault.{name}')}")
        return Exit.DONE
    content = None if declaration is None else declaration.read_bytes()
    rows: list[list[str]] = []
    bad = 0
    with _root(folder) as root:
        for name in names:
            pair = Pair.make(root / name, corridors, corridor, occasion().now)
            for step in play(SCENES[name], pair, content):
                bad += not step.ok
                if as_json:
                    emit_json("step", {"fault": name, "step": step.name, "ok": step.ok, "expected": step.expected,
                                       "happened": step.seen})
                rows.append([_MARKS[step.ok], name, t(f"simulate.step.{step.name}"), _said(step.expected),
                             "=" if step.ok else _said(step.seen)])
    if as_json:
        emit_json("summary", {"steps": len(rows), "failed": bad, "folder": None if folder is None else str(folder)})
        return Exit.PERSON if bad else Exit.DONE
    table(["", t("simulate.column.fault"), t("simulate.column.step"), t("simulate.column.expected"),
           t("simulate.column.happened")], rows)
    emit(t("simulate.end", n=len(rows), bad=bad))
    if folder is not None:
        emit(t("simulate.kept", folder=folder))
    return Exit.PERSON if bad else Exit.DONE


@contextmanager
def _root(folder: Path | None) -> Iterator[Path]:
    """The folder that is asked for, which must be empty, or one that goes away."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="edi-simulate-") as made:
            yield Path(made)
        return
    if folder.exists() and any(folder.iterdir()):
        raise LocalError(Finding(code="X281", values={"folder": str(folder)}))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    yield folder


def _said(seen: object) -> str:
    """What a step left, in a few words."""
    from gateway.simulation import Seen

    assert isinstance(seen, Seen)
    parts = [*seen.codes, t("simulate.answers", n=seen.answers)]
    parts += [t(f"simulate.{name}", n=number) for name in ("quarantined", "repeated", "late")
              if (number := getattr(seen, name))]
    return ", ".join(parts)
