"""What people decided: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, or_, select

from gateway.ledger.act_rows import Act, ActKind, Rebuilt
from gateway.ledger.act_tables import act, rebuilt

_SLICE = 500


class ActLookups:
    """act_about, acts_about, rebuilt_of."""

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

    def rebuilt_of(self, message_ids: Sequence[int]) -> list[Rebuilt]:
        """Where any of these messages was made anew, or is one that was, in the order in which that was decided."""
        found: dict[int, Rebuilt] = {}
        for start in range(0, len(message_ids), _SLICE):
            some = message_ids[start:start + _SLICE]
            for row in self._connection.execute(
                    select(act, rebuilt.c.old_id, rebuilt.c.new_id).join(rebuilt, rebuilt.c.act_id == act.c.id)
                    .where(or_(rebuilt.c.old_id.in_(some), rebuilt.c.new_id.in_(some)))):
                values = {name: value for name, value in row._mapping.items() if name not in ("old_id", "new_id")}
                found[row.new_id] = Rebuilt(old=row.old_id, new=row.new_id, act=Act(**values))
        return [found[number] for number in sorted(found)]
