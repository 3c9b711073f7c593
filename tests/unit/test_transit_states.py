"""Is the state of a movement the same whatever the order of its events, and are contradictions shown?"""

from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from gateway.transit.declaration import Declaration, Extra, GoodsItem, Office, OfficeOfTransit, Packages, Vehicle
from gateway.transit.event import Event, EventItem, EventOffice, SealSeen, Word
from gateway.transit.states import TABLES, MovementState, movement_state

NOW = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
RECORD = Declaration(
    mrn="26TGLPLT0000182338", amendment=0, national_reference="2026/TGLPL/T/18233",
    office_of_departure=Office(code="TGLPL"), office_of_destination=Office(code="NENIR"),
    offices_of_transit=(OfficeOfTransit(code="BFCKS", order=1), OfficeOfTransit(code="BFKTC", order=2),
                        OfficeOfTransit(code="NETRD", order=3)),
    released=datetime(2026, 3, 10, 10, 15, tzinfo=UTC), time_limit=date(2026, 3, 20),
    vehicle_at_departure=Vehicle(identity="TG 4521 AZ"),
    items=(GoodsItem(number=1, gross_mass=Decimal(12500), packages=(Packages(count=480),)),
           GoodsItem(number=2, gross_mass=Decimal(14000), packages=(Packages(count=320),))))
COUNTER = itertools.count(1)


