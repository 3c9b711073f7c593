"""Do certificates and key stores that a house makes with Java's keytool serve? (JDK 17)

Its certificates do, and so do its key stores (PKCS#12) for a gateway of ours, one key in each. Its revocation lists are
of version 1, without a number, and never usable (GW-1 section 10, K4): such a house says that it publishes none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import PartnerError
from gateway.exchange.introduction import read_introduction
from gateway.security import EDIFACT, FIRST_PREVIOUS, Header, Trust, open_envelope, seal
from gateway.security.importing import choose, read_material
from gateway.security.keys import FileDecryptionKey, FileSigner
from tests.tools.stock import tool

pytestmark = pytest.mark.needs_java

QUICK = ("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC")
STORE = ("-storepass", "changeit", "-storetype", "PKCS12")
USES = {"signing": "digitalSignature,nonRepudiation", "encryption": "keyAgreement"}


def keytool(*arguments: object, folder: Path) -> None:
    """Run the command, which begins faster with little compiling."""
    tool("keytool", "default-jre-headless")(arguments[0], *QUICK, *STORE, *arguments[1:], folder=folder)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a house: public ones in `public`, each private key in a store of its own, USE.p12."""
    folder = tmp_path_factory.mktemp("keytool")
    public = folder / "public"
    public.mkdir()
    key = ("-keyalg", "EC", "-groupname", "secp256r1")
    keytool("-genkeypair", "-keystore", "ca.p12", "-alias", "authority", *key, "-dname", "CN=authority,O=NEDGD",
            "-validity", 1460, "-ext", "bc:critical=ca:true,pathlen:0", "-ext", "KU:critical=keyCertSign,cRLSign",
            folder=folder)
    keytool("-exportcert", "-keystore", "ca.p12", "-alias", "authority", "-rfc", "-file", public / "authority.crt",
            folder=folder)
    for use, bits in USES.items():
        store = ("-keystore", f"{use}.p12")
        keytool("-genkeypair", *store, "-alias", use, *key, "-dname", f"CN={use},O=NEDGD", folder=folder)
        keytool("-certreq", *store, "-alias", use, "-file", f"{use}.csr", folder=folder)
        keytool("-gencert", "-keystore", "ca.p12", "-alias", "authority", "-infile", f"{use}.csr",
                "-outfile", public / f"{use}.crt", "-rfc", "-validity", 730, "-ext", f"KU:critical={bits}",
                "-ext", "EKU=emailProtection", folder=folder)
        (folder / "chain.pem").write_bytes((public / f"{use}.crt").read_bytes()
                                           + (public / "authority.crt").read_bytes())
        keytool("-importcert", *store, "-noprompt", "-alias", use, "-file", "chain.pem", folder=folder)
        (folder / f"{use}.p12").chmod(0o600)
    return folder


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_certificates_made_with_keytool_are_read_as_plain_files_and_count(house: Path) -> None:
    introduction = read_introduction(house / "public", now=_now(), environment="production")
    assert {use for use, _ in introduction.named()} == {"authority", "encryption", "signing"}


def test_a_list_made_with_keytool_is_never_usable(house: Path, tmp_path: Path) -> None:
    keytool("-gencrl", "-keystore", "ca.p12", "-id", 7, "-alias", "authority", "-file", tmp_path / "authority.crl",
            folder=house)
    for path in (house / "public").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(PartnerError) as refused:
        read_introduction(tmp_path, now=_now(), environment="production")
    assert refused.value.code == "E_CRL"


def test_the_key_stores_of_keytool_serve_a_gateway_of_ours(house: Path) -> None:
    now = _now()
    signing, encryption = (choose(read_material([house / f"{use}.p12"], b"changeit"), use, environment="production",
                                  now=now, authority=None) for use in USES)
    assert signing.key is not None
    assert encryption.key is not None
    introduction = read_introduction(house / "public", now=now, environment="production")
    trust = Trust("NEDGD", introduction.certificates, introduction.authority, None, "no list here")
    header = Header(f"<{7:032x}@NEDGD>", "NEDGD", "NEDGD", now, 1, FIRST_PREVIOUS, EDIFACT, "d1.edi")
    sealed = seal(header, b"UNB+UNOC:3'", signer=FileSigner(signing.key, signing.certificate), signing_time=now,
                  recipients=[encryption.certificate])
    opened = open_envelope(sealed.name, sealed.content, recipient="NEDGD", trust=trust, now=now,
                           keys=[FileDecryptionKey(encryption.key, encryption.certificate)], environment="production")
    assert opened.mic == sealed.mic
