"""Does a look back say what each side knew at that moment, no more and no less?"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.cli.entry import run as run_program
from gateway.exchange.summary import Exit
from tests.tools.malice import at
from tests.tools.offices import ROOT, Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, event_json

MRN = "26TGLPLG0000000022"
HOUR = timedelta(hours=1)
Story = tuple[Office, Office, datetime]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Togo declares at 1 o'clock, Burkina Faso takes it at 2 and tells the arrival at 4, Togo reads at 3 and at 5."""
    start = datetime(2026, 3, 16, 5, tzinfo=UTC)
    togo, burkina = offices(tmp_path_factory.mktemp("story"), now=start - HOUR)
    togo.drop("declarations", {"T-1.json": declaration_json("T-1", mrn=MRN)})
    runs: list[tuple[Office, str]] = [(togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive")]
    for hours, (office, program) in enumerate(runs, 1):
        ran = at(office, program, start + hours * HOUR)
        assert (ran.exit, ran.err) == (0, ""), ran.out
    burkina.drop("events", {"arrived.json": event_json(MRN, "ARRIVED")})
    for hours, (office, program) in enumerate(((burkina, "edi-send"), (togo, "edi-receive")), 4):
        assert at(office, program, start + hours * HOUR).exit == 0
    return togo, burkina, start


def look(office: Office, moment: datetime, reference: str = MRN) -> list[dict[str, Any]]:
    ran = office.run("edi", "show", reference, "--at", f"{moment:%Y-%m-%dT%H:%M:%SZ}", "--json")
    assert (ran.exit, ran.err) == (0, ""), ran.out
    return checked("show", ran.out)


def sides(lines: list[dict[str, Any]]) -> dict[str, str]:
    """What each administration saw, ours first."""
    found = [line for line in lines if line["kind"] == "side"]
    assert [line["ours"] for line in found] == [True, False]
    return {line["administration"]: line["state"] for line in found}


def had(lines: list[dict[str, Any]], administration: str) -> list[tuple[str, bool]]:
    """Words that a side had, or that were on their way to it (False)."""
    return [(line["word"], line["since"] is not None) for line in lines
            if line["kind"] == "known" and line["administration"] == administration]


@pytest.mark.parametrize(("hours", "togo", "burkina"), [
    (0.5, "", ""), (1.5, "SENT", ""), (2.5, "SENT", "EXPECTED"), (3.5, "CONFIRMED", "EXPECTED"),
    (4.5, "CONFIRMED", "ARRIVED"), (5.5, "ARRIVED", "ARRIVED")])
def test_both_sides_stand_beside_each_other_in_the_ledger_of_the_departure(
        story: Story, hours: float, togo: str, burkina: str) -> None:
    office, _, start = story
    assert sides(look(office, start + hours * HOUR)) == {"TGOTR": togo, "BFDGD": burkina}


@pytest.mark.parametrize(("hours", "burkina", "togo"), [
    (0.5, "", ""), (1.5, "", "SENT"), (2.5, "EXPECTED", "SENT"), (4.5, "ARRIVED", "SENT")])
def test_both_sides_stand_beside_each_other_in_the_ledger_of_the_destination(
        story: Story, hours: float, burkina: str, togo: str) -> None:
    _, office, start = story
    assert sides(look(office, start + hours * HOUR)) == {"BFDGD": burkina, "TGOTR": togo}


def test_what_a_side_had_is_told_apart_from_what_was_on_its_way(story: Story) -> None:
    office, _, start = story
    assert [had(look(office, start + hours * HOUR), "BFDGD") for hours in (0.5, 1.5, 2.5, 4.5)] == [
        [], [("original", False)], [("original", True), ("ACCEPTED", True)],
        [("original", True), ("ACCEPTED", True), ("ARRIVED", True)]]
    assert had(look(office, start + 4.5 * HOUR), "TGOTR") == [("original", True), ("ACCEPTED", True)]


def test_what_crossed_the_line_stands_in_its_state_of_then(story: Story) -> None:
    office, _, start = story

    def states(hours: float) -> list[tuple[str, str]]:
        return [(line["what"], line["state"]) for line in look(office, start + hours * HOUR)
                if line["kind"] == "stood" and line["direction"] == "out"]

    assert states(0.5) == []
    assert states(1.5) == [("message", "DISPATCHED"), ("interchange", "DISPATCHED"), ("object", "DISPATCHED")]
    assert states(3.5) == [("message", "ANSWERED-ACCEPTED"), ("interchange", "ACKNOWLEDGED"), ("object", "RECEIVED")]


def test_the_moment_of_the_last_step_is_the_present_and_no_step_after_a_moment_is_told(story: Story) -> None:
    office, _, start = story
    now = [line for line in office.lines("show", MRN) if line["kind"] == "step"]
    for hours in (0.5, 1.5, 3.5, 5.0):
        moment = f"{start + hours * HOUR:%Y-%m-%dT%H:%M:%SZ}"
        told = [line for line in look(office, start + hours * HOUR) if line["kind"] == "step"]
        assert told == [line for line in now if line["at"] <= moment]
    (present,) = [line for line in office.lines("show", MRN) if line["kind"] == "movement"]
    side = next(line for line in look(office, start + 5 * HOUR) if line["kind"] == "side")
    assert [side[name] for name in ("state", "flags", "next_action", "who")] == [
        present[name] for name in ("state", "flags", "next_action", "who")]


@pytest.mark.parametrize(("words", "status", "told"), [
    (("--at", "2199-01-01"), Exit.PERSON, "C030: "), (("--at", "2026-03-16 06:05"), 2, "2026-03-16 06:05"),
    (("--at", "2026-03-16", "--raw", "edi"), 2, "--raw")])
def test_a_moment_that_cannot_be_looked_at_is_said(story: Story, words: tuple[str, ...], status: int,
                                                   told: str) -> None:
    ran = story[0].run("edi", "show", MRN, *words)
    assert (ran.exit, ran.out, told in ran.err) == (status, "", True), ran.err


def test_what_nothing_answers_to_is_told_and_a_reference_of_the_lines_has_no_sides(story: Story) -> None:
    office, _, start = story
    ran = office.run("edi", "show", "26TGLPLXXXX", "--at", "2026-03-16T06:05Z")
    assert (ran.exit, "X044: " in ran.err) == (Exit.PERSON, True)
    (line,) = [line for line in office.interchanges("out") if line["type"] == "CUSDEC"]
    kinds = [one["kind"] for one in look(office, start + 1.5 * HOUR, line["reference"])]
    assert (kinds[0], kinds.count("stood"), "side" in kinds, kinds[-1]) == ("moment", 2, False, "summary")


def test_people_read_it_in_their_language(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    office, _, _ = story
    for language, words in (("en", ("TGOTR (we)", "nothing known yet", "on its way")),
                            ("fr", ("TGOTR (nous)", "encore rien de connu", "en chemin"))):
        assert run_program("edi", ["show", MRN, "--at", "2026-03-16T06:30Z", "--config", str(office.settings),
                                   "--lang", language]) == 0
        told = capsys.readouterr().out
        assert all(one in told for one in words), told


@pytest.mark.parametrize("guide", ["en/operator.md", "fr/exploitation.md"])
def test_the_line_of_the_guide_does_what_the_guide_says(story: Story, guide: str) -> None:
    office, _, _ = story
    (line,) = re.findall(r"^edi (show .* --at .*)$", (ROOT / "gateway" / "docs" / guide).read_text("utf-8"),
                         re.MULTILINE)
    assert sides(checked("show", office.run("edi", *line.split(), "--json").out)) == {"TGOTR": "SENT", "BFDGD": ""}
