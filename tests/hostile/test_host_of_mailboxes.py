"""What can whoever owns the mailbox host do to a whole gateway? Withhold files, and nothing else.

Names, sizes, kinds and listings are his to invent; the bytes are his to alter, cut or repeat.
"""

from __future__ import annotations

import os
import stat
import time
import tracemalloc
from datetime import timedelta
from functools import partial
from pathlib import Path

import paramiko
import pytest
from paramiko import SFTPAttributes
from paramiko.sftp import CMD_READ

from gateway.exchange import budget
from gateway.exchange.summary import Exit
from gateway.security import file_name
from gateway.transport import DirectoryLane, Entry
from gateway.transport.served import ServedFolder, SftpSubsystem
from tests.tools.hosts import hosted
from tests.tools.malice import Puppet, again, codes, later, quarantined, refused, well, whole_minute
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, numbered_mrn

GOOD = "0" * 32 + ".p7m"


@pytest.fixture
def world(tmp_path: Path) -> tuple[Puppet, Puppet, Office]:
    """Togo and Mali in the hands of a test, and Burkina Faso, which both write to."""
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    return Puppet(togo, burkina), Puppet(mali, burkina), burkina


def sent(malice: Puppet, number: int) -> Path:
    """A declaration that lies in Burkina Faso's mailbox."""
    return malice.send(malice.cusdec(declaration(f"T-{number}", mrn=numbered_mrn(number))))


def entry(name: str, size: int = 5, mode: int = stat.S_IFREG | 0o600, mtime: int = 0) -> SFTPAttributes:
    """One line of a listing."""
    made = SFTPAttributes()
    made.filename, made.st_mode, made.st_size, made.st_atime, made.st_mtime = name, mode, size, mtime, mtime
    made._flags = made.FLAG_SIZE | made.FLAG_PERMISSIONS | made.FLAG_AMTIME  # type: ignore[attr-defined]
    return made


def tree(folder: Path) -> dict[str, int]:
    """Everything below a folder, with its size."""
    return {str(path.relative_to(folder)): path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()}


# --- 13: names and partial uploads ----------------------------------------------------------------------------------

def test_t13_a_renamed_file_waits_one_run_and_is_then_quarantined(world: tuple[Puppet, Puppet, Office]) -> None:
    """A whole file under another file's name is not what its name says: it waits a run and is then E_NAME."""
    malice, _, burkina = world
    path = sent(malice, 1)
    renamed = path.rename(path.with_name("f" * 32 + ".p7m"))
    content = renamed.read_bytes()
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_NAME", place=f"TGOTR/{renamed.name}")
    assert renamed.read_bytes() == content
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_NAME", place=f"TGOTR/{renamed.name}")
    assert quarantined(burkina) == [content]
    assert burkina.movements() == {}


def test_t13_a_name_proves_nothing_and_hides_nothing(world: tuple[Puppet, Puppet, Office]) -> None:
    """The name is a hint: two objects with exchanged names are both refused, and taken under their own."""
    malice, _, burkina = world
    one, two = sent(malice, 1), sent(malice, 2)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert codes(burkina.run("edi-receive")) == ["E_NAME", "E_NAME"]
    one.write_bytes(first)
    two.write_bytes(second)
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [numbered_mrn(1), numbered_mrn(2)]


# --- 14: names ------------------------------------------------------------------------------------------------------

LOOK_ALIKES = [
    "０" * 32 + ".p7m", "٠" * 32 + ".p7m", "а" * 32 + ".p7m", "0" * 32 + "․p7m", "0" * 32 + ".p7m\u200b", f"x{GOOD}",
    f"{GOOD}.exe", f"{GOOD}/", f"./{GOOD}", f"../{GOOD}", f"/{GOOD}", f"sub/{GOOD}", f"{GOOD}\n", f"{GOOD}\0",
    f"{GOOD} ", "A" * 32 + ".p7m", "0" * 31 + ".p7m", "0" * 33 + ".p7m", "0" * 32 + ".P7M", "0" * 300, "-rf", "--", "",
    " ", ".p7m", "../../x", "/etc/passwd", "\x1b]0;owned\x07", "\u202e" + GOOD, "\x1b[31mX999: false", "con", "a\\b"]


