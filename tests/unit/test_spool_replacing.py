"""Is a folder of pages always whole: the old one or the new one, and nobody else's?"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.spool import replace_folder, turn

MARKER = ".ours"


def held(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_stood_there_before_is_gone_and_nothing_is_left_beside(tmp_path: Path) -> None:
    assert replace_folder(tmp_path / "out", [("fr/a.html", b"one"), ("index.html", b"i")], MARKER) == (2, 4)
    assert replace_folder(tmp_path / "out", [("fr/b.html", b"two")], MARKER) == (1, 3)
    assert held(tmp_path / "out") == {MARKER: b"", "fr/b.html": b"two"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.lock", "out"]
    assert (tmp_path / "out" / "fr" / "b.html").stat().st_mode & 0o777 == 0o644


def test_it_is_the_same_where_names_cannot_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_folder(tmp_path / "out", [("a", b"1")], MARKER)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    replace_folder(tmp_path / "out", [("b", b"2")], MARKER)
    assert held(tmp_path / "out") == {MARKER: b"", "b": b"2"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.lock", "out"]


def test_whoever_fails_half_way_leaves_the_old_folder_and_the_next_one_sweeps(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield "a", b"new"
        raise RuntimeError

    replace_folder(tmp_path / "out", [("a", b"old")], MARKER)
    with pytest.raises(RuntimeError):
        replace_folder(tmp_path / "out", broken(), MARKER)
    assert held(tmp_path / "out") == {MARKER: b"", "a": b"old"}
    replace_folder(tmp_path / "out", [("b", b"new")], MARKER)
    assert held(tmp_path / "out") == {MARKER: b"", "b": b"new"}


def test_a_folder_of_somebody_else_a_file_and_a_link_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "theirs.html").write_text("x")
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("site", "file", "link"):
        with pytest.raises(LocalError) as raised:
            replace_folder(tmp_path / name, [("a", b"1")], MARKER)
        assert raised.value.code == "B070"
    assert (tmp_path / "site" / "theirs.html").read_text() == "x"
    replace_folder(tmp_path / "empty", [("a", b"1")], MARKER)
    assert held(tmp_path / "empty") == {MARKER: b"", "a": b"1"}


def test_two_do_not_write_one_folder_at_once(tmp_path: Path) -> None:
    with turn(tmp_path / ".out.lock") as ours:
        assert ours
        with pytest.raises(LocalError) as raised:
            replace_folder(tmp_path / "out", [("a", b"1")], MARKER)
    assert raised.value.code == "B071"
