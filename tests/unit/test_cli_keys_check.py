"""Does `edi keys check` show all that trust rests on, and leave files that monitoring and calendars may read?"""

from __future__ import annotations

import json
import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.security import load_certificate
from tests.tools.command import command
from tests.tools.listed import Listed, listed
from tests.tools.outputs import checked
from tests.unit.test_config_settings import HOST_KEY

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> Listed:
    return listed(tmp_path, revocation="TGOTR.crl")


def check(world: Listed, *words: str) -> tuple[int, list[dict[str, object]]]:
    told = world.burkina.run("edi", "keys", "check", *words, "--json")
    assert told.err == ""
    return told.exit, checked("keys-check", told.out)


def put(world: Listed, content: bytes) -> None:
    (world.burkina.home / "partners" / "TGOTR.crl").write_bytes(content)


def test_ours_come_first_then_each_partners_with_its_list_and_host_keys(world: Listed) -> None:
    put(world, world.crl(number=5))
    file = world.burkina.home / "partners" / "TGOTR.yaml"
    text = file.read_text("utf-8")
    box = text[text.index("  outbound:"):text.index("  inbound:")]
    file.write_text(text.replace(box, f"  outbound:\n    kind: sftp\n    host: h\n    user: u\n    key: ../keys/ssh\n"
                                      f"    host_keys: [\"{HOST_KEY}\"]\n    base: v1\n"), "utf-8")
    status, lines = check(world)
    assert status == 1  # the certificates of the tests last a month
    assert [(line["kind"], line.get("owner"), line.get("use")) for line in lines] == [
        *[("certificate", owner, use) for owner, use in (
            ("BFDGD", "authority"), ("BFDGD", "signing"), ("BFDGD", "encryption"), ("TGOTR", "authority"),
            ("TGOTR", "signing"), ("TGOTR", "encryption"))],
        ("list", "TGOTR", "list"), ("host-key", "TGOTR", "host-key"), ("summary", None, None)]
    assert (lines[-3]["number"], lines[-3]["level"], lines[-2]["ends"]) == ("5", "ok", None)
    public = world.burkina.home / "host.pub"
    public.write_text(HOST_KEY + "\n", "ascii")
    told = subprocess.run(["ssh-keygen", "-lf", public], capture_output=True, text=True, check=True).stdout
    assert lines[-2]["fingerprint"] == told.split()[1]


@pytest.mark.parametrize(("content", "level", "threshold"), [
    ("missing", "expired", 0), ("ended", "expired", 0), ("grace", "urgent", 0), ("last day", "urgent", 1)])
def test_a_list_that_is_missing_or_over_is_told_before_files_are_refused(world: Listed, content: str, level: str,
                                                                         threshold: int) -> None:
    if content != "missing":
        end = {"ended": -25, "grace": -1, "last day": 20}[content]
        put(world, world.crl(start=-150 * HOUR, end=end * HOUR))
    status, lines = check(world)
    (line,) = [line for line in lines if line["kind"] == "list"]
    assert (line["level"], line["threshold"], status) == (level, threshold, 5 if level == "expired" else 1)
    text = world.burkina.run("edi", "keys", "check").out
    assert {"expired": "expired", "urgent": "admitted" if content == "grace" else "within 7 days"}[level] in text


def test_what_needs_somebody_is_told_on_stderr_with_what_to_do_and_the_rest_is_not(world: Listed) -> None:
    told = world.burkina.run("edi", "keys", "check")
    codes = [line.split(":")[0] for line in told.err.splitlines() if line.startswith("K")]
    assert codes == ["K096"] * 4 + ["K098"]  # both pairs of certificates end within a month; the list is missing
    assert "edi keys crl --partner TGOTR" in told.err
    assert len(told.out.splitlines()) == 1 + 7
    put(world, world.crl())
    assert "K098" not in world.burkina.run("edi", "keys", "check").err


@pytest.mark.parametrize("owner", ["TGOTR", "own"])
def test_a_revoked_certificate_without_a_successor_has_expired(world: Listed, owner: str) -> None:
    put(world, world.crl())
    office = world.burkina if owner == "TGOTR" else world.togo
    certificate = load_certificate(world.togo.home / "keys" / "signing.crt")
    told = office.run("edi", "keys", "revoke", owner, certificate.sha256, "--since", "2026-01-01", "--reason", "stolen",
                      "--by", "A. Person")
    assert told.exit in (0, 1), told.err
    status, out = office.run("edi", "keys", "check", "--json").exit, office.lines("keys", "check")
    levels = {(line["owner"], line["use"]): line["level"] for line in out if line["kind"] == "certificate"}
    assert (status, levels["TGOTR", "signing"], levels["TGOTR", "encryption"]) == (5, "expired", "warning")


def test_our_own_list_is_watched_where_we_publish_one(world: Listed) -> None:
    world.togo.run("edi", "keys", "crl", "--own")
    lines = checked("keys-check", world.togo.run("edi", "keys", "check", "--json").out)
    assert [(line["kind"], line.get("use"), line["level"]) for line in lines[:4]][3] == ("list", "list", "ok")


def test_measurements_and_calendar_are_written_whole_for_others_to_read(world: Listed, tmp_path: Path) -> None:
    put(world, world.crl())
    files = [tmp_path / "edi.prom", tmp_path / "edi.ics"]
    status, _ = check(world, "--metrics", str(files[0]), "--ics", str(files[1]))
    assert status == 1
    assert [f"{stat.S_IMODE(file.stat().st_mode):04o}" for file in files] == ["0644"] * 2
    assert files[0].read_text("utf-8").count("\nedi_trust_level{") == 7
    assert files[1].read_bytes().count(b"BEGIN:VEVENT") == 7
    check(world, "--metrics", str(files[0]), "--ics", str(files[1]))
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["edi.ics", "edi.prom"]


def test_files_are_written_in_the_language_of_the_run(world: Listed, tmp_path: Path) -> None:
    for lang, word in (("fr", "autorité"), ("en", "authority")):
        file = tmp_path / f"{lang}.ics"
        command("keys", "check", "--ics", file, "--config", world.togo.settings, lang=lang)
        assert word in file.read_bytes().replace(b"\r\n ", b"").decode("utf-8")


def test_a_file_that_cannot_be_written_is_told_and_is_no_all_clear(world: Listed, tmp_path: Path) -> None:
    told = world.togo.run("edi", "keys", "check", "--metrics", str(tmp_path / "none" / "x.prom"), "--json")
    assert (told.exit, told.out, json.loads(told.err.splitlines()[-1])["code"]) == (1, "", "B006")
