"""Do `edi keys request` and `edi keys import` work with an authority that somebody else runs, with openssl?"""

from __future__ import annotations

import json
import stat
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.security import load_certificate, load_decryption_key, load_signer
from gateway.security.importing import choose, read_material
from tests.tools.outputs import checked
from tests.unit.test_cli_files import edi

pytestmark = pytest.mark.needs_openssl

ANSWERS = ["--gateway", "TGOTR", "--country", "TG", "--time-zone", "Africa/Lome"]
PHRASE = "correct horse"


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


@dataclass(frozen=True)
class House:
    """A gateway just begun, and the authority of its ministry, which has a root above it."""

    home: Path
    ministry: Path

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    def edi(self, *words: object) -> tuple[int, str, str]:
        return edi("keys", *words, "--config", self.home / "settings.yaml")

    def sign(self, request: Path, to: Path, *, days: int = 100, extensions: str = "") -> Path:
        """Sign a request: with the extensions it asks for, or with others."""
        given = ["-copy_extensions", "copy"]
        if extensions:
            (self.ministry / "extensions").write_text(extensions, "ascii")
            given = ["-extfile", self.ministry / "extensions"]  # type: ignore[list-item]
        openssl("x509", "-req", "-in", request, "-CA", self.ministry / "issuing.crt", "-CAkey",
                self.ministry / "issuing.key", "-days", days, "-sha256", "-out", to, *given)
        return to

    def pair(self, name: str, extensions: str, kind: str = "ec") -> tuple[Path, Path]:
        """A key and a certificate made wholly by the ministry."""
        key, request = self.ministry / f"{name}.key", self.ministry / f"{name}.csr"
        option = "rsa_keygen_bits:2048" if kind == "rsa" else "ec_paramgen_curve:P-256"
        openssl("genpkey", "-algorithm", kind, "-pkeyopt", option, "-out", key)
        openssl("req", "-new", "-key", key, "-subj", f"/O=TGOTR/OU=GW-1 test/CN={name}", "-out", request)
        return key, self.sign(request, self.ministry / f"{name}.crt", extensions=extensions)

    def private(self) -> dict[str, str]:
        return {path.name: f"{stat.S_IMODE(path.stat().st_mode):04o}" for path in self.keys.glob("*.*")}


MARK = "2.25.329800735698586629295641978511506172918.2"
SIGNS = f"keyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=emailProtection,{MARK}\n"
OPENS = f"keyUsage=critical,keyAgreement\nextendedKeyUsage=emailProtection,{MARK}\n"


@pytest.fixture
def house(tmp_path: Path) -> House:
    ministry = tmp_path / "ministry"
    ministry.mkdir(mode=0o700)
    ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
    (ministry / "ca").write_text(ca, "ascii")
    for name in ("root", "issuing"):
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout",
                ministry / f"{name}.key", "-subj", f"/O=Ministry/CN={name}", "-out", ministry / f"{name}.csr")
        signer = ["-key", ministry / "root.key"] if name == "root" else \
            ["-CA", ministry / "root.crt", "-CAkey", ministry / "root.key"]
        openssl("x509", "-req", "-in", ministry / f"{name}.csr", "-days", 900, "-sha384", "-extfile", ministry / "ca",
                "-out", ministry / f"{name}.crt", *signer)
    assert edi("init", tmp_path / "home", *ANSWERS)[0] == 0
    return House(tmp_path / "home", ministry)


def fatal(told: tuple[int, str, str]) -> tuple[int, str, str]:
    """Exit status, output and code of a command that failed with --json."""
    return told[0], told[1], json.loads(told[2].splitlines()[-1])["code"]


