"""Do 2,000 packages that became 800 show in the mirror, in both languages, on both sides, for people and programs?"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from tests.golden.fraud_builder import ASKED, FOLDER, MRN, Fraud, answer, held, told, verdict
from tests.golden.story.offices import ROOT
from tests.golden.story_builder import differences
from tests.tools.outputs import checked


@pytest.fixture(scope="module")
def fraud() -> Iterator[Fraud]:
    with told() as story:
        yield story


def lines(name: str) -> list[dict[str, object]]:
    """The lines of a file of the verdict, each held against its schema."""
    return checked(ASKED[name][0], (FOLDER / "verdict" / f"{name}.jsonl").read_text("utf-8"))


def test_the_verdict_of_the_samples_is_what_the_gateways_answer(fraud: Fraud) -> None:
    found = list(differences(verdict(fraud), held(), "samples/fraud/verdict"))
    assert not found, "\n".join(found) + "\n(when this is meant: python -m tests.golden.fraud_builder)"


def test_both_ledgers_hold_the_same_verdict_and_the_same_sightings(fraud: Fraud) -> None:
    kept = []
    for office in fraud.offices:
        with open_gateway(office.settings, fraud.end) as gateway, gateway.ledger.reading() as queries:
            (row,) = queries.mirrored_since(datetime(2026, 9, 1, tzinfo=UTC), limit=10)
            kept.append(((row.mrn, row.score, row.declared, row.found, row.reasons), {
                (one.identity, one.what, one.office, one.happened) for one in queries.seen_on(MRN)}))
    assert kept[0] == kept[1]
    assert kept[0][0] == (MRN, 100, 2000, 800, "packages mass value hs lost")
    assert len(kept[0][1]) == 8


def test_the_verdict_says_what_the_national_files_say() -> None:
    declared = json.loads((FOLDER / "tgotr" / "declaration.json").read_bytes())
    discharged = json.loads((FOLDER / "bfdgd" / "4-apurement-BFOUI.json").read_bytes())
    whole, *rest = lines("mirror")
    assert (whole["packages"], whole["found_packages"]) == (declared["total_packages"], 800) == (2000, 800)
    items = [line for line in rest if line["kind"] == "line"]
    assert [(one["item"], one["packages"], one["found_packages"]) for one in items] == [
        (item["number"], item["packages"][0]["count"], found["packages"])
        for item, found in zip(declared["items"], discharged["items"], strict=True)]
    assert [(one["commodity"], one["found_commodity"]) for one in items if one["commodity"] != one["found_commodity"]] \
        == [("8528720000", "3926909000")]


def test_the_truck_that_weighed_the_same_at_two_offices_is_a_reason_in_both_languages() -> None:
    (lost,) = (line for line in lines("mirror") if line.get("what") == "lost")
    assert (lost["declared"], lost["found"], lost["points"]) == ("41660 / 41640", "9060", 10)
    for language in ("fr", "en"):
        assert str(lost[language]) in (FOLDER / "verdict" / f"mirror.{language}.txt").read_text("utf-8")


def test_the_sums_name_the_importer_and_every_output_keeps_to_its_schema() -> None:
    (share, summary) = lines("importers")
    assert share == {"schema": 1, "kind": "share", "by": "importer", "movements": 1, "differing": 1, "points": 100,
                     "name": "BF70118 ÉTABLISSEMENTS INVENTÉS DU KADIOGO", "declared": 2000, "found": 800}
    assert summary == {"schema": 1, "kind": "summary", "count": 1}
    assert [line["kind"] for line in lines("worst")] == ["verdict", "summary"]
    assert [line["kind"] for line in lines("seals")].count("sighting") == 8


def chapter(manual: str, heading: str) -> list[str]:
    """The lines of a chapter of the operator's manual."""
    text = (ROOT / "gateway" / "docs" / manual).read_text("utf-8").split(f"\n{heading}\n")[1]
    return text.split("\n## ")[0].splitlines()


@pytest.mark.parametrize(("manual", "heading"), [("en/operator.md", "## Departure beside arrival"),
                                                 ("fr/exploitation.md", "## Le départ face à l'arrivée")])
def test_the_examples_of_the_manual_run_on_this_story(fraud: Fraud, manual: str, heading: str) -> None:
    examples = [line for line in chapter(manual, heading) if line.startswith("edi ")]
    assert [line.split()[:2] for line in examples] == [["edi", "mirror"]] * 3 + [["edi", "seals"]] * 2
    for line in examples:
        assert b"\n" in answer(fraud.departure, tuple(line.split()[1:]))


@pytest.mark.needs_openssl
@pytest.mark.parametrize(("manual", "heading"), [("en/operator.md", "## Proof for a third person"),
                                                 ("fr/exploitation.md", "## La preuve pour un tiers")])
def test_the_proof_of_the_manual_is_made_and_checked_by_its_very_lines(fraud: Fraud, tmp_path: Path, manual: str,
                                                                       heading: str) -> None:
    making, checking = [line.split() for line in chapter(manual, heading) if line.startswith(("edi ", "sh "))]
    assert making[-1] == "evidence"
    answer(fraud.departure, (*making[1:-1], str(tmp_path / "evidence")))
    done = subprocess.run(checking, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode in (0, 2), done.stderr) == (True, b"")
