"""Does `edi partner add` make of public files and an agreement a partner that the gateway trusts, or leave nothing?"""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.entry import run as run_program
from gateway.config import DirectoryMailbox, SftpMailbox, load_settings
from gateway.security import fingerprint, load_certificate, make_identity
from tests.unit.test_config_settings import HOST_KEY

NOW = datetime.now(UTC).replace(microsecond=0)
NAMES = ["--country", "ML", "--name-fr", "Douanes du Mali", "--name-en", "Mali customs"]


def edi(*words: object, lang: str = "en") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run_program("edi", [*map(str, words), "--lang", lang])
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def togo(tmp_path: Path) -> Path:
    """The settings of a new gateway, as the commands make it."""
    home = tmp_path / "togo"
    assert edi("init", home, "--gateway", "TGOTR", "--country", "TG", "--time-zone", "Africa/Lome")[0] == 0
    settings = home / "settings.yaml"
    assert edi("keys", "init", "--config", settings)[0] == 0
    return settings


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """What Mali sent."""
    return partner_files(tmp_path, "test", NOW, timedelta(days=30))


def partner_files(root: Path, environment: str, now: datetime, valid: timedelta) -> Path:
    return make_identity(root / "mali", gateway="MLDGD", environment=environment, now=now, valid=valid,
                         passphrase=None).folder / "public"


def add(togo: Path, public: Path, *words: object, lang: str = "en") -> tuple[int, str, str]:
    return edi("partner", "add", "MLDGD", "--folder", public, *NAMES, *words, "--config", togo, lang=lang)


def left(togo: Path) -> list[str]:
    return sorted(path.name for path in (togo.parent / "partners").iterdir())


def test_a_partner_with_folders_is_written_and_its_fingerprints_are_told(togo: Path, public: Path,
                                                                         tmp_path: Path) -> None:
    status, out, err = add(togo, public, "--outbound", tmp_path / "mail", "--agreement", "TG-ML-2026-01",
                           "--contact", "Awa Traoré", "+223 20 00 00 00", "edi@example.ml")
    assert status == 0, err
    assert left(togo) == ["MLDGD-authority.crt", "MLDGD-encryption.crt", "MLDGD-signing.crt", "MLDGD-ssh.pub",
                          "MLDGD.yaml"]
    partner = load_settings(togo).partners["MLDGD"]
    assert partner.mailbox.outbound == DirectoryMailbox(kind="directory", path=tmp_path / "mail")
    assert partner.mailbox.inbound == DirectoryMailbox(
        kind="directory", path=togo.parent / "mailbox" / "MLDGD" / "v1" / "in")
    assert (partner.environment, partner.agreement.reference) == ("test", "TG-ML-2026-01")
    assert partner.contact is not None
    assert (partner.contact.name, partner.contact.telephone) == ("Awa Traoré", "+223 20 00 00 00")
    assert {(entry.from_, entry.until) for entry in partner.certificates} == {
        (NOW - timedelta(hours=1), NOW + timedelta(days=30))}
    shown = [fingerprint(load_certificate(public / f"{use}.crt")) for use in ("authority", "signing", "encryption")]
    assert [line.partition(": ")[2][:39] for line in out.splitlines()] == shown
    assert "by voice with MLDGD" in err
    assert edi("config", "check", "--config", togo)[0] == 0


def test_an_sftp_address_becomes_a_mailbox_with_pinned_host_keys(togo: Path, public: Path, tmp_path: Path) -> None:
    scanned = tmp_path / "keys"
    scanned.write_text(f"# edi.example.ml:22 SSH-2.0\nedi.example.ml {HOST_KEY}\n{HOST_KEY} a comment\n\n", "utf-8")
    status, _, err = add(togo, public, "--outbound", "sftp://TGOTR@edi.example.ml:2222/v1/in", "--host-keys", scanned)
    assert status == 0, err
    assert load_settings(togo).partners["MLDGD"].mailbox.outbound == SftpMailbox(
        kind="sftp", host="edi.example.ml", port=2222, user="TGOTR", key=togo.parent / "keys" / "ssh",
        host_keys=(HOST_KEY,), base="v1/in")


@pytest.mark.parametrize(("address", "code"), [
    ("sftp://edi.example.ml/v1/in", "C008"), ("sftp://a:secret@edi.example.ml/v1/in", "C008"),
    ("sftp://TGOTR@edi.example.ml", "C008"), ("sftp://TGOTR@edi.example.ml/v1/in", "C009")])
def test_an_address_without_account_folder_or_host_keys_is_refused(togo: Path, public: Path, address: str,
                                                                   code: str) -> None:
    status, out, err = add(togo, public, "--outbound", address)
    assert (status, out, err[:6], left(togo)) == (1, "", f"{code}: ", [])


def test_a_partner_that_exists_is_left_alone(togo: Path, public: Path, tmp_path: Path) -> None:
    assert add(togo, public, "--outbound", tmp_path / "mail")[0] == 0
    before = (togo.parent / "partners" / "MLDGD.yaml").read_bytes()
    status, out, err = add(togo, public, "--outbound", tmp_path / "other")
    assert (status, out, err[:6]) == (1, "", "C007: ")
    assert (togo.parent / "partners" / "MLDGD.yaml").read_bytes() == before


@pytest.mark.parametrize("name", ["authority.crt", "signing.crt", "encryption.crt"])
def test_a_file_that_is_missing_is_named_and_nothing_stays_behind(togo: Path, public: Path, tmp_path: Path,
                                                                  name: str) -> None:
    (public / name).unlink()
    status, _, err = add(togo, public, "--outbound", tmp_path / "mail")
    assert (status, err[:6], left(togo)) == (1, "C001: ", [])
    assert str(public / name) in err


def test_a_name_that_is_no_gateway_name_touches_no_file(togo: Path, public: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    status, _, err = edi("partner", "add", "../MLDGD", "--folder", public, *NAMES, "--outbound", tmp_path / "mail",
                         "--config", togo)
    assert (status, err[:6], sorted(tmp_path.rglob("*"))) == (3, "S059: ", before)


@pytest.mark.parametrize(("environment", "made", "valid", "expected"), [
    ("production", NOW, timedelta(days=30), (5, "E_CERT_USAGE")),
    ("demo", NOW, timedelta(days=30), (5, "E_CERT_USAGE")),
    ("test", NOW - timedelta(days=9), timedelta(days=8), (1, "C010: ")),
    ("test", NOW + timedelta(days=2), timedelta(days=8), (1, "C010: "))],
    ids=["production", "demo", "expired", "not yet valid"])
def test_certificates_that_could_not_be_used_today_are_refused(
        togo: Path, tmp_path: Path, environment: str, made: datetime, valid: timedelta,
        expected: tuple[int, str]) -> None:
    public = partner_files(tmp_path, environment, made, valid)
    status, out, err = add(togo, public, "--outbound", tmp_path / "mail")
    assert (status, out, left(togo)) == (expected[0], "", []), err
    assert expected[1] in err


def test_the_command_speaks_french_and_json(togo: Path, public: Path, tmp_path: Path) -> None:
    status, out, err = add(togo, public, "--outbound", tmp_path / "mail", "--json")
    told = json.loads(out)
    assert (status, err, told["schema"], told["kind"], told["partner"]) == (0, "", 1, "partner", "MLDGD")
    Path(told["file"]).unlink()
    status, _, err = add(togo, public, "--outbound", tmp_path / "mail", lang="fr")
    assert status == 0
    assert "comparer ces empreintes de vive voix avec MLDGD" in err
