"""Signed objects kept for ever: one by each maker and signature scheme, their private keys thrown away at once.

    python -m tests.tools.frozen_objects        makes tests/interop/frozen anew (needs openssl, Java, BouncyCastle)

They hold the verifier to what it accepted once, whatever becomes of the makers and of the libraries below us. There is
no reason to make them anew but a new maker.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cryptography

from gateway.security import Header, seal
from gateway.security.header import build_entity
from tests.tools import parties
from tests.tools.identities import Party
from tests.tools.stock import BouncyCastle, openssl

FOLDER = Path(__file__).parents[1] / "interop" / "frozen"
PAYLOAD = "UNB+UNOC:3+XA+XB+261126:1200+1'FTX+AAA+++Café à Lomé'UNZ+0+1'".encode("latin-1") + b"\r\n\r\n" + bytes(256)
KINDS = {"ours": parties.SIGNERS, "openssl": ("P-256", "P-384", "RSA-3072"), "bouncycastle": parties.SIGNERS}
"""Maker -> the signature schemes that it can."""


@dataclass(frozen=True)
class Frozen:
    """One kept object: NAME.der, its signer's certificate NAME.crt, the authority MAKER.crt.

    at           date of its header, ISO 8601; it was signed in the same second or the next
    certificate  SHA-256 of the signer's certificate;  mic  SHA-256 of its content
    """

    name: str
    maker: str
    scheme: str
    version: str
    at: str
    certificate: str
    mic: str

    @property
    def moment(self) -> datetime:
        """The date of its header."""
        return datetime.fromisoformat(self.at)

    def read(self, suffix: str) -> bytes:
        """One of its files."""
        return (FOLDER / f"{self.name}{suffix}").read_bytes()


def kept() -> list[Frozen]:
    """All kept objects."""
    return [Frozen(**one) for one in json.loads((FOLDER / "index.json").read_text("ascii"))]


def header(moment: datetime) -> Header:
    """The header of a kept object made at that instant."""
    return Header(f"<{1:032x}@XA>", "XA", "XB", moment, 1, "0" * 64, "application/EDIFACT", "d1.edi")


def entity(moment: datetime) -> bytes:
    """The content of a kept object made at that instant."""
    return build_entity(header(moment), PAYLOAD)


def _made(folder: Path, bouncy: BouncyCastle, party: Party, maker: str, kind: str, now: datetime) -> bytes:
    content, inner = folder / "entity", folder / "inner.der"
    content.write_bytes(entity(now))
    if maker == "bouncycastle":
        bouncy("sign", party.folder / "signing.key", party.folder / "signing.crt", kind, "DER", content, inner)
    elif maker == "openssl":
        pss = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32") if kind == "RSA-3072" else ()
        openssl()("cms", "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap",
                  "-md", "sha384" if kind == "P-384" else "sha256", "-in", content,
                  "-signer", party.folder / "signing.crt", "-inkey", party.folder / "signing.key", *pss,
                  "-outform", "DER", "-out", inner, folder=folder)
    else:
        inner.write_bytes(seal(header(now), PAYLOAD, signer=party.signer, signing_time=now,
                               recipients=[party.identity.encryption]).inner)
    return inner.read_bytes()


def _all(folder: Path) -> Iterator[Frozen]:
    versions = {
        "ours": f"cryptography {cryptography.__version__}",
        "openssl": openssl()("version", folder=folder).decode().strip(),
        "bouncycastle": subprocess.run(["dpkg-query", "-W", "-f", "BouncyCastle ${Version}", "libbcpkix-java"],
                                       capture_output=True, text=True, check=True).stdout}
    bouncy = BouncyCastle(folder)
    for maker, kinds in KINDS.items():
        for kind in kinds:
            place = folder / f"{maker}-{kind}"
            place.mkdir()
            now = datetime.now(UTC).replace(microsecond=0)
            party = parties.party(place, "XA", signing=kind, now=now, valid=timedelta(days=730))
            inner = _made(place, bouncy, party, maker, kind, now)
            name = f"{maker}-{kind.lower()}"
            certificate = party.identity.signing
            (FOLDER / f"{name}.der").write_bytes(inner)
            (FOLDER / f"{name}.crt").write_bytes(certificate.pem())
            (FOLDER / f"{maker}.crt").write_bytes(party.identity.authority.pem())
            yield Frozen(name, maker, kind, versions[maker], now.isoformat(), certificate.sha256,
                         hashlib.sha256(entity(now)).hexdigest())
    bouncy.close()


def main() -> None:
    """Make all files anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        made = [asdict(one) for one in _all(Path(folder))]
    (FOLDER / "index.json").write_text(json.dumps(made, indent=1) + "\n", "ascii")


if __name__ == "__main__":
    main()
