"""Does an exchange without a partner say what a real one would, and does it touch nothing?"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.map_exchange import exchange_all
from gateway.edifact import read_interchanges, validate
from gateway.errors import LocalError
from gateway.exchange.loopback import Dialects, Exchange, exchange
from gateway.findings import has_errors
from gateway.mapping import Corridors, load_corridors
from gateway.mapping.dialect import load_dialect
from tests.tools.command import ROOT, command

MAPPINGS = [ROOT / "mappings"]
NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
STORY = ROOT / "samples" / "story" / "tgotr"
SAMPLES = ROOT / "samples" / "corridors"


@pytest.fixture(scope="module")
def corridors() -> Corridors:
    return load_corridors(MAPPINGS)


def dialects(sent: str, received: str) -> Dialects:
    return Dialects(sent=load_dialect(sent, MAPPINGS), received=load_dialect(received, MAPPINGS),
                    answered=load_dialect("neutral/event-json", MAPPINGS))


def files(folder: Path, *names: str) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def lome_bamako(corridors: Corridors, national: dict[str, bytes]) -> Exchange:
    return exchange(corridors, corridors.named("tg-ml"), national, dialects("tgotr/asycuda", "mldgd/asycuda"), NOW)


def test_a_declaration_goes_there_and_is_accepted(corridors: Corridors) -> None:
    done = lome_bamako(corridors, files(STORY, "declaration-1.xml", "declaration-1-t1.csv"))
    assert (done.accepted, done.words, list(done.findings)) == (True, ["ACCEPTED"], [])
    assert sorted(done.national) == ["26TGLPLT0000204177-t1.csv", "26TGLPLT0000204177.xml"]
    name, content = next(iter(done.national_answer.items()))
    assert name == "MLDGD.MLBKO-20261126-000001.ACCEPTED.json"
    assert json.loads(content) == {
        "word": "ACCEPTATION", "reference": "MLBKO-20261126-000001", "administration": "MLDGD",
        "mrn": "26TGLPLT0000204177", "happened": "2026-11-26T12:30Z",
        "office": {"role": "destination", "code": "MLBKO"}, "answered_message": "26330123000-1",
        "local_reference": done.records[0]["local_reference"]}


def test_everything_that_travels_keeps_to_the_directory_and_is_marked_as_a_test(corridors: Corridors) -> None:
    done = lome_bamako(corridors, files(STORY, "declaration-1.xml", "declaration-1-t1.csv"))
    for content, kinds in ((done.wire, ["CUSDEC"]), (done.contrl, ["CONTRL"]), (done.answer, ["CUSRES"])):
        interchange, = read_interchanges(content)
        assert [message.identifier.type for message in interchange.messages] == kinds
        assert not has_errors(validate(interchange))
        assert interchange.header.test == "1"
    assert done.received == done.records


def test_what_breaks_a_rule_comes_back_rejected_with_the_rule(corridors: Corridors) -> None:
    record = json.loads((SAMPLES / "tg-bf" / "tgotr" / "declaration-1.json").read_text("utf-8"))
    record.pop("guarantee", None)
    done = exchange(corridors, corridors.named("tg-bf"), {"one.json": json.dumps(record).encode()},
                    dialects("neutral/json", "neutral/json"), NOW)
    assert (done.accepted, done.words, done.national) == (False, ["REJECTED"], {})
    assert "COR0232" in [finding.code for finding in done.findings]
    assert b"ERC+COR0232:120:ZZZ'" in done.answer
    (answer,) = (json.loads(content) for content in done.national_answer.values())
    assert "COR0232" in [error["rule"] for error in answer["errors"]]


def test_a_record_that_belongs_to_another_corridor_is_told_its_name(corridors: Corridors) -> None:
    done = exchange(corridors, corridors.named("tg-ne"), files(STORY, "declaration-1.xml", "declaration-1-t1.csv"),
                    dialects("tgotr/asycuda", "neutral/json"), NOW)
    assert [(one.code, one.values["corridor"], one.place.file) for one in done.findings] == [
        ("M450", "tg-ml", "declaration-1.xml")]
    assert (done.wire, done.accepted) == (b"", False)


def test_a_record_without_an_mrn_gets_one_as_the_gateway_gives_it(corridors: Corridors) -> None:
    record = json.loads((SAMPLES / "tg-bf" / "tgotr" / "declaration-1.json").read_text("utf-8"))
    record.pop("mrn", None)
    done = exchange(corridors, corridors.named("tg-bf"), {"one.json": json.dumps(record).encode()},
                    dialects("neutral/json", "neutral/json"), NOW)
    assert str(done.records[0]["mrn"])[:8] == "26TGLPLG"


def test_half_of_a_declaration_waits_for_the_other_half(corridors: Corridors) -> None:
    done = lome_bamako(corridors, files(STORY, "declaration-1.xml"))
    assert ([(one.code, one.values["lacks"]) for one in done.findings], done.wire) == ([("X002", "t1")], b"")


def test_a_value_that_does_not_fit_is_told_at_its_place_in_the_national_file(corridors: Corridors) -> None:
    record = json.loads((SAMPLES / "tg-bf" / "tgotr" / "declaration-1.json").read_text("utf-8"))
    record["location_of_goods"] = "A" * 26
    done = exchange(corridors, corridors.named("tg-bf"), {"one.json": json.dumps(record, indent=1).encode()},
                    dialects("neutral/json", "neutral/json"), NOW)
    finding, = done.findings
    assert (finding.code, finding.place.file, finding.place.path) == ("M103", "one.json", "location_of_goods")
    assert finding.place.line is not None


def test_the_command_chooses_the_dialect_and_leaves_nothing_behind(tmp_path: Path) -> None:
    for name in ("declaration-1.xml", "declaration-1-t1.csv"):
        (tmp_path / name).write_bytes((STORY / name).read_bytes())
    answer = command("map", "test", "tg-ml", "--exchange", tmp_path, cwd=tmp_path,
                     environment={"EDI_MAPPINGS": str(ROOT / "mappings")})
    assert (answer.exit, answer.err) == (0, "")
    assert answer.out.splitlines()[0] == "tg-ml: from TGOTR (tgotr/asycuda) to MLDGD (mldgd/asycuda)"
    assert answer.out.splitlines()[-1].strip() == "everything is accepted"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["declaration-1-t1.csv", "declaration-1.xml"]


def test_the_command_says_when_there_is_nothing_or_nobody_to_read_it(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("?", "utf-8")
    assert "M451" in command("map", "test", "tg-ml", "--exchange", tmp_path).err
    bare = tmp_path / "mappings"
    shutil.copytree(ROOT / "mappings", bare, ignore=shutil.ignore_patterns("samples"))
    with pytest.raises(LocalError) as caught:
        exchange_all(["corridors/tg-bf/cusdec"], [bare], [], None, False)
    assert [(one.code, one.values["corridor"]) for one in caught.value.findings] == [("M452", "tg-bf")]


def test_the_samples_beside_a_corridor_are_read_by_the_dialect_whose_folder_they_lie_in(tmp_path: Path) -> None:
    corridor = tmp_path / "corridors" / "tg-bf"
    corridor.mkdir(parents=True)
    for name in ("corridor.yaml", "cusdec.yaml"):
        (corridor / name).write_bytes((ROOT / "mappings" / "corridors" / "tg-bf" / name).read_bytes())
    beside = corridor / "samples" / "neutral" / "json"
    beside.mkdir(parents=True)
    (beside / "one.json").write_bytes((SAMPLES / "tg-bf" / "tgotr" / "declaration-1.json").read_bytes())
    answer = command("map", "test", "tg-bf", "--exchange", "--json", environment={"EDI_MAPPINGS": str(tmp_path)})
    assert answer.exit == 0, answer.err
    told = json.loads(answer.out.splitlines()[0])
    assert {key: told[key] for key in ("corridor", "sent", "records", "accepted", "words")} == {
        "corridor": "tg-bf", "sent": "neutral/json", "records": 1, "accepted": True, "words": ["ACCEPTED"]}


def test_the_samples_of_every_corridor_go_there_and_are_accepted(corridors: Corridors,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"corridors/{corridor.identifier}/cusdec" for corridor in corridors.all]
    assert exchange_all(names, MAPPINGS, [], None, True)
    *told, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert summary == {"schema": 1, "kind": "summary", "count": len(told), "failed": 0}
    assert {one["corridor"] for one in told} == {corridor.identifier for corridor in corridors.all}
    assert {(word, one["accepted"]) for one in told for word in one["words"]} == {("ACCEPTED", True)}
