"""What does a mailbox in a local directory do when the file system refuses, and does the faulty one break as told?"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gateway.errors import LinkError, LocalError
from gateway.transport import DirectoryLane, Entry, Mailbox, Outcome, open_mailbox
from tests.tools.faulty_mailbox import Fault, MemoryMailbox, Store, When

A, B, C = ("a" * 32 + ".p7m", "b" * 32 + ".p7m", "c" * 32 + ".p7m")


def opened(path: Path, mode: int = 0o600, names: int = 100) -> Mailbox:
    return open_mailbox(DirectoryLane(path=path, permissions=mode, names=names), clock=time.monotonic)


def codes(outcomes: list[Outcome]) -> list[str | None]:
    return [outcome.error.code if outcome.error else None for outcome in outcomes]


def test_a_base_that_cannot_be_made_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalError) as refused:
        opened(tmp_path / "file" / "in")
    assert (refused.value.code, refused.value.findings[0].values["folder"]) == (
        "B107", str(tmp_path / "file" / "in" / "tmp"))


def test_files_have_the_mode_of_the_lane_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with opened(tmp_path, mode=0o640) as mailbox:
            mailbox.publish([(A, b"x")])
    finally:
        os.umask(before)
    assert (tmp_path / "new" / A).stat().st_mode & 0o777 == 0o640


def test_what_is_planted_in_the_temporary_folder_is_not_followed_and_stops_only_its_own_file(tmp_path: Path) -> None:
    with opened(tmp_path) as mailbox:
        (tmp_path / "victim").write_bytes(b"victim")
        (tmp_path / "tmp" / A).symlink_to(tmp_path / "victim")
        os.mkfifo(tmp_path / "tmp" / B)
        assert codes(mailbox.publish([(A, b"1"), (B, b"2"), (C, b"3")])) == ["B110", "B110", None]
        assert mailbox.list() == [Entry(C, 1)]
    assert (tmp_path / "victim").read_bytes() == b"victim"


def test_what_became_a_link_after_the_listing_is_not_read(tmp_path: Path) -> None:
    with opened(tmp_path) as mailbox:
        mailbox.publish([(A, b"1")])
        entries = mailbox.list()
        (tmp_path / "new" / A).unlink()
        (tmp_path / "new" / A).symlink_to("/etc/hostname")
        [(_, content)] = mailbox.fetch(entries, limit=100)
        assert isinstance(content, LinkError)
        assert content.code == "B110"


def test_a_full_disk_is_told_for_the_files_it_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(handle: int, data: memoryview) -> int:
        if len(data) > 10:
            raise OSError(28, "No space left on device")
        return real(handle, data)
    real = os.write
    monkeypatch.setattr(os, "write", write)
    with opened(tmp_path) as mailbox:
        outcomes = mailbox.publish([(A, b"small"), (B, b"x" * 100), (C, b"small")])
    assert codes(outcomes) == [None, "B110", None]
    assert outcomes[1].error is not None
    assert outcomes[1].error.findings[0].values["answer"] == "No space left on device"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [A, C]


def test_when_the_folder_cannot_be_flushed_no_outcome_is_sure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as mailbox:
        mailbox.publish([(A, b"1")])
        (tmp_path / "new" / A).unlink()
        (tmp_path / "new").rmdir()
        assert codes(mailbox.remove([A])) == ["B110"]
        assert codes(mailbox.publish([(A, b"1")])) == ["B110"]
        with pytest.raises(LinkError) as refused:
            mailbox.list()
        assert refused.value.code == "B120"


@pytest.mark.threat(17)
def test_a_listing_stops_at_the_cap_and_says_so(tmp_path: Path) -> None:
    with opened(tmp_path, names=3) as mailbox:
        for number in range(4):
            (tmp_path / "new" / f"{number:032x}.p7m").write_bytes(b"")
            assert (len(mailbox.list()), mailbox.truncated) == (min(number + 1, 3), number == 3)


def test_the_session_counts_the_octets(tmp_path: Path) -> None:
    with opened(tmp_path) as mailbox:
        mailbox.publish([(A, b"12345")])
        list(mailbox.fetch(mailbox.list(), limit=10))
        session = mailbox.session
    assert (session.kind, session.bytes_out, session.bytes_in) == ("directory", 5, 5)


@pytest.mark.parametrize(("when", "there"), [(When.BEFORE, [A]), (When.AFTER, [A, B])])
def test_the_faulty_mailbox_breaks_before_or_after_the_step_it_was_told(when: When, there: list[str]) -> None:
    store = Store()
    with MemoryMailbox(store, Fault(2, when)) as mailbox:
        assert codes(mailbox.publish([(A, b"1"), (B, b"2"), (C, b"3")])) == [None, "B105", "B105"]
        assert list(store.files) == there
        with pytest.raises(LinkError):
            mailbox.list()
        assert codes(mailbox.remove([A])) == ["B105"]
        assert [content.code for _, content in mailbox.fetch([Entry(A, 1)], limit=9)
                if isinstance(content, LinkError)] == ["B105"]
    with MemoryMailbox(store) as again:
        assert codes(again.publish([(A, b"1"), (B, b"2"), (C, b"3")])) == [None, None, None]
        assert list(store.files) == [A, B, C]
