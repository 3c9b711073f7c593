"""Is a whole file told from one on its way in each mode, on servers that need it, and does a trial name the mode?"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import LinkError, LocalError
from gateway.transport import DirectoryLane, Entry, Mailbox, Mode, SftpLane, open_mailbox
from gateway.transport.listing import Sieve
from gateway.transport.modes import Mark
from gateway.transport.wire import Attributes
from tests.contract.conftest import Place, place_on
from tests.tools.sshd import make_client_key, running_sshd

FRESH = "0123456789abcdef0123456789abcdef"
LIMIT = 1 << 20
Hosts = Callable[[str], object]


def sealed(content: bytes) -> tuple[str, bytes]:
    return hashlib.sha256(content).hexdigest()[:32] + ".p7m", content


def outcomes(mailbox: Mailbox, *files: tuple[str, bytes]) -> list[tuple[str, str] | None]:
    """Code and step of each failure, None for what is done."""
    return [None if one.error is None else (one.error.code, str(one.error.findings[0].values.get("step", "")))
            for one in mailbox.publish(files)]


def got(mailbox: Mailbox) -> dict[str, bytes | str]:
    return {entry.name: content.code if isinstance(content, LinkError) else content
            for entry, content in mailbox.fetch(mailbox.list(), limit=LIMIT)}


@pytest.fixture(params=["directory", "no-rename"])
def marked(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A mailbox in the mode ``marker``, with its folder."""
    if request.param == "directory":
        lane = DirectoryLane(path=tmp_path / "in", mode=Mode.MARKER)
        place = Place(lambda: open_mailbox(lane, clock=time.monotonic), lane.path, Mode.MARKER)
    else:
        place = place_on(request.getfixturevalue("host_of")(request.param), Mode.MARKER)
    (place.base / "new").mkdir(parents=True, exist_ok=True)
    return place


def test_what_has_no_marker_is_on_its_way_and_not_foreign(marked: Place) -> None:
    name, content = sealed(b"on its way")
    new = marked.base / "new"
    (new / name).write_bytes(content)
    (new / f"{name}.part").write_bytes(b"")
    (new / f"{'a' * 32}.p7m.ok").write_bytes(b"its file was removed")
    with marked.open() as mailbox:
        assert (mailbox.list(), mailbox.foreign_count) == ([], 0)
        (new / f"{name}.ok").write_bytes(bytes(Mark.of(content)))
        assert mailbox.list() == [Entry(name, len(content))]


@pytest.mark.parametrize(("mark", "code"), [
    (b"", "B113"), (b"10 abc\n", "B113"), (b"11 " + b"0" * 64 + b"\n", "B112"), (b"10 " + b"0" * 64 + b"\n", "B113"),
    (b"10 " + b"0" * 64 + b"\n" + b"x" * 200, "B113"), (b"9" * 120, "B113")])
def test_a_file_that_is_not_as_its_marker_says_is_left(marked: Place, mark: bytes, code: str) -> None:
    name, content = sealed(b"ten octets")
    (marked.base / "new" / name).write_bytes(content)
    (marked.base / "new" / f"{name}.ok").write_bytes(mark)
    with marked.open() as mailbox:
        assert got(mailbox) == {name: code}


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_marker_made_by_hand_counts(marked: Place, ending: bytes) -> None:
    name, content = sealed(b"ten octets")
    (marked.base / "new" / name).write_bytes(content)
    (marked.base / "new" / f"{name}.ok").write_bytes(bytes(Mark.of(content)).rstrip() + ending)
    with marked.open() as mailbox:
        assert got(mailbox) == {name: content}


def test_a_torn_file_with_a_marker_is_published_whole(marked: Place) -> None:
    name, content = sealed(os.urandom(50_000))
    (marked.base / "new" / name).write_bytes(content[:7])
    (marked.base / "new" / f"{name}.ok").write_bytes(b"")
    with marked.open() as mailbox:
        assert outcomes(mailbox, (name, content)) == [None]
        assert got(mailbox) == {name: content}
    assert marked.standing() == marked.left(name)


def test_a_marker_that_outlived_its_file_goes_with_the_next_removal(host_of: Hosts) -> None:
    place = place_on(host_of("no-rename"), Mode.MARKER)  # type: ignore[arg-type]
    name, content = sealed(b"content")
    with place.open() as mailbox:
        mailbox.publish([(name, content)])
        (place.base / "new" / f"{'a' * 32}.p7m.ok").write_bytes(b"")
        mailbox.list()
        assert mailbox.remove([name])[0].error is None
    assert place.standing() == []


