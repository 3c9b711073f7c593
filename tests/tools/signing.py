"""The keys of a real office in the hands of the loose sealer."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.tools.loose_sealer import Author
from tests.tools.offices import Office


def author(office: Office) -> Author:
    """The signing key of an office, for the loose sealer."""
    key = load_pem_private_key((office.home / "keys" / "signing.key").read_bytes(), None)
    return Author(key, x509.load_pem_x509_certificate((office.home / "keys" / "signing.crt").read_bytes()))


def recipient(office: Office) -> x509.Certificate:
    """The encryption certificate of an office."""
    return x509.load_pem_x509_certificate((office.home / "keys" / "encryption.crt").read_bytes())
