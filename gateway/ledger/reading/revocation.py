"""Which revocation lists were seen: shared by `Transaction` and `Queries`."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select

from gateway.ledger.tables import crl_number


class RevocationLookups:
    """list_numbers."""

    _connection: Connection

    def list_numbers(self, partner: str) -> dict[str, int]:
        """The highest number seen of every authority of a partner, by `issuer_key`."""
        return {row.issuer: int(row.number) for row in self._connection.execute(
            select(crl_number).where(crl_number.c.partner == partner))}


def issuer_key(issuer: str) -> str:
    """What stands for an authority's name in the ledger, whatever its length: SHA-256 of its RFC 4514 text."""
    return hashlib.sha256(issuer.encode()).hexdigest()