def test_requests_go_out_certificates_come_back_and_the_gateway_has_its_keys(house: House) -> None:
    status, out, _ = house.edi("init", "--without-authority", "--json")
    lines = checked("keys-init", out)
    assert (status, [line["use"] for line in lines]) == (0, ["signing", "encryption"])
    assert not list(house.keys.glob("*.crt"))
    for line in lines:
        issued = house.sign(Path(line["request"]), house.ministry / f"{line['use']}.crt")
        status, out, _ = house.edi("import", line["use"], issued, house.ministry / "issuing.crt", "--json")
        (taken,) = checked("keys-import", out)
        assert (status, taken["sha256"]) == (0, load_certificate(issued).sha256)
        assert taken["authority"] == load_certificate(house.ministry / "issuing.crt").sha256
    load_signer(house.keys / "signing.key", house.keys / "signing.crt", None)
    load_decryption_key(house.keys / "encryption.key", house.keys / "encryption.crt", None)
    assert load_certificate(house.keys / "authority.crt") == load_certificate(house.ministry / "issuing.crt")
    assert set(house.private().values()) == {"0600"}
    assert sorted(path.name for path in (house.keys / "public").iterdir()) == [
        "authority.crt", "encryption.crt", "signing.crt"]
    assert house.edi("check")[0] == 0


@pytest.mark.parametrize("form", ["pem", "one file", "pkcs12", "der", "encrypted"])
def test_a_key_made_by_the_authority_is_taken_from_every_usual_form(house: House, form: str, tmp_path: Path) -> None:
    key, certificate = house.pair("signing", SIGNS)
    chain, phrase = house.ministry / "issuing.crt", tmp_path / "phrase"
    phrase.write_text(PHRASE + "\n", "ascii")
    phrase.chmod(0o600)
    files, options = [key, certificate, chain, house.ministry / "root.crt"], []
    if form == "one file":
        files = [house.ministry / "all.pem"]
        files[0].write_bytes(b"".join(path.read_bytes() for path in (certificate, key, chain)))
    elif form == "pkcs12":
        files, options = [house.ministry / "all.p12"], ["--passphrase", phrase]
        openssl("pkcs12", "-export", "-inkey", key, "-in", certificate, "-certfile", chain, "-passout",
                f"pass:{PHRASE}", "-out", files[0])
    elif form == "der":
        files = [house.ministry / "key.der", house.ministry / "crt.der", chain]
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER", "-out", files[0])
        openssl("x509", "-in", certificate, "-outform", "DER", "-out", files[1])
    elif form == "encrypted":
        files, options = [house.ministry / "key.p8", certificate, chain], ["--passphrase", phrase]
        openssl("pkcs8", "-topk8", "-in", key, "-passout", f"pass:{PHRASE}", "-outform", "DER", "-out", files[0])
    files[0].chmod(0o600)
    status, out, err = house.edi("import", "signing", *files, *options, "--json")
    assert (status, err) == (0, "")
    assert checked("keys-import", out)[0]["use"] == "signing"
    signer = load_signer(house.keys / "signing.key", house.keys / "signing.crt", None)
    assert signer.certificate == load_certificate(certificate)


def test_a_pair_lies_under_the_passphrase_of_the_settings_whatever_it_lay_under_before(house: House) -> None:
    settings = house.home / "settings.yaml"
    settings.write_text(settings.read_text("utf-8").replace("\nkeys:\n", "\nkeys:\n  passphrase: keys/passphrase\n"),
                        "utf-8")
    (house.keys / "passphrase").write_text(PHRASE, "ascii")
    (house.keys / "passphrase").chmod(0o600)
    key, certificate = house.pair("encryption", OPENS)
    assert house.edi("import", "encryption", key, certificate, house.ministry / "issuing.crt")[0] == 0
    load_decryption_key(house.keys / "encryption.key", house.keys / "encryption.crt", PHRASE.encode())
    assert b"ENCRYPTED" in (house.keys / "encryption.key").read_bytes()


def test_the_next_pair_lies_beside_the_one_in_use(house: House) -> None:
    house.edi("init", "--without-authority")
    status, out, _ = house.edi("request", "signing", "--as", "signing-2027", "--json")
    (line,) = checked("keys-request", out)
    assert (status, line["key"]) == (0, str(house.keys / "signing-2027.key"))
    issued = house.sign(Path(line["request"]), house.ministry / "next.crt")
    assert house.edi("import", "signing", issued, house.ministry / "issuing.crt", "--as", "signing-2027")[0] == 0
    load_signer(house.keys / "signing-2027.key", house.keys / "signing-2027.crt", None)
    assert not (house.keys / "signing.crt").exists()
    assert fatal(house.edi("request", "signing", "--as", "../signing", "--json")) == (5, "", "K058")


