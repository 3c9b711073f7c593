"""Does every outcome end in the exit status of the table, with data on stdout, messages on stderr, and one last object?

The table is that of the command-line contract (gateway.exchange.summary.Exit): 2 wrong use, 3 bad settings, 5 trust,
70 our defect, 75 lock (test_cli_runs), 130 interrupted, 143 terminated, 0 for a closed pipe.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.errors import LinkError, LocalError, PartnerError
from gateway.exchange.summary import Exit, exit_for, worst
from gateway.findings import Finding
from tests.tools.command import ROOT, Answer, command
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json

PROGRAMS = ("edi-send", "edi-receive", "edi-sync")
SECRET = "SOCIETE SECRETE SARL"


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office with enough in its ledger to fill a pipe."""
    togo, _ = offices(tmp_path_factory.mktemp("exits"))
    togo.drop("declarations", {f"{number}.json": declaration_json(f"N{number}") for number in range(60)})
    assert togo.run("edi-send").exit == 0
    return togo


def fatal(told: Answer) -> dict[str, object]:
    """The last line of stderr, valid; nothing stands on stdout."""
    assert told.out == ""
    return checked("error", told.err.splitlines()[-1] + "\n")[0]


@pytest.mark.parametrize("words", [["statu"], ["status", "--jsn"], ["show"], ["resend"], ["keys", "x"], ["keys"], [],
                                   ["edi-send", "x"], ["edi-receive", "--limit", "-1"], ["edi-sync", "--lang", "de"]],
                         ids=" ".join)
def test_wrong_use_is_2_and_ends_in_an_object_where_one_was_asked_for(words: list[str]) -> None:
    told = command(*words)
    assert (told.exit, told.out) == (2, "")
    assert told.err
    if words and words != ["keys"]:
        with_json = command(*words, "--json")
        last = fatal(with_json)
        assert (with_json.exit, last["code"], last["exit"]) == (2, "C020", 2)
        assert str(last["hint"]).endswith("--help")


@pytest.mark.parametrize("program", PROGRAMS)
def test_bad_settings_are_3(program: str, tmp_path: Path) -> None:
    told = command(program, "--json", cwd=tmp_path)
    assert (told.exit, fatal(told)["exit"]) == (3, 3)
    (tmp_path / "settings.yaml").write_text("gateway: [", "utf-8")
    told = command(program, "--json", cwd=tmp_path)
    assert (told.exit, fatal(told)["exit"]) == (3, 3)
    assert "settings.yaml:1:" in told.err


def test_what_is_not_found_is_1(togo: Office) -> None:
    for words in (["show", "NOTHING"], ["trace", "NOTHING", "BGM"], ["explain", "Z999"]):
        told = command(*words, "--json", *([] if words[0] == "explain" else ["--config", togo.settings]))
        assert (told.exit, fatal(told)["exit"]) == (1, 1), words


@pytest.mark.parametrize("words", [("erase", "\udcff", "--reason", "x", "--by", "Awa Diallo"), ("chase", "\udcff"),
                                   ("show", "\udcff\udcfe", "--json"), ("doctor", "--within", "999999999999999"),
                                   ("health", "--within", "999999999999999", "--json")])
def test_what_is_no_text_and_what_is_beyond_measure_is_wrong_use(words: tuple[str, ...], togo: Office) -> None:
    told = command(*words, "--config", togo.settings)
    assert (told.exit, "Traceback" in told.err, "C021" in told.err) == (Exit.USAGE, False, False), told.err
    if "--json" in words:
        assert fatal(told)["code"] == "C020"


def test_help_and_version_are_0_on_stdout() -> None:
    for words in (["--help"], ["--version"], ["status", "--help"], *([program, "--help"] for program in PROGRAMS)):
        told = command(*words)
        assert (told.exit, told.err, bool(told.out)) == (0, "", True), words


@pytest.mark.parametrize(("error", "status"), [
    (LinkError(Finding(code="B101")), 4), (LocalError(Finding(code="B003")), 4), (LocalError(Finding(code="L007")), 4),
    (LocalError(Finding(code="X090")), 4), (LocalError(Finding(code="S040")), 3), (LocalError(Finding(code="M001")), 3),
    (LocalError(Finding(code="M302")), 3), (LocalError(Finding(code="D001")), 3), (LocalError(Finding(code="X010")), 3),
    (PartnerError(Finding(code="E_SIGNATURE")), 5), (LocalError(Finding(code="K024")), 5),
    (LocalError(Finding(code="E_HOSTKEY")), 5), (PartnerError(Finding(code="F041")), 1),
    (LocalError(Finding(code="X044")), 1), (LocalError(Finding(code="C003")), 1)])
def test_each_error_asks_for_its_status(error: LocalError, status: int) -> None:
    assert exit_for(error) == status


def test_several_statuses_give_the_first_of_70_3_5_1_4_0() -> None:
    order = [Exit.DEFECT, Exit.SETTINGS, Exit.TRUST, Exit.PERSON, Exit.LATER]
    for number, expected in enumerate(order):
        assert worst(set(order[number:])) is expected
    assert worst(set()) is Exit.DONE


