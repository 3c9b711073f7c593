"""`edi map rehearse`: a month of real national files through mapping and conformance; nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, occasion, t, tell, visible
from gateway.cli.map import search_of, settings_at
from gateway.cli.map_exchange import content_of
from gateway.errors import LocalError
from gateway.exchange.map_rehearsal import Rehearsal, rehearse
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.mapping import load_corridors
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_files import known_dialects
from gateway.texts import sentence

_MANY = 30
"""Lines of one kind that are shown to people."""


@click.command(name="rehearse", help=t("cli.map.rehearse.help"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True),
                metavar=t("cli.metavar.folder"))
@click.option("--dialect", "named", multiple=True, metavar="ID", help=t("cli.map.rehearse.dialect"))
@json_option
@common
def rehearse_command(folder: Path, named: tuple[str, ...], config: Path, as_json: bool) -> int:
    """Exit 1 when not every record would be accepted."""
    search = search_of(settings_at(config))
    files = {path.relative_to(folder).as_posix(): content_of(path) for path in sorted(folder.rglob("*"))
             if path.is_file() and not path.name.startswith(".")}
    if not files:
        raise LocalError(Finding(code="M454", values={"folder": str(folder)}))
    dialects = [load_dialect(one, search) for one in named] if named else list(_all(search))
    told = rehearse(load_corridors(search), dialects, files, occasion().now)
    (_show_json if as_json else _show)(told)
    return Exit.DONE if told.records and told.accepted == len(told.records) and not told.refused else Exit.PERSON


def _all(search: Sequence[Path]) -> Iterator[Dialect]:
    """Every dialect of files. One that cannot be loaded is told of, and does not keep the others from reading."""
    for identifier in known_dialects(search):
        try:
            dialect = load_dialect(identifier, search)
        except LocalError as error:
            tell(error.findings)
            continue
        if dialect.view is None:
            yield dialect


def _show(told: Rehearsal) -> None:
    emit(t("map.rehearse.files", files=told.files, records=len(told.records), waiting=len(told.waiting),
           refused=len(told.refused)))
    for dialect, records in told.dialects.items():
        emit("  " + t("map.rehearse.dialect", dialect=dialect, records=records))
    emit(t("map.rehearse.rate", accepted=told.accepted, records=len(told.records) + len(told.refused),
           rate=f"{100 * told.rate:.1f}"))
    by_corridor = Counter((record.corridor or "-", record.accepted) for record in told.records)
    for corridor in dict.fromkeys(name for name, _ in sorted(by_corridor)):
        emit("  " + t("map.rehearse.corridor", corridor=corridor, accepted=by_corridor[corridor, True],
                      refused=by_corridor[corridor, False]))
    if told.reasons:
        emit(t("map.rehearse.reasons"))
    for reason in told.reasons[:_MANY]:
        emit("  " + t("map.rehearse.reason", code=reason.code, n=reason.records, example=_said(reason.example)))
    if told.unseen:
        emit(t("map.rehearse.unseen", n=len(told.unseen), terms=", ".join(told.unseen)))
    if told.unread:
        emit(t("map.rehearse.unread", n=len(told.unread)))
    for field, number in told.unread.most_common(_MANY):
        emit("  " + t("map.rehearse.field", field=visible(field), n=number))


def _show_json(told: Rehearsal) -> None:
    emit_json("map_rehearsal", {
        "files": told.files, "records": len(told.records), "accepted": told.accepted, "rate": round(told.rate, 4),
        "dialects": told.dialects, "waiting": told.waiting,
        "reasons": [{"code": one.code, "records": one.records, "example": _said(one.example)}
                    for one in told.reasons],
        "refused_records": [{"key": one.key, "files": one.files, "corridor": one.corridor,
                             "findings": [_said(finding) for finding in one.findings]}
                            for one in told.records if not one.accepted],
        "refused_files": {name: [_said(one) for one in findings] for name, findings in told.refused.items()},
        "unseen": told.unseen, "unread": dict(told.unread.most_common())})


def _said(finding: Finding) -> str:
    """The sentence; a rule of a corridor brings its own."""
    own = finding.values.get(language().value) if finding.code.startswith("COR") else None
    return visible(sentence(finding, language()) if own is None else f"{finding.code}: {own}")
