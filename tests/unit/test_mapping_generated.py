"""Does generated code write and read as the interpreter does, and give way to it at the first doubt?

EDI_LAW_RUNS sets on how many records each mapping is tried.
"""

from __future__ import annotations

import copy
import os
import random
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gateway.edifact import Message, WireMessage, read_wire
from gateway.errors import LocalError
from gateway.mapping import Mapping, Traced, load_corridors, load_mapping
from gateway.mapping.corridors import JOINED, LAYOUTS
from gateway.mapping.generated import Quick, between, reader, traced_reader, traced_writer, writer
from gateway.mapping.generated.code import literal
from gateway.mapping.generated.quick import expected
from gateway.mapping.plan import Plan
from gateway.mapping.reading import Reading
from gateway.mapping.writing import Writing
from gateway.references import Tree
from tests.golden.profile.expected import TRANSIT_HARD
from tests.golden.profile.maker import Maker
from tests.golden.profile.samples import MAPPINGS
from tests.unit.test_mapping_constructs import TEXT
from tests.unit.test_mapping_language import load

R = TypeVar("R")
CONSTRUCTS = "every construct of the language"
RUNS = int(os.environ.get("EDI_LAW_RUNS", "12"))
IDENTIFIERS = ["base/cusdec-d96b", *(f"base/cusres-d96b/{layout}" for layout in (*LAYOUTS.values(), JOINED)),
               *(f"corridors/{corridor.identifier}/cusdec" for corridor in load_corridors([MAPPINGS]).all)]
VARIANTS = [(identifier, function) for identifier in IDENTIFIERS
            for function in load_mapping(identifier, [MAPPINGS]).functions or (None,)]
VARIANTS += [(CONSTRUCTS, "original"), (CONSTRUCTS, "cancellation")]
HARD = load_mapping("corridors/tg-ml/cusdec", [MAPPINGS])


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda pair: "-".join(str(part) for part in pair if part))
def variant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping, Plan]:
    identifier, function = request.param
    mapping = load(tmp_path_factory.mktemp("mapping"), TEXT) if identifier == CONSTRUCTS \
        else load_mapping(identifier, [MAPPINGS])
    return mapping, mapping.plans[function]


def records(mapping: Mapping, plan: Plan) -> Iterator[tuple[random.Random, Tree]]:
    for number in range(RUNS):
        chance = random.Random(zlib.crc32(f"{mapping.identifier}/{plan.function}".encode()) + number)
        yield chance, Maker(mapping, chance).record(plan)


def wire_of(mapping: Mapping, segments: list[str]) -> WireMessage:
    return WireMessage(mapping.message, "'".join(segments) + "'", len(segments))


def interpreted(plan: Plan, message: Message) -> tuple[Reading, list[Traced]]:
    traced: list[Traced] = []
    reading = Reading(plan, message, lambda position, tag, element, component, value, line, path: traced.append(
        Traced(position, tag, element, component, value, line.origin.file, line.origin.line, path)))
    reading.read()
    return reading, traced


def untraceable(record: dict[str, Any], trace: list[Traced]) -> list[str]:
    """In the place of a writer for a plan with a part that cannot tell where its text comes from."""
    raise NotImplementedError


def attempt(function: Callable[..., R], *arguments: Any) -> R | None:
    """What generated code gives; None for a doubt."""
    try:
        return function(*arguments)
    except Exception:
        return None


def test_what_is_in_order_is_written_read_and_traced_as_the_interpreter_does(variant: tuple[Mapping, Plan]) -> None:
    mapping, plan = variant
    write, write_traced, read, read_traced = writer(plan), traced_writer(plan), reader(plan), traced_reader(plan)
    for _, record in records(mapping, plan):
        writing = Writing(plan)
        writing.write(record)
        message = read_wire(wire_of(mapping, writing.out))
        reading, expected = interpreted(plan, message)
        written: list[Traced] = []
        seen: list[Traced] = []
        assert (writing.findings, reading.findings) == ([], [])
        assert write(record) == writing.out
        if write_traced is not None:  # of a part that cannot tell, the message is read again
            assert write_traced(record, written) == writing.out
            assert written == expected
        assert read(between(message)) == reading.record
        assert read_traced(between(message), seen) == reading.record
        assert seen == expected