def event(word: str, administration: str, office: str = "", hour: int = 30, **details: object) -> Event:
    """An event `hour` hours after 10 March 2026, 00:00."""
    return Event(word=Word(word), administration=administration, reference=str(details.pop("reference", next(COUNTER))),
                 happened=datetime(2026, 3, 10 + hour // 24, hour % 24, tzinfo=UTC),
                 office=EventOffice(role="transit", code=office) if office else None, **details)  # type: ignore[arg-type]


ACCEPT_BF, ACCEPT_NE = event("ACCEPTED", "BFDGD", "BFCKS", 11), event("ACCEPTED", "NEDGD", "NENIR", 11)
OUT, IN = event("CROSS-OUT", "TGOTR", "TGCKS", 20), event("CROSS-IN", "BFDGD", "BFCKS", 21)
OUT_BF, IN_NE = event("CROSS-OUT", "BFDGD", "BFKTC", 40), event("CROSS-IN", "NEDGD", "NETRD", 41)
ARRIVED = event("ARRIVED", "NEDGD", "NENIR", 50)
CONFORM = event("CONTROL", "NEDGD", "NENIR", 51, control_result="A1")
SHORT = event("CONTROL", "NEDGD", "NENIR", 51, control_result="B1", reference="C-1",
              items=(EventItem(item=1, packages=420, difference="short", document_type="950"),))
PART = event("PART-DISCHARGED", "NEDGD", "NENIR", 52, items=(
    EventItem(item=1, packages=420, gross_mass=Decimal(10940), document_type="929"),
    EventItem(item=2, packages=320, gross_mass=Decimal(14000), document_type="929")))
SETTLED = event("DIFF-CLOSED", "NEDGD", "NENIR", 53, answered_event="C-1",
                items=(EventItem(item=1, packages=60, difference="settled", document_type="950"),))
DISCHARGED = event("DISCHARGED", "NEDGD", "NENIR", 54)
ENQUIRY = event("ENQUIRY", "TGOTR", "TGLPL", 55, reference="Q-1")
RECOVERY = event("RECOVERY", "TGOTR", "TGLPL", 56)


def state(role: str, *events: Event, declarations: tuple[Declaration, ...] = (RECORD,), now: datetime = NOW,
          **options: object) -> MovementState:
    return movement_state(role, declarations, events, now, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("events", "expected"), [
    ((), "SENT"), ((ACCEPT_BF,), "SENT"), ((ACCEPT_BF, ACCEPT_NE), "CONFIRMED"), ((ACCEPT_BF, OUT), "EN-ROUTE"),
    ((IN,), "EN-ROUTE"), ((event("INCIDENT", "BFDGD", "BFCKS"),), "EN-ROUTE"), ((IN, ARRIVED), "ARRIVED"),
    ((ARRIVED, CONFORM), "CONTROLLED"), ((CONFORM,), "CONTROLLED"), ((ARRIVED, SHORT), "DISPUTED"),
    ((ARRIVED, SHORT, SETTLED), "CONTROLLED"), ((ARRIVED, CONFORM, PART), "PART-DISCHARGED"),
    ((ARRIVED, SHORT, PART, DISCHARGED), "DISPUTED"), ((ARRIVED, SHORT, PART, SETTLED, DISCHARGED), "CLOSED"),
    ((ARRIVED, CONFORM, DISCHARGED), "CLOSED"), ((DISCHARGED,), "CLOSED"), ((OUT, ENQUIRY), "ENQUIRY"),
    ((OUT, ENQUIRY, event("ENQ-ANSWER", "NEDGD", hour=60, answer="unknown", answered_event="Q-1")), "ENQUIRY"),
    ((OUT, ENQUIRY, event("ENQ-ANSWER", "NEDGD", hour=60, answer="returned", answered_event="Q-1")), "EN-ROUTE"),
    ((OUT, ENQUIRY, RECOVERY), "RECOVERY"), ((ARRIVED, CONFORM, ENQUIRY), "ENQUIRY"),
    ((event("NOT-RELEASED", "TGOTR", "TGLPL"),), "CANCELLED")])
def test_the_departure_sees_the_first_line_that_holds(events: tuple[Event, ...], expected: str) -> None:
    assert state("departure", *events).state == expected


def test_before_anything_is_sent_the_departure_sees_its_own_record_grow() -> None:
    draft = Declaration()
    assert state("departure", declarations=()).state == "DRAFT"
    assert state("departure", declarations=(draft,), sent=()).state == "DRAFT"
    assert state("departure", declarations=(replace(draft, national_reference="N"),), sent=()).state == "RECORDED"
    assert state("departure", sent=()).state == "RELEASED"
    assert state("departure", sent=("BFDGD",)).state == "SENT"


@pytest.mark.parametrize(("events", "expected"), [
    ((), "EXPECTED"), ((OUT,), "EXPECTED"), ((IN,), "ENTERED"), ((IN, OUT_BF), "EXITED"), ((OUT_BF,), "EXITED"),
    ((IN, IN_NE), "EXITED"), ((ARRIVED,), "EXITED"), ((IN, OUT_BF, ARRIVED), "CLOSED"), ((DISCHARGED,), "CLOSED")])
def test_a_transit_country_sees_its_own_crossing(events: tuple[Event, ...], expected: str) -> None:
    assert state("transit", *events, administration="BFDGD").state == expected


@pytest.mark.parametrize(("events", "expected"), [
    ((OUT,), "EXPECTED"), ((IN,), "ENTERED"), ((IN, OUT_BF), "EXITED"), ((IN, IN_NE), "EXITED")])
def test_where_nobody_says_who_we_are_the_country_between_both_ends_is_ours(
        events: tuple[Event, ...], expected: str) -> None:
    assert state("transit", *events).state == expected


@pytest.mark.parametrize(("events", "expected"), [
    ((), "EXPECTED"), ((OUT, IN), "EXPECTED"), ((ARRIVED,), "ARRIVED"), ((ARRIVED, CONFORM), "CONTROLLED"),
    ((SHORT,), "DISPUTED"), ((PART,), "PART-DISCHARGED"), ((ARRIVED, CONFORM, DISCHARGED), "DISCHARGED"),
    ((event("ARRIVED", "MLDGD", "MLBKO"),), "ELSEWHERE")])
def test_the_destination_sees_what_arrived(events: tuple[Event, ...], expected: str) -> None:
    assert state("destination", *events, administration="NEDGD").state == expected


def test_a_passage_before_the_record_is_unannounced_and_the_departure_is_asked() -> None:
    assert state("transit", declarations=(), administration="BFDGD").state == "UNANNOUNCED"
    assert state("destination", declarations=(), administration="NEDGD").next == "chase"


CANCELLATION = Declaration(function="cancellation", mrn=RECORD.mrn)


@pytest.mark.parametrize("role", TABLES)
def test_a_cancellation_holds_until_the_truck_is_seen_and_then_conflicts(role: str) -> None:
    held = (RECORD, CANCELLATION)
    assert state(role, declarations=held, administration="XX").state == "CANCELLED"
    seen = state(role, IN, declarations=held, administration="BFDGD")
    assert seen.state != "CANCELLED"
    assert seen.conflicts == ("CANCELLED-BUT-SEEN",)
    assert ("CONFLICT" in seen.flags, seen.next) == (True, "decide")


def test_the_order_of_receipt_does_not_matter() -> None:
    events = [ACCEPT_BF, ACCEPT_NE, OUT, IN, OUT_BF, IN_NE, ARRIVED, SHORT, PART, SETTLED, DISCHARGED, ENQUIRY]
    chance = random.Random(3)
    for role in TABLES:
        for size in range(1, len(events) + 1):
            chosen = chance.sample(events, size)
            expected = state(role, *sorted(chosen, key=lambda one: one.reference), administration="BFDGD")
            for _ in range(5):
                chance.shuffle(chosen)
                assert state(role, *chosen, administration="BFDGD") == expected


@pytest.mark.parametrize(("events", "conflict"), [
    ((ARRIVED, event("ARRIVED", "NEDGD", "NENRD")), "TWO-ARRIVALS"),
    ((PART, replace(PART, reference="again")), "WRITTEN-OFF-ABOVE-DECLARED"),
    ((RECOVERY, DISCHARGED), "RECOVERY-AND-DISCHARGE"),
    ((CONFORM, SHORT), "TWO-CONTROL-RESULTS")])
def test_what_contradicts_is_shown_to_a_person(events: tuple[Event, ...], conflict: str) -> None:
    found = state("departure", *events)
    assert found.conflicts == (conflict,)
    assert ("CONFLICT" in found.flags, found.next) == (True, "decide")


def test_a_control_that_names_the_earlier_one_replaces_it() -> None:
    later = event("CONTROL", "NEDGD", "NENIR", 60, control_result="A2", answered_event="C-1")
    assert state("departure", SHORT, later).conflicts == ()
    assert state("departure", SHORT, later).state == "CONTROLLED"


def test_two_arrivals_with_a_diversion_and_two_contents_of_one_version() -> None:
    diverted = event("DIVERTED", "NEDGD", "NENRD")
    assert state("departure", ARRIVED, event("ARRIVED", "NEDGD", "NENRD"), diverted).conflicts == ()
    copy = replace(RECORD, function="copy")
    other = replace(RECORD, total_packages=1)
    assert state("departure", declarations=(RECORD, copy)).conflicts == ()
    assert state("departure", declarations=(RECORD, other)).conflicts == ("TWO-CONTENTS-OF-ONE-VERSION",)


@pytest.mark.parametrize(("events", "flag"), [
    ((event("REJECTED", "BFDGD", "BFCKS"),), "REJECTED-BY:BF"), ((ACCEPT_NE,), "NO-ANSWER-FROM:BF"),
    ((ARRIVED,), "PASSAGE-MISSING"), ((IN_NE,), "PASSAGE-MISSING"),
    ((event("DIVERTED", "NEDGD", "NENRD"),), "DIVERTED"),
    ((event("INCIDENT", "BFDGD", "BFCKS"),), "INCIDENT"), ((replace(IN, seals_intact=False),), "SEAL-BROKEN"),
    ((replace(IN, seals=(SealSeen(identity="S", state="missing"),)),), "SEAL-BROKEN"),
    ((replace(IN, vehicles=(Vehicle(identity="NE 7713 BC"),)),), "VEHICLE-CHANGED"), ((SHORT,), "DIFFERENCE"),
    ((IN, event("CROSS-IN", "BFDGD", "BFCKS", 30)), "TWICE"),
    ((event("CROSS-OUT", "TGOTR", "TGCKS", 9),), "TIME-ODD"),
    ((event("CROSS-OUT", "TGOTR", "TGCKS", 61),), "TIME-ODD"),
    ((replace(IN, extras=(Extra(key="fallback", value="paper"),)),), "FALLBACK")])
def test_a_flag_stands_beside_the_state(events: tuple[Event, ...], flag: str) -> None:
    assert flag in state("departure", *events).flags


def test_a_smooth_movement_has_no_flags() -> None:
    smooth = [ACCEPT_BF, ACCEPT_NE, OUT, IN, OUT_BF, IN_NE, ARRIVED, CONFORM, DISCHARGED]
    for role in TABLES:
        found = state(role, *smooth, administration="BFDGD", now=datetime(2026, 4, 1, tzinfo=UTC))
        assert (found.flags, found.conflicts, found.next) == (frozenset(), (), "none")


def test_the_time_limit_ends_at_midnight_of_the_office_of_destination_and_an_arrival_stops_it() -> None:
    niamey = ZoneInfo("Africa/Niamey")
    before, after = datetime(2026, 3, 20, 22, 59, tzinfo=UTC), datetime(2026, 3, 20, 23, 0, tzinfo=UTC)
    assert "OVERDUE" not in state("departure", IN, now=before, zone=niamey).flags
    overdue = state("departure", IN, now=after, zone=niamey)
    assert ("OVERDUE" in overdue.flags, overdue.next, overdue.who) == (True, "enquire", "NE")
    assert "OVERDUE" not in state("departure", IN, now=after).flags
    assert "OVERDUE" not in state("departure", ARRIVED, now=after, zone=niamey).flags
    assert state("departure", IN, now=before, zone=niamey).due == after
    assert state("departure", ARRIVED, now=before, zone=niamey).due is None


def test_an_exit_nobody_recorded_is_implied_by_what_happened_further_on() -> None:
    assert "EXIT-IMPLIED" in state("transit", IN, IN_NE, administration="BFDGD").flags
    assert "EXIT-IMPLIED" not in state("transit", IN, OUT_BF, IN_NE, administration="BFDGD").flags


def test_an_amendment_after_the_first_passage_is_flagged() -> None:
    amended = replace(RECORD, function="replacement", amendment=1, prepared=datetime(2026, 3, 11, 9, tzinfo=UTC))
    assert "AMENDED-AFTER-PASSAGE" in state("departure", IN, declarations=(RECORD, amended)).flags
    assert "AMENDED-AFTER-PASSAGE" not in state("departure", OUT_BF, declarations=(RECORD, amended)).flags


def test_a_route_given_by_name_is_asked_by_name() -> None:
    found = state("departure", ACCEPT_BF, route=("BFDGD", "NEDGD"))
    assert found == MovementState("SENT", frozenset({"NO-ANSWER-FROM:NEDGD"}), "wait", "NEDGD",
                                  limit=date(2026, 3, 20), due=datetime(2026, 3, 21, tzinfo=UTC), timer="limit",
                                  wakes=datetime(2026, 3, 21, tzinfo=UTC))


def test_a_rejection_is_ours_to_correct_and_an_acceptance_after_it_ends_it() -> None:
    rejected = event("REJECTED", "BFDGD", "BFCKS", 12)
    found = state("departure", rejected, ACCEPT_NE)
    assert (found.state, found.next, found.who) == ("SENT", "correct", "")
    later = event("ACCEPTED", "BFDGD", "BFCKS", 14)
    assert state("departure", later, rejected, ACCEPT_NE).state == "CONFIRMED"


def test_an_unknown_role_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no such role"):
        state("carrier")


def test_a_settlement_closes_the_control_that_it_names_and_no_other() -> None:
    other = event("CONTROL", "NEDGD", "NENRD", 51, control_result="B1", reference="C-2")
    assert state("departure", SHORT, SETTLED).state == "CONTROLLED"
    assert state("departure", SHORT, other, SETTLED).state == "DISPUTED"
    assert state("departure", SHORT, replace(SETTLED, answered_event="C-9")).state == "DISPUTED"
    assert state("departure", SHORT, replace(SETTLED, administration="BFDGD")).state == "DISPUTED"


def test_a_recovery_that_is_recorded_as_finished_closes_the_movement() -> None:
    finished = replace(RECOVERY, reference="R-2", extras=(Extra(key="recovery", value="finished"),))
    assert state("departure", OUT, RECOVERY).state == "RECOVERY"
    assert state("departure", OUT, RECOVERY, finished).state == "CLOSED"


def test_an_answer_counts_for_the_version_that_it_answers() -> None:
    amended = replace(RECORD, function="replacement", amendment=1)
    versions = {"A-1": 0, "A-2": 1}
    early = (replace(ACCEPT_BF, answered_message="A-1"), replace(ACCEPT_NE, answered_message="A-1"))
    assert state("departure", *early, versions=versions).state == "CONFIRMED"
    again = state("departure", *early, declarations=(RECORD, amended), versions=versions)
    assert (again.state, again.flags) == ("SENT", frozenset({"NO-ANSWER-FROM:BF", "NO-ANSWER-FROM:NE"}))
    late = tuple(replace(one, reference=f"{one.reference}b", answered_message="A-2") for one in early)
    assert state("departure", *early, *late, declarations=(RECORD, amended), versions=versions).state == "CONFIRMED"
    corrected = state("departure", event("REJECTED", "BFDGD", "BFCKS", 12, answered_message="A-1"),
                      declarations=(RECORD, amended), versions=versions)
    assert "REJECTED-BY:BF" not in corrected.flags


def test_one_document_on_several_trucks_adds_up_and_the_same_truck_twice_is_shown() -> None:
    def truck(word: str, office: str, number: str, hour: int) -> Event:
        return event(word, "NEDGD", office, hour, vehicles=(Vehicle(identity=number),))

    first, second = truck("ARRIVED", "NENIR", "TG 4521 AZ", 50), truck("ARRIVED", "NENIR", "TG 4522 AZ", 52)
    split = state("departure", IN_NE, first, second)
    assert (split.state, split.conflicts, "TWICE" in split.flags) == ("ARRIVED", (), False)
    assert "TWICE" in state("departure", IN_NE, first, truck("ARRIVED", "NENIR", "tg-4521-az", 53)).flags
    entries = (truck("CROSS-IN", "NETRD", "TG 4521 AZ", 41), truck("CROSS-IN", "NETRD", "TG 4522 AZ", 41))
    assert "TWICE" not in state("departure", *entries).flags


def test_a_plate_is_the_same_however_it_is_written() -> None:
    assert "VEHICLE-CHANGED" not in state("departure", replace(IN, vehicles=(Vehicle(identity="tg-4521az"),))).flags


def test_a_country_knows_what_lies_behind_it_although_nobody_recorded_its_entry() -> None:
    found = state("transit", IN_NE, administration="BFDGD", country="BF")
    assert (found.state, "EXIT-IMPLIED" in found.flags) == ("EXITED", True)
    assert state("transit", IN_NE, administration="BFDGD").state == "EXPECTED"


def test_an_exit_or_a_discharge_shows_an_entry_that_is_missing() -> None:
    assert "PASSAGE-MISSING" in state("departure", OUT_BF).flags
    assert "PASSAGE-MISSING" in state("departure", IN, DISCHARGED).flags
    assert "PASSAGE-MISSING" not in state("departure", IN, OUT_BF).flags


def test_without_a_record_the_country_of_the_number_is_asked() -> None:
    seen = replace(IN, mrn=RECORD.mrn)
    found = state("transit", seen, declarations=(), administration="BFDGD")
    assert (found.state, found.next, found.who) == ("ENTERED", "chase", "TG")


def test_an_event_is_odd_when_it_comes_from_the_future_or_was_recorded_long_after() -> None:
    at = datetime(2026, 3, 10, 21, tzinfo=UTC)
    assert "TIME-ODD" not in state("departure", IN, recorded={IN.identity: at + timedelta(days=9)}).flags
    assert "TIME-ODD" in state("departure", IN, recorded={IN.identity: at + timedelta(days=11)}).flags
    assert "TIME-ODD" in state("departure", IN, recorded={IN.identity: at - timedelta(minutes=11)}).flags


def test_the_same_event_twice_is_one_event() -> None:
    assert state("departure", PART, PART, SETTLED, SETTLED) == state("departure", PART, SETTLED)


def test_of_two_contents_of_one_version_the_same_one_counts_in_any_order() -> None:
    other = replace(RECORD, time_limit=date(2026, 3, 25))
    assert state("departure", declarations=(RECORD, other)) == state("departure", declarations=(other, RECORD))
