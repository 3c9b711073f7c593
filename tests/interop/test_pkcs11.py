"""Do keys in a PKCS#11 token (SoftHSM) sign and open like keys in files, and does trouble with it lose nothing?"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pkcs11
import pytest

from gateway.config import load_settings
from gateway.errors import LocalError, PartnerError
from gateway.security import file_name, load_decryption_key, load_signer, open_envelope, seal
from gateway.security.privatekeys import Algorithm, kind_of, make_key, private_pem
from gateway.security.token_address import read_address
from tests.tools.identities import NOW, Party, identity
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json
from tests.tools.softhsm import USER_SECRET, Token, token
from tests.unit.test_cli_files import edi

pytestmark = pytest.mark.needs_softhsm

PAYLOAD = b"UNB+UNOC:3+TGOTR+BFDGD+261126:1200+1'UNZ+0+1'"


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """One token for the module: the library reads its configuration once in a process."""
    with pytest.MonkeyPatch.context() as patch:
        yield token(tmp_path_factory.mktemp("softhsm"), patch)


def moved(hsm: Token, party: Party, use: str) -> Path:
    """Move a party's key of one use into the token; its address."""
    label = f"{party.folder.parent.name}-{use}"
    hsm.take(party.folder / f"{use}.key", label, hashlib.sha256(label.encode()).hexdigest()[:16])
    return Path(hsm.address(label=label))


