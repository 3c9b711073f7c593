"""Are replays, forks and broken chains seen, whatever the file is called? (V30, V31)"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from gateway.security import EnvelopeError, Opened, judge_order, open_from_link
from tests.tools import loose_sealer as loose
from tests.tools.security_world import NOW, Delivery, world

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """An object of the ledger."""

    sequence: int
    message_id: str
    mic: str
    previous: str | None


@dataclass
class Link:
    """A ledger's view of one link."""

    held: tuple[Held, ...] = ()

    def by_sequence(self, sequence: int) -> Held | None:
        """By number."""
        return next((one for one in self.held if one.sequence == sequence), None)

    def by_message_id(self, message_id: str) -> Held | None:
        """By message id."""
        return next((one for one in self.held if one.message_id == message_id), None)


def _third() -> Opened:
    w = world()
    return Delivery(w.sealed(w.entity(sequence_number=3, previous="2" * 64))).open()


def _held(opened: Opened, **changes: Any) -> Held:
    held = Held(opened.header.sequence, opened.header.message_id, opened.mic, opened.header.previous)
    return dataclasses.replace(held, **changes)


def _order(opened: Opened, *held: Held, void: tuple[int, ...] = ()) -> str:
    try:
        return judge_order(opened, Link(held), void=void)
    except EnvelopeError as error:
        assert error.opened == opened
        return error.code


_OTHER_ID = f"<{'f' * 32}@XA>"

ORDER: list[tuple[str, str, Callable[[Opened], list[Held]], tuple[int, ...]]] = [
    ("nothing is known", "new", lambda o: [], ()),
    ("the predecessor is known", "new", lambda o: [Held(2, _OTHER_ID, "2" * 64, "1" * 64)], ()),
    ("the successor is known", "new", lambda o: [Held(4, _OTHER_ID, "4" * 64, o.mic)], ()),
    ("the successor is known by its leaf alone", "new", lambda o: [Held(4, _OTHER_ID, "4" * 64, None)], ()),
    ("the very same is known", "duplicate", lambda o: [_held(o)], ()),
    ("the number with another content", "E_DUPLICATE", lambda o: [_held(o, mic="9" * 64)], ()),
    ("the number with another message id", "E_DUPLICATE", lambda o: [_held(o, message_id=_OTHER_ID)], ()),
    ("the message id under another number", "E_DUPLICATE", lambda o: [_held(o, sequence=9)], ()),
    ("number and message id of two objects", "E_DUPLICATE",
     lambda o: [_held(o, message_id=_OTHER_ID), _held(o, sequence=9)], ()),
    ("the predecessor is another", "E_CHAIN", lambda o: [Held(2, _OTHER_ID, "7" * 64, "1" * 64)], ()),
    ("the successor names another", "E_CHAIN", lambda o: [Held(4, _OTHER_ID, "4" * 64, "8" * 64)], ()),
    ("the number was taken back", "E_VOID", lambda o: [], (3,)),
    ("the number was taken back and is known", "E_VOID", lambda o: [_held(o)], (3,)),
]


@pytest.mark.threat(1)
@pytest.mark.threat(28)
@pytest.mark.parametrize(("expected", "held", "void"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
def test_identity_and_order_are_judged_by_what_was_signed(expected: str, held: Callable[[Opened], list[Held]],
                                                          void: tuple[int, ...]) -> None:
    opened = _third()
    assert _order(opened, *held(opened), void=void) == expected


@pytest.mark.threat(1)
def test_t01_an_accepted_object_put_back_a_year_later_is_a_duplicate_and_not_too_old() -> None:
    """What was accepted is a duplicate for ever, copied or encrypted anew: identity has no time window."""
    w = world()
    now = NOW + 364 * DAY
    sealed = w.sealed()
    first = Delivery(sealed).open()
    again = w.outer(first.inner)  # encrypted anew, under another name
    for content in (sealed, again):
        opened, verdict = open_from_link(
            loose.named(content), content, recipient="XB", keys=w.keys(), trust=w.trust(), now=now,
            environment="production", link=Link((_held(first),)))
        assert (opened, verdict) == (first, "duplicate")


def test_an_old_object_that_is_not_known_is_too_old_and_carries_itself() -> None:
    w = world()
    with pytest.raises(EnvelopeError) as caught:
        open_from_link(loose.named(sealed := w.sealed()), sealed, recipient="XB", keys=w.keys(), trust=w.trust(),
                       now=NOW + 364 * DAY, environment="production", link=Link())
    assert (caught.value.code, caught.value.opened) == ("E_OLD", Delivery(sealed).open())
