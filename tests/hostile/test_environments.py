"""Can keys or interchanges of tests get into production, or the other way round, by any way in?

The environment stands in the settings, in every certificate (a unit and an extended key usage), in a pack, and in UNB
0035; where two of them differ nothing is exchanged.
"""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.config import load_settings
from gateway.exchange.introduction import MANIFEST, SIGNATURE
from gateway.exchange.pack_archive import archive, unarchive
from gateway.exchange.summary import Exit
from gateway.security import KEYS, Certificate, load_certificate, load_signer, make_identity
from gateway.security.attestation import attest
from gateway.security.issuing import issue
from gateway.security.key_notice import KeyNotice, key_notice_payload
from tests.tools.malice import Puppet, codes, refused
from tests.tools.newcomers import NAMES, PEOPLE, edi, left, new_gateway, pack_of, public_folder
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration, declaration_json, numbered_mrn

NOW = datetime.now(UTC).replace(microsecond=0)
LIFE = timedelta(days=30)
PAIRS = [pair for pair in itertools.product(("demo", "test", "production"), repeat=2) if pair[0] != pair[1]]


def in_settings(office: Office, environment: str) -> None:
    """Somebody changes the environment in the settings file."""
    text = office.settings.read_text("utf-8")
    changed = re.sub(r"(?m)^environment: \w+$", f"environment: {environment}", text)
    office.settings.write_text(changed, "utf-8")


def in_partner(office: Office, partner: str, folder: Path) -> None:
    """Somebody exchanges the partner's certificates in its file for those of a folder, past `edi partner import`."""
    file = office.home / "partners" / f"{partner}.yaml"
    text = file.read_text("utf-8")
    for use in ("authority", "signing", "encryption"):
        path = office.home / "partners" / f"{partner}-{use}.crt"
        text = text.replace(load_certificate(path).sha256, load_certificate(folder / f"{use}.crt").sha256)
        path.write_bytes((folder / f"{use}.crt").read_bytes())
    file.write_text(text, "utf-8")


def uploaded(office: Office) -> list[Path]:
    """What lies in any mailbox."""
    return [path for path in office.mail.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("made", "said"), [pair for pair in PAIRS if "demo" not in pair])
def test_t38_keys_of_another_environment_stop_the_gateway_that_holds_them(tmp_path: Path, made: str, said: str) -> None:
    """Own keys that were made for another environment than the settings name stop every run (K024); nothing leaves."""
    togo, burkina = offices(tmp_path, environment=made)
    in_settings(togo, said)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    ran = togo.run("edi-send")
    assert (ran.exit, "K024" in codes(ran), uploaded(burkina)) == (Exit.TRUST, True, [])
    malice = Puppet(burkina, togo)
    malice.send(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))), test=indicator(said))
    ran = togo.run("edi-receive")
    assert (ran.exit, "K024" in codes(ran), togo.inbox("declarations")) == (Exit.TRUST, True, {}), ran.err
    status, _, err = edi("partner", "pack", "-o", tmp_path / "pack.tar", "--name-fr", "x", "--name-en", "x", "--config",
                         togo.settings)
    assert (status, "K024: " in err, (tmp_path / "pack.tar").exists()) == (Exit.TRUST, True, False)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_t38_no_import_lets_a_certificate_of_another_environment_in(tmp_path: Path, ours: str, theirs: str) -> None:
    """An import of plain files of another environment is refused (E_CERT_USAGE) and leaves nothing behind."""
    home = tmp_path / "togo"
    made = "production" if ours == "production" else "test"  # what `edi init` offers
    settings = new_gateway(home, "TGOTR", "TG", made)
    if ours == "demo":
        settings.write_text(settings.read_text("utf-8").replace("environment: test", "environment: demo"), "utf-8")
    public = public_folder(tmp_path, theirs, NOW, LIFE)
    status, out, err = edi("partner", "import", public, "--partner", "MLDGD", *NAMES, "--outbound", tmp_path / "mail",
                           *PEOPLE, "--config", settings)
    assert (status, out, left(settings)) == (Exit.TRUST, "", []), err
    assert "E_CERT_USAGE: " in err


