"""Killed while an archive is destroyed: is the ledger whole, and is it enough to say it again?"""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.exchange.summary import Exit
from tests.pair.test_archive import archived, rows
from tests.pair.test_erasure import MRN
from tests.pair.test_purge import YES, aged, codes, keeping, once, pair, sound
from tests.tools.offices import Office

__all__ = ["once", "pair"]


KILLED = -9


@pytest.mark.parametrize("failpoint", ["keep.purged"])
def test_a_purge_that_is_killed_is_completed_by_the_same_line(failpoint: str, pair: tuple[Office, Office],
                                                              tmp_path: Path) -> None:
    togo, _ = pair
    folder = archived(togo, tmp_path / "volume")
    aged(togo)
    keeping(togo, messages="1d", sealed="1d", sources="1d")
    words = ("archive", "--purge", str(folder), *YES)
    assert [togo.killed("edi", failpoint, *words) for _ in range(2)] == [KILLED] * 2
    sound(togo)
    assert (folder / "contents.zip").exists()
    assert codes(togo.run("edi", "show", MRN, "--raw", "source")) == ["L055"]
    assert togo.run("edi", *words).exit == Exit.DONE
    assert not (folder / "contents.zip").exists()
    assert len(rows(togo, "SELECT id FROM departure")) == 2
