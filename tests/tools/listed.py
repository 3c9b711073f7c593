"""An office whose partner's authority publishes revocation lists, made by the loose sealer with the real key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json


@dataclass(frozen=True)
class Listed:
    """Togo sends, Burkina Faso receives and asks for Togo's lists."""

    togo: Office
    burkina: Office

    @property
    def authority(self) -> Author:
        """Togo's authority."""
        keys = self.togo.home / "keys"
        return Author(load_pem_private_key((keys / "authority.key").read_bytes(), None),
                      x509.load_pem_x509_certificate((keys / "authority.crt").read_bytes()))

    @property
    def made(self) -> datetime:
        """When the offices were made, to the hour of clocks that differ."""
        return self.authority.certificate.not_valid_before_utc + timedelta(hours=1)

    @property
    def signing_serial(self) -> int:
        """Serial number of Togo's signing certificate."""
        return x509.load_pem_x509_certificate((self.togo.home / "keys" / "signing.crt").read_bytes()).serial_number

    @property
    def folder(self) -> Path:
        """Where Burkina Faso keeps lists."""
        return self.burkina.home / "state" / "revocation"

    def crl(self, **options: Any) -> bytes:
        """A list of Togo's authority."""
        return loose.revocation_list(self.authority, datetime.now(UTC).replace(microsecond=0), **options)

    def kept(self) -> list[bytes]:
        """Every list that was in use, oldest first."""
        return [path.read_bytes() for path in sorted((self.folder / "kept" / "TGOTR").glob("*"),
                                                     key=lambda path: path.stat().st_mtime_ns)]

    def send(self, reference: str) -> None:
        """Let Togo send one declaration."""
        self.togo.drop("declarations", {f"{reference}.json": declaration_json(reference)})
        self.togo.run("edi-send")

    def received(self) -> list[str]:
        """Let Burkina Faso receive: the codes of what it refused."""
        for _ in range(2):
            self.burkina.run("edi-receive")
        return [line["code"] for line in self.burkina.lines("quarantine") if line["kind"] == "quarantined"]


def listed(root: Path, **authority: str) -> Listed:
    """Two offices; `authority` holds what Burkina's file says of Togo's lists: revocation, address, grace."""
    togo, burkina = offices(root)
    file = burkina.home / "partners" / "TGOTR.yaml"
    lines = "".join(f"  {key}: {value}\n" for key, value in {"revocation": "none", **authority}.items())
    text = re.sub(r"^  (?:revocation|reason): .*\n", "", file.read_text("utf-8"), flags=re.MULTILINE)
    file.write_text(re.sub(r"^authority:\n", f"authority:\n{lines}", text, flags=re.MULTILINE), "utf-8")
    return Listed(togo, burkina)
