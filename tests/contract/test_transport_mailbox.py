"""Does every mailbox keep the contract of gateway.transport.mailbox?"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable

import pytest

from gateway.errors import LinkError
from gateway.transport import Entry, Mailbox, Outcome, is_name
from tests.contract.conftest import Place

LIMIT = 32 << 20
SIZES = [0, 1, 4096, (32 << 10) - 1, 32 << 10, (32 << 10) + 1, 100_000, 3 << 20]


def sealed(content: bytes) -> tuple[str, bytes]:
    """A file as ENVELOPE section 2 names it."""
    return hashlib.sha256(content).hexdigest()[:32] + ".p7m", content


def fetched(mailbox: Mailbox, entries: Iterable[Entry], limit: int = LIMIT) -> dict[str, bytes | str]:
    """Contents by name; of an error its code."""
    return {entry.name: content.code if isinstance(content, LinkError) else content
            for entry, content in mailbox.fetch(list(entries), limit=limit)}


def codes(outcomes: Iterable[Outcome]) -> list[tuple[str, str | None]]:
    return [(outcome.name, outcome.error.code if outcome.error else None) for outcome in outcomes]


def done(files: Iterable[tuple[str, bytes]]) -> list[tuple[str, None]]:
    return [(name, None) for name, _ in files]


def test_a_new_mailbox_is_empty(place: Place) -> None:
    with place.open() as mailbox:
        assert (mailbox.list(), mailbox.foreign, mailbox.foreign_count, mailbox.truncated) == ([], (), 0, False)


def test_what_is_published_is_listed_and_fetched_octet_for_octet(place: Place) -> None:
    files = dict(sealed(os.urandom(size)) for size in SIZES)
    with place.open() as mailbox:
        assert codes(mailbox.publish(list(files.items()))) == done(files.items())
    with place.open() as mailbox:
        entries = mailbox.list()
        assert {entry.name: entry.size for entry in entries} == {name: len(content) for name, content in files.items()}
        assert fetched(mailbox, entries) == files


def test_publishing_again_is_done_and_changes_nothing(place: Place) -> None:
    file = sealed(b"twice" * 1000)
    for _ in range(2):
        with place.open() as mailbox:
            assert codes(mailbox.publish([file, file])) == done([file])
            assert codes(mailbox.publish([file])) == done([file])
            assert mailbox.list() == [Entry(file[0], 5000)]


def test_nothing_is_left_but_the_files_themselves(place_on_disk: Place) -> None:
    files = [sealed(os.urandom(1000)) for _ in range(20)]
    with place_on_disk.open() as mailbox:
        mailbox.publish(files)
    assert place_on_disk.standing() == place_on_disk.left(*(name for name, _ in files))


def test_the_leftover_of_an_interrupted_run_is_overwritten(place_on_disk: Place) -> None:
    name, content = sealed(b"whole")
    torn = place_on_disk.partial(name)
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"longer than the whole file, and torn")
    with place_on_disk.open() as mailbox:
        assert codes(mailbox.publish([(name, content)])) == [(name, None)]
        assert fetched(mailbox, mailbox.list()) == {name: content}


@pytest.mark.parametrize("standing", ["its beginning", "all of it", "a page lost", "more than it"])
def test_what_an_interrupted_run_left_of_a_large_file_becomes_the_whole_file(
        place_on_disk: Place, standing: str) -> None:
    name, content = sealed(os.urandom(1_500_000))
    left = {"its beginning": content[:1_000_000], "all of it": content, "more than it": content + b"more",
            "a page lost": content[:400_000 // 4096 * 4096] + bytes(4096) + content[400_000 // 4096 * 4096 + 4096:]}
    partial = place_on_disk.partial(name)
    partial.parent.mkdir(parents=True)
    partial.write_bytes(left[standing])
    with place_on_disk.open() as mailbox:
        assert codes(mailbox.publish([(name, content)])) == [(name, None)]
        assert fetched(mailbox, mailbox.list()) == {name: content}
    assert place_on_disk.standing() == place_on_disk.left(name)


def test_many_small_files_come_and_go_each_exactly_once(place: Place) -> None:
    files = dict(sealed(os.urandom(700)) for _ in range(place.many))
    with place.open() as mailbox:
        assert codes(mailbox.publish(list(files.items()))) == done(files.items())
        entries = mailbox.list()
        contents = list(mailbox.fetch(entries, limit=LIMIT))
        assert sorted((entry.name, content) for entry, content in contents) == sorted(files.items())
        assert codes(mailbox.remove(list(files))) == done(files.items())
        assert mailbox.list() == []


def test_what_is_already_gone_was_removed(place: Place) -> None:
    one, other = sealed(b"one"), sealed(b"other")
    with place.open() as mailbox:
        mailbox.publish([one])
        assert codes(mailbox.remove([other[0], one[0]])) == done([other, one])
        assert mailbox.list() == []


def test_a_file_that_is_gone_does_not_stop_the_others(place: Place) -> None:
    files = [sealed(os.urandom(5000)) for _ in range(5)]
    with place.open() as mailbox:
        mailbox.publish(files)
        entries = mailbox.list()
        mailbox.remove([files[2][0]])
        assert fetched(mailbox, entries) == {**dict(files), files[2][0]: "B111"}


def test_what_is_listed_beyond_the_limit_is_not_fetched(place: Place) -> None:
    small, large = sealed(b"s" * 99), sealed(b"l" * 101)
    with place.open() as mailbox:
        mailbox.publish([small, large])
        assert fetched(mailbox, mailbox.list(), limit=100) == {small[0]: small[1], large[0]: "E_SIZE"}


@pytest.mark.threat(16)
@pytest.mark.parametrize("listed", [0, 99, 101, 40_000])
def test_a_size_that_is_not_the_listed_one_is_an_error(place: Place, listed: int) -> None:
    name, content = sealed(b"x" * 100)
    with place.open() as mailbox:
        mailbox.publish([(name, content)])
        assert fetched(mailbox, [Entry(name, listed)]) == {name: "B112"}
        assert fetched(mailbox, mailbox.list()) == {name: content}


def test_a_fetch_that_is_not_finished_leaves_the_session_usable(place: Place) -> None:
    files = dict(sealed(os.urandom(2000)) for _ in range(min(200, place.many)))
    with place.open() as mailbox:
        mailbox.publish(list(files.items()))
        entries = mailbox.list()
        contents = iter(mailbox.fetch(entries, limit=LIMIT))
        entry, content = next(contents)
        del contents
        assert content == files[entry.name]
        assert fetched(mailbox, entries) == files


def test_only_names_of_sealed_files_are_used(place: Place) -> None:
    bad = "../../etc/passwd"
    with place.open() as mailbox:
        with pytest.raises(ValueError, match="not the name of a sealed file"):
            mailbox.publish([(bad, b"")])
        with pytest.raises(ValueError, match="not the name of a sealed file"):
            mailbox.remove([bad])
        with pytest.raises(ValueError, match="not the name of a sealed file"):
            list(mailbox.fetch([Entry(bad, 1)], limit=LIMIT))


@pytest.mark.threat(14)
def test_other_names_are_reported_and_left_alone(place_on_disk: Place) -> None:
    good = sealed(b"good")
    strange = ["-rf", "a" * 250, good[0].upper(), good[0] + "\n", " " + good[0], "été.p7m", good[0] + ".bak"]
    new = place_on_disk.base / "new"
    new.mkdir(parents=True)
    for name in strange:
        (new / name).write_bytes(b"12345")
    with place_on_disk.open() as mailbox:
        mailbox.publish([good])
        assert mailbox.list() == [Entry(good[0], 4)]
        assert sorted((found.name, found.size, found.found) for found in mailbox.foreign) == sorted([
            ("-rf", 5, "name"), ("a" * 120 + "...(250)", 5, "name"), (good[0].upper(), 5, "name"),
            (good[0] + place_on_disk.line_feed, 5, "name"), (" " + good[0], 5, "name"), ("\\xe9t\\xe9.p7m", 5, "name"),
            (good[0] + ".bak", 5, "name")])
        assert mailbox.foreign_count == len(strange)
    assert place_on_disk.standing() == sorted([*strange, *place_on_disk.left(good[0])])


@pytest.mark.threat(15)
def test_links_pipes_and_folders_are_reported_and_never_opened(place_on_disk: Place) -> None:
    names = [digit * 32 + ".p7m" for digit in "123"]
    new = place_on_disk.base / "new"
    new.mkdir(parents=True)
    (new / names[0]).symlink_to("/etc/hostname")
    os.mkfifo(new / names[1])
    (new / names[2]).mkdir()
    for name in names:
        place_on_disk.mark(name)
    with place_on_disk.open() as mailbox:
        assert mailbox.list() == []
        shown = [(names[0], "link"), (names[1], "pipe")] if place_on_disk.shows_links else []
        assert sorted((found.name, found.found) for found in mailbox.foreign) == [*shown, (names[2], "directory")]


def test_the_oldest_file_comes_first(place_on_disk: Place) -> None:
    files = [sealed(b"%d" % number) for number in range(10)]
    with place_on_disk.open() as mailbox:
        mailbox.publish(files)
        for age, (name, _) in enumerate(files):
            os.utime(place_on_disk.base / "new" / name, (1_700_000_000 - age, 1_700_000_000 - age))
        assert [entry.name for entry in mailbox.list()] == [name for name, _ in reversed(files)]


def test_a_trial_says_that_all_is_permitted_and_leaves_nothing(place: Place) -> None:
    file = sealed(b"waiting")
    with place.open() as mailbox:
        mailbox.publish([file])
        probed = mailbox.probe("0123456789abcdef0123456789abcdef")
        assert (probed.step, probed.error) == ("remove", None)
        assert probed.changed is not None
        assert [entry.name for entry in mailbox.list()] == [file[0]]
        assert mailbox.foreign_count == 0


def test_a_trial_reads_the_clock_of_the_other_side(place_on_disk: Place) -> None:
    with place_on_disk.open() as mailbox:
        probed = mailbox.probe("0123456789abcdef0123456789abcdef")
    assert probed.changed is not None
    assert abs(probed.changed - time.time()) < 60
    assert place_on_disk.standing() == []


def test_a_trial_names_the_step_that_is_refused_and_takes_its_leftover_away(place_renaming: Place) -> None:
    with place_renaming.open() as mailbox:
        mailbox.probe("0123456789abcdef0123456789abcdef")
        in_the_way = place_renaming.partial("fedcba9876543210fedcba9876543210.p7m")
        in_the_way.mkdir()
        (in_the_way / "full").touch()
        probed = mailbox.probe("0123456789abcdef0123456789abcdef")
    assert (probed.step, probed.error and probed.error.code) == ("rename", "B110")
    assert place_renaming.standing() == [in_the_way.name]


def test_a_mailbox_that_lets_files_go_does_not_say_otherwise(place: Place) -> None:
    with place.open() as mailbox:
        mailbox.list()
        assert mailbox.may_remove("0123456789abcdef0123456789abcdef") is None


def test_closing_twice_is_harmless(place: Place) -> None:
    mailbox = place.open()
    mailbox.close()
    mailbox.close()


def test_two_sessions_on_one_mailbox_see_the_same_files(place: Place) -> None:
    file = sealed(b"shared")
    with place.open() as one, place.open() as other:
        one.publish([file])
        entries = other.list()
        assert one.remove([file[0]]) == [Outcome(file[0], None)]
        assert fetched(other, entries) == {file[0]: "B111"}
        assert codes(other.remove([file[0]])) == done([file])


@pytest.mark.parametrize(("text", "good"), [
    ("0123456789abcdef0123456789abcdef.p7m", True), ("0123456789abcdef0123456789abcdef.p7m\n", False),
    ("0123456789ABCDEF0123456789ABCDEF.p7m", False), ("٠123456789abcdef0123456789abcdef.p7m", False),
    ("x/0123456789abcdef0123456789abcdef.p7m", False), ("", False)])
@pytest.mark.threat(14)
def test_a_name_matches_in_full_or_not_at_all(text: str, good: bool) -> None:
    assert is_name(text) is good
