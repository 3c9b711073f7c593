"""Does a rejection say which rule, in both languages, and at the office of departure which line of which file?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.edifact import read_interchanges
from gateway.mapping import load_corridors
from gateway.references import Scalar, Tree
from tests.golden.story.scenarios import ALL, NIAMEY, OUAGADOUGOU, SAMPLES, STORY, Scenario

CORRIDORS = load_corridors([SAMPLES.parent / "mappings"])


def departure_of(scenario: Scenario) -> str:
    """The gateway that declares."""
    return next(step.gateway for step in scenario.steps if step.kind == "declarations")


def step_of(scenario: Scenario) -> Path:
    """The folder of the declaration that is rejected: the last declaration of a story."""
    step = [step for step in scenario.steps if step.kind == "declarations"][-1]
    return scenario.path / "steps" / step.name


def segments(path: Path) -> list[str]:
    """The segments of the one message of a file, as they stand there, each with its terminator."""
    (interchange,) = read_interchanges(path)
    (message,) = interchange.messages
    content = path.read_bytes()
    return [content[slice(*segment.span)].decode("iso8859-1") + "'" for segment in message.segments]


def cusres(scenario: Scenario, gateway: str) -> list[str]:
    """The rejection that a gateway sent."""
    (path,) = step_of(scenario).glob(f"*-{gateway}-{departure_of(scenario)}-CUSRES.edi")
    return segments(path)


@pytest.mark.parametrize(("gateway", "office", "answered"), [
    ("BFDGD", "BFCKS", "TG0000000007-1"), ("MLDGD", "MLBKO", "TG0000000006-1")])
def test_declaration_3_is_rejected_with_its_item_its_rule_and_both_sentences(gateway: str, office: str,
                                                                            answered: str) -> None:
    assert cusres(STORY, gateway) == [
        "UNH+1+CUSRES:D:96B:UN:COR10'", "BGM+963+26TGLPLG0000000022+27'", "DTM+9:202611111655:203'", "GIS+REJ:120:ZZZ'",
        f"NAD+CM+{gateway}::ZZZ'", "RFF+ABT:26TGLPLG0000000022'", f"RFF+ACW:{answered}'",
        f"RFF+AIV:{office}-20261111-000001'",
        "ERP+10:3:0+MEA:64'", "RFF+AFD:3'", "ERC+COR0214:120:ZZZ'",
        "FTX+AAO++COR0214:120:ZZZ+item 3?: gross mass missing+EN'",
        "FTX+AAO++COR0214:120:ZZZ+article 3 ?: masse brute absente+FR'",
        "UNT+14+1'"]


def test_the_position_in_the_rejection_is_where_item_3_opens_in_the_message_that_was_sent() -> None:
    for partner in ("BFDGD", "MLDGD"):
        (path,) = step_of(STORY).glob(f"*-TGOTR-{partner}-CUSDEC.edi")
        assert segments(path)[64 - 1] == "CST+3+8301400000:122:ZZZ+8000:117:ZZZ'"


@pytest.mark.parametrize(("language", "lines"), [
    ("en", ["Why BFDGD rejected", "gross mass missing", "in your file: declaration-3.json:192:14, /items/2/number"]),
    ("fr", ["Pourquoi BFDGD a rejeté", "masse brute absente",
            "dans votre fichier : declaration-3.json:192:14, /items/2/number"])])
def test_the_office_of_departure_is_shown_the_item_in_its_own_file(language: str, lines: list[str]) -> None:
    shown = (STORY.path / "steps" / f"show-{STORY.shown}.{language}.txt").read_text("utf-8")
    positions = [shown.index(line) for line in lines]
    assert positions == sorted(positions)
    assert shown.count(lines[1]) == shown.count(lines[2]) == 2  # each partner's rejection by itself
    written = (STORY.path / "tgotr" / "declaration-3.json").read_text("utf-8").splitlines()
    assert written[192 - 1][:14] == '   "number": 3'
    item = json.loads((STORY.path / "tgotr" / "declaration-3.json").read_bytes())["items"][2]
    assert (item["number"], "gross_mass" in item) == (3, False)


def test_two_faults_are_two_reasons_one_at_the_heading_one_at_the_item() -> None:
    assert cusres(OUAGADOUGOU, "BFDGD")[8:] == [
        "ERP+1+CNT:63'", "ERC+COR0411:120:ZZZ'",
        "FTX+AAO++COR0411:120:ZZZ+total packages 42 differ from the sum 41 of the items+EN'",
        "FTX+AAO++COR0411:120:ZZZ+total des colis 42 différent de la somme 41 des articles+FR'",
        "ERP+10:2:0+MEA:55'", "RFF+AFD:2'", "ERC+COR0412:120:ZZZ'",
        "FTX+AAO++COR0412:120:ZZZ+item 2?: net mass 2575 greater than gross mass 2400+EN'",
        "FTX+AAO++COR0412:120:ZZZ+article 2 ?: masse nette 2575 supérieure à la masse brute 2400+FR'",
        "UNT+18+1'"]


def test_a_reason_points_at_the_very_segment_that_carries_the_wrong_value() -> None:
    (path,) = step_of(OUAGADOUGOU).glob("*-TGOTR-BFDGD-CUSDEC.edi")
    sent = segments(path)
    assert (sent[63 - 1], sent[55 - 1]) == ("CNT+11:42'", "MEA+WT+AAL+KGM:2575'")
    shown = (OUAGADOUGOU.path / "steps" / f"show-{OUAGADOUGOU.shown}.en.txt").read_text("utf-8")
    written = (OUAGADOUGOU.path / "tgotr" / "declaration-2.json").read_text("utf-8").splitlines()
    for line, column, locator, text in ((123, 20, "/total_packages", "42,"), (157, 16, "/items/1/net_mass", '"2575",')):
        assert f"in your file: declaration-2.json:{line}:{column}, {locator}\n" in shown
        assert written[line - 1][column - 1:] == text


def test_a_rule_of_the_corridor_that_no_segment_carries_is_rejected_at_the_heading() -> None:
    for gateway in ("BFDGD", "NEDGD"):
        assert cusres(NIAMEY, gateway)[8:] == [
            "ERP+1+FTX'", "ERC+COR0233:120:ZZZ'", "FTX+AAO++COR0233:120:ZZZ+no seal, and no reason is given+EN'",
            "FTX+AAO++COR0233:120:ZZZ+scellement absent, et aucun motif n?'est donné+FR'", "UNT+13+1'"]


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.folder)
def test_the_answers_folder_of_the_departure_holds_what_the_rejection_says(scenario: Scenario) -> None:
    step, departure = step_of(scenario), departure_of(scenario)
    answers = [json.loads(path.read_bytes())
               for path in sorted(step.glob(f"{departure.lower()}/answers/*.REJECTED.json"))]
    corridor = CORRIDORS.named("tg-ml" if scenario is STORY else scenario.path.name)
    partners = [one.gateway for one in scenario.participants if one.gateway != departure]
    assert sorted(answer["administration"] for answer in answers) == sorted(partners)
    for answer in answers:
        (path,) = step.glob(f"*-{answer['administration']}-{departure}-CUSRES.edi")
        (interchange,) = read_interchanges(path)
        (tree,) = corridor.read(next(iter(interchange.messages)))
        assert [error["rule"] for error in answer["errors"]] == [error["rule"] for error in errors(tree)]
        assert answer["word"] == "REJET"
        assert list(step.glob(f"{answer['administration'].lower()}/declarations/*")) == []


def errors(tree: Tree) -> list[Tree]:
    """The reasons of a rejection."""
    found: Scalar | Tree | list[Tree] = tree["errors"]
    assert isinstance(found, list)
    return found
