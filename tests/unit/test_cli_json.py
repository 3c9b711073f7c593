"""Is every output for programs what its published schema says: schema and kind first, lists with a summary last?"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.tools.command import command
from tests.tools.offices import Office, offices
from tests.tools.outputs import SCHEMAS, checked, validator
from tests.tools.records import declaration_json, event_json


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Office]:
    """Togo and Burkina Faso after two declarations, one rejected, an arrival, and an altered file."""
    togo, burkina = offices(tmp_path_factory.mktemp("played"))
    togo.drop("declarations", {"a.json": declaration_json("A"), "b.json": declaration_json("B", without_gross_mass=1)})
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive"),
                            (burkina, "edi-receive")):
        office.run(program)
    mrn = next(mrn for mrn, line in togo.movements().items() if "REJECTED-BY" not in line["flags"])
    burkina.drop("events", {"arrived.json": event_json(mrn, "ARRIVED")})
    burkina.run("edi-send")
    path = next(togo.mailbox("BFDGD").iterdir())
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 1
    path.write_bytes(altered)
    for _ in range(2):  # what does not fit its name is given one more run (V3)
        togo.run("edi-receive")
    return togo, burkina


def mrn_of(office: Office, *, rejected: bool) -> str:
    return next(mrn for mrn, line in office.movements().items() if ("REJECTED-BY" in line["flags"]) is rejected)


def test_status_is_movements_then_interchanges_then_a_summary(played: tuple[Office, Office]) -> None:
    lines = checked("status", played[0].run("edi", "status", "--json").out)
    kinds = [line["kind"] for line in lines]
    assert kinds == sorted(kinds, key=["movement", "interchange", "link", "outage", "traffic", "run", "summary"].index)
    assert kinds.count("movement") == lines[-1]["movements"] == 2
    assert kinds.count("interchange") == lines[-1]["interchanges"] > 2
    assert {"mrn", "state", "next"} <= set(lines[0])
    assert {"reference", "partner", "direction", "state"} <= set(lines[2])
    assert lines[-1]["quarantined"] == 1


def test_show_tells_its_lines_apart_by_kind_alone(played: tuple[Office, Office]) -> None:
    togo, _ = played
    lines = checked("show", togo.run("edi", "show", mrn_of(togo, rejected=True), "--json").out)
    assert {line["kind"] for line in lines} >= {"movement", "event", "message", "interchange", "object", "step"}
    assert lines[-1]["kind"] == "summary"
    assert all("/" in line["object_kind"] for line in lines if line["kind"] == "object")
    held = checked("quarantine", togo.run("edi", "quarantine", "--json").out)
    assert [line["kind"] for line in held] == ["quarantined", "summary"]
    notes = checked("show", togo.run("edi", "show", held[0]["name"], "--json").out)
    assert "note" in {line["kind"] for line in notes}


def test_trace_gives_each_value_its_origin(played: tuple[Office, Office]) -> None:
    togo, _ = played
    lines = checked("trace", togo.run("edi", "trace", mrn_of(togo, rejected=False), "LOC+118", "--json").out)
    assert lines[-1] == {"schema": 1, "kind": "summary", "count": len(lines) - 1}
    assert "TGLPL" in [line["value"] for line in lines[:-1]]


def test_resend_and_reprocess_answer_each_reference_and_add_up(played: tuple[Office, Office]) -> None:
    togo, burkina = played
    told = togo.run("edi", "resend", "TG0000000001", "NOTHING", "--json")
    lines = checked("resend", told.out)
    assert (told.exit, [(line["reference"], len(line["objects"]), line["reason"]) for line in lines[:-1]]) == \
        (1, [("TG0000000001", 1, ""), ("NOTHING", 0, "unknown")])
    assert lines[-1] == {"schema": 1, "kind": "summary", "asked": 2, "resent": 1}
    told = burkina.run("edi", "reprocess", "TG0000000001", "--json")
    assert (told.exit, checked("reprocess", told.out)) == (1, [
        {"schema": 1, "kind": "refused", "reference": "TG0000000001", "message": "", "codes": ["X267"]},
        {"schema": 1, "kind": "summary", "found": 1, "rebuilt": 0, "refused": 1, "queued": 0}])


def test_what_is_overdue_keeps_its_own_kind_beside_that_of_the_line(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    partner = togo.home / "partners" / "BFDGD.yaml"
    partner.write_text(partner.read_text("utf-8").replace("receipt: 4h", "receipt: 1s"), "utf-8")
    assert "receipt: 1s" in partner.read_text("utf-8")
    togo.drop("declarations", {"a.json": declaration_json("A")})
    togo.run("edi-send")
    time.sleep(2.1)
    lines = checked("overdue", togo.run("edi", "overdue", "--json").out)
    assert [(line["kind"], line.get("overdue_kind")) for line in lines] == [("overdue", "receipt"), ("summary", None)]
    assert lines[0]["next"] == "resend"


@pytest.mark.parametrize("code", ["X044", "E_DECRYPT", "COR0011", "F041"])
def test_explain_gives_both_languages(code: str, played: tuple[Office, Office]) -> None:
    told = command("explain", code.lower() if code[0] == "X" else code, "--json")
    line = checked("explain", told.out)[0]
    assert (told.exit, line["code"]) == (0, code)
    assert line["fr"]["sentence"] != line["en"]["sentence"]
    assert line["fr"]["hint"] != line["en"]["hint"]


@pytest.mark.parametrize("words", [[], ["CUSDEC"], ["1001", "transit"], ["nothing-of-that-name"]], ids=" ".join)
def test_codes_are_one_object_with_the_lines_of_the_answer(words: list[str]) -> None:
    told = command("codes", *words, "--json")
    (line,) = checked("codes", told.out)
    assert (told.exit, line["words"]) == (0 if line["lines"] else 1, words)
    assert bool(line["lines"]) is (words != ["nothing-of-that-name"])


def test_figures_of_the_bench_have_exactly_the_keys_agreed() -> None:
    told = command("bench", "road", "--scale", "0.001", "--json")
    lines = checked("bench", told.out)
    assert told.exit in (0, 1), told.err
    assert lines
    for line in lines:
        assert list(line) == ["schema", "kind", "name", "value", "unit", "against", "ratio", "target", "ok"]


def test_every_schema_is_valid_closed_over_its_kinds_and_describes_each() -> None:
    names = sorted(path.stem for path in SCHEMAS.glob("*.json"))
    assert len(names) > 15
    for name in names:
        validator(name)
        schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
        assert [entry["$ref"] for entry in schema["oneOf"]] == [f"#/$defs/{kind}" for kind in schema["$defs"]]
        for kind, line in schema["$defs"].items():
            assert line["properties"]["kind"] == {"const": kind}
            assert line["required"][:2] == ["schema", "kind"]
            assert line["description"].endswith(".")


def test_instants_are_utc_and_nothing_but_text_numbers_and_truth_values_is_printed(
        played: tuple[Office, Office]) -> None:
    togo, _ = played
    for words in (["status"], ["show", mrn_of(togo, rejected=True)], ["quarantine"]):
        for line in togo.lines(*words):
            for key, value in line.items():
                if key in ("at", "changed", "since", "due", "dispatched", "received", "answered") and value is not None:
                    assert value.endswith("Z"), (words, key, value)
