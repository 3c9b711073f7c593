"""Is a disk that fills up seen before it is full, and does only what takes more in stop?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.errors import LocalError
from gateway.exchange import room
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.summary import Exit, Summary
from gateway.spool import free_entries
from tests.tools.offices import Office, offices

MIB = 1 << 20


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, with Burkina Faso as its partner, and a limit of 64 MiB."""
    return offices(tmp_path)[0]


def found(gateway: Gateway, octets: int = 0) -> dict[str, str]:
    with pytest.raises(LocalError) as refused:
        room.require_room(gateway, octets)
    assert refused.value.code == "B010"
    return dict(refused.value.findings[0].values)


def test_below_the_room_to_keep_nothing_more_is_taken(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_gateway(togo.settings, datetime.now(UTC)) as gateway:
        monkeypatch.setattr(room, "free_space", lambda folder: 64 * MIB)
        room.require_room(gateway)
        assert found(gateway, 1) == {"folder": str(togo.home / "state"), "free": "64", "needed": "65"}
        assert found(gateway, 2 * MIB) == {"folder": str(togo.home / "state"), "free": "64", "needed": "96"}
        monkeypatch.setattr(room, "free_space", lambda folder: 64 * MIB - 1)
        assert found(gateway) == {"folder": str(togo.home / "state"), "free": "63", "needed": "64"}


def test_a_disk_on_which_no_file_can_be_made_has_no_room(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_gateway(togo.settings, datetime.now(UTC)) as gateway:
        monkeypatch.setattr(room, "free_entries", lambda folder: 63)
        assert found(gateway) == {"folder": str(togo.home / "state"), "free": "0", "needed": "64"}
        monkeypatch.setattr(room, "free_entries", lambda folder: None)
        room.require_room(gateway)


def test_each_disk_that_grows_is_looked_at_once(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path] = []
    monkeypatch.setattr(room, "free_space", lambda folder: looked.append(folder) or 1 << 40)  # type: ignore[func-returns-value]
    with open_gateway(togo.settings, datetime.now(UTC)) as gateway:
        room.require_room(gateway)
        assert looked == [togo.home / "state"]
        looked.clear()
        monkeypatch.setattr(room, "_device", lambda folder: folder.name)  # each on a disk of its own
        room.require_room(gateway)
        assert looked == [togo.home / "state", togo.home / "national"]


def test_that_there_is_no_room_is_said_once_in_a_run(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = Summary()
    with open_gateway(togo.settings, datetime.now(UTC)) as gateway:
        assert room.room_for_more(gateway, summary)
        monkeypatch.setattr(room, "free_space", lambda folder: 0)
        assert not room.room_for_more(gateway, summary) and not room.room_for_more(gateway, summary)
    assert [(status, finding.code) for status, finding in summary.problems] == [(Exit.PERSON, "B010")]


def test_a_file_system_that_counts_no_files_has_room_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for files, available, expected in ((1000, 7, 7), (1000, 0, 0), (0, 0, None)):
        monkeypatch.setattr("os.statvfs", lambda folder, files=files, available=available: SimpleNamespace(
            f_files=files, f_favail=available))
        assert free_entries(tmp_path) == expected
