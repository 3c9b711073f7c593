"""Is of every goods item told what was declared, who wrote off what, what was settled, and what is left?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transit.balance import Balance, WriteOff, balances, strays, write_offs
from gateway.transit.declaration import Declaration, GoodsItem, Packages
from gateway.transit.event import Event, EventItem, Word

RECORD = Declaration(items=(GoodsItem(number=1, gross_mass=Decimal(12500), packages=(Packages(count=480),)),
                            GoodsItem(number=2, packages=(Packages(count=300), Packages(count=20)))))


def taking(word: str, reference: str, *lines: tuple[int, int, str | None], document: str | None = None) -> Event:
    """lines: item, packages, kilograms."""
    return Event(word=Word(word), administration="NEDGD", reference=reference, items=tuple(
        EventItem(item=item, packages=packages, gross_mass=None if mass is None else Decimal(mass),
                  document_type="950" if word == "DIFF-CLOSED" else "929", document_number=document,
                  document_date=date(2026, 3, 12)) for item, packages, mass in lines))


PART = taking("PART-DISCHARGED", "P-1", (1, 420, "10940"), (2, 100, None), document="2026/NENIR/C/8841")
SETTLED = taking("DIFF-CLOSED", "D-1", (1, 60, None))


def test_what_is_left_is_declared_less_written_off_less_settled() -> None:
    assert balances(RECORD, []) == [
        Balance(item=1, packages=480, mass=Decimal(12500), declared=480, declared_mass=Decimal(12500)),
        Balance(item=2, packages=320, mass=None, declared=320, declared_mass=None)]
    assert balances(RECORD, [PART, SETTLED]) == [
        Balance(item=1, packages=0, mass=None, declared=480, declared_mass=Decimal(12500), written_off=420,
                written_mass=Decimal(10940), settled=60),
        Balance(item=2, packages=220, mass=None, declared=320, declared_mass=None, written_off=100)]


def test_what_exceeds_the_declared_is_shown_and_the_balance_stands_at_zero() -> None:
    double = taking("PART-DISCHARGED", "P-2", (1, 100, "2000"), document="2026/NENIR/C/8842")
    first = balances(RECORD, [PART, double])[0]
    assert (first.packages, first.mass, first.excess, first.excess_mass) == (0, Decimal(0), 40, Decimal(440))
    assert first.exceeded


def test_a_discharge_without_lines_takes_what_was_not_settled_where_no_line_was_ever_sent() -> None:
    done = taking("DISCHARGED", "X-1")
    assert [one.packages for one in balances(RECORD, [done])] == [0, 0]
    settled = balances(RECORD, [SETTLED, done])[0]
    assert (settled.written_off, settled.settled, settled.packages, settled.exceeded) == (420, 60, 0, False)
    assert [one.packages for one in balances(RECORD, [PART, done])] == [60, 220]


def test_each_write_off_names_its_declaration_and_one_that_wrote_off_before_is_marked() -> None:
    again = taking("PART-DISCHARGED", "P-3", (2, 5, None), document="2026/NENIR/C/8841")
    lines = write_offs([again, PART])
    assert [(line.item, line.reference, line.again) for line in lines] == [
        (1, "P-1", False), (2, "P-1", False), (2, "P-3", True)]
    assert lines[0] == WriteOff(
        item=1, word="PART-DISCHARGED", packages=420, mass=Decimal(10940), document_type="929",
        document="2026/NENIR/C/8841", document_date=date(2026, 3, 12), administration="NEDGD", reference="P-1",
        happened=None)


def test_what_is_written_off_of_an_item_that_was_never_declared_is_told_apart() -> None:
    stray = taking("PART-DISCHARGED", "P-4", (7, 1, None))
    assert [line.item for line in strays(RECORD, [PART, stray])] == [7]


LINES = st.tuples(st.integers(1, 3), st.integers(0, 600), st.none() | st.integers(0, 20000).map(str))
EVENTS = st.lists(st.tuples(st.sampled_from(["PART-DISCHARGED", "DIFF-CLOSED", "DISCHARGED"]),
                            st.lists(LINES, max_size=4)), max_size=8)


@given(EVENTS, st.randoms())
@settings(max_examples=300, deadline=None)
def test_a_balance_adds_up_is_never_negative_and_does_not_depend_on_the_order(
        said: list[tuple[str, list[tuple[int, int, str | None]]]], chance: object) -> None:
    events = [taking(word, f"E-{number}", *lines) for number, (word, lines) in enumerate(said)]
    found = balances(RECORD, events)
    for one in found:
        assert one.packages >= 0 and one.excess >= 0 and (one.mass is None or one.mass >= 0) and one.excess_mass >= 0
        assert one.declared + one.excess == one.written_off + one.settled + one.packages
        assert not (one.packages and one.excess)
    shuffled = [*events, *events[:2]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert balances(RECORD, shuffled) == found
    assert write_offs(shuffled) == write_offs(events)
