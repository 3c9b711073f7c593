"""Does everything end well from whatever the disks can hold after a power cut, and would the campaign notice if not?"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tests.campaigns.mailbox_base import Options, run
from tests.campaigns.power import Machines, attempt, plan
from tests.tools.kills import require_strace
from tests.tools.strace import Call
from tests.tools.unsynced import Disk, Loss, Step, after_cut, read_tree, write_tree

OLD, NEW = 1, 3
"""Numbers of files: one that stood at the beginning in the folder a, and the first that is made. b is a folder, too."""

WRITTEN = [Step("make", "a/new", node=NEW), Step("write", node=NEW, content=b"x" * 600)]
FLUSHED = [*WRITTEN, Step("flush", node=NEW)]
MOVED = [Step("move", "b/old", "a/old", OLD)]
ABSENT: dict[str, bytes] = {"a/old": b"old"}


def standing(top: Path, steps: Sequence[Step], kind: str, seed: int = 0) -> dict[str, bytes]:
    """The files that stand when the power went after some steps."""
    for folder in ("a", "b"):
        (top / folder).mkdir(exist_ok=True)
    (top / "a" / "old").write_bytes(b"old")
    below = [dataclasses.replace(step, path=f"{top}/{step.path}" if step.path else "",
                                 old=f"{top}/{step.old}" if step.old else "") for step in steps]
    tree = after_cut(Disk({"disk": top}), below, Loss(kind), Random(seed))
    return {os.path.relpath(path, top): node.content for path, node in tree.items() if node.content is not None}


@pytest.mark.parametrize(("steps", "kind", "found"), [
    (WRITTEN, "nothing", {"a/old": b"old", "a/new": b"x" * 600}),
    (WRITTEN, "everything", ABSENT),
    (WRITTEN, "contents", {"a/old": b"old", "a/new": bytes(600)}),
    (FLUSHED, "everything", ABSENT),
    ([*WRITTEN, Step("settle", "a")], "everything", {"a/old": b"old", "a/new": b""}),
    ([*FLUSHED, Step("settle", "a")], "everything", {"a/old": b"old", "a/new": b"x" * 600}),
    (MOVED, "everything", ABSENT), (MOVED, "nothing", {"b/old": b"old"}),
    ([*MOVED, Step("settle", "a")], "everything", {"b/old": b"old"}),
    ([*MOVED, Step("settle", "b")], "everything", {"a/old": b"old", "b/old": b"old"}),
    ([*MOVED, Step("settle", "b"), Step("settle", "a")], "everything", {"b/old": b"old"}),
    ([Step("remove", "a/old", node=OLD)], "everything", ABSENT),
    ([Step("remove", "a/old", node=OLD), Step("settle", "a")], "everything", {}),
    ([Step("size", node=OLD, at=1)], "everything", ABSENT),
    ([Step("size", node=OLD, at=1), Step("flush", node=OLD)], "everything", {"a/old": b"o"}),
    ([Step("folder", "c", node=NEW), Step("make", "c/new", node=4), Step("settle", "c")], "everything", ABSENT)])
def test_a_disk_holds_what_was_flushed(tmp_path: Path, steps: list[Step], kind: str, found: dict[str, bytes]) -> None:
    assert standing(tmp_path, steps, kind) == found


def test_what_was_not_flushed_comes_in_any_part(tmp_path: Path) -> None:
    ends = {standing(tmp_path, [*WRITTEN, Step("settle", "a")], "some", seed)["a/new"] for seed in range(40)}
    assert ends == {b"", b"x" * 512, bytes(512) + b"x" * 88, b"x" * 600}
    early = {len(standing(tmp_path, [*WRITTEN, *MOVED], "late", seed)) for seed in range(40)}
    assert early == {1, 2}


def test_strace_reads_what_a_program_does_to_a_disk(tmp_path: Path) -> None:
    hexed = "".join(f"\\x{octet:02x}" for octet in str(tmp_path).encode())
    folder, file = f"7<{hexed}>", f"8<{hexed}\\x2f\\x61>"
    calls = [Call(0, 1, "openat", 1, (folder, '"\\x61"', "O_WRONLY|O_CREAT|O_EXCL", "0600"), 8, ""),
             Call(1, 1, "write", 1, (file, '"\\x31\\x32"', "2"), 2, ""),
             Call(2, 1, "pwrite64", 1, (file, '"\\x33"', "1", "5"), 1, ""),
             Call(3, 1, "fsync", 1, (file,), 0, ""),
             Call(4, 1, "renameat", 1, (folder, '"\\x61"', folder, '"\\x62"'), 0, ""),
             Call(5, 1, "unlink", 1, (f'"{hexed}\\x2f\\x62"',), -1, "EPERM")]
    assert Disk({"disk": tmp_path}).steps(calls) == [
        Step("make", f"{tmp_path}/a", node=0, mode=0o600), Step("write", node=0, content=b"12"),
        Step("write", node=0, at=5, content=b"3"), Step("flush", node=0),
        Step("move", f"{tmp_path}/b", f"{tmp_path}/a", 0)]
    with pytest.raises(ValueError, match="does not know: linkat"):
        Disk({"disk": tmp_path}).steps([Call(0, 1, "linkat", 1, (folder, '"\\x61"', folder, '"\\x62"', "0"), 0, "")])


def test_what_stands_below_folders_is_read_and_written(tmp_path: Path) -> None:
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(b"1")
    (tmp_path / "a" / "one-shm").write_bytes(b"memory")
    tree = read_tree({"a": tmp_path / "a"})
    write_tree({}, [tmp_path / "a"])
    assert list((tmp_path / "a").iterdir()) == []
    write_tree(tree, [tmp_path / "a"])
    found = read_tree({"a": tmp_path / "a"})
    assert {path: (node.content, node.mode) for path, node in found.items()} == {
        str(tmp_path / "a" / "deep"): (None, tree[str(tmp_path / "a" / "deep")].mode),
        str(tmp_path / "a" / "one"): (b"1", tree[str(tmp_path / "a" / "one")].mode)}
    assert found[str(tmp_path / "a" / "one")].changed == tree[str(tmp_path / "a" / "one")].changed


def test_a_slice_of_the_campaign_loses_nothing() -> None:
    require_strace()
    report = run("power", Machines, plan, attempt, Options(runs=3, seed=2026, only="random"))
    assert (report.runs, report.failures) == (3, [])


def test_a_gateway_that_flushes_nothing_is_found() -> None:
    require_strace()
    report = run("power", Machines, plan, attempt, Options(runs=0, only="ended/work/BFDGD/2", plant="no-fsync"))
    assert (report.runs, report.lost) == (1, 1)
