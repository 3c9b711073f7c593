"""What people decided: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from gateway.ledger.act_rows import Act, ActKind
from gateway.ledger.act_tables import act

_SLICE = 500


class ActLookups:
    """act_about, acts_about."""

    _connection: Connection

    def act_about(self, subject: str, kind: ActKind) -> Act | None:
        """The newest decision of a kind about one thing."""
        row = self._connection.execute(
            select(act).where(act.c.subject == subject, act.c.kind == kind).order_by(act.c.id.desc()).limit(1)).first()
        return None if row is None else Act(**row._mapping)

    def acts_about(self, subjects: Sequence[str], kind: ActKind) -> dict[str, Act]:
        """The newest decision of a kind about each of these things, by thing."""
        found: dict[str, Act] = {}
        for start in range(0, len(subjects), _SLICE):
            for row in self._connection.execute(
                    select(act).where(act.c.subject.in_(subjects[start:start + _SLICE]), act.c.kind == kind)
                    .order_by(act.c.id)):
                found[row.subject] = Act(**row._mapping)
        return found