def code(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(LocalError) as caught:
        action()
    return caught.value.code, caught.value.findings[0].values.get("reason", "")


@pytest.mark.parametrize("algorithm", ["ec", "ec384", "rsa", "ed25519"])
def test_an_object_signed_in_the_token_is_one_like_any_other(hsm: Token, tmp_path: Path, algorithm: Algorithm) -> None:
    togo, burkina = identity(tmp_path, "TGOTR", algorithm=algorithm), identity(tmp_path, "BFDGD")
    from_file = togo.signer.identity
    signer = load_signer(moved(hsm, togo, "signing"), togo.folder / "signing.crt", None)
    assert signer.identity == from_file
    sealed = seal(togo.header("BFDGD"), PAYLOAD, signer=signer, recipients=[burkina.identity.encryption],
                  signing_time=NOW)
    opened = open_envelope(sealed.name, sealed.content, recipient="BFDGD", keys=[burkina.key],
                           trust=togo.trust(algorithms=("P-384", "Ed25519")), now=NOW, environment="demo")
    assert (opened.payload, opened.certificate_sha256) == (PAYLOAD, togo.identity.signing.sha256)


@pytest.mark.parametrize("algorithm", ["ec", "ec384"])
def test_an_object_sealed_for_a_key_in_the_token_is_opened(hsm: Token, tmp_path: Path, algorithm: Algorithm) -> None:
    togo, burkina = identity(tmp_path, "TGOTR"), identity(tmp_path, "BFDGD", algorithm=algorithm)
    key = load_decryption_key(moved(hsm, burkina, "encryption"), burkina.folder / "encryption.crt", None)
    sealed = togo.seal_for(burkina, PAYLOAD)

    def opened(content: bytes) -> str:
        try:
            return open_envelope(file_name(content), content, recipient="BFDGD", keys=[key], now=NOW,
                                 trust=togo.trust(algorithms=("ECDH-P-384",)), environment="demo").payload.decode()
        except PartnerError as error:
            return error.code

    assert opened(sealed.content) == PAYLOAD.decode()
    altered = bytearray(sealed.content)
    altered[-1] ^= 1
    assert opened(bytes(altered)) == "E_DECRYPT"
    with pytest.raises(ValueError, match="not for this key"):
        key.decrypt(bytes(384))
    size = 65 if algorithm == "ec" else 97
    with pytest.raises(ValueError):
        key.agree(b"\x04" + b"\x01" * (size - 1))


def test_a_token_that_stops_answering_is_our_trouble_and_not_the_files(hsm: Token, tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = identity(tmp_path, "TGOTR"), identity(tmp_path, "BFDGD")
    key = load_decryption_key(moved(hsm, burkina, "encryption"), burkina.folder / "encryption.crt", None)
    sealed = togo.seal_for(burkina, PAYLOAD)

    def gone(*_: object, **__: object) -> NoReturn:
        raise pkcs11.DeviceRemoved

    monkeypatch.setattr(key, "_key", SimpleNamespace(derive_key=gone))
    assert code(lambda: open_envelope(sealed.name, sealed.content, recipient="BFDGD", keys=[key], trust=togo.trust(),
                                      now=NOW, environment="demo")) == ("K093", "DeviceRemoved")


def test_a_key_is_found_by_its_id_as_well(hsm: Token, tmp_path: Path) -> None:
    togo = identity(tmp_path, "TGOTR")
    hsm.take(togo.folder / "signing.key", "unused-label", "c0ffee01")
    assert load_signer(Path(hsm.address(id="%C0%FF%EE%01")), togo.folder / "signing.crt", None).sign(b"x")


def test_a_key_in_the_token_that_is_not_the_certificates_is_refused(hsm: Token, tmp_path: Path) -> None:
    togo, other = identity(tmp_path / "a", "TGOTR"), identity(tmp_path / "b", "TGOTR")
    address, deciphering = moved(hsm, togo, "signing"), moved(hsm, togo, "encryption")
    assert code(lambda: load_signer(address, other.folder / "signing.crt", None))[0] == "K005"
    assert code(lambda: load_decryption_key(deciphering, other.folder / "encryption.crt", None))[0] == "K005"
    assert code(lambda: load_signer(address, togo.folder / "encryption.crt", None))[0] == "K006"
    assert code(lambda: load_decryption_key(deciphering, togo.folder / "signing.crt", None))[0] == "K006"


def test_an_rsa_decryption_key_stays_out_of_tokens(hsm: Token, tmp_path: Path) -> None:
    party = identity(tmp_path, "TGOTR", algorithm="rsa")
    assert code(lambda: load_decryption_key(Path(hsm.address(label="any")), party.folder / "encryption.crt",
                                            None))[0] == "K094"


def test_what_is_wrong_with_a_token_is_told_and_never_the_pin(hsm: Token, tmp_path: Path) -> None:
    party = identity(tmp_path, "TGOTR")
    certificate, wrong = party.folder / "signing.crt", tmp_path / "wrong-pin"
    wrong.write_text("99999999", "ascii")
    wrong.chmod(0o600)
    open_pin = tmp_path / "open-pin"
    open_pin.write_text(USER_SECRET, "ascii")
    open_pin.chmod(0o644)

    def load(address: str) -> tuple[str, str]:
        return code(lambda: load_signer(Path(address), certificate, None))

    good = hsm.address(label="nothing")
    told = [
        load(good), load(good.replace(hsm.name, "other")),
        load(good.replace("libsofthsm2", "none")), load(hsm.address(label="x", pin=str(open_pin))),
        load(hsm.address(label="x", pin=str(tmp_path / "none"))), load("pkcs11:token=x"),
        load(f"pkcs11:token=x;object=y?module-path=/m&pin-source=/p&pin-value={USER_SECRET}"),
    ]
    assert "none.so" in told[2][1]
    assert [*told[:2], *told[3:]] == [("K093", "NoSuchKey"), ("K093", "NoSuchToken"),
          ("E_KEYFILE", "mode 0644"), ("E_KEYFILE", "absent"), ("K092", ""), ("K092", "")]
    with pytest.raises(LocalError) as caught:
        load_signer(Path(f"pkcs11:token=x?pin-value={USER_SECRET}"), certificate, None)
    assert USER_SECRET not in str(caught.value.findings)
    assert alone(hsm.address(label="x", pin=str(wrong)), certificate) == "K093 PinIncorrect"


def alone(address: str, certificate: Path, before: str = "") -> str:
    """What a process of its own finds wrong with an address."""
    script = f"""
import sys
{before}
from pathlib import Path
from gateway.errors import LocalError
from gateway.security import load_signer
try:
    load_signer(Path(sys.argv[1]), Path(sys.argv[2]), None)
except LocalError as error:
    print(error.code, error.findings[0].values.get("reason", "-"))
"""
    return subprocess.run([sys.executable, "-c", script, address, certificate], capture_output=True, text=True,
                          check=True).stdout.strip()


def test_an_address_is_read_as_its_standard_says(tmp_path: Path) -> None:
    address = read_address(Path("pkcs11:token=My%20token;id=%01%ff;object=a%3Bb?pin-source=file:///srv/pin&module-path=/m.so"))
    assert (address.module, address.token, address.label, address.identifier, address.pin) == (
        "/m.so", "My token", "a;b", b"\x01\xff", Path("/srv/pin"))


def test_two_offices_exchange_while_every_key_of_one_stays_in_its_token(hsm: Token, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    for office in (togo, burkina):
        keep_in_token(hsm, office)
    togo.drop("declarations", {"d1.json": declaration_json("T-1")})
    assert (togo.run("edi-send").exit, burkina.run("edi-receive").exit, togo.run("edi-receive").exit) == (0, 0, 0)
    assert len(burkina.movements()) == 1
    assert [line["state"] for line in togo.interchanges("in")] == ["TAKEN", "ACKNOWLEDGED"]
    assert togo.run("edi", "keys", "check", "--json").exit == 1  # the certificates of the tests last a month
    hsm.pin.chmod(0o640)  # somebody tempers with the PIN's file: nothing moves, and nothing is lost
    togo.drop("declarations", {"d2.json": declaration_json("T-2")})
    told = subprocess.run([sys.executable, "-m", "gateway.cli", "edi-send", "--json", "--config", togo.settings],
                          capture_output=True, text=True, check=False)
    hsm.pin.chmod(0o600)
    assert [one["code"] for one in json.loads(told.stdout)["findings"]] == ["E_KEYFILE"]
    assert USER_SECRET not in told.stdout + told.stderr
    assert (togo.run("edi-send").exit, burkina.run("edi-receive").exit) == (0, 0)
    assert len(burkina.movements()) == 2


def keep_in_token(hsm: Token, office: Office) -> None:
    text = office.settings.read_text("utf-8")
    for use in ("signing", "encryption"):
        label = f"{office.home.parent.name}-{office.name}-{use}"
        hsm.take(office.home / "keys" / f"{use}.key", label, hashlib.sha256(label.encode()).hexdigest()[:16])
        text = text.replace(f"key: keys/{use}.key", f'key: "{hsm.address(label=label)}"')
    office.settings.write_text(text, "utf-8")
    assert str(load_settings(office.settings).keys.signing.key) == hsm.address(
        label=f"{office.home.parent.name}-{office.name}-signing")


@pytest.mark.parametrize("algorithm", ["ec", "ec384", "rsa", "ed25519"])
def test_our_own_authority_certifies_a_key_that_never_left_its_token(hsm: Token, tmp_path: Path,
                                                                     algorithm: Algorithm) -> None:
    home, label = tmp_path / "home", f"{tmp_path.name}-{algorithm}"
    assert edi("init", home, "--gateway", "TGOTR", "--country", "TG", "--time-zone", "Africa/Lome")[0] == 0
    file = tmp_path / "made.key"
    file.write_bytes(private_pem(make_key(algorithm), None))
    hsm.take(file, label, hashlib.sha256(label.encode()).hexdigest()[:16])
    settings = home / "settings.yaml"
    text = settings.read_text("utf-8").replace("key: keys/signing.key", f'key: "{hsm.address(label=label)}"')
    settings.write_text(text, "utf-8")
    status, _, err = edi("keys", "init", "--config", settings)
    assert (status, {"ec384": "P-384", "ed25519": "Ed25519"}.get(algorithm, "") in err) == (0, True)
    assert not (home / "keys" / "signing.key").exists()
    signer = load_signer(load_settings(settings, partners=False).keys.signing.key, home / "keys" / "signing.crt", None)
    assert kind_of(signer.certificate.key) == algorithm
    again = edi("keys", "init", "--without-authority", "--config", settings)
    assert (again[0], "K095" in again[2]) == (5, True)


def test_a_certificate_for_a_key_in_the_token_is_imported_and_no_request_made_here(hsm: Token, tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    keep_in_token(hsm, togo)
    keys, given = togo.home / "keys", tmp_path / "given"
    given.mkdir()
    for name in ("signing", "encryption"):
        (keys / f"{name}.crt").rename(given / f"{name}.crt")
    for name in ("signing", "encryption"):
        told = togo.run("edi", "keys", "import", name, str(given / "encryption.crt"), str(given / "signing.crt"))
        assert (told.exit, (keys / f"{name}.crt").read_bytes()) == (0, (given / f"{name}.crt").read_bytes())
        assert not (keys / f"{name}.key").exists()
    told = togo.run("edi", "keys", "request", "signing", "--json")
    assert (told.exit, json.loads(told.err.splitlines()[-1])["code"]) == (5, "K095")


def test_without_the_extra_the_missing_library_is_named(tmp_path: Path) -> None:
    party = identity(tmp_path, "TGOTR")
    address = "pkcs11:token=a;object=b?module-path=/m&pin-source=/p"
    assert alone(address, party.folder / "signing.crt", "sys.modules['pkcs11'] = None") == "K091 -"
