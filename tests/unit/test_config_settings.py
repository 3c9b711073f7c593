"""Are settings and partners read whole, judged whole, and is every value explained?"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from gateway import config
from gateway.config import Settings, load_settings, resolved
from gateway.config.partner import Agreement, Contact, DirectoryMailbox, SftpMailbox
from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.security import algorithms

ROOT = Path(__file__).parents[2]
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0fXo3nYJyT4m0Yj0T0m5bq3a3S9Vw4m0hYy0T2h5q"
DATES = "from: 2026-11-01T00:00:00Z, until: 2027-11-01T00:00:00Z"
SFTP = ('kind: sftp, host: 127.0.0.1, port: 40713, user: TGOTR, key: ../keys/ssh, '
        f'host_keys: ["{HOST_KEY}"], base: v1/in')
SHORT = """\
format: "1"
gateway: TGOTR
environment: demo
country: TG
time_zone: Africa/Lome
unb: {identifier: TGOTR, qualifier: ZZZ}
keys:
  authority: keys/authority.crt
  signing: {key: keys/signing.key, certificate: keys/signing.crt}
  encryption: [{key: keys/encryption.key, certificate: keys/encryption.crt}]
"""
FULL = SHORT + """\
language: en
paths: {state: var/state, national: /srv/national, partners: partners, keys: keys, mappings: [mappings, ../shared]}
ledger: sqlite:///var/ledger.sqlite
national:
  declarations: [{match: "*.xml", dialect: tgotr/asycuda}, {match: "*.json", dialect: neutral/json}]
  events: [{match: "*.json", dialect: neutral/event-json}]
  inbox: {declarations: tgotr/asycuda, events: neutral/event-json}
  twin_wait: 45m
acceptance: national
limits: {messages_per_interchange: 100, run: 10m, file: 16MiB}
"""
PARTNER = f"""\
format: "1"
partner: BFDGD
name: {{fr: Direction générale des douanes du Burkina Faso, en: Burkina Faso customs}}
country: BF
unb: {{identifier: BFDGD, qualifier: ZZZ}}
authority: {{certificate: BFDGD-authority.crt, revocation: none, reason: "demonstration"}}
certificates:
  - {{file: BFDGD-signing.crt, sha256: "{'1' * 64}", use: signing, {DATES}}}
  - {{file: BFDGD-encryption.crt, sha256: "{'2' * 64}", use: encryption, {DATES}}}
mailbox:
  outbound: {{{SFTP}}}
  inbound: {{kind: directory, path: ../mailbox/BFDGD/v1/in}}
agreement:
  reference: TG-BF-2026-01
  order: loose
  deadlines: {{receipt: 4h, contrl: 30m, cusres: 2h}}
  algorithms: []
contact: {{name: Cellule transit, telephone: "+226 25 00 00 00", mail: transit@douanes.example}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "partners").mkdir()
    (tmp_path / "edi.yaml").write_text(SHORT, "utf-8")
    (tmp_path / "partners" / "BFDGD.yaml").write_text(PARTNER, "utf-8")
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")


def shown(findings: tuple[Finding, ...] | list[Finding], folder: Path) -> list[tuple[str, str, int | None, int | None]]:
    return [(one.code, str(one.place.file).removeprefix(f"{folder}/"), one.place.line, one.place.column)
            for one in findings]


def broken(folder: Path) -> list[tuple[str, str, int | None, int | None]]:
    with pytest.raises(LocalError) as error:
        load_settings(folder / "edi.yaml", strict=True)
    return shown(list(error.value.findings), folder)


def test_the_whole_settings_file_is_read_and_its_paths_made_absolute(folder: Path) -> None:
    write(folder, "edi.yaml", FULL)
    settings = load_settings(folder / "edi.yaml")
    assert (settings.gateway, settings.environment, settings.language, settings.country, settings.time_zone) == (
        "TGOTR", "demo", "en", "TG", "Africa/Lome")
    assert (settings.unb.identifier, settings.unb.qualifier) == ("TGOTR", "ZZZ")
    assert vars(settings.paths) == {"state": folder / "var/state", "national": Path("/srv/national"),
                                    "partners": folder / "partners", "keys": folder / "keys",
                                    "mappings": (folder / "mappings", folder.parent / "shared")}
    assert settings.ledger == f"sqlite:///{folder}/var/ledger.sqlite"
    assert settings.keys.signing.key == folder / "keys/signing.key"
    assert [pair.certificate for pair in settings.keys.encryption] == [folder / "keys/encryption.crt"]
    assert (settings.keys.authority, settings.keys.passphrase) == (folder / "keys/authority.crt", None)
    assert [(one.match, one.dialect) for one in settings.national.declarations] == [
        ("*.xml", "tgotr/asycuda"), ("*.json", "neutral/json")]
    assert settings.national.inbox.declarations == "tgotr/asycuda"
    assert (settings.national.twin_wait, settings.acceptance) == (timedelta(minutes=45), "national")
    assert (settings.limits.messages_per_interchange, settings.limits.run, settings.limits.file) == (
        100, timedelta(minutes=10), 16 << 20)
    assert (settings.file, settings.folder) == (folder / "edi.yaml", folder)


