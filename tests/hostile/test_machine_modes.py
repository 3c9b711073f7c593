"""Does the gateway refuse to work where others could read the declarations or change whom it trusts?"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.machine import advice, require_fit
from gateway.exchange.summary import Exit
from gateway.spool import write_whole
from tests.tools.malice import sent_files, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo with something to send; its partner is there."""
    office, _ = offices(tmp_path)
    well(office.run("edi-send"))
    office.drop("declarations", {"a.json": declaration_json("A")})
    return office


def is_refused(office: Office, code: str, file: Path) -> None:
    """Every program refuses with the code, the file and a command that mends it; nothing is touched."""
    for program in ("edi-send", "edi-receive", "edi-sync"):
        ran = office.run(program)
        assert ran.exit == Exit.SETTINGS, ran.err
        assert re.search(rf"^{file}: {code}: ", ran.err, re.MULTILINE), ran.err
        assert re.search(rf"  → .*chmod \S+ {file}", ran.err), ran.err
        assert "Traceback" not in ran.err
    assert (office.home / "national" / "out" / "declarations" / "a.json").read_bytes() == declaration_json("A")


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o770])
@pytest.mark.parametrize("folder", ["", "quarantine", "claimed", "lock"])
def test_t36_a_state_folder_that_others_may_enter_is_refused(togo: Office, folder: str, mode: int) -> None:
    """State, quarantine and spool are 0700: a looser folder is refused at start, with the command that mends it."""
    loose = togo.home / "state" / folder
    loose.mkdir(exist_ok=True)
    loose.chmod(mode)
    is_refused(togo, "S095", loose)
    loose.chmod(0o700)
    well(togo.run("edi-send"))
    assert sent_files(togo, "declarations") == ["a.json"]


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o704])
def test_t36_a_national_folder_that_everybody_may_read_is_refused(togo: Office, mode: int) -> None:
    """Files of the national side are never where every user of the machine can read them."""
    loose = togo.home / "national" / "out" / "declarations"
    for folder in (togo.home / "national", loose.parent):
        folder.chmod(0o755)
    loose.chmod(mode)
    is_refused(togo, "S096", loose)
    loose.parent.chmod(0o750)
    well(togo.run("edi-send"))


def test_t36_the_national_system_may_share_its_folders_by_a_group(togo: Office) -> None:
    """A group of our user and the national system's may share the national folders; nobody else reaches them."""
    for folder in sorted((togo.home / "national").rglob("*")):
        if folder.is_dir():
            folder.chmod(0o2770)
    well(togo.run("edi-send"))
    assert sent_files(togo, "declarations") == ["a.json"]


CONFIGURATION: dict[str, Callable[[Office], Path]] = {
    "settings": lambda office: office.settings, "folder": lambda office: office.home,
    "partner": lambda office: office.home / "partners" / "BFDGD.yaml",
    "certificate": lambda office: office.home / "partners" / "BFDGD-authority.crt",
    "partners": lambda office: office.home / "partners"}


@pytest.mark.parametrize("what", CONFIGURATION)
def test_t38_a_configuration_that_everybody_may_write_is_refused(togo: Office, what: str) -> None:
    """Settings, partners' files and their folders that every user may write are refused before they are obeyed."""
    path = CONFIGURATION[what](togo)
    good = stat.S_IMODE(path.stat().st_mode)
    path.chmod(good | stat.S_IWOTH)
    is_refused(togo, "S097", path)
    path.chmod(good)
    well(togo.run("edi-send"))


def test_t38_in_production_a_configuration_that_its_own_user_may_write_is_advised_against(
        togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production the configuration belongs to root; edi config check says so where it does not."""
    settings = load_settings(togo.settings)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert advice(settings) == []
    production = settings.model_copy(update={"environment": "production"})
    assert advice(production) == []
    togo.settings.chmod(0o664)
    assert [(finding.code, finding.values["file"]) for finding in advice(production)] == [("S098", str(togo.settings))]
    monkeypatch.setattr(os, "geteuid", lambda: togo.home.stat().st_uid)
    if togo.home.stat().st_uid:
        assert {finding.code for finding in advice(production)} == {"S098"}


@pytest.mark.parametrize("name", ["quarantine", "claimed"])
def test_t15_a_link_planted_in_the_spool_is_refused_at_start(togo: Office, tmp_path: Path, name: str) -> None:
    """A link in the place of a folder of ours is refused at start; nothing is written through it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder = togo.home / "state" / name
    if folder.exists():
        folder.rename(tmp_path / "moved")
    folder.symlink_to(elsewhere)
    ran = togo.run("edi-send")
    assert (ran.exit, f"{folder}: B002: " in ran.err) == (Exit.PERSON, True), ran.err
    assert list(elsewhere.iterdir()) == []


def test_t15_a_state_folder_of_another_user_is_refused_at_start(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """State that belongs to another user is refused at start."""
    owner = togo.home.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(LocalError) as refused:
        require_fit(load_settings(togo.settings))
    assert refused.value.code == "B007"


def test_t38_config_check_names_what_a_run_would_refuse_on_this_machine(togo: Office) -> None:
    """edi config check names loose modes before a run meets them, and advises without failing."""
    togo.settings.chmod(0o666)
    ran = togo.run("edi", "config", "check")
    assert (ran.exit, f"{togo.settings}: S097: " in ran.err) == (Exit.SETTINGS, True), ran.err
    togo.settings.chmod(0o664)
    togo.settings.write_text(togo.settings.read_text("utf-8").replace("environment: test", "environment: production"))
    ran = togo.run("edi", "config", "check")
    assert f"{togo.settings}: S098: " in ran.err


def test_t14_a_folder_that_is_swapped_for_a_link_while_we_write_leads_nowhere(tmp_path: Path,
                                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are made and renamed below an open folder: who swaps the folder for a link meanwhile gets nothing."""
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    real = os.fchmod

    def swapped(handle: int, mode: int) -> None:
        folder.rename(tmp_path / "moved")
        folder.symlink_to(elsewhere)
        real(handle, mode)

    monkeypatch.setattr(os, "fchmod", swapped)
    write_whole(folder / "name", b"content")
    assert list(elsewhere.iterdir()) == []
    assert {path.name: path.read_bytes() for path in (tmp_path / "moved").iterdir()} == {"name": b"content"}


def test_t14_a_link_that_lies_where_a_file_is_to_be_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """A link planted under the name of a file to come is replaced by the file; what it led to stays as it was."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    (tmp_path / "name").symlink_to(victim)
    write_whole(tmp_path / "name", b"content")
    assert victim.read_bytes() == b"untouched"
    assert stat.S_ISREG((tmp_path / "name").lstat().st_mode)
    assert (tmp_path / "name").read_bytes() == b"content"
