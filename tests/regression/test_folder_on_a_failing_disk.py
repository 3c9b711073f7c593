"""A disk that cannot even say whether a folder is there: is that told, and not taken for a folder that is missing?"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.spool import make_folder


def test_a_disk_that_fails_at_every_look_is_no_endless_descent(tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder up to the root was taken for missing, and the root for its own parent."""
    def fail(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    with monkeypatch.context() as failing:
        failing.setattr(Path, "lstat", fail)
        with pytest.raises(LocalError) as told:
            make_folder(tmp_path / "state" / "lock")
    assert [finding.code for finding in told.value.findings] == ["B006"]
    assert list(tmp_path.iterdir()) == []
