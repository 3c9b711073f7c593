"""The keys of the published test vectors: made once, never again, and public on purpose.

Three gateways: XA sends, XB receives, XC is a third one. Everything is made by the loose sealer, so that the vectors
hold no misreading of the product's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
"""The moment of the vectors: signed then, judged then."""

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
RETIRED = datetime(2026, 11, 1, tzinfo=UTC)
UNIT = "GW-1 test"
MARK = x509.ObjectIdentifier("2.25.329800735698586629295641978511506172918.2")
"""What marks a certificate as one for tests: the unit for people, the extended key usage for programs."""

MAKERS: Mapping[str, Callable[[], Any]] = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa3072": lambda: rsa.generate_private_key(public_exponent=65537, key_size=3072),
    "rsa2048": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True)
class Spec:
    """How one certificate is made: kind of key, issuer, what it is for, and what is odd about it."""

    kind: str
    issuer: str
    use: str = "signing"
    odd: Mapping[str, Any] = field(default_factory=dict)


AUTHORITIES = ("xa-authority", "xb-authority", "xc-authority", "stranger-authority")
SPECS: Mapping[str, Spec] = {
    **{f"xa-signing-{kind}": Spec(kind, "xa-authority") for kind in ("p256", "p384", "rsa3072", "ed25519")},
    "xa-encryption-p256": Spec("p256", "xa-authority", "encryption"),
    "xa-signing-retired": Spec("p256", "xa-authority"),
    "xa-signing-expired": Spec("p256", "xa-authority", odd={"end": datetime(2026, 11, 20, tzinfo=UTC) - AT}),
    "xa-signing-early": Spec("p256", "xa-authority", odd={"start": datetime(2027, 1, 1, tzinfo=UTC) - AT}),
    "xa-signing-revoked": Spec("p256", "xa-authority"),
    "xa-signing-rsa2048": Spec("rsa2048", "xa-authority"),
    "xa-signing-no-purpose": Spec("p256", "xa-authority", odd={"purposes": None}),
    "xa-signing-one-bit": Spec("p256", "xa-authority", odd={"bits": ("digital_signature",)}),
    "xa-signing-unmarked": Spec("p256", "xa-authority", odd={"purposes": (loose.EMAIL,), "unit": None}),
    "xa-signing-foreign": Spec("p256", "stranger-authority"),
    "xa-signing-next": Spec("p256", "xa-authority"),
    **{f"xb-encryption-{kind}": Spec(kind, "xb-authority", "encryption") for kind in ("p256", "p384", "rsa3072")},
    "xb-signing-p256": Spec("p256", "xb-authority"),
    "xc-signing-p256": Spec("p256", "xc-authority"),
    "xc-encryption-p256": Spec("p256", "xc-authority", "encryption"),
    "stranger-signing": Spec("p256", "stranger-authority"),
}
TWIN = "xa-signing-twin"
"""Issuer and serial of xa-signing-p256, another key."""

LISTED = tuple(name for name in SPECS if name.startswith("xa-") and name != "xa-signing-next")
"""The certificates on the list that XB keeps of XA, good ones and others; the next one is only announced."""


@dataclass(frozen=True)
class Kit:
    """The folder with keys, certificates and revocation lists."""

    folder: Path

    def make(self) -> None:
        """Make what is not there yet."""
        for part in ("keys", "certificates", "crl"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        for name in AUTHORITIES:
            if not self.certificate_file(name).exists():
                self._store(name, loose.authority(
                    _subject(name), AT, MAKERS["p256"](), unit=UNIT, start=START - AT, end=END - AT))
        for name, spec in SPECS.items():
            if not self.certificate_file(name).exists():
                self._store(name, self._issued(name, spec))
        if not self.certificate_file(TWIN).exists():
            serial = self.author("xa-signing-p256").certificate.serial_number
            self._store(TWIN, self._issued(TWIN, Spec("p256", "xa-authority", odd={"serial": serial})))
        for name, content in self._lists().items():
            if not (self.folder / "crl" / name).exists():
                (self.folder / "crl" / name).write_bytes(content())

    def author(self, name: str) -> Author:
        """Key and certificate of that name."""
        return self._authors[name]

    @property
    def names(self) -> list[str]:
        """Every key and certificate."""
        return [*AUTHORITIES, *SPECS, TWIN]

    @cached_property
    def _authors(self) -> dict[str, Author]:
        return {name: self._load(name) for name in self.names if self.certificate_file(name).exists()}

    def key_file(self, name: str) -> Path:
        """The private key, whose name says that it is public."""
        return self.folder / "keys" / f"{name}.PUBLIC.key"

    def certificate_file(self, name: str) -> Path:
        """The certificate."""
        return self.folder / "certificates" / f"{name}.crt"

    def _load(self, name: str) -> Author:
        key = serialization.load_pem_private_key(self.key_file(name).read_bytes(), None)
        return Author(key, x509.load_pem_x509_certificate(self.certificate_file(name).read_bytes()))

    def _store(self, name: str, made: Author) -> None:
        self.key_file(name).write_bytes(made.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self.certificate_file(name).write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
        self.__dict__.pop("_authors", None)

    def _issued(self, name: str, spec: Spec) -> Author:
        key = MAKERS[spec.kind]()
        bits: Sequence[str] = loose.SIGNING_BITS
        if spec.use == "encryption":
            bits = ("key_encipherment",) if spec.kind.startswith("rsa") else loose.AGREEMENT_BITS
        options = {"bits": bits, "purposes": (loose.EMAIL, MARK), "unit": UNIT, **_dates(spec.odd), **spec.odd}
        return Author(key, loose.certificate(key, self.author(spec.issuer), name=_subject(name), now=AT, **options))

    def _lists(self) -> dict[str, Callable[[], bytes]]:
        xa, xb = self.author("xa-authority"), self.author("xb-authority")
        revoked = [self.author("xa-signing-revoked").certificate.serial_number]
        long: dict[str, Any] = {"start": START - AT, "end": END - AT}
        return {
            "xa.crl": lambda: loose.revocation_list(xa, AT, revoked=revoked, number=7, **long),
            "xa-ended.crl": lambda: loose.revocation_list(xa, AT, revoked=revoked, number=8, start=START - AT,
                                                          end=timedelta(days=-10)),
            "xa-without-number.crl": lambda: loose.revocation_list(xa, AT, number=None, **long),
            "xa-by-another-key.crl": lambda: loose.revocation_list(
                self.author("stranger-authority"), AT, number=9, name=xa.certificate.subject, **long),
            "xb.crl": lambda: loose.revocation_list(xb, AT, number=1, **long),
        }


def public_key(certificate: x509.Certificate) -> bytes:
    """SubjectPublicKeyInfo in DER: what a published key is known by."""
    return certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                 serialization.PublicFormat.SubjectPublicKeyInfo)


def _subject(name: str) -> str:
    return f"{name} - TEST VECTOR, KEY IS PUBLIC"


def _dates(odd: Mapping[str, Any]) -> dict[str, timedelta]:
    return {"start": odd.get("start", START - AT), "end": odd.get("end", END - AT)}