def test_t14_a_listing_full_of_traps_leads_nowhere_and_the_good_file_is_taken(
        world: tuple[Puppet, Puppet, Office], tmp_path: Path) -> None:
    """Every listed name must match in full before any use; look-alikes, paths and escapes are shown and left alone."""
    malice, _, burkina = world
    path = sent(malice, 1)

    class Traps(ServedFolder):
        def list_folder(self, path: str) -> list[SFTPAttributes] | int:
            found = super().list_folder(path)
            assert isinstance(found, list)
            return [*(entry(name) for name in LOOK_ALIKES), *found]

    before = tree(tmp_path)
    with hosted(burkina, "TGOTR", folder=Traps):
        ran = burkina.run("edi-receive")
    assert (ran.exit, set(codes(ran)), ran.counts["messages_accepted"]) == (Exit.TRUST, {"E_NAME"}, 1), ran.err
    assert len(codes(ran)) == len(LOOK_ALIKES)
    assert not set(ran.err) & set("\x1b\x07\u202e\u200b\0")
    assert not [line for line in ran.err.splitlines() if line.startswith(("X999", "owned"))]
    made = {name.rpartition("/")[0] for name in set(tree(tmp_path)) - set(before)}
    assert made <= {"bfdgd/state", "bfdgd/national/in/declarations", "mail/TGOTR/BFDGD/v1/in/new",
                    "bfdgd/state/lock", "bfdgd/state/runs"}, made
    assert not path.exists()


def test_t14_what_is_kept_is_never_named_by_the_mailbox(world: tuple[Puppet, Puppet, Office]) -> None:
    """The local path of a refused file is made of the partner and of the digest of its bytes, never of its name."""
    malice, _, burkina = world
    bad = malice.put(b"rubbish")
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_ASN1", place=f"TGOTR/{bad.name}")
    (kept,) = (burkina.home / "state" / "quarantine").glob("*.bin")
    assert kept.name == f"TGOTR-{file_name(b'rubbish')[:32]}.bin"
    assert kept.lstat().st_mode == stat.S_IFREG | 0o600


# --- 15: what is no file --------------------------------------------------------------------------------------------

def test_t15_links_pipes_and_devices_of_a_whole_mailbox_are_reported_and_the_good_file_is_taken(
        world: tuple[Puppet, Puppet, Office]) -> None:
    """What is listed as a link, pipe, socket, device or folder is reported, never opened; the rest is taken."""
    malice, _, burkina = world
    sent(malice, 1)
    box = burkina.mailbox("TGOTR")
    (box / ("1" * 32 + ".p7m")).symlink_to(burkina.home / "keys" / "signing.key")
    os.mkfifo(box / ("2" * 32 + ".p7m"))
    (box / ("3" * 32 + ".p7m")).mkdir()

    class Kinds(ServedFolder):
        def list_folder(self, path: str) -> list[SFTPAttributes] | int:
            found = super().list_folder(path)
            assert isinstance(found, list)
            return [*found, entry("4" * 32 + ".p7m", mode=stat.S_IFCHR), entry("5" * 32 + ".p7m", mode=stat.S_IFSOCK)]

    for expected in (3, 5):
        if expected == 5:
            with hosted(burkina, "TGOTR", folder=Kinds):
                ran = burkina.run("edi-receive")
        else:
            ran = burkina.run("edi-receive")
            assert ran.counts["messages_accepted"] == 1
        assert codes(ran) == ["E_NAME"] * expected, ran.err
    assert quarantined(burkina) == []
    assert len(list(box.iterdir())) == 3


# --- 16: sizes that lie, endless and dripping files -----------------------------------------------------------------

class Swollen(ServedFolder):
    """Says of every file that it has 1,000 octets."""

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        found = super().list_folder(path)
        if isinstance(found, list):
            for one in found:
                one.st_size = 1000
        return found


def test_t16_a_gigabyte_that_was_listed_as_a_kilobyte_is_read_no_further_than_that(
        world: tuple[Puppet, Puppet, Office]) -> None:
    """The size is a limit while reading, too: of a file that is larger than listed one octet more is asked for."""
    _, _, burkina = world
    box = burkina.mailbox("TGOTR")
    with (box / GOOD).open("wb") as file:
        file.truncate(1 << 30)
    read: list[int] = []

    class Counting(SftpSubsystem):
        def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
            if kind == CMD_READ:
                ahead = paramiko.Message(message.get_remainder())
                ahead.get_binary()
                ahead.get_int64()
                read.append(ahead.get_int())
            super()._process(kind, number, message)

    with hosted(burkina, "TGOTR", folder=Swollen, subsystem=Counting):
        tracemalloc.start()
        ran = burkina.run("edi-receive")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (ran.exit, codes(ran)) == (Exit.LATER, ["B112"]), ran.err
    assert sum(read) == 1001
    assert peak < 200 << 20
    assert quarantined(burkina) == []


def test_t16_a_file_that_is_larger_than_agreed_is_not_read_and_said_once(world: tuple[Puppet, Puppet, Office]) -> None:
    """A file beyond the limit is never fetched; a person is told once, and it does not fill the quarantine."""
    malice, _, burkina = world
    sent(malice, 1)
    with (burkina.mailbox("TGOTR") / GOOD).open("wb") as file:
        file.truncate((32 << 20) + 1)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_SIZE", place=f"TGOTR/{GOOD}")
    well(burkina.run("edi-receive"))
    assert quarantined(burkina) == []
    assert list(burkina.movements()) == [numbered_mrn(1)]


