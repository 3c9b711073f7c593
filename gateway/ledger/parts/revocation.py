"""The highest number seen of each authority's revocation lists: a lower one is an old list played again (K4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, update

from gateway.ledger.chain import Fact
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.revocation import RevocationLookups, issuer_key
from gateway.ledger.tables import crl_number


class Revocations(Base, RevocationLookups):
    """Revocation lists."""

    def note_list(self, partner: str, issuer: str, number: int, *, digest: str, text: str, at: datetime) -> bool:
        """Note a list that is in use from now on; the history says so.

        issuer  RFC 4514 text of the authority's name
        digest  SHA-256 of the list as it is kept
        text    its dates, for people

        Changes nothing and gives False when a number as high was noted before.
        """
        seen = self.list_numbers(partner).get(issuer_key(issuer))
        if seen is not None and seen >= number:
            return False
        values = {"number": str(number), "at": at}
        if seen is None:
            self._connection.execute(insert(crl_number), {"partner": partner, "issuer": issuer_key(issuer), **values})
        else:
            self._connection.execute(update(crl_number).where(
                crl_number.c.partner == partner, crl_number.c.issuer == issuer_key(issuer)).values(values))
        self._record(Fact(at=at, subject="revocation", subject_id=None, reference=partner, event="new",
                          text=f"{number} {text}".rstrip(), digest=digest))
        return True