def test_a_record_that_cannot_be_written_is_left_to_the_interpreter(variant: tuple[Mapping, Plan]) -> None:
    mapping, plan = variant
    write, write_traced = writer(plan), traced_writer(plan) or untraceable
    doubts = 0
    for chance, record in records(mapping, plan):
        for _ in range(4):
            changed = copy.deepcopy(record)
            spoil(changed, chance)
            writing = Writing(plan)
            writing.write(changed)
            for out in (attempt(write, changed), attempt(write_traced, changed, [])):
                doubts += out is None
                assert out is None or (writing.findings, out) == ([], writing.out)
    assert doubts


def test_a_message_that_cannot_be_read_is_left_to_the_interpreter(variant: tuple[Mapping, Plan]) -> None:
    mapping, plan = variant
    read, read_traced = reader(plan), traced_reader(plan)
    doubts = 0
    for chance, record in records(mapping, plan):
        segments = writer(plan)(record)
        for _ in range(6):
            message = read_wire(wire_of(mapping, damaged(segments, chance)))
            reading, expected = interpreted(plan, message)
            seen: list[Traced] = []
            for found in (attempt(read, between(message)), attempt(read_traced, between(message), seen)):
                doubts += found is None
                assert found is None or (reading.findings, found) == ([], reading.record)
            assert reading.findings or seen == expected
    assert doubts


STRANGE: tuple[Any, ...] = (
    None, "", " ", "x ", " x", "\x00", "A\x85B", "a" * 200, "12", "é+:?'", "²", "\u00a0x", "x\u00a0", "\u200bx",
    True, False, 0, -1, 7, 10 ** 30, 1.5, Decimal("-1"), Decimal("NaN"), Decimal("1E+3"), Decimal("1E-9"),
    Decimal("0E-7"), Decimal("1.50"),
    Decimal("999999999999999"), Decimal("99999999999999.99"), Decimal("Infinity"), [], {}, [{}], [None], {"x": "y"},
    [{"x": "y"}], date(1, 1, 1), datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(0), "GMT")), datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC),
)


def spoil(node: Any, chance: random.Random) -> None:
    """Change one place of a record: another value, none, one too many."""
    places = list(nodes(node))
    holder, key = chance.choice(places)
    change = chance.randrange(4)
    if change == 0:
        del holder[key]
    elif change == 1:
        other, name = chance.choice(places)
        holder[key] = copy.deepcopy(other[name])
    elif change == 2 and isinstance(holder, dict):
        holder[chance.choice(("extras", "number", "unknown", "code"))] = chance.choice(STRANGE)
    else:
        holder[key] = copy.deepcopy(chance.choice(STRANGE))


