"""Are local files whole or absent, never overwritten by a move, and never followed through a link?"""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.spool import (
    Busy,
    Kept,
    Quarantine,
    claim,
    escaped,
    free_name,
    free_space,
    make_folder,
    own_folder,
    read_private,
    read_whole,
    renaming,
    require_space,
    run_lock,
    settle,
    settle_together,
    sweep,
    turn,
    write_together,
    write_whole,
)

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refusal(work: Callable[[], object]) -> tuple[str, dict[str, str]]:
    with pytest.raises(LocalError) as refused:
        work()
    return refused.value.code, dict(refused.value.findings[0].values)


def test_a_file_is_written_whole_private_and_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["a"]


def test_an_older_file_is_replaced_and_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"untouched")
    (tmp_path / "link").symlink_to("elsewhere")
    write_whole(tmp_path / "link", b"new", mode=0o640)
    assert (tmp_path / "elsewhere").read_bytes() == b"untouched"
    assert not (tmp_path / "link").is_symlink()
    assert ((tmp_path / "link").read_bytes(), (tmp_path / "link").stat().st_mode & 0o777) == (b"new", 0o640)


def test_many_files_in_several_folders_are_written_together(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
    files = {tmp_path / "xy"[number % 2] / str(number): os.urandom(number) for number in range(700)}
    write_together(files)
    assert {path: path.read_bytes() for path in files} == files
    assert len(names(tmp_path / "x") + names(tmp_path / "y")) == 700


def test_a_missing_folder_and_a_folder_in_the_way_are_our_errors_and_leave_nothing(tmp_path: Path) -> None:
    assert refusal(lambda: write_whole(tmp_path / "no" / "a", b""))[0] == "B006"
    (tmp_path / "a").mkdir()
    assert refusal(lambda: write_whole(tmp_path / "a", b""))[0] == "B006"
    assert names(tmp_path) == ["a"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    assert refusal(lambda: write_whole(tmp_path / "a", b"x")) == ("B003", {"folder": str(tmp_path)})
    assert names(tmp_path) == []


def test_a_writer_killed_at_any_moment_leaves_whole_files_and_recognised_leftovers(tmp_path: Path) -> None:
    script = ("import sys; from pathlib import Path; from gateway.spool import write_whole\n"
              "for n in range(10**6): write_whole(Path(sys.argv[1]) / str(n % 7), bytes([n % 256]) * 50_000)")
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", script, tmp_path], cwd=Path(__file__).parents[2])
        while not names(tmp_path):
            time.sleep(0.01)
        time.sleep(0.1)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    for path in tmp_path.iterdir():
        if not path.name.startswith("."):
            content = path.read_bytes()
            assert (len(content), len(set(content))) == (50_000, 1)
    sweep(tmp_path, time.time() + 60)
    assert all(len(name) == 1 for name in names(tmp_path))


def test_leftovers_are_swept_when_old_and_nothing_else_is(tmp_path: Path) -> None:
    for name in (".a.12-1.partial", ".b.12-2.partial", "c.partial", ".hidden"):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (1000, 1000))
    os.utime(tmp_path / ".b.12-2.partial", (3000, 3000))
    assert sweep(tmp_path, 2000.0) == 1
    assert names(tmp_path) == [".b.12-2.partial", ".hidden", "c.partial"]


@pytest.mark.threat(15)
def test_only_regular_files_are_read_and_a_pipe_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    assert read_whole(tmp_path / "file") == b"x"
    for name, found in (("link", "link"), ("pipe", "pipe"), ("folder", "directory")):
        assert refusal(partial(read_whole, tmp_path / name)) == ("B002", {"name": name, "found": found})
    with pytest.raises(FileNotFoundError):
        read_whole(tmp_path / "none")


@pytest.mark.threat(16)
def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    assert read_whole(tmp_path / "a", 100) == b"x" * 100
    assert refusal(lambda: read_whole(tmp_path / "a", 99)) == ("B005", {"name": "a", "limit": "99"})
    assert refusal(lambda: read_whole(Path("/proc/self/maps"), 10))[0] == "B005"  # its size says 0


def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("from", "into"):
        (tmp_path / name).mkdir()
    return tmp_path / "from", tmp_path / "into"


@pytest.fixture(params=["renamed", "reserved"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """By the rename that overwrites nothing, and where there is none by reserving the name first."""
    way: str = request.param
    if way == "reserved":
        monkeypatch.setattr(renaming, "_call", lambda: None)
    else:
        assert renaming._call() is not None
    return way


@pytest.mark.usefixtures("way")
def test_a_claimed_file_is_moved_and_one_that_is_gone_is_none(tmp_path: Path) -> None:
    source, into = folders(tmp_path)
    (source / "sad.xml").write_bytes(b"1")
    assert claim(source / "sad.xml", into) == into / "sad.xml"
    assert claim(source / "sad.xml", into) is None
    assert (names(source), names(into)) == ([], ["sad.xml"])


@pytest.mark.usefixtures("way")
def test_a_move_never_overwrites(tmp_path: Path) -> None:
    source, into = folders(tmp_path)
    (into / "sad.2.xml").write_bytes(b"in the way")
    for number in range(4):
        (source / "sad.xml").write_bytes(b"%d" % number)
        moved = claim(source / "sad.xml", into) if number % 2 else settle(source / "sad.xml", into)
        assert moved is not None
        assert moved.read_bytes() == b"%d" % number
    assert names(into) == ["sad.1.xml", "sad.2.xml", "sad.3.xml", "sad.4.xml", "sad.xml"]
    assert (into / "sad.2.xml").read_bytes() == b"in the way"


@pytest.mark.usefixtures("way")
def test_of_many_who_claim_at_once_exactly_one_gets_each_file(tmp_path: Path) -> None:
    source, into = folders(tmp_path)
    files = [source / f"{number}.xml" for number in range(200)]
    for path in files:
        path.write_bytes(path.name.encode())
    got: list[Path] = []

    def take() -> None:
        got.extend(filter(None, (claim(path, into) for path in files)))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(set(got)), names(source)) == (200, 200, [])
    assert sorted(path.read_bytes() for path in got) == sorted(path.name.encode() for path in files)


def test_a_move_interrupted_before_its_rename_costs_at_most_a_number(tmp_path: Path, way: str) -> None:
    source, into = folders(tmp_path)
    (source / "a.xml").write_bytes(b"1")
    (into / ".a.xml.move.partial").write_bytes(b"")  # its run was killed
    assert claim(source / "a.xml", into) == into / ("a.xml" if way == "renamed" else "a.1.xml")
    assert sweep(into, time.time() + 60) == 1


@pytest.mark.usefixtures("way")
def test_the_free_name_is_the_one_that_a_move_gives(tmp_path: Path) -> None:
    source, into = folders(tmp_path)
    for name in ("a.xml", "a.1.xml", "a.2.xml"):
        (into / name).write_bytes(b"in the way")
    (source / "a.xml").write_bytes(b"1")
    assert free_name("a.xml", into) == "a.3.xml"
    assert free_name("a.xml", into, ["a.3.xml"]) == "a.4.xml"
    assert free_name("b.xml", into) == "b.xml"
    assert settle(source / "a.xml", into) == into / "a.3.xml"


@pytest.mark.threat(15)
def test_links_pipes_and_folders_are_not_moved(tmp_path: Path) -> None:
    source, into = folders(tmp_path)
    (source / "link").symlink_to("/etc/hostname")
    os.mkfifo(source / "pipe")
    for name in ("link", "pipe"):
        assert refusal(partial(claim, source / name, into))[0] == "B002"
        assert refusal(partial(settle, source / name, into))[0] == "B002"
    assert (names(source), names(into)) == (["link", "pipe"], [])


def test_a_missing_folder_is_not_taken_for_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(FileNotFoundError):
        claim(tmp_path / "a", tmp_path / "none")
    assert claim(tmp_path / "b", tmp_path) is None


def test_settling_many_keeps_their_order(tmp_path: Path) -> None:
    source, into = folders(tmp_path)
    for name in "ab":
        (source / name).write_bytes(name.encode())
    (into / "a").write_bytes(b"older")
    assert settle_together([source / "b", source / "a"], into) == [into / "b", into / "a.1"]
    assert settle_together([], into) == []
    with pytest.raises(FileNotFoundError):
        settle(source / "a", into)


def test_the_second_run_is_told_who_holds_the_lock_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "send.lock"
    with run_lock(path, at=NOW):
        for _ in range(2):
            with pytest.raises(Busy) as busy, run_lock(path, at=NOW):
                pytest.fail("two runs at once")
            assert busy.value.code == "B001"
            assert busy.value.findings[0].values == {
                "lock": "send.lock", "process": str(os.getpid()), "since": "2026-11-26T12:00:00+00:00"}
    with run_lock(path):
        pass


def test_a_holder_that_is_not_known_is_still_busy(tmp_path: Path) -> None:
    path = tmp_path / "send.lock"
    with run_lock(path):
        for note in ("", "[1]", "{", '{"process": 7}'):
            (tmp_path / "send.lock.holder").write_text(note)
            with pytest.raises(Busy) as busy, run_lock(path):
                pytest.fail("two runs at once")
            assert dict(busy.value.findings[0].values) == {"lock": "send.lock", "process": "?", "since": "?"}


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    path = tmp_path / "send.lock"
    script = ("import sys, time; from pathlib import Path; from gateway.spool import run_lock\n"
              "with run_lock(Path(sys.argv[1])): print(flush=True); time.sleep(60)")
    with subprocess.Popen([sys.executable, "-c", script, path], cwd=Path(__file__).parents[2],
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(Busy) as busy, run_lock(path):
            pytest.fail("two runs at once")
        assert busy.value.findings[0].values["process"] == str(holder.pid)
        holder.kill()
    with run_lock(path):
        pass


def test_a_disk_without_room_for_a_note_still_gives_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "send.lock"
    (tmp_path / "send.lock.holder").write_text('{"process": "1", "since": "2020-01-01T00:00:00+00:00"}')  # was killed

    def full(*words: object) -> None:
        raise LocalError(Finding(code="B003"))

    monkeypatch.setattr("gateway.spool.locking.write_whole", full)
    with run_lock(path, at=NOW), pytest.raises(Busy) as busy, run_lock(path, at=NOW):
        pytest.fail("two runs at once")
    assert dict(busy.value.findings[0].values) == {"lock": "send.lock", "process": "?", "since": "?"}
    with run_lock(path):
        pass


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_where_the_kernel_keeps_no_locks_none_is_taken_and_none_is_left(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refusing(handle: int, what: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refusing)
    for take in (run_lock, turn):
        assert refusal(partial(_held, take, tmp_path / "send.lock")) == (
            "B006", {"name": "send.lock", "reason": os.strerror(number)})
    assert names(tmp_path) == ["send.lock"]
    monkeypatch.undo()
    with run_lock(tmp_path / "send.lock"):
        pass


def _held(take: Callable[[Path], AbstractContextManager[object]], path: Path) -> None:
    with take(path):
        pytest.fail("held without the kernel")


def test_a_lock_is_let_go_where_its_note_cannot_be_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", refusing)
    for _ in range(2):
        with run_lock(tmp_path / "send.lock"):
            pass


def test_quarantine_keeps_the_bytes_as_received_and_shows_a_foreign_name_escaped(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine")
    assert quarantine.list() == []
    content = bytes(range(256))
    path = quarantine.keep(content, "E_SIGNATURE", "BFDGD", "../\x1b[31m\n", NOW, "appeler le partenaire")
    digest = hashlib.sha256(content).hexdigest()
    assert path == tmp_path / "quarantine" / f"BFDGD-{digest[:32]}.bin"
    assert path.read_bytes() == content
    assert quarantine.list() == [Kept(path=path, code="E_SIGNATURE", partner="BFDGD", name="../\\x1b[31m\\n", at=NOW,
                                      size=256, sha256=digest, note="appeler le partenaire")]
    assert (tmp_path / "quarantine").stat().st_mode & 0o777 == 0o700


def test_the_same_bytes_are_kept_once_with_their_first_note(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    first = quarantine.keep(b"x", "E_ASN1", "BFDGD", "a", NOW, "first")
    assert quarantine.keep(b"x", "E_DECRYPT", "BFDGD", "b", NOW.replace(hour=13), "second") == first
    quarantine.keep(b"x", "E_ASN1", "MLDGD", "a", NOW.replace(hour=11), "earlier, of another partner")
    assert [kept.note for kept in quarantine.list()] == ["earlier, of another partner", "first"]


def test_what_was_released_says_so_and_the_same_bytes_again_are_refused_anew(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.keep(b"x", "E_CRL", "BFDGD", "a", NOW, "no list")
    (kept,) = quarantine.list()
    quarantine.mark_released(kept, "Awa Diallo: by telephone")
    (released,) = quarantine.list()
    assert (released.released, released.content()) == ("Awa Diallo: by telephone", b"x")
    quarantine.keep(b"x", "E_OLD", "BFDGD", "b", NOW, "again")
    (again,) = quarantine.list()
    assert (again.code, again.released, again.path) == ("E_OLD", None, kept.path)


def test_bytes_that_were_changed_in_quarantine_are_not_given_out(tmp_path: Path) -> None:
    path = Quarantine(tmp_path).keep(b"x", "E_CRL", "BFDGD", "a", NOW, "no list")
    (kept,) = Quarantine(tmp_path).list()
    for content in (b"y", b"xx", b""):
        path.write_bytes(content)
        assert refusal(kept.content)[0] in ("B009", "B005")


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"code": 1}', "\x00"])
def test_a_note_that_somebody_changed_is_named(tmp_path: Path, note: str) -> None:
    path = Quarantine(tmp_path).keep(b"x", "E_CRL", "BFDGD", "a", NOW, "no list").with_suffix(".json")
    path.write_text(note, "utf-8")
    assert refusal(Quarantine(tmp_path).list) == ("B009", {"name": path.name})


def test_the_quarantine_leaves_room_for_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.keep(b"x", "E_CRL", "BFDGD", "a", NOW, "no list")
    monkeypatch.setattr("gateway.spool.folders.free_space", lambda folder: 64 << 20)
    assert refusal(lambda: quarantine.keep(b"y", "E_CRL", "BFDGD", "a", NOW, "no list"))[0] == "B008"
    quarantine.keep(b"x", "E_CRL", "BFDGD", "a", NOW, "the same again takes no room")
    assert len(quarantine.list()) == 1


@pytest.mark.parametrize("partner", ["", "../X", "bfdgd", "A" * 33, "A\n", "A/B"])
def test_a_partner_that_is_not_a_gateway_id_makes_no_file_name(tmp_path: Path, partner: str) -> None:
    with pytest.raises(ValueError, match="not a gateway id"):
        Quarantine(tmp_path).keep(b"", "E_ASN1", partner, "a", NOW, "")


def test_a_private_folder_is_made_narrow_and_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wide").mkdir(mode=0o755)
    for name in ("wide", "new", "deep/er"):
        assert own_folder(tmp_path / name).stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to("wide")
    assert refusal(lambda: own_folder(tmp_path / "link"))[0] == "B002"
    (tmp_path / "file").write_bytes(b"")
    assert refusal(lambda: own_folder(tmp_path / "file"))[0] == "B002"


def test_a_folder_that_is_made_is_flushed_into_each_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr("gateway.spool.folders.sync_folder", flushed.append)
    make_folder(tmp_path / "in" / "answers")
    own_folder(tmp_path / "quarantine")
    assert flushed == [tmp_path, tmp_path / "in", tmp_path]
    make_folder(tmp_path / "in" / "answers")
    own_folder(tmp_path / "quarantine")
    assert flushed == [tmp_path, tmp_path / "in", tmp_path]


@pytest.mark.usefixtures("way")
def test_a_move_that_a_power_cut_left_half_done_is_finished(tmp_path: Path) -> None:
    for name in ("claimed", "sent"):
        (tmp_path / name).mkdir()
    (tmp_path / "claimed" / "sad.xml").write_bytes(b"one")
    (tmp_path / "sent" / "sad.xml").hardlink_to(tmp_path / "claimed" / "sad.xml")
    assert settle(tmp_path / "claimed" / "sad.xml", tmp_path / "sent") == tmp_path / "sent" / "sad.xml"
    assert (names(tmp_path / "claimed"), names(tmp_path / "sent")) == ([], ["sad.xml"])
    assert (tmp_path / "sent" / "sad.xml").read_bytes() == b"one"


@pytest.mark.usefixtures("way")
def test_a_link_to_the_file_that_is_to_be_moved_is_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("claimed", "sent"):
        (tmp_path / name).mkdir()
    (tmp_path / "claimed" / "sad.xml").write_bytes(b"one")
    (tmp_path / "sent" / "sad.xml").symlink_to(tmp_path / "claimed" / "sad.xml")
    assert settle(tmp_path / "claimed" / "sad.xml", tmp_path / "sent").read_bytes() == b"one"
    assert names(tmp_path / "sent") == ["sad.1.xml", "sad.xml"]


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert refusal(lambda: own_folder(tmp_path)) == ("B007", {"folder": str(tmp_path), "owner": str(owner)})


def test_room_is_asked_for_before_the_work(tmp_path: Path) -> None:
    free = free_space(tmp_path)
    require_space(tmp_path, 1, reserve=0)
    code, values = refusal(lambda: require_space(tmp_path, free * 2))
    assert (code, values["folder"]) == ("B008", str(tmp_path))
    assert int(values["needed"]) >= free * 2 >> 20


def test_a_secret_is_read_only_from_a_file_of_ours_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    write_whole(path, b"word")
    assert read_private(path) == b"word"
    path.chmod(0o400)
    assert read_private(path) == b"word"
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert refusal(lambda: read_private(path)) == ("E_KEYFILE", {"file": str(path), "reason": "owner"})


@pytest.mark.parametrize(("text", "shown"), [
    ("plain-name.xml", "plain-name.xml"), ("été\n\x1b\\", "\\xe9t\\xe9\\n\\x1b\\x5c"), ("\udcff", "\\udcff"),
    ("x" * 121, "x" * 120 + "...(121)"), ("\u202e", "\\u202e")])
def test_foreign_text_is_shown_as_printable_ascii(text: str, shown: str) -> None:
    assert escaped(text) == shown.replace("\\x5c", "\\\\")