@pytest.mark.parametrize("mode", [Mode.SUFFIX, Mode.DIRECT])
def test_partial_files_are_passed_over(mode: Mode, tmp_path: Path) -> None:
    good = sealed(b"good")
    with open_mailbox(DirectoryLane(path=tmp_path, mode=mode), clock=time.monotonic) as mailbox:
        mailbox.publish([good])
        (tmp_path / "new" / f"{'b' * 32}.p7m.part").write_bytes(b"half")
        (tmp_path / "new" / "notes.part").write_bytes(b"half")
        assert mailbox.list() == [Entry(good[0], 4)]
        assert [(one.name, one.found) for one in mailbox.foreign] == [("notes.part", "name")]


def test_in_the_modes_through_tmp_they_are_foreign(tmp_path: Path) -> None:
    name = f"{'b' * 32}.p7m.part"
    with open_mailbox(DirectoryLane(path=tmp_path), clock=time.monotonic) as mailbox:
        (tmp_path / "new" / name).write_bytes(b"half")
        assert mailbox.list() == []
        assert [one.name for one in mailbox.foreign] == [name]


@pytest.mark.parametrize("mode", Mode)
def test_a_close_that_fails_is_a_failure_and_what_was_written_is_taken_away(host_of: Hosts, mode: Mode) -> None:
    place = place_on(host_of("unclosed"), mode)  # type: ignore[arg-type]
    with place.open() as mailbox:
        assert outcomes(mailbox, sealed(b"content" * 100)) == [("B110", "close")]
        assert mailbox.list() == []
    assert place.standing() == []


@pytest.mark.parametrize("mode", [Mode.RENAME, Mode.SUFFIX, Mode.MARKER, Mode.DIRECT])
def test_publishing_needs_no_permission_to_remove(host_of: Hosts, mode: Mode) -> None:
    place = place_on(host_of("keeps"), mode)  # type: ignore[arg-type]
    name, content = sealed(os.urandom(70_000))
    with place.open() as mailbox:
        assert outcomes(mailbox, (name, content)) == [None]
        assert outcomes(mailbox, (name, content)) == [None]
        assert got(mailbox) == {name: content}
        [outcome] = mailbox.remove([name])
        assert outcome.error is not None
        assert (outcome.error.code, outcome.error.findings[0].values["step"]) == ("B110", "remove")
        refusal = mailbox.may_remove(FRESH)
        assert refusal is not None
        assert refusal.code == "B110"
        assert got(mailbox) == {name: content}


@pytest.mark.needs_sshd
def test_an_account_that_may_put_files_up_and_nothing_else_is_enough(tmp_path: Path) -> None:
    key, line = make_client_key(tmp_path)
    with running_sshd(tmp_path, [line], denied="remove,rmdir,setstat,fsetstat,symlink,hardlink") as sshd:
        lane = SftpLane(host="127.0.0.1", port=sshd.port, user=sshd.user, key=key, host_keys=sshd.host_keys, base="in")
        name, content = sealed(os.urandom(70_000))
        with open_mailbox(lane, clock=time.monotonic) as mailbox:
            assert [outcomes(mailbox, (name, content)) for _ in range(2)] == [[None], [None]]
            probed, refusal = mailbox.probe(FRESH), mailbox.may_remove(FRESH)
            assert got(mailbox) == {name: content}
    assert (probed.error, probed.fits, probed.removing and probed.removing.code) == (None, Mode.RENAME, "B110")
    assert refusal is not None


@pytest.mark.parametrize(("kind", "fits"), [
    ("our-server", Mode.RENAME), ("unflushed", Mode.RENAME), ("keeps", Mode.RENAME), ("quiet", Mode.POSIX_RENAME),
    ("one-folder", Mode.SUFFIX), ("no-rename", Mode.MARKER), ("store", Mode.DIRECT), ("unclosed", None)])
