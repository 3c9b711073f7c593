"""Reference data and downtimes: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, or_, select

from gateway.ledger.reference_rows import DowntimeRow, ReferenceRow, ReferenceState
from gateway.ledger.reference_tables import downtime, reference_data, reference_sent
from gateway.ledger.tables import object_

_COLUMNS = [column for column in reference_data.c if column is not reference_data.c.text]
_ROW = select(*_COLUMNS)
_IN_FORCE = _ROW.where(
    reference_data.c.owner == bindparam("owner"), reference_data.c.starts <= bindparam("instant"),
    reference_data.c.state == ReferenceState.ACCEPTED).order_by(reference_data.c.version.desc()).limit(1)
_DOWNTIMES = select(*[column for column in downtime.c if column is not downtime.c.at]).where(
    downtime.c.administration == bindparam("administration"),
    downtime.c.office.in_(bindparam("offices", expanding=True)),
    or_(downtime.c.ends.is_(None), downtime.c.ends > bindparam("since"))).order_by(downtime.c.starts, downtime.c.notice)


class ReferenceLookups:
    """reference_data, reference_sent and downtime; every question is answered from an index."""

    _connection: Connection

    def reference_versions(self, owner: str | None = None) -> list[ReferenceRow]:
        """Every version held, of one administration or of all, the lowest first."""
        statement = _ROW if owner is None else _ROW.where(reference_data.c.owner == owner)
        return [_row(row) for row in self._connection.execute(
            statement.order_by(reference_data.c.owner, reference_data.c.version))]

    def reference_version(self, owner: str, version: int) -> ReferenceRow | None:
        """One version of an administration."""
        row = self._connection.execute(_ROW.where(
            reference_data.c.owner == owner, reference_data.c.version == version)).first()
        return None if row is None else _row(row)

    def reference_in_force(self, owner: str, at: datetime) -> ReferenceRow | None:
        """The version that counts at an instant: of those that have begun and that nobody refused, the highest."""
        row = self._connection.execute(_IN_FORCE, {"owner": owner, "instant": at}).first()
        return None if row is None else _row(row)

    def reference_text(self, number: int) -> str:
        """The text of a version, by the number of its row."""
        text: str = self._connection.execute(
            select(reference_data.c.text).where(reference_data.c.id == number)).scalar_one()
        return text

    def reference_partners(self, number: int) -> dict[str, str]:
        """To whom a version of ours went: partner -> the state of the object that carried it last."""
        return {row.partner: row.state for row in self._connection.execute(
            select(reference_sent.c.partner, object_.c.state).join(object_, object_.c.id == reference_sent.c.object_id)
            .where(reference_sent.c.reference_data_id == number).order_by(reference_sent.c.partner))}

    def downtimes(self, administration: str, offices: Collection[str], since: datetime) -> Sequence[DowntimeRow]:
        """Downtimes of some offices (and of all, where "" is among them) that had not ended at an instant."""
        return [DowntimeRow(**row._mapping) for row in self._connection.execute(_DOWNTIMES, {
            "administration": administration, "offices": list(offices), "since": since})]


def _row(row: Row[*tuple[object, ...]]) -> ReferenceRow:
    values = dict(row._mapping)
    return ReferenceRow(**{**values, "state": ReferenceState(values["state"])})
