"""Is pip's own wheel found on any index, never taken unless it is the pinned one, and are passwords kept?"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.launcher import index
from gateway.launcher.words import Stop
from tests.tools.index_server import IndexServer, make_wheel


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a wheel that stands for pip's, its hash pinned; no wait between tries."""
    wheel = make_wheel(tmp_path / "wheels", "pip", index.VERSION)
    make_wheel(tmp_path / "wheels", "pip", "1.0")
    monkeypatch.setattr(index, "SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return tmp_path / "wheels"


def settings(folder: Path, **environ: str) -> index.Settings:
    """Settings of a computer whose configuration files lie in `folder` only."""
    return index.Settings({"HOME": str(folder), "XDG_CONFIG_DIRS": str(folder / "none"), **environ}, {})


def fetched(folder: Path, **environ: str) -> tuple[str | None, str]:
    target = folder / "target"
    target.mkdir(exist_ok=True)
    wheel, reason = index.fetch_pip(settings(folder, **environ), target)
    return (hashlib.sha256(wheel.read_bytes()).hexdigest() if wheel else None), reason


@pytest.mark.parametrize("json", [True, False], ids=["JSON", "HTML"])
def test_the_pinned_wheel_is_found_in_both_forms_of_an_index(json: bool, wheels: Path, tmp_path: Path) -> None:
    with IndexServer(wheels, json=json) as server:
        assert fetched(tmp_path, PIP_INDEX_URL=server.address) == (index.SHA256, "")
    assert [path for path, _ in server.requests] == ["/simple/pip/", f"/files/{index.WHEEL}"]


def test_an_index_in_a_folder_is_read_too(wheels: Path, tmp_path: Path) -> None:
    page = tmp_path / "mirror" / "pip" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../wheels/{index.WHEEL}">pip</a>', "utf-8")
    assert fetched(tmp_path, PIP_INDEX_URL=(tmp_path / "mirror").as_uri()) == (index.SHA256, "")


def test_other_content_under_the_pinned_name_stops_at_once(wheels: Path, tmp_path: Path) -> None:
    altered = wheels / index.WHEEL
    altered.write_bytes(altered.read_bytes() + b"\0")
    with IndexServer(wheels) as server, pytest.raises(Stop) as stop:
        fetched(tmp_path, PIP_INDEX_URL=server.address)
    assert (stop.value.status, stop.value.key) == (5, "launcher.hash")
    assert stop.value.values == {"file": index.WHEEL, "expected": index.SHA256,
                                 "found": hashlib.sha256(altered.read_bytes()).hexdigest()}
    assert list((tmp_path / "target").iterdir()) == []


def test_an_index_that_is_gone_or_lacks_the_wheel_is_skipped(wheels: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with IndexServer(tmp_path / "empty") as poor, IndexServer(wheels) as rich:
        others = f"{poor.address} {rich.address}"
        assert fetched(tmp_path, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_EXTRA_INDEX_URL=others) == \
            (index.SHA256, "")


def test_a_server_in_trouble_is_asked_three_times_and_a_refusal_once(wheels: Path, tmp_path: Path) -> None:
    with IndexServer(wheels, failures=2) as server:
        assert fetched(tmp_path, PIP_INDEX_URL=server.address) == (index.SHA256, "")
    with IndexServer(wheels, password="clerk:secret") as server:
        assert fetched(tmp_path, PIP_INDEX_URL=server.address) == (None, "HTTP Error 401: Unauthorized")
        assert len(server.requests) == 1


def test_credentials_travel_in_a_header_and_show_nowhere(wheels: Path, tmp_path: Path) -> None:
    with IndexServer(wheels, password="clerk:p%40ss") as server:
        address = server.address.replace("http://", "http://clerk:p%40ss@")
        assert fetched(tmp_path, PIP_INDEX_URL=address) == (index.SHA256, "")
    assert {header for _, header in server.requests} == {"Basic Y2xlcms6cEBzcw=="}
    _, reason = fetched(tmp_path, PIP_INDEX_URL="http://clerk:hidden@127.0.0.1:9/simple")
    assert "refused" in reason
    assert "hidden" not in reason


def test_credentials_do_not_follow_to_another_host() -> None:
    mirror = urlsplit("https://clerk:secret@mirror.example/simple")
    assert index.request_for("https://mirror.example/files/x", mirror).get_header("Authorization")
    assert index.request_for("https://files.example/x", mirror).get_header("Authorization") is None


@pytest.mark.parametrize(("text", "found"), [
    ("[global]\nindex-url = http://a%20b/simple\n", "http://a%20b/simple"),
    ("[global]\nindex_url = http://under/simple\n", "http://under/simple"),
    ("[global]\nindex-url = http://global/\n[install]\nindex-url = http://install/\n", "http://install/"),
])
def test_pips_files_are_read_as_pip_reads_them(text: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    assert settings(tmp_path).indexes() == [found]
    assert settings(tmp_path, PIP_INDEX_URL="http://told/").indexes() == ["http://told/"]
    assert settings(tmp_path, PIP_CONFIG_FILE=os.devnull).indexes() == []
    assert settings(tmp_path, PIP_NO_INDEX="1").indexes() == []
    other = tmp_path / "other.conf"
    other.write_text("[global]\ntimeout = 3\n", "utf-8")
    assert settings(tmp_path, PIP_CONFIG_FILE=str(other)).indexes() == [], "the user's file is skipped then"


def test_an_option_wins_over_the_environment_and_the_files(tmp_path: Path) -> None:
    told = index.Settings({"PIP_INDEX_URL": "http://environment/", "HOME": str(tmp_path)}, {"--index-url": "http://typed/"})
    assert told.indexes()[0] == "http://typed/"


def test_nothing_configured_asks_nobody(wheels: Path, tmp_path: Path) -> None:
    assert fetched(tmp_path, PIP_CONFIG_FILE=os.devnull) == (None, "")