def nodes(node: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from nodes(node[key])


def damaged(segments: list[str], chance: random.Random) -> list[str]:
    """One or two segments moved, doubled, lost, or changed by a character."""
    result = list(segments)
    for _ in range(chance.choice((1, 1, 2))):
        place = chance.randrange(len(result))
        change = chance.randrange(6)
        if change == 0 and len(result) > 1:
            del result[place]
        elif change == 1:
            result.insert(place, chance.choice(result))
        elif change == 2:
            other = chance.randrange(len(result))
            result[place], result[other] = result[other], result[place]
        elif change == 3 and place + 1 < len(result):
            result[place], result[place + 1] = result[place + 1], result[place]
        else:
            text = result[place]
            at = chance.randrange(3, len(text) + 1)
            sign = chance.choice(("+", ":", "", "0", "9", "A", " ", ",", ".", "-", "²", "+:", ":::", "++", "é"))
            result[place] = text[:at] + sign + text[at + chance.choice((0, 1)):]
    # what a cut release character would do to the next separator is no question of mappings
    return [text.rstrip("?") if (len(text) - len(text.rstrip("?"))) % 2 else text for text in result]


def test_every_strange_value_at_every_place_is_judged_as_the_interpreter_does() -> None:
    plan = HARD.plans["original"]
    write = writer(plan)
    record = {name: copy.deepcopy(value[:1] if isinstance(value, list) else value)
              for name, value in TRANSIT_HARD.items()}
    for holder, key in nodes(record):
        held = holder[key]
        for strange in STRANGE:
            holder[key] = copy.deepcopy(strange)
            writing = Writing(plan)
            writing.write(record)
            out = attempt(write, record)
            assert (out is None) == bool(writing.findings), (key, strange, writing.findings)
            assert out is None or out == writing.out
        holder[key] = held


def test_functions_are_made_when_they_are_worth_it_and_the_findings_stay_the_same() -> None:
    mapping = HARD
    plan = mapping.plans["original"]
    message = read_wire(mapping.to_message(TRANSIT_HARD))
    cold, warm = Quick(plan, 100 + max(expected(TRANSIT_HARD), message.count)), Quick(plan, 0)
    assert (cold.write(TRANSIT_HARD), cold.read(message), cold.write_traced(TRANSIT_HARD), cold.read_traced(message)) \
        == (None, None, None, None)
    cold.wrote(99)
    cold.has_read(99)
    assert (cold.write(TRANSIT_HARD), cold.read(message)) == (None, None)
    cold.wrote(100)
    cold.has_read(100)
    assert cold.write(TRANSIT_HARD) == warm.write(TRANSIT_HARD) is not None
    assert cold.read(message) == warm.read(message) is not None
    assert cold.write_traced(TRANSIT_HARD) == warm.write_traced(TRANSIT_HARD) is not None
    assert cold.read_traced(message) == warm.read_traced(message) is not None
    long: Tree = {**TRANSIT_HARD, "items": [{"number": number} for number in range(1, 2000)]}
    assert Quick(plan).write(TRANSIT_HARD) is None
    assert Quick(plan).write(long) == warm.write(long) is not None  # worth it by itself
    wrong = {**TRANSIT_HARD, "mrn": 7}
    assert warm.write(wrong) is None
    with pytest.raises(LocalError) as caught:
        mapping.to_message(wrong)
    assert [(finding.code, finding.place.path) for finding in caught.value.findings] == [("M102", "mrn")]


HOSTILE = """\"); raise SystemExit(1) #{x}{{y}}\\N{DASH}\\"'\t%s"""


@pytest.mark.parametrize("text", [HOSTILE, '"', "'", "\\", '\\"', "\\'", "{}", "{x!r}", "é\u2028'", "\\x41", "a\\"])
def test_a_text_is_a_literal_whatever_it_holds(text: str) -> None:
    assert eval(f'f"{literal(text)}"', {"__builtins__": {}}) == text


def test_no_word_constant_or_code_of_an_author_becomes_code(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    source = tmp_path / "base" / "hostile.yaml"
    quoted = HOSTILE.replace("'", "''").replace("\t", " ")
    assert len(HOSTILE) > 35  # a code may be no longer
    code = '"); raise x #{y}{{\\N{DASH}\\"'
    source.write_text("format: \"1\"\nid: base/hostile\nversion: \"1\"\nmessage: CUSDEC:D:96B:UN\n"
                      "record:\n  function: code(function)\n  mrn: an..18\n  transit_type: code(kind)\n"
                      f"codes:\n  function: {{original: 9}}\n  kind: {{'{quoted}': '{code}', plain: T}}\n"
                      "segments: |\n  head: BGM+950:::a\"]);{transit_type}+{mrn}+{function}'\n"
                      "  detail: UNS+D'\n  summary: UNS+S'\nfunctions:\n  original: whole\n", "utf-8")
    mapping = load_mapping("base/hostile", [tmp_path])
    plan = mapping.plans["original"]
    word = next(iter(mapping.tables.words("kind")))
    record: Tree = {"function": "original", "mrn": "1", "transit_type": word}
    writing = Writing(plan)
    writing.write(record)
    assert writing.findings == []
    assert writer(plan)(record) == writing.out
    assert reader(plan)(between(read_wire(wire_of(mapping, writing.out)))) == record


def test_the_generator_knows_every_field_of_a_plan() -> None:
    """A field that is added to these classes means something: teach `gateway.mapping.generated`, then name it here."""
    from gateway.mapping.plan import ElementPlan, PlanLine, Run

    assert {kind.__name__: [*kind.__struct_fields__] for kind in (Plan, PlanLine, Run, ElementPlan)} == {
        "Plan": ["function", "lines", "runs", "shape", "tags", "twins", "fixed", "keep"],  # keep: always unclean
        "PlanLine": ["label", "tag", "origin", "elements", "each", "group", "flag", "optional", "guard", "limit",
                     "overflow", "accesses", "firm", "computed", "hidden", "children", "runs", "number"],
        "Run": ["tag", "lines", "table", "loose"],
        "ElementPlan": ["wire", "components", "parts", "writes", "starts", "width"],
    }
