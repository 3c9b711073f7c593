"""Do the pure decisions of the exchange decide as the profile says?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LinkError, LocalError, PartnerError
from gateway.exchange.rejection import position, rule_refusal, unreadable
from gateway.exchange.repeats import (
    QUICK,
    day_passed,
    latest_repeat,
    lived_before,
    repeat_at,
    unacknowledged_since,
)
from gateway.exchange.route import corridor_of, departure_of, foreign_office, others, recipients
from gateway.exchange.summary import Exit, Summary, exit_for, worst
from gateway.findings import Finding, Place, Severity
from gateway.mapping import Corridors, Traced, load_corridors, search_path
from gateway.transit.declaration import Declaration, Office
from gateway.transit.event import Event, EventOffice, Word

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@cache
def corridors() -> Corridors:
    return load_corridors(search_path())


def event(word: Word, office: str = "BFCKS", role: str = "transit") -> Event:
    return Event(word=word, reference="R", administration="BFDGD", office=EventOffice(role=role, code=office))


def test_the_offices_of_departure_and_destination_choose_the_corridor() -> None:
    declaration = Declaration(office_of_departure=Office(code="TGLPL"), office_of_destination=Office(code="MLBKO"))
    assert corridor_of(declaration, corridors()).identifier == "tg-ml"


@pytest.mark.parametrize(("departure", "destination", "path"), [
    (None, "MLBKO", "office_of_departure"), ("TGLPL", None, "office_of_destination")])
def test_without_an_office_no_corridor_is_guessed(departure: str | None, destination: str | None, path: str) -> None:
    declaration = Declaration(office_of_departure=Office(code=departure) if departure else None,
                              office_of_destination=Office(code=destination) if destination else None)
    with pytest.raises(LocalError) as caught:
        corridor_of(declaration, corridors())
    assert [(finding.code, finding.place.path) for finding in caught.value.findings] == [("X020", path)]


def test_copies_go_to_every_other_administration_in_the_order_of_the_itinerary() -> None:
    corridor = corridors().named("tg-ml")
    assert others(corridor, "TGOTR") == ["BFDGD", "MLDGD"]
    assert departure_of(corridor) == "TGOTR"


@pytest.mark.parametrize(("word", "expected"), [
    (Word.ACCEPTED, ["TGOTR"]), (Word.REJECTED, ["TGOTR"]), (Word.ENQ_ANSWER, ["TGOTR"]),
    (Word.CROSS_IN, ["TGOTR", "MLDGD"]), (Word.ARRIVED, ["TGOTR", "MLDGD"]), (Word.DISCHARGED, ["TGOTR", "MLDGD"])])
def test_answers_go_to_the_departure_and_events_to_the_whole_route(word: Word, expected: list[str]) -> None:
    assert recipients(event(word), corridors().named("tg-ml"), "BFDGD") == expected


def test_an_event_at_an_office_of_another_administration_is_foreign() -> None:
    assert foreign_office(event(Word.CROSS_IN), "BFDGD", corridors()) is None
    assert foreign_office(event(Word.CROSS_IN, "MLKRY"), "BFDGD", corridors()) == "MLKRY"
    assert foreign_office(event(Word.CROSS_IN, "XXUNK"), "BFDGD", corridors()) is None


def test_silence_is_an_alarm_once_the_receipt_was_awaited_through_every_quick_repeat() -> None:
    assert NOW - unacknowledged_since(NOW, timedelta(hours=4)) == timedelta(hours=12)


def test_the_same_bytes_go_up_three_times_at_the_agreed_interval_and_then_once_a_day() -> None:
    agreed = timedelta(hours=4)
    assert [repeat_at(NOW, attempts, agreed) - NOW for attempts in range(5)] == [
        agreed, agreed, agreed, timedelta(days=1), timedelta(days=1)]


@given(st.integers(1, 40 * 86_400).map(lambda seconds: timedelta(seconds=seconds)), st.integers(0, 50),
       st.floats(0, 1, exclude_max=True))
def test_no_repeat_comes_earlier_than_agreed_and_all_quick_ones_before_the_alarm(
        agreed: timedelta, attempts: int, chance: float) -> None:
    waits = repeat_at(NOW, attempts, agreed, chance) - NOW
    assert agreed <= waits
    assert NOW + waits <= latest_repeat(NOW, agreed)
    if attempts >= QUICK:
        assert waits >= timedelta(hours=23)
        assert waits <= max(timedelta(days=1), agreed * 1.1)
    else:  # three quick ones take less time than the alarm waits for: the receipt, and three times as long again
        assert waits * QUICK <= agreed * (QUICK + 1)


@given(st.integers(1, 40 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
       st.integers(1, 365).map(lambda days: timedelta(days=days)))
def test_no_dead_letter_is_younger_than_the_settings_say_or_than_its_alarm(
        agreed: timedelta, lifetime: timedelta) -> None:
    age = NOW - lived_before(NOW, lifetime, agreed)
    assert age == max(lifetime, agreed * 5)
    assert NOW - age + agreed <= unacknowledged_since(NOW, agreed)


def test_what_is_done_daily_is_due_a_little_early_and_whatever_a_clock_ahead_has_written() -> None:
    hour = timedelta(hours=1)
    assert [day_passed(NOW - hours * hour, NOW) for hours in (0, 22, 23, 24, -1, -2, -9999)] == [
        False, False, True, True, False, True, True]


@pytest.mark.parametrize(("error", "expected"), [
    (LinkError(Finding(code="B101")), Exit.LATER), (LocalError(Finding(code="L009")), Exit.LATER),
    (PartnerError(Finding(code="E_SIGNATURE")), Exit.TRUST), (LocalError(Finding(code="K010")), Exit.TRUST),
    (LocalError(Finding(code="S012")), Exit.SETTINGS), (LocalError(Finding(code="M021")), Exit.SETTINGS),
    (LocalError(Finding(code="M103")), Exit.PERSON), (LocalError(Finding(code="R004")), Exit.PERSON)])
def test_an_error_asks_for_the_exit_status_of_whose_move_it_is(error: LocalError, expected: Exit) -> None:
    assert exit_for(error) is expected


def test_of_several_exit_statuses_the_worst_stands() -> None:
    assert worst({Exit.LATER, Exit.PERSON, Exit.SETTINGS, Exit.TRUST}) is Exit.SETTINGS
    assert worst({Exit.LATER, Exit.PERSON}) is Exit.PERSON
    assert worst(set()) is Exit.DONE


def test_a_summary_keeps_errors_and_drops_the_warnings_that_came_with_them() -> None:
    summary = Summary()
    summary.trouble(PartnerError(Finding(code="F001"), Finding(code="F002", severity=Severity.WARNING)))
    assert [(status, finding.code) for status, finding in summary.problems] == [(Exit.PERSON, "F001")]
    assert summary.status is Exit.PERSON


def _traced(segment: int, tag: str, path: str | None) -> Traced:
    return Traced(segment=segment, tag=tag, element=1, component=1, value="x", mapping_file="m", mapping_line=1,
                  path=path)


def test_a_value_is_pointed_at_where_it_stands_and_a_missing_one_at_the_group_it_should_stand_in() -> None:
    traced = [_traced(2, "BGM", "mrn"), _traced(60, "CST", "items[1].number"), _traced(63, "MEA", "items[1].net_mass"),
              _traced(70, "CST", "items[2].number")]
    assert position(traced, "items[1].net_mass") == 63
    assert position(traced, "items[2].gross_mass") == 70
    assert position(traced, "guarantee.references") is None


def test_a_rule_of_the_exchange_speaks_both_languages() -> None:
    refusal = rule_refusal("COR0012", mrn="26TGLPLT0000182338")
    assert refusal.french == "aucune déclaration 26TGLPLT0000182338 n'est détenue ici"
    assert refusal.english == "no declaration 26TGLPLT0000182338 is held here"


def test_what_the_mapping_cannot_read_is_one_rule_with_the_place_of_each_finding() -> None:
    reasons = unreadable([Finding(code="M214", place=Place(segment=7, tag="LOC"))])
    assert [(reason.rule, reason.tag, reason.position) for reason in reasons] == [("COR0001", "LOC", 7)]
