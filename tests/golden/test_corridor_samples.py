"""Do the samples of every mapping still say what it does, and do they reach everything that it can say?

The samples stand beside the mappings (``mappings/**/samples``): what a mapping can say at its limits is proposed by
`edi map test --propose`, the stories are written by hand. ``profile/mapping_cusres.tsv`` is the table of messages of
the corridor profile COR10: every row of it is looked for in the messages of its layout.
"""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from gateway.edifact import check_message, read_wire
from gateway.exchange.loopback import Dialects, exchange
from gateway.findings import Severity
from gateway.mapping import Mapping, load_corridors, load_mapping
from gateway.mapping.corridors import JOINED, LAYOUTS
from gateway.mapping.dialect import load_dialect
from gateway.mapping.laws.sample_files import read_messages, sample_folder
from gateway.mapping.laws.samples import load_samples, run_samples
from gateway.mapping.laws.touch import untouched
from tests.golden.profile.samples import FOLDER, MAPPINGS

SEARCH = [MAPPINGS]
CORRIDORS = load_corridors(SEARCH)
EVENTS = [f"base/cusres-d96b/{layout}" for layout in (*LAYOUTS.values(), JOINED)]
DECLARATIONS = [f"corridors/{corridor.identifier}/cusdec" for corridor in CORRIDORS.all]
FUNCTIONS = ("original", "replacement", "cancellation", "request", "copy", "retransmission")
STORIES = [*((identifier, "story") for identifier in EVENTS),
           *((identifier, f"story-{number}-{function}") for identifier in DECLARATIONS
             for number, function in enumerate(FUNCTIONS, 1))]
ROWS = list(csv.DictReader((FOLDER / "mapping_cusres.tsv").read_text("utf-8").splitlines(), delimiter="\t"))


@cache
def mapping(identifier: str) -> Mapping:
    return load_mapping(identifier, SEARCH)


def folder(identifier: str) -> Path:
    found = sample_folder(identifier, SEARCH)
    assert found is not None
    return found


@cache
def written(identifier: str) -> frozenset[str]:
    """Every segment of the expected messages of a mapping."""
    return frozenset(line for path in folder(identifier).glob("*.edi") for line in path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("identifier", ["base/cusdec-d96b", *EVENTS, *DECLARATIONS])
def test_every_sample_gives_its_message_and_comes_back_from_it(identifier: str) -> None:
    results = run_samples(mapping(identifier), SEARCH)
    assert [(one.code, one.place, dict(one.values)) for result in results for one in result.findings] == []
    names = {Path(result.file).stem for result in results}
    wanted = {"full", "thin", "bare", "refused"}
    assert names >= (wanted | {"broken"} if mapping(identifier).definition.require else wanted)


@pytest.mark.parametrize("identifier", ["base/cusdec-d96b", *EVENTS, *DECLARATIONS])
def test_no_line_word_or_limit_of_a_mapping_is_without_a_sample(identifier: str) -> None:
    missed = untouched(mapping(identifier), load_samples(mapping(identifier), SEARCH))
    assert [(one.code, dict(one.values)) for one in missed] == []


@pytest.mark.parametrize(("identifier", "name"), STORIES)
def test_a_story_keeps_to_the_directory_and_breaks_no_rule(identifier: str, name: str) -> None:
    sample = folder(identifier) / name
    wires = [wire for _, wire in read_messages(sample.with_suffix(".edi").read_text("utf-8"),
                                               mapping(identifier).message)]
    assert wires
    assert [finding for wire in wires for finding in check_message(read_wire(wire))] == []
    assert not sample.with_suffix(".rules").exists()
    assert not sample.with_suffix(".refused").exists()


@pytest.mark.parametrize("identifier", DECLARATIONS)
def test_every_rule_of_a_corridor_is_broken_by_a_sample_of_its_own(identifier: str) -> None:
    lines = (folder(identifier) / "broken.rules").read_text("utf-8").splitlines()
    broken = {tuple(line.split()[:2]) for line in lines}
    assert len({record for record, _ in broken}) == len(broken)
    assert {rule for _, rule in broken} == set(mapping(identifier).definition.require)


@pytest.mark.parametrize("identifier", [corridor.identifier for corridor in CORRIDORS.all])
def test_a_story_names_offices_of_the_list_and_its_corridor_is_found_by_them(identifier: str) -> None:
    story = json.loads((folder(f"corridors/{identifier}/cusdec") / "story-1-original.json").read_text("utf-8"))
    named = [story["office_of_departure"], story["office_of_exit"], *story["offices_of_transit"],
             story["office_of_destination"]]
    assert {office["code"] for office in named} - set(CORRIDORS.offices) == set()
    found = CORRIDORS.between(story["office_of_departure"]["code"], story["office_of_destination"]["code"])
    assert found.identifier == identifier


def test_every_corridor_closes_its_code_lists_and_marks_its_administrations_as_invented() -> None:
    for corridor in CORRIDORS.all:
        terms = corridor.cusdec.terms
        tables = {term: terms[term].table for term in ("items.packages.kind", "equipment.size", "guarantee.type")}
        assert tables == {"items.packages.kind": "package", "equipment.size": "container_size",
                          "guarantee.type": "guarantee_type"}
        assert all(member.invented for member in corridor.administrations)


def layouts_of(row: dict[str, str]) -> list[str]:
    """The mappings of a row of the table: its event's layout; for a record, the declaration; none for CONTRL."""
    word = row["event word (invented)"].replace("STATE-...", "STATE-ANSWER")
    if row["message: BGM 1001 / 1225"].startswith("CUSDEC"):
        return ["base/cusdec-d96b"]
    return [f"base/cusres-d96b/{LAYOUTS[word]}"] if word in LAYOUTS else []


def segments_of(row: dict[str, str]) -> set[str]:
    """What the key segments and the GIS column of a row ask for: tag and qualifier, or a tag alone."""
    text = row["key segments"]
    asked = {f"{tag}+{code}" for tag, code in re.findall(r"\b([A-Z]{3})\+([A-Z0-9]+)", text)}
    asked |= {f"{tag}+{code}" for tag, codes in re.findall(r"\b(CNT) ([0-9 and]+)", text)
              for code in re.findall("[0-9]+", codes)}
    asked |= set(re.findall(r"\b(?:LOC|TDT|EQD|DOC|PAC|MEA|ERP|ERC|CTA|COM|AUT|PCI|MOA|TAX)\b(?!\+)", text))
    for codes, rest in re.findall(r"\b([A-Z0-9|]+):((?:120|70)\b(?::ZZZ)?)", row["GIS (7365:1131:3055)"] + " " + text):
        asked |= {f"GIS+{code}:{rest}" for code in codes.split("|") if not rest.startswith("70")}
        asked |= {f":{rest}"} if rest.startswith("70") else set()  # results of a control are the administrations' codes
    return asked


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["event"])
def test_every_row_of_the_table_of_messages_is_written_by_its_layout(row: dict[str, str]) -> None:
    layouts = layouts_of(row)
    if not layouts:
        assert row["message: BGM 1001 / 1225"] == "CONTRL"  # a syntax answer is no mapping's business
        return
    (identifier,) = layouts
    document = re.fullmatch(r"(CUSDEC|CUSRES) ([0-9]{3}) / ([0-9]+)", row["message: BGM 1001 / 1225"])
    if document is not None:
        assert mapping(identifier).message.type == document[1]
        head = re.compile(rf"BGM\+{document[2]}(?::[^+]*)?\+.*\+{document[3]}'")
        assert [line for line in written(identifier) if head.fullmatch(line)]
    asked = segments_of(row)
    missing = {one for one in asked if not any(
        one in line if one.startswith(":") else re.match(rf"{re.escape(one)}(?![A-Z0-9])", line)
        for line in written(identifier))}
    assert missing == set()


