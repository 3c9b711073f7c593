"""Which of our keys serves a partner on which day, and what counts of a partner's: the decisions alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.own_keys import OwnPair, chosen
from gateway.ledger.key_rows import ConsentState, OwnKeyState

START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, LAST = START + timedelta(days=30), START + timedelta(days=44)
OLD, NEW, NEXT = "00" * 32, "11" * 32, "22" * 32
YES, ASKED, NO = ConsentState.CONSENTED, ConsentState.ASKED, ConsentState.REFUSED


def _pair(sha256: str, **more: object) -> OwnPair:
    return OwnPair(**{"number": 1, "sha256": sha256, "key": Path("k"), "certificate": Path("c"),  # type: ignore[arg-type]
                      **more})


REPLACED = _pair(OLD, accept_until=LAST, state=OwnKeyState.REPLACED)
ANNOUNCED = _pair(NEW, replaces=OLD, use_from=FIRST, state=OwnKeyState.ANNOUNCED)
GONE = _pair(OLD, accept_until=START, state=OwnKeyState.REVOKED)
CALLED = _pair(NEW, replaces=OLD, state=OwnKeyState.ANNOUNCED)


@pytest.mark.parametrize(("said", "day", "serves"), [
    ({NEW: YES}, 29, OLD), ({NEW: YES}, 30, OLD), ({NEW: YES}, 30.01, NEW), ({NEW: YES}, 400, NEW),
    ({NEW: ASKED}, 31, OLD), ({NEW: NO}, 44, OLD), ({NEW: ASKED}, 44.01, None), ({}, 31, OLD), ({}, 45, None)])
def test_a_new_key_serves_from_its_day_on_whoever_has_consented_and_the_old_one_others_to_its_last(
        said: dict[str, ConsentState], day: float, serves: str | None) -> None:
    pair = chosen([REPLACED, ANNOUNCED], OLD, said, START + timedelta(days=day))
    assert (pair and pair.sha256) == serves


@pytest.mark.parametrize(("said", "serves"), [({}, None), ({NEW: ASKED}, None), ({NEW: YES}, NEW)])
def test_a_key_that_follows_a_revoked_one_serves_nobody_who_has_not_said_that_it_takes_it(
        said: dict[str, ConsentState], serves: str | None) -> None:
    for settled in (OLD, NEW):  # before and after the settings name it
        pair = chosen([GONE, CALLED], settled, said, START + timedelta(days=1))
        assert (pair and pair.sha256) == serves


def test_a_partner_that_joined_later_has_the_key_of_the_settings() -> None:
    pairs = [REPLACED, ANNOUNCED]
    assert chosen(pairs, NEW, {}, START + timedelta(days=50)) == ANNOUNCED
    assert chosen(pairs, NEW, {NEW: ASKED}, START + timedelta(days=31)) == REPLACED  # it was asked: it has the old one


def test_a_revoked_new_key_leaves_the_old_one_where_that_still_holds() -> None:
    revoked = _pair(NEW, replaces=OLD, use_from=FIRST, state=OwnKeyState.REVOKED, accept_until=START)
    after = _pair(NEXT, replaces=NEW, state=OwnKeyState.MADE)
    said = {NEW: YES}
    assert chosen([REPLACED, revoked, after], OLD, said, START + timedelta(days=40)) == REPLACED
    assert chosen([REPLACED, revoked, after], OLD, said, START + timedelta(days=45)) is None
    assert chosen([REPLACED, revoked, after], OLD, said | {NEXT: YES}, START + timedelta(days=40)) == after


def test_what_was_encrypted_to_an_old_key_opens_for_ninety_days_more() -> None:
    assert [REPLACED.opens(LAST + timedelta(days=day)) for day in (0, 90, 91)] == [True, True, False]
    assert ANNOUNCED.opens(START + timedelta(days=4000))
