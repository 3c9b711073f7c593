"""Does the simulated partner do what it says, do we take it as we must, and would the table show it otherwise?"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.mapping import load_corridors, search_path
from gateway.simulation import FAULTS, SCENES, Pair, Seen, play
from tests.tools.command import command
from tests.tools.outputs import checked

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def make(folder: Path, corridor: str = "tg-bf") -> Pair:
    return Pair.make(folder, load_corridors(search_path()), corridor, NOW)


def example(page: str) -> str:
    """The test that the page for developers shows."""
    found = re.search(r"^```python\n(def test_.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("fault", SCENES)
def test_each_fault_ends_as_it_must(fault: str, tmp_path: Path) -> None:
    steps = list(play(SCENES[fault], make(tmp_path)))
    assert [step.seen for step in steps] == [step.expected for step in steps]


def test_every_fault_of_a_file_has_a_scene() -> None:
    assert set(FAULTS) < set(SCENES)


def test_a_step_that_ends_otherwise_is_told(tmp_path: Path) -> None:
    act = replace(SCENES["none"][0], expected=Seen(answers=2))
    (step,) = play([act], make(tmp_path))
    assert (step.ok, step.seen.answers) == (False, 1)


@pytest.mark.parametrize("corridor", ["ci-ml", "tg-ml"])
def test_a_made_up_declaration_is_accepted_on_a_corridor_with_its_own_rules_or_a_transit(
        corridor: str, tmp_path: Path) -> None:
    pair = make(tmp_path, corridor)
    pair.begin(pair.declaration("S-1"))
    pair.partner_answers()
    pair.receive()
    assert [name for name in pair.ours.inbox("answers") if name.startswith("MLDGD.") and "ACCEPTED" in name]


def test_a_declaration_that_cannot_go_is_said_and_nothing_is_played(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as raised:
        list(play(SCENES["none"], make(tmp_path), b"{"))
    assert [finding.code for finding in raised.value.findings] == ["X280", "R020"]


def test_the_command_shows_expected_beside_happened_and_keeps_the_gateways(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    told = command("simulate", "tg-bf", "--fault", "none,clock-skew", "--dir", folder, "--json")
    lines = checked("simulate", told.out)
    assert (told.exit, told.err) == (Exit.DONE, "")
    assert [(line["fault"], line["step"], line["ok"]) for line in lines[:-1]] == [
        ("none", "none", True), ("clock-skew", "clock-skew", True), ("clock-skew", "caught-up", True)]
    assert lines[1]["expected"] == {"status": 5, "codes": ["E_FUTURE"], "answers": 0, "quarantined": 0, "repeated": 0,
                                    "late": 0} == lines[1]["happened"]
    assert lines[-1] == {"schema": 1, "kind": "summary", "steps": 3, "failed": 0, "folder": str(folder)}
    status = command("status", "--json", "--config", folder / "none" / "tgotr" / "settings.yaml")
    assert '"ACKNOWLEDGED"' in status.out
    again = command("simulate", "tg-bf", "--dir", folder)
    assert again.exit == Exit.PERSON
    assert "X281" in again.err


def test_the_command_says_what_it_does_not_know() -> None:
    assert command("simulate", "xx-yy").exit == Exit.SETTINGS
    told = command("simulate", "tg-bf", "--fault", "none,late")
    assert told.exit == Exit.USAGE
    assert "never-answers" in told.err


def test_the_faults_are_listed_with_their_sentence() -> None:
    lines = checked("simulate", command("simulate", "tg-bf", "--list", "--json").out)
    assert [line["fault"] for line in lines] == list(SCENES)
    assert not [line for line in lines if "." in line["text"]]


def test_the_plug_in_gives_others_a_partner_and_is_light_until_then(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("""
import sys
import pytest

def test_nothing_is_loaded_for_those_who_do_not_ask():
    assert not [name for name in sys.modules if name.startswith("gateway.") and name not in (
        "gateway.testing", "gateway.testing.plugin")]

@pytest.mark.corridor("gn-ml")
def test_the_corridor_is_chosen(partner):
    assert (partner.ours.name, partner.theirs.name) == ("GNDGD", "MLDGD")

""" + example("gateway/docs/en/developers.md"), "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nedi_corridor = tg-bf\n", "utf-8")
    words = ["-p", "gateway.testing.plugin", "-p", "no:cacheprovider", "-W", "ignore"]
    told = subprocess.run([sys.executable, "-m", "pytest", "-q", *words], cwd=tmp_path, capture_output=True, text=True,
                          check=False, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path),
                                            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert told.returncode == 0, told.stdout
    assert "3 passed" in told.stdout


def test_pytest_finds_the_plug_in_by_itself_where_the_gateway_is_installed() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["pytest11"]
    assert declared == {"corridor-gateway": "gateway.testing.plugin"}
    assert importlib.import_module(declared["corridor-gateway"]).partner is not None
