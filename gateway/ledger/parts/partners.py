"""What people decided about a partner: kept in the history, with their names."""

from __future__ import annotations

from datetime import datetime

from gateway.ledger.chain import Fact
from gateway.ledger.parts.base import Base


class Partners(Base):
    """Partners."""

    def note_partner(self, partner: str, event: str, text: str, *, digest: str, at: datetime) -> None:
        """A fact about a partner as a whole.

        event   ``introduced``, ``changed``, or ``confirmed`` where nothing changed
        text    who decided it and what it was, as JSON
        digest  SHA-256 of what the partner sent
        """
        self._record(Fact(at=at, subject="partner", subject_id=None, reference=partner, event=event, text=text,
                          digest=digest))
