"""Do `edi init`, `edi keys` and `edi config` set a gateway up, tell all faults at once, and spare what exists?"""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.security import fingerprint, load_certificate, make_identity
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.unit.test_cli_files import edi
from tests.unit.test_cli_runs import everything

ANSWERS = ["--gateway", "TGOTR", "--country", "TG", "--time-zone", "Africa/Lome"]


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The settings of a gateway just begun."""
    status, _, err = edi("init", tmp_path / "new", *ANSWERS)
    assert (status, err) == (0, "")
    return tmp_path / "new" / "settings.yaml"


def test_init_makes_settings_that_load_and_folders_for_nobody_else(fresh: Path) -> None:
    settings = load_settings(fresh, partners=False)
    assert (settings.gateway, settings.environment) == ("TGOTR", "test")
    for folder in ("partners", "keys", "state", "national/out/declarations", "national/out/events", "national/in"):
        path = fresh.parent / folder
        assert (path.is_dir(), stat.S_IMODE(path.stat().st_mode)) == (True, 0o700), folder


def test_init_prints_cron_lines_with_real_paths(tmp_path: Path) -> None:
    _, out, _ = edi("init", tmp_path / "x y", *ANSWERS)
    lines = [line.strip() for line in out.splitlines() if "/5 * * * *" in line]
    assert [line.split()[-1].rpartition("/")[2] for line in lines] == ["edi-send", "edi-receive"]
    assert all(f"EDI_CONFIG='{tmp_path / 'x y' / 'settings.yaml'}'" in line for line in lines)


def test_init_prints_the_daily_line_that_keeps_nothing_in_clear_for_longer_than_the_settings_say(
        tmp_path: Path) -> None:
    _, out, _ = edi("init", tmp_path / "x", *ANSWERS)
    (line,) = [line for line in out.splitlines() if line.endswith(" retention")]
    assert line.strip().startswith(f"17 3 * * * EDI_CONFIG={tmp_path / 'x' / 'settings.yaml'} /")


def test_init_prints_timers_whose_mail_is_only_of_what_is_amiss(tmp_path: Path) -> None:
    _, out, _ = edi("init", tmp_path / "x", *ANSWERS)
    timers = [line.strip() for line in out.splitlines() if line.endswith(">/dev/null")]
    called = ("keys crl", "keys check", "report", "backup")
    assert [word for line in timers for word in called if f" {word} " in line] == list(called)
    assert len(timers) == len(called)


def test_init_never_writes_over_a_gateway(fresh: Path, tmp_path: Path) -> None:
    before = everything(tmp_path)
    status, out, err = edi("init", fresh.parent, *ANSWERS)
    assert (status, out, err.split(":")[0]) == (1, "", "C003")
    assert everything(tmp_path) == before


def test_init_with_an_impossible_answer_leaves_no_settings(tmp_path: Path) -> None:
    status, out, err = edi("init", tmp_path / "new", "--gateway", "not an id", "--country", "TG", "--time-zone",
                           "Africa/Lome")
    assert (status, out) == (3, "")
    assert "settings.yaml:" in err
    assert not (tmp_path / "new" / "settings.yaml").exists()


def test_keys_are_made_once_and_told_with_their_fingerprints(fresh: Path) -> None:
    status, out, err = edi("keys", "init", "--config", fresh, "--json")
    line = checked("keys-init", out)[0]
    assert (status, err, line["folder"]) == (0, "", str(fresh.parent / "keys"))
    for part in ("authority", "signing", "encryption"):
        certificate = load_certificate(fresh.parent / "keys" / f"{part}.crt")
        assert (line[part]["sha256"], line[part]["fingerprint"]) == (certificate.sha256, fingerprint(certificate))
    private = [path for path in (fresh.parent / "keys").rglob("*") if path.suffix == ".key" or path.name == "ssh"]
    assert private
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    before = everything(fresh.parent)
    status, out, err = edi("keys", "init", "--config", fresh, "--json")
    assert (status, out, json.loads(err.splitlines()[-1])["code"]) == (1, "", "K007")
    assert everything(fresh.parent) == before


@pytest.mark.parametrize(("since", "days", "level", "status"), [
    (0, 365, "ok", 0), (0, 50, "notice", 0), (0, 20, "warning", 1), (0, 6, "urgent", 1), (-30, 20, "expired", 5),
    (3, 100, "early", 5)])
def test_keys_check_turns_the_end_of_a_certificate_into_an_exit_status(since: int, days: int, level: str, status: int,
                                                                       fresh: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(days=since)
    make_identity(fresh.parent / "keys", gateway="TGOTR", environment="test", now=now, valid=timedelta(days=days),
                  passphrase=None)
    told = edi("keys", "check", "--config", fresh, "--json")
    lines = checked("keys-check", told[1])
    assert (told[0], told[2]) == (status, "")
    assert level in {line["level"] for line in lines[:-1]}
    assert lines[-1] == {"schema": 1, "kind": "summary", "count": 3, "exit": status}
    assert edi("keys", "check", "--config", fresh)[0] == status


@pytest.fixture
def world(tmp_path: Path) -> list[Office]:
    """Three offices."""
    return offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))


def test_sound_settings_are_said_to_be_so(world: list[Office]) -> None:
    told = world[0].run("edi", "config", "check")
    assert (told.exit, told.err) == (0, "")
    assert told.out.startswith(f"{world[0].settings}: settings valid, 2 partners, ")
    line = checked("config-check", world[0].run("edi", "config", "check", "--json").out)[0]
    assert (line["ok"], line["partners"], line["findings"]) == (True, 2, [])


def test_all_faults_of_two_partners_and_a_mapping_are_told_at_once_with_their_places(world: list[Office],
                                                                                     tmp_path: Path) -> None:
    togo = world[0]
    folder = togo.home / "partners"
    for name, wrong in (("BFDGD", ("contrl: 30m", "contrl: soon")), ("MLDGD", ("country: ML", "country: Mali"))):
        path = folder / f"{name}.yaml"
        text = path.read_text("utf-8")
        assert wrong[0] in text
        path.write_text(text.replace(*wrong), "utf-8")
    mappings = tmp_path / "mappings"
    (mappings / "corridors" / "tg-xx").mkdir(parents=True)
    (mappings / "corridors" / "tg-xx" / "corridor.yaml").write_text("format: '1'\ncorridor: tg-xx\nname: 7\n", "utf-8")
    text = togo.settings.read_text("utf-8")
    changed = text.replace("\npaths:", f"\npaths:\n  mappings: [{mappings}]", 1)
    assert changed != text
    togo.settings.write_text(changed, "utf-8")
    told = togo.run("edi", "config", "check", "--json")
    line = checked("config-check", told.out)[0]
    assert (told.exit, line["ok"]) == (3, False)
    files = {Path(finding["file"] or "").name for finding in line["findings"]}
    assert {"BFDGD.yaml", "MLDGD.yaml"} <= files, told.err
    assert any("tg-xx" in (finding["file"] or "") for finding in line["findings"]), told.err
    placed = [finding for finding in line["findings"] if finding["file"] and finding["line"]]
    for finding in placed:
        assert f"{finding['file']}:{finding['line']}:{finding['column']}: {finding['code']}: " in told.err
    assert len(placed) >= 3


def test_absent_settings_are_3_with_the_name_of_the_file(tmp_path: Path) -> None:
    for words in (["config", "check"], ["config", "show"], ["keys", "check"], ["status"]):
        status, out, err = edi(*words, "--config", tmp_path / "none.yaml", "--json")
        assert (status, [line for line in out.splitlines() if '"ok": true' in line]) == (3, []), words
        assert "none.yaml" in err


def test_every_effective_value_is_shown_with_its_origin(world: list[Office]) -> None:
    lines = checked("config-show", world[0].run("edi", "config", "show", "--json").out)
    shown = {line["key"]: line for line in lines[:-1]}
    assert lines[-1]["count"] == len(shown)
    assert shown["gateway"]["value"] == "TGOTR"
    assert shown["gateway"]["origin"].startswith(f"{world[0].settings}:")
    assert any(line["origin"] is None for line in shown.values())
    told = world[0].run("edi", "config", "show")
    assert (told.exit, told.err) == (0, "")
    assert len(told.out.splitlines()) == len(lines)
    assert "PRIVATE KEY" not in told.out
