"""Does every converter of the closed list go both ways, exactly?"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.mapping.codecs import Unfit
from gateway.mapping.converters import CONVERTERS, Misuse, Use
from gateway.mapping.overflow import Head, Rest, split
from gateway.mapping.parts import Access, Field, Node, Part
from gateway.mapping.term_types import TermType, parse_type
from tests.tools.one_part import OneReader, OneWriter

ACCESS = Access(0, (), "value", "value")
RUNS = 2000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZÉÇabc0123456789 +:'?"


def day(chance: random.Random) -> date:
    return date(1, 1, 1) + timedelta(days=chance.randrange(3_652_059))


def minute(chance: random.Random) -> datetime:
    return datetime(1950, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(60_000_000))


def second(chance: random.Random) -> datetime:
    return minute(chance) + timedelta(seconds=chance.randrange(60))


def text(chance: random.Random, longest: int) -> str:
    made = "".join(chance.choices(LETTERS, k=chance.choice((1, longest, chance.randint(1, longest)))))
    return made.strip() or "A"


Make = Callable[[random.Random], Any]
LAWS: list[tuple[str, str, str, Make]] = [  # converter, argument, type, values
    ("102", "", "date", day),
    ("203", "", "datetime", minute),
    ("203", "", "datetime(Africa/Niamey)", minute),
    ("203", "", "datetime(Europe/Paris)", minute),
    ("204", "", "datetime", second),
    ("204", "", "datetime(Africa/Bamako)", second),
    ("303", "", "datetime", minute),
    ("303", "", "datetime(Africa/Niamey)", minute),
    ("moment", "", "moment", lambda chance: chance.choice((day, minute))(chance)),
    ("chunks", "5x35", "an..140", lambda chance: text(chance, 140)),
    ("chunks", "9x5x70", "text", lambda chance: text(chance, 2800)),
    ("overflow", "35", "an..200", lambda chance: text(chance, 200)),
    ("ref", "equipment.number", "an..17", lambda chance: text(chance, 17)),
    ("ref", "equipment#", "n..4", lambda chance: chance.randrange(10_000)),
]


def kind(written: str) -> TermType:
    found = parse_type(written)
    assert found is not None
    return found


def parts(converter: str, argument: str, written: str) -> list[Part]:
    """The part of a converter, and that of the rest where it leaves one."""
    made = CONVERTERS[converter].make(Use(access=ACCESS, type=kind(written), argument=argument, optional=False))
    part = made if isinstance(made, Part) else Field(ACCESS, made, False, None)
    if not isinstance(part, Head):
        return [part]
    chunks = CONVERTERS["chunks"].make(Use(access=ACCESS, type=kind("text"), argument="9x5x70", optional=False))
    part.rest = Rest(chunks)  # type: ignore[arg-type]
    part.rest.head = part
    return [part, part.rest]


def written(made: list[Part], record: Node) -> tuple[list[list[str]], list[str]]:
    """The components of every segment, as data, and what was refused."""
    writer = OneWriter()
    segments = [writer.components(group) for part in made
                for group in (part.groups(writer, (record,)) or ())]
    return segments, [code for code, _ in writer.refused]


@pytest.mark.parametrize(("converter", "argument", "type_", "make"), LAWS, ids=[f"{law[0]} {law[2]}" for law in LAWS])
def test_what_a_converter_writes_it_reads_back_and_writes_again(converter: str, argument: str, type_: str,
                                                                make: Make) -> None:
    chance = random.Random(4)
    made = parts(converter, argument, type_)
    fitting = 0
    for _ in range(RUNS):
        value = make(chance)
        segments, refused = written(made, {"value": value})
        if refused:
            assert set(refused) <= {"M108", "M109", "M116", "M121"}
            continue
        fitting += 1
        reader = OneReader()
        for number, components in enumerate(segments):
            made[min(number, len(made) - 1)].read(reader, (reader.record,), components, 0, 0)
        assert reader.faults() == []
        assert reader.record == {"value": value}
        assert written(made, reader.record) == (segments, [])
    assert fitting > RUNS * 0.9


def test_every_converter_has_its_law() -> None:
    assert {law[0] for law in LAWS} == set(CONVERTERS)


def test_a_local_time_that_does_not_exist_or_exists_twice_is_refused_both_ways() -> None:
    local = CONVERTERS["203"].make(Use(access=ACCESS, type=kind("datetime(Europe/Paris)"), argument="", optional=False))
    assert not isinstance(local, Part)
    for clock in ("202603290230", "202610250230"):  # the hour that spring skips, and the one that autumn has twice
        with pytest.raises(Unfit) as caught:
            local.read(clock)
        assert (caught.value.code, caught.value.values) == ("M121", {"value": clock, "zone": "Europe/Paris"})
    for instant in (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)):
        with pytest.raises(Unfit) as caught:
            local.write(instant)
        assert caught.value.code == "M121"
    assert local.read("202603290330") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_zone_is_local_on_the_wire_and_utc_in_the_record() -> None:
    niamey = CONVERTERS["303"].make(Use(access=ACCESS, type=kind("datetime(Africa/Niamey)"), argument="",
                                        optional=False))
    assert not isinstance(niamey, Part)
    assert niamey.write(datetime(2026, 3, 10, 23, 42, tzinfo=UTC)) == "202603110042WAT"
    assert niamey.read("202603110042WAT") == datetime(2026, 3, 10, 23, 42, tzinfo=UTC)
    with pytest.raises(Unfit) as caught:  # before 1934 the zone had no name
        niamey.write(datetime(1912, 1, 1, 23, 59, tzinfo=UTC))
    assert caught.value.code == "M121"
    for wrong in ("202603110042GMT", "202603110042", "20260311004W2AT", "202613110042WAT"):
        with pytest.raises(Unfit):
            niamey.read(wrong)


def test_converter_303_needs_a_zone_with_names_of_three_letters() -> None:
    with pytest.raises(Misuse):
        CONVERTERS["303"].make(Use(access=ACCESS, type=kind("datetime(Europe/Paris)"), argument="", optional=False))


@pytest.mark.parametrize(("whole", "pieces"), [
    ("ABCDE", ("ABCDE", "")), ("ABCDEF", ("ABCDE", "F")), ("ABCD EF", ("ABC", "D EF")), ("ABCDE F", ("ABCD", "E F")),
    ("A     B", ("", "A     B")),
])
def test_a_text_is_split_as_late_as_possible_and_beside_no_blank(whole: str, pieces: tuple[str, str]) -> None:
    assert split(whole, 5) == pieces
