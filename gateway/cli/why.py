"""`edi explain REF`: why partners refused what answers to a reference, at the places of the sender's own file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from gateway.cli.context import emit, emit_json, language, t
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.explaining import Why, why
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.texts import Language, known, say, where


def show_why(config: Path, reference: str, now: datetime, *, as_json: bool) -> int:
    """One part for each reason. Raises LocalError C002 where nothing answers to the reference."""
    with open_gateway(load_settings(config), now) as gateway:
        try:
            reasons = why(gateway, reference)
        except LocalError as error:
            if any(finding.code == "X044" for finding in error.findings):
                raise LocalError(Finding(code="C002", values={"code": reference})) from error
            raise
    if as_json:
        for reason in reasons:
            _json(reason)
        emit_json("summary", {"reference": reference, "count": len(reasons)})
    elif not reasons:
        emit(t("why.nothing", reference=reference))
    else:
        for number, reason in enumerate(reasons):
            if number:
                emit()
            _tell(reason)
    return Exit.DONE


def in_words(reason: Why) -> str:
    """What the partner said, in the language of this run."""
    return reason.fr if language() is Language.FRENCH else reason.en


def advice(reason: Why) -> str:
    """What to do: in the mapping, where it hides a value that the record has, else in the national system."""
    if reason.held:
        return t("why.hint.held", partner=reason.partner, place=reason.mapping, message=reason.message)
    key = f"{reason.code}.hint"
    return say(key, language()) if known(key, language()) else t("why.hint")


def _tell(reason: Why) -> None:
    emit(t("why.head", partner=reason.partner, said=reason.said_in, message=reason.message, code=reason.code))
    emit(f"  {in_words(reason)}")
    if reason.place is not None:
        emit("  " + t("why.place", place=where(reason.place, language())))
    if reason.path is not None:
        emit("  " + t("why.path", path=reason.path))
    if reason.segment is not None:
        emit("  " + t("why.segment", tag=reason.tag or "?", position=reason.segment, element="-".join(
            str(part) for part in (reason.element, reason.component) if part is not None) or "*"))
    if reason.mapping is not None:
        emit("  " + t("why.mapping", place=reason.mapping))
    emit("  " + (t("why.missing") if reason.value is None else t("why.value", value=reason.value)))
    if reason.example is not None and not reason.held:
        emit("  " + t("why.example", value=reason.example))
    emit(f"  → {advice(reason)}")


def _json(reason: Why) -> None:
    place = reason.place
    emit_json("reason", {
        **{name: getattr(reason, name) for name in reason.__struct_fields__ if name != "place"},
        "file": place and place.file, "line": place and place.line, "column": place and place.column,
        "locator": place and place.locator})