def test_what_is_left_out_has_its_default(folder: Path) -> None:
    settings = load_settings(folder / "edi.yaml")
    assert vars(settings.paths) == {"state": folder / "state", "national": folder / "national",
                                    "partners": folder / "partners", "keys": folder / "keys", "mappings": ()}
    assert settings.ledger == f"sqlite:///{folder}/state/ledger.sqlite"
    assert (settings.language, settings.acceptance, settings.national.twin_wait) == (
        "fr", "automatic", timedelta(minutes=30))
    assert (settings.limits.run, settings.limits.file) == (timedelta(minutes=15), 32 << 20)


def test_a_partner_is_read_with_everything_that_was_agreed(folder: Path) -> None:
    partner = load_settings(folder / "edi.yaml").partners["BFDGD"]
    assert (partner.partner, partner.name.fr, partner.name.en, partner.country, partner.unb.identifier) == (
        "BFDGD", "Direction générale des douanes du Burkina Faso", "Burkina Faso customs", "BF", "BFDGD")
    assert dict(partner.authority) == {"certificate": folder / "partners/BFDGD-authority.crt", "revocation": None,
                                       "address": None, "grace": timedelta(hours=24), "reason": "demonstration"}
    assert [(one.file.name, one.sha256, one.use, one.from_, one.until) for one in partner.certificates] == [
        (f"BFDGD-{use}.crt", digit * 64, use, datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
        for use, digit in (("signing", "1"), ("encryption", "2"))]
    assert partner.mailbox.outbound == SftpMailbox(kind="sftp", host="127.0.0.1", port=40713, user="TGOTR",
                                                   key=folder / "keys/ssh", host_keys=(HOST_KEY,), base="v1/in")
    assert partner.mailbox.inbound == DirectoryMailbox(kind="directory", path=folder / "mailbox/BFDGD/v1/in")
    assert (partner.agreement.reference, partner.agreement.order, partner.agreement.algorithms) == (
        "TG-BF-2026-01", "loose", ())
    assert dict(partner.agreement.deadlines) == {"receipt": timedelta(hours=4), "contrl": timedelta(minutes=30),
                                                 "cusres": timedelta(hours=2)}
    assert partner.contact == Contact(name="Cellule transit", telephone="+226 25 00 00 00",
                                      mail="transit@douanes.example")


def test_a_revocation_list_is_a_file_beside_the_partners(folder: Path) -> None:
    write(folder, "partners/BFDGD.yaml", PARTNER.replace('none, reason: "demonstration"', "BFDGD.crl"))
    assert load_settings(folder / "edi.yaml").partners["BFDGD"].authority.revocation == folder / "partners/BFDGD.crl"


def test_findings_name_files_as_the_person_typed_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "partners/BFDGD.yaml", PARTNER.replace("country: BF", "country: NO"))
    monkeypatch.chdir(folder.parent)
    with pytest.raises(LocalError) as error:
        load_settings(Path(folder.name) / "edi.yaml", strict=True)
    assert [(one.code, one.place.file, one.place.line) for one in error.value.findings] == [
        ("S050", f"{folder.name}/partners/BFDGD.yaml", 4)]


def test_all_faults_of_all_files_come_at_once(folder: Path) -> None:
    write(folder, "edi.yaml", SHORT.replace("country: TG", "country: TOGO").replace("demo", "prod"))
    write(folder, "partners/BFDGD.yaml", PARTNER.replace("port: 40713", "port: 99999").replace("contact", "contakt"))
    write(folder, "partners/MLDGD.yaml", "format: 1\n\tx: y\n")
    expected = [("S045", "edi.yaml", 3, 14), ("S060", "edi.yaml", 4, 10), ("S052", "partners/BFDGD.yaml", 11, 49),
                ("S041", "partners/BFDGD.yaml", 18, 1), ("S006", "partners/MLDGD.yaml", 2, 1)]
    assert broken(folder) == expected
    with pytest.raises(LocalError) as error:
        load_settings(folder / "edi.yaml")
    assert shown(list(error.value.findings), folder) == expected
    with pytest.raises(LocalError) as error:
        load_settings(folder / "edi.yaml", partners=False)
    assert shown(list(error.value.findings), folder) == expected[:2]