def _closed_pipe(office: Office, *words: str, program: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run with a reader that walks away before the first line."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen([sys.executable, "-m", "gateway.cli", *program, *words, "--config",
                                str(office.settings)], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE,
                               env={**os.environ, "EDI_LANG": "en"})
    os.close(writing)
    _, err = process.communicate(timeout=60)
    return process.returncode, err.decode()


def test_a_closed_pipe_is_no_fault_of_a_reading_command(togo: Office) -> None:
    for words in (["status"], ["status", "--json"], ["config", "show"], ["show", "TG0000000001"]):
        assert _closed_pipe(togo, *words) == (0, ""), words


def test_a_closed_pipe_leaves_an_act_for_a_person_to_look_at(togo: Office) -> None:
    assert _closed_pipe(togo, "resend", "TG0000000001") == (1, "")
    assert _closed_pipe(togo, "--json", program=("edi-send",)) == (1, "")
    assert _closed_pipe(togo, program=("edi-send",)) == (0, "")  # it had nothing to say


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_program_says_nothing_and_ends_with_the_status_of_the_signal(number: int, status: int) -> None:
    # a shell that starts something in the background has it ignore SIGINT
    script = ("import signal, sys, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
              "from gateway.cli import entry\nimport gateway.cli.commands as commands\n"
              "import click\n@click.command()\ndef waits():\n    print('ready', flush=True)\n    time.sleep(30)\n"
              "commands.program_of = lambda program: waits\nsys.exit(entry.run('edi', []))\n")
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.1)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (status, b"", b"")


_DEFECT = """
import sys
from gateway.cli import entry
import gateway.reports.status as reports
import gateway.cli.see as see
def broken(*words, **named):
    try:
        raise KeyError({secret!r})
    except KeyError as error:
        raise RuntimeError("the consignee is " + {secret!r}) from error
see.status = see.everything = broken
sys.exit(entry.run("edi", sys.argv[1:]))
"""


def _defect(cwd: Path, *words: object, **environment: str) -> Answer:
    done = subprocess.run([sys.executable, "-c", _DEFECT.format(secret=SECRET), *map(str, words)], cwd=cwd,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "EDI_LANG": "en", **environment},
                          capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def test_a_defect_of_ours_is_70_and_leaves_a_report_without_business_data_in_the_state_folder(
        togo: Office, tmp_path: Path) -> None:
    told = _defect(tmp_path, "status", "--config", togo.settings, "--json")
    last = fatal(told)
    assert (told.exit, last["code"], last["exit"]) == (70, "C021", 70)
    reports = list((togo.home / "state" / "defects").iterdir())
    assert len(reports) == 1
    assert str(reports[0]) in str(last["message"])
    assert stat.S_IMODE(reports[0].stat().st_mode) == 0o600
    text = reports[0].read_text("utf-8")
    assert SECRET not in text + told.err
    assert [line for line in text.splitlines() if not line.startswith("  ")][1:] == [
        text.splitlines()[1], "builtins.RuntimeError", "builtins.KeyError"]
    assert text.splitlines()[1].endswith(" edi status")
    assert "gateway/cli/see.py:" in text
    assert "Traceback" not in told.err
    assert list(tmp_path.iterdir()) == []  # nothing in the folder somebody happens to stand in


def test_a_defect_without_a_state_folder_leaves_its_report_with_the_temporary_files(togo: Office,
                                                                                    tmp_path: Path) -> None:
    state = togo.home / "state"
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    (state / "defects").mkdir(exist_ok=True)
    settings = togo.settings.read_text("utf-8")
    script = _DEFECT.replace("see.status = see.everything = broken",
                             "see.load_settings = broken\nimport gateway.config\n"
                             "gateway.config.load_settings = broken")
    done = subprocess.run([sys.executable, "-c", script.format(secret=SECRET), "status", "--config",
                           str(togo.settings)], cwd=here, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "EDI_LANG": "fr", "TMPDIR": str(temporary)})
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.startswith("C021: défaut de la passerelle (RuntimeError)")
    assert [path.name.startswith("edi-defect-") for path in temporary.iterdir()] == [True]
    assert list(here.iterdir()) == []
    assert togo.settings.read_text("utf-8") == settings


def test_a_traceback_is_for_those_who_ask_twice(togo: Office, tmp_path: Path) -> None:
    assert "Traceback" not in _defect(tmp_path, "status", "--config", togo.settings, "-v").err
    told = _defect(tmp_path, "status", "--config", togo.settings, "-vv")
    assert (told.exit, "Traceback" in told.err, "C021" in told.err) == (70, True, True)


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1", "cp1252"])
def test_a_console_that_lacks_a_character_shows_another_and_no_run_fails(encoding: str, togo: Office) -> None:
    done = subprocess.run([sys.executable, "-m", "gateway.cli", "status", "--config", str(togo.settings)], cwd=ROOT,
                          env={**os.environ, "PYTHONIOENCODING": encoding, "EDI_LANG": "fr"}, capture_output=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode(encoding)
