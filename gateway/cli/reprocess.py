"""`edi reprocess`: a message of ours made anew with another version of its mapping; the difference first."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit, emit_json, note, t, tell
from gateway.cli.people import by_option, login, named_people, person
from gateway.cli.quarantine_decide import said
from gateway.config import load_settings
from gateway.exchange.reprocessing import ACTIVE, ChangedSegment, Rebuild, rebuilds, reprocess
from gateway.exchange.summary import Exit
from gateway.exchange.two_people import Voice


@click.command(name="reprocess", help=t("cli.reprocess.help"))
@click.argument("references", metavar="REF...", nargs=-1, required=True)
@click.option("--mapping", "version", default=ACTIVE, metavar=t("cli.metavar.version"), help=t("cli.reprocess.mapping"))
@click.option("--yes", is_flag=True, help=t("cli.reprocess.yes"))
@click.option("--reason", default="", metavar=t("cli.metavar.reason"), help=t("cli.acts.reason"))
@by_option
@acting
def reprocess_command(config: Path, references: tuple[str, ...], version: str, yes: bool, reason: str,
                      people: tuple[str, ...], as_json: bool) -> int:
    """Exit 1 when there is nothing to send under one of the references."""
    settings = load_settings(config)
    if yes:
        words, names = said(reason), named_people(people, 1)
        voice = Voice(name=", ".join(names), account=login(), person=person())
    with opened(settings) as (gateway, now):
        found = reprocess(gateway, references, version, voice, words, now) if yes \
            else rebuilds(gateway, references, version)
    made = [one for one in found if isinstance(one, Rebuild)]
    for one in found:
        if isinstance(one, Rebuild):
            _tell(one, yes, as_json)
            continue
        if as_json:
            emit_json("refused", {"reference": one.reference, "message": one.name,
                                  "codes": [finding.code for finding in one.findings]})
        tell(one.findings)
    if as_json:
        emit_json("summary", {"found": len(found), "rebuilt": len(made), "refused": len(found) - len(made),
                              "queued": len(made) if yes else 0})
    elif made:
        note(t("reprocess.queued" if yes else "reprocess.ask", count=len(made)))
    return Exit.DONE if {one.reference for one in made} >= set(references) else Exit.PERSON


def _tell(one: Rebuild, queued: bool, as_json: bool) -> None:
    if as_json:
        emit_json("rebuilt", {
            "reference": one.reference, "message": one.name, "partner": one.row.partner, "mrn": one.row.mrn,
            "type": one.row.type, "word": one.row.word, "mapping": one.mapping.identifier, "before": one.before,
            "after": one.after, "removed": [_plain(segment) for segment in one.old],
            "added": [_plain(segment) for segment in one.new], "queued": queued})
        return
    emit(t("reprocess.message", message=one.name, partner=one.row.partner, mapping=one.mapping.identifier,
           before=one.before, after=one.after))
    for side, segments in (("old", one.old), ("new", one.new)):
        for segment in segments:
            emit("  " + t(f"reprocess.{side}", position=segment.position, text=segment.text))
            for part in segment.words.components:
                emit(f"       {part.name or part.id or part.element}: {part.value}"
                     + (f" ({part.meaning})" if part.meaning else ""))


def _plain(segment: ChangedSegment) -> dict[str, object]:
    return {"position": segment.position, "text": segment.text, "name": segment.words.name,
            "values": [{"name": part.name, "value": part.value, "meaning": part.meaning}
                       for part in segment.words.components]}
