"""A view of the movements for reports of others: `v_movements`. Its columns stay; a later revision may add some."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TIMES = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', {name} / 1000000, 'unixepoch')",
    "postgresql": "to_char(to_timestamp({name} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
}
"""Whole microseconds since 1970 as ISO 8601 in UTC, to the second."""


def upgrade() -> None:
    """Make the view, in the words of the database that the ledger is kept in."""
    op.execute(statement(op.get_bind().dialect.name))


def statement(dialect: str) -> str:
    """The view for an engine: sqlite or postgresql."""
    due, recorded, changed = (_TIMES[dialect].format(name=name) for name in ("due", "at", "changed"))
    return ("CREATE VIEW v_movements AS SELECT 1 AS version, mrn, key AS national_key, administration, corridor, role, "
            "departure AS office_of_departure, destination AS office_of_destination, state, flags, "
            f"next_action, who AS who_must_act, time_limit, {due} AS due, timer, {recorded} AS recorded, "
            f"{changed} AS changed FROM movement")


def downgrade() -> None:
    """Take the view away."""
    op.execute("DROP VIEW v_movements")