@pytest.mark.parametrize(("ours", "theirs"), [pair for pair in PAIRS if "demo" not in pair])
def test_t38_no_pack_crosses_between_environments_whatever_it_says_of_itself(tmp_path: Path, ours: str,
                                                                            theirs: str) -> None:
    """A pack of another environment is refused, and so is one that claims ours, or whose certificates are ours."""
    togo = new_gateway(tmp_path / "togo", "TGOTR", "TG", ours)
    mali = new_gateway(tmp_path / "mali", "MLDGD", "ML", theirs)
    true = unarchive(pack_of(mali, tmp_path / "pack.tar").read_bytes())
    ours_too = new_gateway(tmp_path / "same", "MLDGD", "ML", ours)
    alike = unarchive(pack_of(ours_too, tmp_path / "alike.tar").read_bytes())
    for number, (pack, code) in enumerate([
        (true, "E_CERT_USAGE"), (claiming(true, mali, ours), "E_CERT_USAGE"),
        (claiming(alike, ours_too, theirs), "X102"),
    ]):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(archive(pack))
        status, out, err = edi("partner", "import", path, "--outbound", tmp_path / "mail", *PEOPLE, "--config", togo)
        assert (out, left(togo), f"{code}: " in err) == ("", [], True), err
        assert status != 0


def claiming(pack: dict[str, bytes], settings: Path, environment: str) -> dict[str, bytes]:
    """A pack that says another environment of itself, signed as it should be."""
    manifest = re.sub(rb"(?m)^environment: \w+$", b"environment: " + environment.encode(), pack[MANIFEST])
    keys = settings.parent / "keys"
    signer = load_signer(keys / "signing.key", keys / "signing.crt", None)
    return {**pack, MANIFEST: manifest, SIGNATURE: attest(manifest, signer, datetime.now(UTC))}


def test_t38_a_partners_file_of_another_environment_stops_the_exchange_with_it(tmp_path: Path) -> None:
    """A partner whose file names another environment is broken (S077): nothing is exchanged with it."""
    togo, burkina = offices(tmp_path)
    file = togo.home / "partners" / "BFDGD.yaml"
    file.write_text(re.sub(r"(?m)^partner: BFDGD$", "partner: BFDGD\nenvironment: production",
                           file.read_text("utf-8")), "utf-8")
    togo.drop("declarations", {"a.json": declaration_json("A")})
    ran = togo.run("edi-send")
    assert (ran.exit, "S077: " in ran.err) == (Exit.SETTINGS, True)
    assert uploaded(burkina) == []