def test_a_broken_partner_is_set_aside_and_the_others_run_on(folder: Path) -> None:
    write(folder, "partners/MLDGD.yaml", PARTNER.replace("BFDGD", "MLDGD").replace("country: BF", "land: ML"))
    settings = load_settings(folder / "edi.yaml")
    assert sorted(settings.partners) == ["BFDGD"]
    assert {name: shown(found, folder) for name, found in settings.broken_partners.items()} == {
        "MLDGD": [("S040", "partners/MLDGD.yaml", 1, 1), ("S048", "partners/MLDGD.yaml", 4, 1)]}
    assert broken(folder) == [("S040", "partners/MLDGD.yaml", 1, 1), ("S048", "partners/MLDGD.yaml", 4, 1)]


def test_before_there_is_a_partner_the_settings_can_be_read_alone(folder: Path) -> None:
    write(folder, "partners/BFDGD.yaml", "nonsense\n")
    settings = load_settings(folder / "edi.yaml", partners=False)
    assert (settings.partners, settings.broken_partners) == ({}, {})


def test_a_partners_folder_that_is_named_must_be_there(folder: Path) -> None:
    write(folder, "edi.yaml", SHORT + "paths: {partners: partnes}\n")
    assert broken(folder) == [("S083", "edi.yaml", 11, 19)]
    (folder / "partners" / "BFDGD.yaml").unlink()
    (folder / "partners").rmdir()
    write(folder, "edi.yaml", SHORT)
    assert load_settings(folder / "edi.yaml", strict=True).partners == {}


P = "partners/BFDGD.yaml"


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("partner: BFDGD", "partner: TGOTR", ["S074 2 TGOTR"]),
    ("partner: BFDGD", "partner: BFDGX", ["S078 2 BFDGX"]),
    ("country: BF", "country: BF\nenvironment: production", ["S077 5 production"]),
    ("unb: {identifier: BFDGD", "unb: {identifier: TGOTR", ["S086 5 TGOTR,"]),
    (', reason: "demonstration"', "", ["S072 6 none}"]),
    ("until: 2027-11-01", "until: 2026-11-01", ["S079 8 2026-11-01T00:00:00Z}", "S079 9 2026-11-01T00:00:00Z}"]),
    ("2" * 64, "1" * 64, []),
    ("use: encryption", "use: signing", ["S081 8 -"]),
    (f'encryption.crt, sha256: "{"2" * 64}", use: encryption', f'signing.crt, sha256: "{"1" * 64}", use: signing',
     ['S080 9 "1111']),
    (SFTP, "kind: directory, path: ../mailbox/BFDGD/v1/in", ["S085 12 {kind:"]),
    (SFTP, "kind: directory, path: ../mailbox/BFDGD/v1/in, mode: suffix", ["S085 12 {kind:"]),
    ("kind: sftp", "kind: sftp, mode: copy", ["S045 11 copy,"]),
    (f'["{HOST_KEY}"]', "[]", ["S046 11 []"]),
    ("port: 40713", "port: 0", ["S052 11 0,"]),
    ("key: ../keys/ssh, ", "", ["S040 11 outbound:"]),
    ("kind: sftp", "kind: ftp", ["S045 11 ftp,"]),
    ("kind: sftp, ", "", ["S040 11 outbound:"]),
    ("algorithms: []", "algorithms: [SHA-1]", ["S045 17 SHA-1]"]),
    ("algorithms: []", "algorithms: [P-384, Ed25519, ECDH-P-384]", []),
    ("order: loose", "order: losse", ["S045 15 losse"]),
    ("receipt: 4h", "receipt: 4", ["S055 16 4,"]),
])
def test_what_does_not_make_sense_is_a_fault_at_the_value_to_blame(folder: Path, old: str, new: str,
                                                                   expected: list[str]) -> None:
    """Each expectation: code, line, and how the text at the place begins."""
    assert old in PARTNER
    text = PARTNER.replace(old, new)
    write(folder, P, text)
    findings = load_settings(folder / "edi.yaml").broken_partners.get("BFDGD", ())
    found = [(one.code, one.place.line or 0, one.place.column or 0) for one in findings]
    words = [text.splitlines()[line - 1][column - 1:] for _, line, column in found]
    assert len(found) == len(expected)
    for (code, line, _), word, wanted in zip(found, words, expected, strict=True):
        assert f"{code} {line} {word}".startswith(wanted)


def test_two_files_of_one_partner_are_both_to_blame(folder: Path) -> None:
    write(folder, "partners/MLDGD.yaml", PARTNER)
    settings = load_settings(folder / "edi.yaml")
    assert settings.partners == {}
    assert {name: [one.code for one in found] for name, found in settings.broken_partners.items()} == {
        "BFDGD": ["S075", "S076"], "MLDGD": ["S078", "S075", "S076"]}
    assert settings.broken_partners["BFDGD"][0].values == {"value": "BFDGD", "other": f"{folder}/partners/MLDGD.yaml"}


