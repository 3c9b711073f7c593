"""In `edi show`: which message of ours was made anew from which, by whom and why."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.cli.context import emit, emit_json, t
from gateway.ledger import Ledger
from gateway.ledger.act_rows import Rebuilt
from gateway.ledger.rows import MessageRow


def show_rebuilt(ledger: Ledger, messages: Sequence[MessageRow]) -> None:
    """One line for each, both ways: whichever of the two is among these messages."""
    found = _rebuilt(ledger, messages)
    if found:
        emit()
    for one, old, new in found:
        emit(t("show.rebuilt", old=_named(old), words=one.act.words,
               new=_named(new) or t("show.rebuilt.waiting", partner=new.partner)))


def rebuilt_json(ledger: Ledger, messages: Sequence[MessageRow]) -> None:
    """The same for programs."""
    for one, old, new in _rebuilt(ledger, messages):
        emit_json("rebuilt", {"old": _named(old), "new": _named(new), "old_id": one.old, "new_id": one.new,
                              "partner": new.partner, "mapping": one.act.rules, "at": one.act.at,
                              "people": one.act.people, "account": one.act.account, "reason": one.act.reason})


def _rebuilt(ledger: Ledger, messages: Sequence[MessageRow]) -> list[tuple[Rebuilt, MessageRow, MessageRow]]:
    found = []
    with ledger.reading() as queries:
        for one in queries.rebuilt_of([row.id for row in messages]):
            old, new = queries.message(one.old), queries.message(one.new)
            assert old is not None and new is not None
            found.append((one, old, new))
    return found


def _named(row: MessageRow) -> str:
    return "" if row.control_reference is None else f"{row.control_reference}-{row.message_reference}"