def test_nothing_that_lies_there_is_replaced(house: House) -> None:
    key, certificate = house.pair("signing", SIGNS)
    chain = house.ministry / "issuing.crt"
    assert house.edi("import", "signing", key, certificate, chain)[0] == 0
    before = {path: path.read_bytes() for path in house.keys.rglob("*.*")}
    other_key, other = house.pair("other", SIGNS)
    assert fatal(house.edi("import", "signing", other_key, other, chain, "--json")) == (5, "", "K053")
    assert fatal(house.edi("import", "signing", key, certificate, chain, "--json")) == (1, "", "K007")
    encryption_key, encryption = house.pair("encryption", OPENS)
    openssl("req", "-new", "-key", house.ministry / "root.key", "-subj", "/CN=other", "-x509", "-days", 9, "-out",
            house.keys.parent / "other.crt")
    (house.keys / "authority.crt").write_bytes((house.keys.parent / "other.crt").read_bytes())
    assert fatal(house.edi("import", "encryption", encryption_key, encryption, chain, "--json")) == (5, "", "K059")
    (house.keys / "authority.crt").write_bytes(before[house.keys / "authority.crt"])
    assert {path: path.read_bytes() for path in house.keys.rglob("*.*")} == before


@pytest.mark.parametrize(("extensions", "told"), [
    (SIGNS.replace("critical,", ""), ["K057"]),
    (SIGNS.replace("digitalSignature,", ""), ["K057"]),
    (SIGNS.replace("emailProtection,", "clientAuth,"), ["K057"]),
    (SIGNS + "basicConstraints=critical,CA:TRUE\n", ["K057"]),
    ("subjectKeyIdentifier=hash\n", ["K057", "K057"]),
    (SIGNS.replace(f",{MARK}", ""), ["K024"]),
])
def test_a_certificate_outside_the_profile_is_not_taken_and_each_difference_is_told(house: House, extensions: str,
                                                                                    told: list[str]) -> None:
    key, certificate = house.pair("signing", extensions)
    status, out, err = house.edi("import", "signing", key, certificate, house.ministry / "issuing.crt")
    assert (status, out) == (5, "")
    assert [line.split(":")[0] for line in err.splitlines() if line.startswith("K")] == told
    assert not (house.keys / "signing.key").exists()


def test_keys_and_files_that_cannot_serve_are_refused_each_with_its_reason(house: House, tmp_path: Path) -> None:
    chain = house.ministry / "issuing.crt"
    key, certificate = house.pair("signing", SIGNS)
    small_key, small = house.pair("small", SIGNS, kind="rsa")
    junk, locked = tmp_path / "junk", tmp_path / "locked.p12"
    junk.write_bytes(b"0\x03\x02\x01\x03")
    openssl("pkcs12", "-export", "-inkey", key, "-in", certificate, "-passout", f"pass:{PHRASE}", "-out", locked)
    locked.chmod(0o600)
    given = {"K056": (small_key, small, chain), "K053": (certificate, chain), "K055": (key, certificate),
             "K052": (locked,), "K054": (key, certificate, house.sign(house.ministry / "signing.csr",
                                                                      tmp_path / "twin.crt", extensions=SIGNS), chain)}
    assert {code: fatal(house.edi("import", "signing", *files, "--json")) for code, files in given.items()} == {
        code: (5, "", code) for code in given}
    junk.write_bytes(b"not a key")
    assert fatal(house.edi("import", "signing", junk, "--json")) == (5, "", "K051")
    key.chmod(0o640)
    assert fatal(house.edi("import", "signing", key, certificate, chain, "--json")) == (5, "", "E_KEYFILE")


def test_an_expired_certificate_is_not_taken(house: House, tmp_path: Path) -> None:
    key, certificate = house.pair("signing", SIGNS)
    with pytest.raises(LocalError) as caught:
        choose(read_material([key, certificate, house.ministry / "issuing.crt"], None), "signing", environment="test",
               now=datetime(2040, 1, 1, tzinfo=UTC), authority=None)
    assert caught.value.code == "E_CERT_TIME"


def test_kinds_that_need_an_agreement_say_so(house: House) -> None:
    status, _, err = house.edi("init", "--algorithm", "ec384")
    assert status == 0
    assert "P-384, ECDH-P-384" in err
