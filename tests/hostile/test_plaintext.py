"""Where does the plaintext of a declaration lie, and who could read it there?

Nowhere before the object is judged good; after that in files and folders of our user alone.
"""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from tests.tools.malice import Puppet, quarantined, refused, well
from tests.tools.offices import ROOT, Office, offices
from tests.tools.records import declaration, declaration_json, event_json, numbered_mrn

SECRET = "TELEPHONES CANARY 4711"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Puppet, Office]:
    """Togo in the hands of a test, and Burkina Faso; temporary files of the system land where the test looks."""
    togo, burkina = offices(tmp_path)
    (tmp_path / "system").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "system"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return Puppet(togo, burkina), burkina


def sealed(malice: Puppet, number: int = 1) -> bytes:
    """A sealed declaration that says the secret."""
    tree = declaration(f"T-{number}", mrn=numbered_mrn(number))
    tree["items"][0]["description"] = SECRET
    return malice.seal(malice.interchange(malice.cusdec(tree))).content


def holding(folder: Path) -> list[Path]:
    """Files that hold the secret."""
    return [path for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink() and SECRET.encode() in path.read_bytes()]


def open_to_others(folder: Path) -> list[str]:
    """Files with the secret that somebody else could read, and the folders on the way to them that let him in."""
    return [str(path) for path in holding(folder) if path.stat().st_mode & 0o077 or path.parent.stat().st_mode & 0o077]


@pytest.mark.parametrize("position", [0.02, 0.3, 0.5, 0.7, 0.9, -1])
def test_t12_one_altered_bit_leaves_no_plaintext_anywhere(world: tuple[Puppet, Office], tmp_path: Path,
                                                          position: float) -> None:
    """A file with one altered bit leaves the inbox and every temporary folder empty of plaintext."""
    malice, burkina = world
    content = bytearray(sealed(malice))
    assert SECRET.encode() not in content
    content[-1 if position < 0 else int(len(content) * position)] ^= 1
    malice.put(bytes(content))
    ran = burkina.run("edi-receive")
    assert ran.exit == Exit.TRUST
    assert quarantined(burkina) == [bytes(content)]
    assert burkina.inbox("declarations") == {}
    assert holding(tmp_path) == []
    assert list((tmp_path / "system").iterdir()) == []


def test_t12_a_forged_signature_round_a_good_text_leaves_no_plaintext_anywhere(world: tuple[Puppet, Office],
                                                                               tmp_path: Path) -> None:
    """What decrypts well and is not authentic is kept as it came: encrypted."""
    malice, burkina = world
    stranger = Puppet(burkina, burkina)
    tree = declaration("T-1", mrn=numbered_mrn(1))
    tree["items"][0]["description"] = SECRET
    content = malice.seal(malice.interchange(malice.cusdec(tree)), signer=stranger.signer).content
    path = malice.put(content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_SIGNER_UNKNOWN", place=f"TGOTR/{path.name}")
    assert holding(tmp_path) == []


def test_t12_edi_open_writes_nothing_of_a_file_that_is_not_perfect(world: tuple[Puppet, Office],
                                                                   tmp_path: Path) -> None:
    """edi open leaves neither its output nor a temporary file behind when it refuses."""
    malice, burkina = world
    content = bytearray(sealed(malice))
    content[-1] ^= 1
    file, output = tmp_path / "x.p7m", tmp_path / "out" / "x.edi"
    file.write_bytes(content)
    output.parent.mkdir()
    ran = burkina.run("edi", "open", str(file), "-o", str(output))
    assert (ran.exit, "E_DECRYPT: " in ran.err) == (Exit.TRUST, True), ran.err
    assert list(output.parent.iterdir()) == []
    assert holding(tmp_path) == []
    file.write_bytes(sealed(malice, 2))
    assert burkina.run("edi", "open", str(file), "-o", str(output)).exit == 0
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_t12_a_run_killed_after_opening_leaves_nothing_readable(world: tuple[Puppet, Office], tmp_path: Path) -> None:
    """Killed between opening and storing, a run leaves no plaintext at all; killed after storing, none but ours."""
    malice, burkina = world
    malice.put(sealed(malice))
    assert burkina.killed("edi-receive", "receive.fetched") == -9
    assert holding(tmp_path) == []
    for failpoint in ("receive.stored", "receive.removed", "process.before", "deliver.written"):
        assert burkina.killed("edi-receive", failpoint) == -9
        assert holding(tmp_path)
        assert open_to_others(tmp_path) == []
    well(burkina.run("edi-receive"))
    assert list(burkina.inbox("declarations")) == [f"{numbered_mrn(1)}.json"]


def test_t12_a_run_killed_at_any_moment_leaves_nothing_that_others_could_read(world: tuple[Puppet, Office],
                                                                              tmp_path: Path) -> None:
    """Killed at any moment, a run leaves plaintext in files of our user alone, and whole files in the inbox."""
    malice, burkina = world
    for number in range(1, 31):
        malice.put(sealed(malice, number))
    words = [sys.executable, "-m", "gateway.cli", "edi-receive", "--config", str(burkina.settings)]
    for step in range(8):
        run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
        time.sleep(0.15 + 0.15 * step)
        run.send_signal(signal.SIGKILL)
        run.wait(30)
        assert open_to_others(tmp_path) == []
        assert all(content.endswith(b"\n") for content in burkina.inbox("declarations").values())
    well(burkina.run("edi-receive"))
    assert len(burkina.inbox("declarations")) == 30


def test_t36_after_a_day_of_work_no_plaintext_lies_where_others_could_read_it(tmp_path: Path) -> None:
    """Spool, ledger, inbox and what was sent are 0600 in folders of 0700, on both sides of a whole exchange."""
    togo, burkina = offices(tmp_path)
    old = os.umask(0o022)  # as cron would have it: the gateway narrows it itself
    try:
        body = declaration_json("A", mrn=numbered_mrn(1))
        togo.drop("declarations", {"a.json": re.sub(rb'"description": "[^"]*"', f'"description": "{SECRET}"'.encode(),
                                                    body)})
        for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive")):
            well(office.run(program))
        burkina.drop("events", {"e.json": event_json(numbered_mrn(1), "ARRIVED")})
        for office, program in ((burkina, "edi-send"), (togo, "edi-receive"), (burkina, "edi-receive")):
            well(office.run(program))
    finally:
        os.umask(old)
    found = holding(tmp_path)
    places = {str(path.relative_to(tmp_path)).rpartition("/")[0] for path in found}
    assert places == {"tgotr/national/sent/declarations", "tgotr/state", "bfdgd/state",
                      "bfdgd/national/in/declarations"}
    dropped = togo.home / "national" / "sent" / "declarations" / "a.json"
    dropped.chmod(0o600)  # the national system made this file, with the mode it liked; the folder is 0700
    assert open_to_others(tmp_path) == []