def test_a_trial_names_the_mode_that_fits_and_whether_the_agreed_one_works(host_of: Hosts, kind: str,
                                                                          fits: Mode | None) -> None:
    place = place_on(host_of(kind), Mode.RENAME)  # type: ignore[arg-type]
    with place.open() as mailbox:
        probed = mailbox.probe(FRESH)
    assert (probed.fits, probed.error is None) == (fits, fits is Mode.RENAME)
    assert (probed.removing is not None) is (kind == "keeps")
    if fits is not None:
        again = place_on(host_of(kind), fits)  # type: ignore[arg-type]
        with again.open() as mailbox:
            probed = mailbox.probe(FRESH)
            assert (probed.fits, probed.error) == (fits, None)
            assert (mailbox.list(), mailbox.foreign_count) == ([], 0)


@pytest.mark.needs_sshd
@pytest.mark.parametrize("kind", ["openssh", "proftpd", "rclone"])
@pytest.mark.parametrize(("agreed", "fits"), [
    (Mode.RENAME, Mode.RENAME), (Mode.POSIX_RENAME, Mode.RENAME), (Mode.SUFFIX, Mode.SUFFIX),
    (Mode.MARKER, Mode.SUFFIX), (Mode.DIRECT, Mode.SUFFIX)])
def test_a_trial_of_real_servers_finds_that_they_can_rename(host_of: Hosts, kind: str, agreed: Mode,
                                                            fits: Mode) -> None:
    place = place_on(host_of(kind), agreed)  # type: ignore[arg-type]
    with place.open() as mailbox:
        probed = mailbox.probe(FRESH)
        assert (probed.error, probed.fits, probed.removing) == (None, fits, None)
    assert place.standing() == []


def test_where_nothing_can_be_written_the_missing_folder_is_told(host_of: Hosts) -> None:
    place = place_on(host_of("one-folder"), Mode.RENAME)  # type: ignore[arg-type]
    place.base.mkdir(parents=True)
    (place.base / "new").write_bytes(b"a file where the folder should be")
    with place.open() as mailbox, pytest.raises(LocalError) as caught:
        mailbox.probe(FRESH)
    assert caught.value.code == "B107"


# --- a listing, sorted out

FILE = 0o100600


def listed(mode: Mode, names: dict[str, int], cap: int = 2, known: tuple[str, ...] = ()) -> tuple[list[str], bool]:
    """The names that come out, and whether there is more; names: name -> time."""
    sieve = Sieve(cap, mode, known)
    for name, age in names.items():
        sieve.add(name.encode(), Attributes(1, FILE, age))
    seen = sieve.seen()
    return [entry.name[0] for entry in seen.entries], seen.truncated


def named(letters: str, suffix: str = "") -> dict[str, int]:
    return {f"{letter * 32}.p7m{suffix}": age for age, letter in enumerate(letters)}


@pytest.mark.parametrize("order", [True, False])
def test_many_old_files_without_marker_do_not_hide_those_that_have_one(order: bool) -> None:
    data, marks = named("0123456789abcdef"), named("ef", ".ok")
    names = {**data, **marks} if order else {**marks, **data}
    assert listed(Mode.MARKER, names, cap=8 if order else 2)[0] == ["e", "f"]


def test_what_is_known_does_not_count_towards_the_cap() -> None:
    names = named("0123456789")
    assert listed(Mode.RENAME, names) == (["0", "1"], True)
    assert listed(Mode.RENAME, names, known=tuple(named("01234567"))) == (list("0123456789"), False)
    marked = {**names, **named("0123456789", ".ok")}
    assert listed(Mode.MARKER, marked, known=tuple(named("01234567"))) == (list("0123456789"), False)


def test_an_entry_tells_when_it_was_written_and_is_the_same_file_without(tmp_path: Path) -> None:
    lane = DirectoryLane(path=tmp_path)
    name, content = sealed(b"dated")
    with open_mailbox(lane, clock=time.monotonic) as mailbox:
        mailbox.publish([(name, content)])
        os.utime(tmp_path / "new" / name, (1_700_000_000, 1_700_000_000))
        [entry] = mailbox.list()
    assert entry.changed == 1_700_000_000
    assert entry == dataclasses.replace(entry, changed=None)


@pytest.mark.parametrize("text", [b"-1 " + b"0" * 64, b" 1 " + b"0" * 64, b"1  " + b"0" * 64, b"1 " + b"0" * 63,
                                  b"1 " + b"A" * 64, b"1 " + b"0" * 64 + b"\n\n", b"1" * 16 + b" " + b"0" * 64])
def test_what_is_not_exactly_a_marker_is_none(text: bytes) -> None:
    assert Mark.read(text) is None
