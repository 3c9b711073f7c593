"""Does the mirror name what differs, and nothing else, whatever the order in which it was said?"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.transit.declaration import (
    Declaration,
    Equipment,
    Extra,
    GoodsItem,
    Office,
    Packages,
    Seal,
    Vehicle,
)
from gateway.transit.event import EquipmentSeen, Event, EventItem, EventOffice, SealSeen, Word
from gateway.transit.mirror import MOST, Reason, Tolerance, Tolerances, mirror
from gateway.transit.seals import sightings

DECLARED = Declaration(
    mrn="26TGLPLG0000000014", amendment=0, office_of_departure=Office(code="TGLPL"),
    office_of_destination=Office(code="BFOUI"), total_gross_mass=Decimal(3000), total_packages=300,
    vehicle_at_border=Vehicle(identity="TG 6642 AZ"),
    equipment=(Equipment(kind="container", number="TCLU5550160"),),
    seals=(Seal(equipment=1, number=1, identity="TG1"),),
    items=(GoodsItem(number=1, commodity="8528720000", gross_mass=Decimal(1000), customs_value=Decimal(5000),
                     packages=(Packages(count=100),)),
           GoodsItem(number=2, commodity="2710124500", gross_mass=Decimal(2000), customs_value=Decimal(7000),
                     packages=(Packages(count=150), Packages(count=50)))))


def event(word: Word, number: int = 1, **fields: Any) -> Event:
    return Event(word=word, reference=f"BFOUI-{word.value}-{number}", administration="BFDGD", mrn=DECLARED.mrn,
                 happened=datetime(2026, 9, 17, number, tzinfo=UTC),
                 office=EventOffice(role="destination", code="BFOUI"), **fields)


def written(item: int, packages: int, mass: int) -> EventItem:
    return EventItem(item=item, packages=packages, gross_mass=Decimal(mass), document_type="929")


def found(*events: Event, declared: Declaration = DECLARED, tolerances: Tolerances | None = None) -> list[Reason]:
    verdict = mirror([declared], events, *([tolerances] if tolerances is not None else []))
    assert verdict is not None
    return list(verdict.reasons)


def brief(*events: Event) -> list[tuple[str, int, str, str]]:
    return [(one.what, one.item, one.declared, one.found) for one in found(*events)]


ARRIVED = event(Word.ARRIVED, vehicles=(Vehicle(identity="tg-6642-az"),), seals_intact=True,
                equipment=(EquipmentSeen(kind="container", number="TCLU5550160"),))


def test_nothing_is_compared_before_the_arrival_side_speaks_or_without_a_declaration() -> None:
    assert mirror([DECLARED], [event(Word.CROSS_IN)]) is None
    assert mirror([], [ARRIVED]) is None


@pytest.mark.parametrize("events", [
    (ARRIVED,), (ARRIVED, event(Word.DISCHARGED)),
    (ARRIVED, event(Word.CONTROL, control_result="A1", total_packages=300, total_gross_mass=Decimal("3000.0"))),
    (event(Word.PART_DISCHARGED, items=(written(1, 40, 400),)),),
    (event(Word.PART_DISCHARGED, items=(written(1, 40, 400),)),
     event(Word.DISCHARGED, 2, items=(written(1, 60, 600), written(2, 200, 2000))))])
def test_what_agrees_or_is_still_on_its_way_gives_no_reason(events: tuple[Event, ...]) -> None:
    verdict = mirror([DECLARED], events)
    assert verdict is not None
    assert (verdict.reasons, verdict.score) == ((), 0)


def test_an_item_that_was_written_off_short_is_named_with_who_says_so() -> None:
    assert found(event(Word.DISCHARGED, items=(written(1, 100, 1000), written(2, 150, 1500)))) == [
        Reason(what="packages", item=2, declared="200", found="150", points=20,
               said_by="BFDGD DISCHARGED BFOUI-DISCHARGED-1"),
        Reason(what="mass", item=2, declared="2000", found="1500", points=15,
               said_by="BFDGD DISCHARGED BFOUI-DISCHARGED-1")]


def test_an_item_that_no_write_off_names_was_not_found() -> None:
    assert brief(event(Word.DISCHARGED, items=(written(1, 100, 1000),))) == [
        ("packages", 2, "200", "0"), ("mass", 2, "2000", "0")]


def test_more_than_declared_is_a_difference_like_less() -> None:
    assert brief(event(Word.CONTROL, control_result="B1", items=(
        EventItem(item=1, packages=130, difference="excess", document_type="950"),))) == [("packages", 1, "100", "130")]


def test_what_a_control_finds_counts_before_what_is_written_off_and_a_later_result_before_the_one_it_names() -> None:
    first = event(Word.CONTROL, control_result="B1", items=(EventItem(item=1, packages=10, document_type="950"),))
    later = event(Word.CONTROL, 2, control_result="B1", answered_event=first.reference,
                  items=(EventItem(item=1, packages=90, document_type="950"),))
    ended = event(Word.DISCHARGED, 3, items=(written(1, 100, 1000), written(2, 200, 2000)))
    assert brief(first, later, ended) == [("packages", 1, "100", "90")]


def test_what_was_settled_counts_as_found() -> None:
    settled = event(Word.DIFF_CLOSED, 2, items=(
        EventItem(item=2, packages=50, gross_mass=Decimal(500), difference="settled", document_type="950"),))
    assert brief(event(Word.DISCHARGED, items=(written(1, 100, 1000), written(2, 150, 1500))), settled) == []


def test_totals_are_compared_where_nobody_says_anything_of_the_items() -> None:
    assert brief(event(Word.CONTROL, control_result="A2", total_packages=120, total_gross_mass=Decimal(1200))) == [
        ("packages", 0, "300", "120"), ("mass", 0, "3000", "1200")]


@pytest.mark.parametrize(("mass_1", "mass_2", "named"), [
    (980, 1990, []), (979, 1990, [1]), (980, 1989, [2]), (1021, 2011, [1, 2])])
def test_fuel_is_measured_more_closely_than_other_goods(mass_1: int, mass_2: int, named: list[int]) -> None:
    reasons = found(event(Word.DISCHARGED, items=(written(1, 100, mass_1), written(2, 200, mass_2))))
    assert [(one.what, one.item) for one in reasons] == [("mass", item) for item in named]


def test_the_longest_beginning_of_a_commodity_decides_its_tolerance() -> None:
    wide = Tolerances(products=(("27", Tolerance(mass=Decimal())), ("2710", Tolerance(mass=Decimal("0.5")))))
    events = event(Word.DISCHARGED, items=(written(1, 100, 1000), written(2, 200, 1001)))
    assert found(events, tolerances=wide) == []
    assert [one.what for one in found(events, tolerances=Tolerances())] == ["mass"]


def test_commodity_and_value_found_are_read_from_the_extras_and_nonsense_there_is_passed_over() -> None:
    control = event(Word.CONTROL, control_result="A2", extras=(
        Extra(key="found_hs", value="1=3926909000 2=2710129900 x=1 3 =4 ²=5"),
        Extra(key="found_value", value="1=4760 2=NaN 2=1e9")))
    assert brief(control) == [("hs", 1, "8528720000", "3926909000")]


def test_six_digits_of_a_commodity_decide_and_another_chapter_weighs_double() -> None:
    def points(text: str) -> list[int]:
        return [one.points for one in found(event(Word.CONTROL, extras=(Extra(key="found_hs", value=text),)))]

    assert [points("1=8528729999"), points("1=8528590000"), points("1=3926909000")] == [[], [7], [15]]


def test_another_container_vehicle_or_seal_is_named_unless_an_incident_told_of_it() -> None:
    arrived = event(Word.ARRIVED, 5, vehicles=(Vehicle(identity="BF 1"),), seals=(SealSeen(identity="BF9"),),
                    equipment=(EquipmentSeen(kind="container", number="MSKU1234565"),))
    assert brief(arrived) == [("container", 0, "TCLU5550160", "MSKU1234565"), ("seal", 0, "TG1", "BF9"),
                              ("vehicle", 0, "TG6642AZ", "BF 1")]
    incident = event(Word.INCIDENT, 2, vehicles=(Vehicle(identity="BF-1"),), seals=(SealSeen(identity="BF9"),),
                     equipment=(EquipmentSeen(kind="container", number="MSKU1234565"),))
    assert brief(incident, arrived) == []


@pytest.mark.parametrize("broken", [
    event(Word.CROSS_IN, seals_intact=False), event(Word.CROSS_IN, seals=(SealSeen(identity="TG1", state="damaged"),))])
def test_a_broken_seal_is_a_reason_of_whoever_saw_it_first(broken: Event) -> None:
    (reason,) = found(broken, replace(ARRIVED, seals_intact=False, happened=datetime(2026, 9, 18, tzinfo=UTC)))
    assert (reason.what, reason.said_by) == ("seal", "BFDGD CROSS-IN BFOUI-CROSS-IN-1")


@pytest.mark.parametrize(("weights", "packages", "expected"), [
    (("41660", "41640"), 300, []), (("41660", "30000"), 300, [("weighed", "41660", "30000")]),
    (("41660",), 120, []), (("heavy", "41660"), 120, []),
    (("41660", "41640"), 120, [("lost", "41660 / 41640", "1200")])])
def test_weigh_bridges_are_compared_and_what_they_agree_on_stands_against_what_was_found(
        weights: tuple[str, ...], packages: int, expected: list[tuple[str, str, str]]) -> None:
    passages = [event(Word.CROSS_IN, number, extras=(Extra(key="weighed", value=text),))
                for number, text in enumerate(weights, 1)]
    control = event(Word.CONTROL, 9, total_packages=packages, total_gross_mass=Decimal(packages * 10))
    assert [(one.what, one.declared, one.found) for one in found(*passages, control)
            if one.what in ("weighed", "lost")] == expected


def test_figures_that_an_amendment_made_smaller_are_a_reason() -> None:
    smaller = replace(DECLARED, function="replacement", amendment=1, total_packages=150)
    verdict = mirror([smaller, DECLARED], [ARRIVED])
    assert verdict is not None
    assert [(one.what, one.declared, one.found) for one in verdict.reasons] == [("amended", "300", "150")]


_ITEMS = st.tuples(st.integers(0, 400), st.integers(0, 4000))


@given(st.lists(_ITEMS, min_size=1, max_size=4), st.booleans())
def test_the_verdict_is_the_same_for_every_order_and_for_events_that_come_twice(
        figures: list[tuple[int, int]], control: bool) -> None:
    events = [event(Word.PART_DISCHARGED, number, items=(written(1 + number % 2, packages, mass),))
              for number, (packages, mass) in enumerate(figures, 1)]
    events += [event(Word.DISCHARGED, 9), ARRIVED]
    if control:
        events.append(event(Word.CONTROL, 8, items=(written(1, *figures[0]),)))
    verdicts = {mirror([DECLARED], list(order)) for order in list(permutations(events))[:60]}
    verdicts.add(mirror([DECLARED], events + events))
    (verdict,) = verdicts
    assert verdict is not None
    assert 0 <= verdict.score <= MOST
    assert all(1 <= reason.points <= MOST for reason in verdict.reasons)
    assert bool(verdict.reasons) is (verdict.score > 0)


def test_a_movement_of_many_items_is_not_judged_many_times_for_one_kind_of_difference() -> None:
    many = replace(DECLARED, items=tuple(
        GoodsItem(number=number, commodity="8528720000", packages=(Packages(count=10),)) for number in range(1, 9)))
    reasons = found(event(Word.DISCHARGED, items=tuple(
        EventItem(item=number, packages=0, document_type="929") for number in range(1, 9))), declared=many)
    assert [(one.what, one.points) for one in reasons] == [("packages", 5)] * 8


def test_a_seal_is_put_on_seen_and_broken_as_declarations_and_events_tell() -> None:
    said = sightings([DECLARED, replace(DECLARED, function="copy")], [
        event(Word.CROSS_IN, seals=(SealSeen(identity="TG1", state="intact"),)),
        event(Word.INCIDENT, 2, seals=(SealSeen(identity="TG1", state="damaged"), SealSeen(identity="BF9"))),
        event(Word.ARRIVED, 3, equipment=(EquipmentSeen(kind="container", number="TCLU5550160"),
                                          EquipmentSeen(kind="trailer", number="R1")))], "TGOTR")
    assert [(one.thing, one.identity, one.what, one.administration, one.office, one.reference) for one in said] == [
        ("seal", "TG1", "put-on", "TGOTR", "TGLPL", "declaration 0"),
        ("container", "TCLU5550160", "loaded", "TGOTR", "TGLPL", "declaration 0"),
        ("seal", "TG1", "seen", "BFDGD", "BFOUI", "BFOUI-CROSS-IN-1"),
        ("seal", "TG1", "damaged", "BFDGD", "BFOUI", "BFOUI-INCIDENT-2"),
        ("seal", "BF9", "put-on", "BFDGD", "BFOUI", "BFOUI-INCIDENT-2"),
        ("container", "TCLU5550160", "seen", "BFDGD", "BFOUI", "BFOUI-ARRIVED-3")]