@pytest.mark.parametrize(("ours", "theirs"), [("production", "test"), ("test", "production"), ("production", "demo")])
def test_t38_certificates_of_another_environment_written_into_a_partners_file_do_not_count(
        tmp_path: Path, ours: str, theirs: str) -> None:
    """Written in by hand, such a certificate does not count: nothing is sealed to it, nothing accepted of it."""
    togo, burkina = offices(tmp_path, environment=ours)
    foreign = make_identity(tmp_path / "foreign", gateway="BFDGD", environment=theirs, now=NOW, valid=LIFE,
                            passphrase=None).folder
    malice = Puppet(togo, burkina)
    in_partner(togo, "BFDGD", foreign)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    ran = togo.run("edi-send")
    assert (ran.exit, "K021" in codes(ran), "E_CERT_USAGE" in codes(ran)) == (Exit.TRUST, True, True), ran.err
    assert uploaded(burkina) == []
    status, out, _ = edi("partner", "test", "BFDGD", "--config", togo.settings, "--json")
    verdicts = {line["name"]: line["verdict"] for line in checked("partner-test", out) if line["kind"] == "check"}
    assert (status, verdicts["certificates"], verdicts["seal"]) == (Exit.TRUST, "failed", "failed")
    # the other way: Burkina Faso holds such certificates for Togo, and Togo signs with them
    foreign_togo = make_identity(tmp_path / "foreign-togo", gateway="TGOTR", environment=theirs, now=NOW, valid=LIFE,
                                 passphrase=None).folder
    in_partner(burkina, "TGOTR", foreign_togo)
    signer = load_signer(foreign_togo / "signing.key", foreign_togo / "signing.crt", None)
    sealed = malice.seal(malice.interchange(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))),
                                            test=indicator(ours)), signer=signer)
    malice.put(sealed.content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_CERT_USAGE", place=f"TGOTR/{sealed.name}")
    assert burkina.inbox("declarations") == {}


@pytest.mark.parametrize("environment", ["demo", "test", "production"])
def test_t38_the_test_indicator_of_an_interchange_fits_the_environment_or_it_is_refused(tmp_path: Path,
                                                                                        environment: str) -> None:
    """UNB 0035 is 1 everywhere but in production, where it is absent; the other is E_TEST_FLAG and nothing happens."""
    togo, burkina = offices(tmp_path, environment=environment)
    malice = Puppet(togo, burkina)
    right = indicator(environment)
    for number, flag in enumerate((None if right else "1", right), 1):
        malice.put(malice.seal(malice.interchange(malice.cusdec(declaration(f"T-{number}", mrn=numbered_mrn(number))),
                                                  test=flag)).content)
    ran = burkina.run("edi-receive")
    refused(ran, Exit.TRUST, "E_TEST_FLAG", place="interchange TGOTR 1")
    assert (ran.counts["messages_accepted"], len(burkina.inbox("declarations"))) == (1, 1)


def indicator(environment: str) -> str | None:
    """UNB 0035 as it must be."""
    return None if environment == "production" else "1"


@pytest.mark.parametrize(("ours", "theirs"), [("production", "test"), ("test", "production")])
def test_t38_no_announcement_brings_in_a_certificate_of_another_environment(tmp_path: Path, ours: str,
                                                                            theirs: str) -> None:
    """A keys object, signed as it should be, with a certificate of another environment is refused: E_PAYLOAD."""
    togo, burkina = offices(tmp_path, environment=ours)
    malice = Puppet(togo, burkina)
    for environment, expected in ((ours, Exit.DONE), (theirs, Exit.TRUST)):
        notice = KeyNotice(use="signing", replaces=load_certificate(malice.key("signing.crt")).sha256,
                           use_from=NOW + timedelta(days=31), accept_old_until=NOW + timedelta(days=50),
                           certificate=next_certificate(togo, environment))
        malice.put(malice.seal(key_notice_payload(notice), kind=KEYS, filename="keys.txt").content)
        ran = burkina.run("edi-receive")
        assert (ran.exit, "E_PAYLOAD" in codes(ran)) == (expected, expected is Exit.TRUST), ran.err
        _, out, _ = edi("partner", "show", "TGOTR", "--config", burkina.settings, "--json")
        held = [one["sha256"] for one in checked("partner-show", out)[0]["certificates"]]
        assert (notice.certificate.sha256 in held) is (expected is Exit.DONE)


def next_certificate(office: Office, environment: str) -> Certificate:
    """A next signing certificate of an office, by its own authority, with the mark of an environment."""
    key = load_pem_private_key((office.home / "keys" / "authority.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return issue(key, load_certificate(office.home / "keys" / "authority.crt"),
                 ec.generate_private_key(ec.SECP256R1()), gateway=office.name, environment=environment, use="signing",
                 start=NOW - timedelta(hours=1), end=NOW + timedelta(days=55))


def test_the_settings_of_the_offices_are_what_these_tests_take_them_for(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path, environment="production")
    assert load_settings(togo.settings).environment == "production"
    in_settings(togo, "test")
    assert load_settings(togo.settings).environment == "test"
