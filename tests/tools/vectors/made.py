"""Files that other makers made: the openssl command, BouncyCastle, and the gateway itself."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from unittest import mock

from cryptography import x509

from gateway.security import Certificate, Header, published, seal
from gateway.security.keys import FileSigner
from tests.tools import loose_sealer as loose
from tests.tools.stock import BouncyCastle
from tests.tools.vectors.keys import AT
from tests.tools.vectors.parts import INTERCHANGE, Tools, Vector

PSS = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32")
OAEP = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256")
ECDH = ("-keyopt", "ecdh_kdf_md:sha256")
LATER = AT + timedelta(hours=8)
"""The other makers sign at the time of the clock: this was a moment after it."""


def made() -> Iterator[Vector]:
    """Every pair that the openssl command of the 3.0 line can make, and two by the gateway."""
    for signer, recipient in product(("p256", "rsa3072"), repeat=2):
        yield Vector("good", f"openssl-{signer}-to-{recipient}", "accepted", "V28",
                     f"Signed with {signer}, encrypted to {recipient}", _by_openssl(signer, recipient),
                     at=LATER, maker="openssl 3.0")
    yield Vector("good", "openssl-cbc", "accepted", "V28", "AES-256-CBC in EnvelopedData, by agreement",
                 _by_openssl("p256", "p256", cipher="-aes-256-cbc"), at=LATER, maker="openssl 3.0", agreed=("CBC",))
    for signer, recipient, agreed in (
            ("p256", "rsa3072", ()), ("rsa3072", "p256", ()), ("ed25519", "p256", ("Ed25519",)),
            ("p384", "p384", ("P-384", "ECDH-P-384"))):
        yield Vector("good", f"bouncycastle-{signer}-to-{recipient}", "accepted", "V28",
                     f"Signed with {signer}, encrypted to {recipient}", _by_bouncycastle(signer, recipient), at=LATER,
                     maker="BouncyCastle 1.72", agreed=agreed)
    yield Vector("good", "bouncycastle-cbc", "accepted", "V28", "AES-256-CBC in EnvelopedData, by agreement",
                 _by_bouncycastle("p256", "rsa3072", cipher="CBC"), at=LATER, maker="BouncyCastle 1.72",
                 agreed=("CBC",))
    yield Vector("bad", "bouncycastle-ber", "E_ASN1", "V4", "Its default output, which is BER and not DER",
                 _by_bouncycastle("p256", "rsa3072", form="BER"), at=LATER, maker="BouncyCastle 1.72")
    for signer, recipient in (("p256", "p256"), ("rsa3072", "rsa3072")):
        yield Vector("good", f"gateway-{signer}-to-{recipient}", "accepted", "V28",
                     f"Signed with {signer}, encrypted to {recipient}", _by_gateway(signer, recipient),
                     maker="corridor gateway")


def _by_bouncycastle(signer: str, recipient: str, *, form: str = "DER",
                     cipher: str = "GCM") -> Callable[[Tools], bytes]:
    schemes = {"p256": "P-256", "p384": "P-384", "rsa3072": "RSA-3072", "ed25519": "Ed25519"}

    def make(t: Tools) -> bytes:
        key, name = t.kit.key_file(f"xa-signing-{signer}").resolve(), f"xb-encryption-{recipient}"
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "entity").write_bytes(t.entity())
            bouncy = BouncyCastle(place)
            bouncy("sign", key, t.kit.certificate_file(f"xa-signing-{signer}").resolve(), schemes[signer], form,
                   place / "entity", place / "inner")
            bouncy("encrypt", cipher, form, place / "inner", place / "sealed", t.kit.certificate_file(name).resolve())
            bouncy.close()
            return (place / "sealed").read_bytes()
    return make


def _by_openssl(signer: str, recipient: str, *, cipher: str = "-aes-256-gcm") -> Callable[[Tools], bytes]:
    return lambda t: openssl_sealed(t.kit.folder, t.entity(), f"xa-signing-{signer}", f"xb-encryption-{recipient}",
                                    cipher=cipher)


def openssl_sealed(folder: Path, entity: bytes, signer: str, recipient: str, *, cipher: str) -> bytes:
    """A sealed file by the openssl command, signed at the time of this machine's clock."""
    certificates, keys = folder.resolve() / "certificates", folder.resolve() / "keys"
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "entity").write_bytes(entity)
        for words in (
            ("-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256", "-in", "entity",
             "-signer", certificates / f"{signer}.crt", "-inkey", keys / f"{signer}.PUBLIC.key",
             *(PSS if "rsa" in signer else ()), "-outform", "DER", "-out", "inner.der"),
            ("-encrypt", "-binary", cipher, "-in", "inner.der", "-recip", certificates / f"{recipient}.crt",
             *(OAEP if "rsa" in recipient else ECDH), "-outform", "DER", "-out", "sealed"),
        ):
            subprocess.run(["openssl", "cms", *map(str, words)], cwd=place, check=True, capture_output=True)
        return (Path(place) / "sealed").read_bytes()


def _by_gateway(signer: str, recipient: str) -> Callable[[Tools], bytes]:
    def make(t: Tools) -> bytes:
        author = t.author(signer)
        identifier = hashlib.sha256(f"id {t.name}".encode()).hexdigest()[:32]
        header = Header(f"<{identifier}@XA>", "XA", "XB", AT, t.number, "11" * 32, "application/EDIFACT",
                        "vector.edi")
        with mock.patch.object(published, "KEYS", frozenset()):  # these keys sign here, and nowhere else
            return seal(header, INTERCHANGE, signer=FileSigner(author.key, _product(author.certificate)),
                        recipients=[_product(t.recipient(recipient))], signing_time=AT).content
    return make


def _product(certificate: x509.Certificate) -> Certificate:
    return Certificate(loose.der_of(certificate))