def test_a_partner_marked_for_this_environment_is_welcome(folder: Path) -> None:
    write(folder, P, PARTNER + "environment: demo\n")
    assert load_settings(folder / "edi.yaml", strict=True).partners["BFDGD"].environment == "demo"


@pytest.mark.parametrize(("ledger", "expected"), [
    ("sqlite:///x/l.sqlite", None), ("sqlite:////abs/l.sqlite", "sqlite:////abs/l.sqlite"),
    ("postgresql+psycopg://edi@db/ledger", "postgresql+psycopg://edi@db/ledger"),
    ("postgresql://edi:secret@db/ledger", "S073"), ("postgresql://db/ledger?user=a&password=b", "S073"),
    ("postgres://edi:secret@db/ledger", "S073"),
    ("postgresql://edi:se/cret@db/ledger", "S073"), ("postgresql://db/ledger?sslpassword=b", "S073"),
    ("mysql://x/y", "S071"), ("sqlite://", "S071"), ("ledger.sqlite", "S071"), ("sqlite:///", "S071"),
])
def test_the_ledgers_address_is_absolute_and_holds_no_password(folder: Path, ledger: str, expected: str | None) -> None:
    write(folder, "edi.yaml", SHORT + f"ledger: {ledger}\n")
    if expected and expected.startswith("S0"):
        assert broken(folder) == [(expected, "edi.yaml", 11, 9)]
    else:
        assert load_settings(folder / "edi.yaml").ledger == (expected or f"sqlite:///{folder}/x/l.sqlite")


def test_a_size_out_of_bounds_is_said_as_it_is_written(folder: Path) -> None:
    write(folder, "edi.yaml", SHORT + "limits: {file: 64MiB}\n")
    with pytest.raises(LocalError) as error:
        load_settings(folder / "edi.yaml")
    assert [(one.code, one.values) for one in error.value.findings] == [
        ("S052", {"value": "64MiB", "low": "1KiB", "high": "32MiB"})]


def test_no_finding_ever_shows_the_password_of_a_database(folder: Path) -> None:
    write(folder, "edi.yaml", SHORT + "ledger: postgresql://edi:secret@db/ledger\n")
    with pytest.raises(LocalError) as error:
        load_settings(folder / "edi.yaml")
    assert "secret" not in repr(error.value.findings)


def test_every_effective_value_is_shown_with_its_origin(folder: Path) -> None:
    write(folder, "edi.yaml", SHORT + "limits: {run: 10m}\n")
    values = {one.key: (one.text, one.origin) for one in resolved(load_settings(folder / "edi.yaml"))}
    edi, partner = f"{folder}/edi.yaml", f"{folder}/{P}"
    assert values["gateway"] == ("TGOTR", f"{edi}:2")
    assert values["limits.run"] == ("10m", f"{edi}:11")
    assert values["limits.file"] == ("32MiB", None)
    assert values["ledger"] == (f"sqlite:///{folder}/state/ledger.sqlite", None)
    assert values["paths.state"] == (f"{folder}/state", None)
    assert values["paths.mappings"] == ("[]", None)
    assert values["keys.encryption[1].key"] == (f"{folder}/keys/encryption.key", f"{edi}:10")
    assert values["partners.BFDGD.authority.revocation"] == ("none", f"{partner}:6")
    assert values["partners.BFDGD.certificates[2].from"] == ("2026-11-01T00:00:00Z", f"{partner}:9")
    assert values["partners.BFDGD.mailbox.outbound.port"] == ("40713", f"{partner}:11")
    assert values["partners.BFDGD.agreement.deadlines.receipt"] == ("4h", f"{partner}:16")
    assert list(values)[:3] == ["format", "gateway", "environment"]
    assert "keys.passphrase" not in values


def test_settings_are_frozen(folder: Path) -> None:
    settings = load_settings(folder / "edi.yaml")
    assert isinstance(settings, Settings)
    with pytest.raises(Exception, match="frozen"):
        settings.gateway = "X"


def test_the_algorithms_of_an_agreement_are_those_that_the_envelope_knows() -> None:
    words = get_args(get_args(Agreement.model_fields["algorithms"].annotation)[0])
    assert sorted(words) == sorted(one.value for one in algorithms.Agreement)


def test_peeking_at_the_language_loads_no_models(folder: Path) -> None:
    program = ("import sys; from pathlib import Path; from gateway.config import language_of\n"
               "print(language_of(Path(sys.argv[1])), 'pydantic' in sys.modules)")
    write(folder, "edi.yaml", FULL)
    done = subprocess.run([sys.executable, "-c", program, str(folder / "edi.yaml")], cwd=ROOT, capture_output=True,
                          text=True, check=True)
    assert done.stdout == "en False\n"


def test_the_package_gives_each_of_its_names_and_no_other() -> None:
    assert [name for name in config.__all__ if not hasattr(config, name)] == []
    assert not hasattr(config, "load_everything")