class Dripping(SftpSubsystem):
    """One octet every twentieth of a second."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        ahead = paramiko.Message(message.get_remainder())
        ahead.get_binary()
        if kind == CMD_READ and ahead.get_int64() < 5000:
            time.sleep(0.05)
            self._response(number, 103, b"x")  # type: ignore[attr-defined]  # CMD_DATA
            return
        super()._process(kind, number, message)


def test_t16_a_partner_whose_mailbox_drips_takes_nothing_from_the_others(
        world: tuple[Puppet, Puppet, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each partner has a share of the time of a run: one whose server drips is cut, the others are served."""
    malice, mali, burkina = world
    monkeypatch.setattr(budget, "_LEAST", 0.0)
    monkeypatch.setattr(budget, "_SHARED", 6 / 900)  # of fifteen minutes, for two partners in two directions
    slow, _ = mali.put(os.urandom(5000)), sent(malice, 1)
    with hosted(burkina, "MLDGD", subsystem=Dripping):
        began = time.monotonic()
        ran = burkina.run("edi-receive")
        assert time.monotonic() - began < 8, "it would have taken four minutes"
    assert codes(ran) == ["B103"], ran.err
    assert ran.counts["messages_accepted"] == 1
    assert slow.exists()


def test_t16_time_is_shared_by_all_partners_of_a_run() -> None:
    """The sessions with all partners together, in both directions, end before the run does."""
    for partners in range(1, 13):
        assert partners * 2 * budget.session_seconds(timedelta(minutes=15), partners) <= 15 * 60


def test_t16_bytes_are_budgeted_per_batch_and_per_run() -> None:
    """What is in memory together and what one run takes from one partner is limited by octets, not only by files."""
    mebi = 1 << 20
    large = [Entry(f"{number:032x}.p7m", 32 * mebi) for number in range(100)]
    assert len(budget.affordable(large, 32 * mebi)) == 32
    assert [len(batch) for batch in budget.batches(large[:5], 32 * mebi)] == [1, 1, 1, 1, 1]
    assert [len(batch) for batch in budget.batches([Entry("", 4 * mebi)] * 5, 32 * mebi)] == [2, 2, 1]
    small = [Entry(f"{number:032x}.p7m", 2000) for number in range(150)]
    assert budget.affordable(small, 32 * mebi) == small
    assert [len(batch) for batch in budget.batches(small, 32 * mebi)] == [64, 64, 22]
    assert [entry for batch in budget.batches(large, 32 * mebi) for entry in batch] == large
    assert list(budget.batches([], 0)) == []


# --- 17: a million files --------------------------------------------------------------------------------------------

def test_t17_a_hundred_thousand_names_cost_little_and_the_work_is_done(world: tuple[Puppet, Puppet, Office]) -> None:
    """A mailbox with 100,000 foreign names: memory and time stay bounded, the good file is taken, others are served."""
    malice, mali, burkina = world
    box = burkina.mailbox("TGOTR")
    for number in range(100_000):
        os.close(os.open(box / f"junk-{number}", os.O_CREAT | os.O_WRONLY, 0o600))
    sent(malice, 1)
    mali.send(mali.cusres("DOWNTIME", None, reference="MLDGD-D-1", notice="N1", happened=None,
                          starts=whole_minute(later(hours=1)), ends=whole_minute(later(hours=2))))
    tracemalloc.start()
    began = time.monotonic()
    ran = burkina.run("edi-receive")
    assert time.monotonic() - began < 60
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 << 20
    assert set(codes(ran)) == {"E_NAME"} and len(codes(ran)) == 100
    assert ran.counts["messages_accepted"] == 1
    assert mali.receipts() == ["processed"]
    assert len(list(box.iterdir())) == 100_000


def test_t17_more_sealed_files_than_a_run_takes_are_an_alarm_and_the_oldest_go_first(
        world: tuple[Puppet, Puppet, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    """More files than a run takes: the oldest are taken, somebody is told, and later runs take the rest."""
    malice, _, burkina = world
    monkeypatch.setattr("gateway.exchange.assembled.transport.DirectoryLane", partial(DirectoryLane, names=5))
    paths = [sent(malice, number) for number in range(1, 8)]
    for age, path in enumerate(paths):
        os.utime(path, (1_700_000_000 + age, 1_700_000_000 + age))
    ran = burkina.run("edi-receive")
    refused(ran, Exit.PERSON, "B121", place="TGOTR")
    assert sorted(burkina.movements()) == [numbered_mrn(number) for number in range(1, 6)]
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [numbered_mrn(number) for number in range(1, 8)]
    again(burkina)
