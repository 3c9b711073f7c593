"""Does what was said to be stored survive a power cut, and is nothing said before that?"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange import collect, failpoints
from gateway.exchange.summary import Exit
from gateway.ledger import sqlite as engine
from gateway.spool import write_together
from tests.tools.malice import Puppet, at, later, refused, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, declaration_json, numbered_mrn


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the operating system from now on: fsync of which file or folder, and renames."""
    seen: list[str] = []

    def noting(name: str, real: Callable[..., Any], show: Callable[..., str]) -> None:
        def call(*values: Any, **named: Any) -> Any:
            seen.append(f"{name} {show(*values)}")
            return real(*values, **named)
        monkeypatch.setattr(os, name, call)

    noting("fsync", os.fsync, lambda handle: re.sub(r"\.\d+-\d+\.partial$|^\.", "", Path(
        f"/proc/self/fd/{handle}").readlink().name))
    noting("rename", os.rename, lambda source, target: Path(target).name)
    return seen


def test_t32_a_file_is_flushed_before_it_gets_its_name_and_its_folder_after(tmp_path: Path,
                                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """Written, fsynced, renamed, folder fsynced: in that order, for every file that the gateway makes."""
    folder = tmp_path / "folder"
    folder.mkdir()
    seen = recorded(monkeypatch)
    write_together({folder / "one": b"1", folder / "two": b"2"})
    assert seen == ["fsync one", "fsync two", "rename one", "rename two", "fsync folder"]


def test_t32_a_receipt_is_sent_and_a_file_removed_only_after_the_ledger_was_committed(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mailbox is emptied, and the receipt goes up, only after both are committed to the ledger."""
    togo, burkina = offices(tmp_path)
    malice = Puppet(togo, burkina)
    path = malice.send(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    looked: list[tuple[str, bool, int, list[str]]] = []

    def look(name: str) -> None:
        ledger = next((burkina.home / "state").glob("*.sqlite"))
        connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
        try:
            stored = connection.execute("SELECT count(*) FROM object").fetchone()[0]
        finally:
            connection.close()
        looked.append((name, path.exists(), stored, [one.name for one in togo.mailbox("BFDGD").iterdir()]))

    monkeypatch.setattr(collect, "reach", look)
    well(burkina.run("edi-receive"))
    assert looked == [(failpoints.FETCHED, True, 0, []), (failpoints.STORED, True, 2, []),
                      (failpoints.REMOVED, False, 2, [])]
    assert malice.receipts() == ["processed"]


def test_t32_the_ledger_survives_a_power_cut_after_each_commit() -> None:
    """SQLite flushes at every commit (synchronous=FULL): what was receipted is there after a power cut."""
    assert "synchronous=FULL" in engine._PRAGMAS


def test_t32_what_two_copies_of_a_run_do_at_once_is_done_once(tmp_path: Path) -> None:
    """A second run beside the first finds its lock and leaves; programs of different names share the steps in turn."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {f"{key}.json": declaration_json(key) for key in "ABC"})
    def run(office: Office, program: str) -> int:
        return office.killed(program, "")  # a process of its own, without a failpoint

    with ThreadPoolExecutor(6) as pool:
        ended = list(pool.map(run, [togo] * 6, ["edi-send", "edi-sync", "edi-send", "edi-receive", "edi-sync",
                                                "edi-send"]))
    assert set(ended) <= {0, Exit.BUSY} and 0 in ended
    well(togo.run("edi-send"))
    assert burkina.run("edi-receive").counts["messages_accepted"] == 3
    assert len(burkina.movements()) == 3


def test_t26_an_object_of_400_days_ago_is_refused_whatever_its_own_clock_says(tmp_path: Path) -> None:
    """What was signed 400 days before, or claims a time in the life of a certificate that is over, is refused."""
    togo, burkina = offices(tmp_path)
    malice = Puppet(togo, burkina)
    path = malice.send(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    ran = at(burkina, "edi-receive", later(days=400))
    refused(ran, Exit.TRUST, "E_CERT_RETIRED", place=f"TGOTR/{path.name}")
    assert burkina.movements() == {}
    partner = burkina.home / "partners" / "TGOTR.yaml"
    partner.write_text(re.sub(r"(?<=use: signing\n)((?:    from: .*\n)    until: ).*",
                              rf'\1"{later(days=500):%Y-%m-%dT%H:%M:%SZ}"', partner.read_text("utf-8")), "utf-8")
    late = malice.send(malice.cusdec(declaration("T-2", mrn=numbered_mrn(2))))
    refused(at(burkina, "edi-receive", later(days=40)), Exit.TRUST, "E_CERT_TIME", place=f"TGOTR/{late.name}")
    assert burkina.movements() == {}
