"""Does `edi init` take its answers from a terminal, a file or options, and ask nobody who is not there?"""

from __future__ import annotations

import os
import pty
import re
import select
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import load_settings
from tests.tools.command import ROOT, command
from tests.tools.newcomers import edi
from tests.unit.test_cli_runs import everything

ANSWERS = ["--gateway", "TGOTR", "--country", "TG", "--time-zone", "Africa/Lome"]


def at_a_terminal(folder: Path, answers: list[str]) -> tuple[int, str]:
    """`edi init` before somebody who types these answers: exit status, and what stood on the screen."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "EDI_LANG": "en", "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    process = subprocess.Popen([sys.executable, "-m", "gateway.cli", "init", str(folder)], stdin=theirs, stdout=theirs,
                               stderr=theirs, env=environment, start_new_session=True)
    os.close(theirs)
    seen, waiting = "", list(answers)
    while select.select([ours], [], [], 60)[0]:
        try:
            seen += os.read(ours, 4096).decode()
        except OSError:  # the other end is closed
            break
        if waiting and re.search(r"\d/7 [^\n]*: $", seen.rpartition("\n")[2]):
            seen += "\n"
            os.write(ours, (waiting.pop(0) + "\n").encode())
    os.close(ours)
    return process.wait(30), seen


def test_seven_questions_make_a_gateway_and_an_answer_that_does_not_fit_is_asked_again(tmp_path: Path) -> None:
    status, seen = at_a_terminal(tmp_path / "new", ["TG OTR", "TGOTR", "Togo", "TG", "Africa/Lome", "production",
                                                    "tgotr/unknown", "tgotr/asycuda", "national", "two"])
    assert status == 0, seen
    asked = re.findall(r"(\d/7) ", seen)
    assert asked == ["1/7", "1/7", "2/7", "2/7", "3/7", "4/7", "5/7", "5/7", "6/7", "7/7"]
    assert [code for code in ("S059", "S060", "D011") if f"{code}: " in seen] == ["S059", "S060", "D011"]
    made = load_settings(tmp_path / "new" / "settings.yaml", partners=False)
    assert (made.gateway, made.country, made.time_zone, made.environment, made.acceptance, made.approvals) == (
        "TGOTR", "TG", "Africa/Lome", "production", "national", "two")
    assert [(one.match, one.dialect) for one in made.national.declarations] == [
        ("*.xml", "tgotr/asycuda"), ("*.csv", "tgotr/asycuda")]
    assert made.national.inbox.declarations == "tgotr/asycuda"


def test_a_file_of_answers_makes_the_same_gateway_as_options(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("gateway: TGOTR\ncountry: TG\ntime_zone: Africa/Lome\n", "utf-8")
    assert edi("init", tmp_path / "a", "--answers", answers)[0] == 0
    assert edi("init", tmp_path / "b", *ANSWERS)[0] == 0
    one, other = ((tmp_path / name / "settings.yaml").read_text("utf-8") for name in "ab")
    assert one == other


def test_an_option_is_stronger_than_the_file_of_answers(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("gateway: TGOTR\ncountry: TG\ntime_zone: Africa/Lome\nenvironment: production\n", "utf-8")
    assert edi("init", tmp_path / "a", "--answers", answers, "--environment", "test")[0] == 0
    assert load_settings(tmp_path / "a" / "settings.yaml", partners=False).environment == "test"


def test_every_fault_of_a_file_of_answers_is_told_with_its_place_and_nothing_is_written(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("gateway: TG OTR\ncountry: Togo\nlangue: fr\n", "utf-8")
    status, out, err = edi("init", tmp_path / "a", "--answers", answers)
    assert (status, out) == (3, "")
    assert re.findall(r"answers\.yaml:(\d):\d+: (S\d+)", err) == [("1", "S059"), ("2", "S060"), ("3", "S048")]
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(("given", "named"), [([], "--gateway, --country, --time-zone"),
                                              (["--gateway", "TGOTR", "--country", "TG"], "--time-zone")])
def test_where_nobody_can_be_asked_the_options_that_give_the_answers_are_named(given: list[str], named: str,
                                                                               tmp_path: Path) -> None:
    told = command("init", tmp_path / "new", *given)
    assert (told.exit, told.out) == (2, "")
    assert f"{named} missing" in told.err
    assert not (tmp_path / "new").exists()


def test_data_stands_where_it_was_said_and_for_nobody_else(tmp_path: Path) -> None:
    assert edi("init", tmp_path / "etc", *ANSWERS, "--data", tmp_path / "var")[0] == 0
    paths = load_settings(tmp_path / "etc" / "settings.yaml", partners=False).paths
    assert (paths.state, paths.national, paths.keys) == (
        tmp_path / "var" / "state", tmp_path / "var" / "national", tmp_path / "etc" / "keys")
    for path in (paths.state, paths.national / "out" / "events", paths.keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert not (tmp_path / "etc" / "national").exists()


@pytest.mark.parametrize("dialect", ["neutral/event-json", "sndgd/gainde-sql"])
def test_a_dialect_that_wants_lines_of_its_own_is_refused_before_anything_is_written(dialect: str,
                                                                                   tmp_path: Path) -> None:
    status, out, err = edi("init", tmp_path / "new", *ANSWERS, "--national", dialect)
    assert (status, out, err.split(":")[0]) == (1, "", "C090")
    assert not (tmp_path / "new").exists()


def test_a_rehearsal_writes_nothing_and_says_what_it_would(tmp_path: Path) -> None:
    status, out, err = edi("init", tmp_path / "new", *ANSWERS, "--dry-run")
    assert (status, err) == (0, "")
    assert out.splitlines()[0].startswith("would: ")
    assert everything(tmp_path) == {}


def test_an_account_that_does_not_exist_is_named_before_anything_is_written(tmp_path: Path) -> None:
    status, _, err = edi("init", tmp_path / "new", *ANSWERS, "--services", tmp_path / "sv", "--user", "nobody-here")
    assert (status, err.split(":")[0]) == (1, "C091")
    assert everything(tmp_path) == {}


def test_service_files_of_a_gateway_that_exists_leave_its_settings_alone(tmp_path: Path) -> None:
    assert edi("init", tmp_path / "new", *ANSWERS)[0] == 0
    before = everything(tmp_path / "new")
    status, out, err = edi("init", tmp_path / "new", "--services", tmp_path / "sv")
    assert (status, err) == (0, "")
    after = everything(tmp_path / "new")
    assert {name: after[name] for name in before} == before
    assert all((tmp_path / "new" / name).is_dir() for name in ("log", "backup", "pages")), "what the jobs write to"
    enabled = next(line for line in out.splitlines() if "systemctl enable" in line).split()
    assert enabled[-3:] == ["edi-keys-check.timer", "edi-report.timer", "edi-backup.timer"]
    assert f"sudo install -m 0644 {tmp_path}/sv/systemd/* /etc/systemd/system/" in out
    assert edi("init", tmp_path / "new", "--services", tmp_path / "sv", "--country", "ML")[2].startswith("C003: ")
