"""Is a fault of the machine told from a defect of ours, wherever it hits, and does it spoil nothing?"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway import spool
from gateway.errors import LocalError
from gateway.exchange import intake, taking
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding
from gateway.spool import machine_fault
from tests.tools.offices import ROOT, offices
from tests.tools.records import declaration_json


@pytest.mark.parametrize(("error", "code"), [
    (OSError(errno.ENOSPC, "No space left on device", "/a/b"), "B003"),
    (OSError(errno.EDQUOT, "Disk quota exceeded"), "B003"),
    (OSError(errno.EIO, "Input/output error", b"/a/b"), "B006"),
    (PermissionError(errno.EACCES, "Permission denied", "/a/b"), "B006"),
    (FileNotFoundError(errno.ENOENT, "No such file or directory", "/a/b"), None),
    (OSError("of no number"), None), (KeyError("x"), None)])
def test_what_only_a_machine_brings_about_is_no_defect(error: Exception, code: str | None) -> None:
    fault = machine_fault(error)
    assert (None if fault is None else fault.code) == code
    summary = Summary()
    summary.failed(error)
    assert [finding.code for _, finding in summary.problems] == ([] if code is None else [code])
    assert summary.defects == ([error] if code is None else [])


def test_no_file_is_refused_for_a_disk_that_fails_again_and_again(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo, _ = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    honest = taking.take_groups

    def failing(*words: Any) -> Any:
        raise OSError(errno.EIO, "Input/output error", "/somewhere")

    monkeypatch.setattr(intake, "take_groups", failing)
    for _ in range(5):
        ran = togo.run("edi-send")
        assert (ran.exit, ran.counts["records_refused"]) == (Exit.PERSON, 0)
        assert "B006" in ran.err
    monkeypatch.setattr(intake, "take_groups", honest)
    assert togo.run("edi-send").counts["records_taken"] == 1
    assert not (togo.home / "state" / "defects").exists()


def test_a_file_that_the_disk_did_not_give_once_keeps_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo, _ = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    honest = spool.read_whole

    def failing(path: Path, *limit: int) -> bytes:
        if path.name == "a.json":
            error = OSError(errno.EIO, "Input/output error", str(path))
            raise LocalError(Finding(code="B006", values={"name": path.name, "reason": "EIO"})) from error
        return honest(path, *limit)

    monkeypatch.setattr(intake, "read_whole", failing)
    ran = togo.run("edi-send")
    assert (ran.exit, ran.counts["records_refused"], ran.counts["records_waiting"]) == (Exit.PERSON, 0, 1)
    monkeypatch.setattr(intake, "read_whole", honest)
    assert togo.run("edi-send").counts["records_taken"] == 1


@pytest.mark.parametrize(("err", "status"), [(os.devnull, Exit.LATER), ("/dev/full", Exit.PERSON)])
def test_a_log_on_a_full_disk_is_no_defect_and_what_was_done_stands(tmp_path: Path, err: str, status: Exit) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    with Path("/dev/full").open("wb") as full, Path(err).open("wb") as other:
        ended = subprocess.run([sys.executable, "-m", "gateway.cli", "edi-send", "--json", "--config",
                                str(togo.settings)], cwd=ROOT, stdout=full, stderr=other, timeout=60, check=False)
    assert ended.returncode == status
    assert len([*burkina.mailbox("TGOTR").iterdir()]) == 1
    assert not (togo.home / "state" / "defects").exists()
    assert togo.run("edi-send").exit == Exit.DONE