def test_the_table_has_a_row_for_every_layout_and_the_test_looks_for_something_in_each() -> None:
    asked: dict[str, set[str]] = {}
    for row in ROWS:
        for identifier in layouts_of(row):
            asked.setdefault(identifier, set()).update(segments_of(row))
    assert set(asked) == {"base/cusdec-d96b", *EVENTS} - {f"base/cusres-d96b/{JOINED}"}
    assert min(len(segments) for segments in asked.values()) >= 3


NATIONAL = {"ci-bf": ("cidgd/sydam", "bfdgd/asycuda"), "ci-ml": ("cidgd/sydam", "mldgd/asycuda"),
            "gn-ml": ("gndgd/asycuda", "mldgd/asycuda"), "sn-ml": ("sndgd/gainde-csv", "mldgd/asycuda"),
            "tg-bf": ("tgotr/csv", "bfdgd/asycuda"), "tg-ml": ("tgotr/asycuda", "mldgd/asycuda"),
            "tg-ne": ("tgotr/asycuda", "nedgd/asycuda")}
"""The dialects that each corridor's national sample is written in, and handed over in."""


@pytest.mark.parametrize("identifier", sorted(NATIONAL))
def test_a_national_sample_of_the_departure_becomes_national_files_of_the_destination(identifier: str) -> None:
    sent, received = (load_dialect(one, SEARCH) for one in NATIONAL[identifier])
    place = MAPPINGS / "corridors" / identifier / "samples" / sent.identifier
    files = {path.name: path.read_bytes() for path in sorted(place.iterdir())}
    corridor = CORRIDORS.named(identifier)
    done = exchange(CORRIDORS, corridor, files, Dialects(sent=sent, received=received, answered=load_dialect(
        "neutral/event-json", SEARCH)), datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    assert (done.words, [one.code for one in done.findings if one.severity is Severity.ERROR]) == (["ACCEPTED"], [])
    assert done.received == done.records
    assert [record.tree for record in received.read(done.national).records] == list(done.records)
    (answer,) = done.national_answer.values()
    assert json.loads(answer)["mrn"] == done.records[0]["mrn"]


def test_every_corridor_has_a_national_sample() -> None:
    assert sorted(NATIONAL) == [corridor.identifier for corridor in CORRIDORS.all]
