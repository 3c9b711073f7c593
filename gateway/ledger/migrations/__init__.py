"""The ledger's schema, version by version, and how to bring a database to the newest.

`HEAD` is the newest revision; it stands here as a plain value so that opening an up-to-date ledger need not import
Alembic (start-up time counts under cron). A test keeps it equal to the newest file in ``versions``.
"""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy import table as table_clause

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0023"
REVISIONS = frozenset(f"{number:04d}" for number in range(1, int(HEAD) + 1))
"""Every revision that this program knows; any other was made by a newer one."""

MADE_BY: dict[str, tuple[str, ...]] = {
    "0002": ("activation",),
    "0003": ("trusted", "own_key", "consent", "crl_number", "checkpoint"),
    "0005": ("outage",),
    "0006": ("traffic", "turn"),
    "0007": ("lingering",),
    "0009": ("chase",),
    "0010": ("reference_data", "reference_sent", "downtime"),
    "0011": ("mirror", "mirror_part", "mirror_share", "seen"),
    "0012": ("reconciliation", "questions"),
    "0013": ("act",),
    "0016": ("engagement", "bond", "on_paper", "month_share"),
    "0017": ("rebuilt",),
    "0018": ("alert",),
    "0019": ("departure", "away", "masked"),
    "0021": ("sought",),
    "0022": ("lease",),
    "0023": ("stored",),
}
"""Revision -> the tables that it made, and that the way back behind it takes away with their rows. A test compares."""

BACK_FROM = "back from "
"""How the history says that a schema was left for an older one, whose revision it refers to; the newer one follows."""


def revision_of(connection: Connection) -> str | None:
    """The revision of a database; None when it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def config(connection: Connection) -> Config:
    """Alembic's configuration for these scripts and this connection; needs no file, works from an installed wheel."""
    from alembic.config import Config

    folder = importlib.resources.files("gateway.ledger.migrations")
    settings = Config()
    settings.set_main_option("script_location", str(folder).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def upgrade(connection: Connection, revision: str = HEAD) -> None:
    """Bring the database to a revision within the connection's transaction."""
    from alembic import command

    command.upgrade(config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Take the database back to an older revision within the connection's transaction.

    What only newer revisions keep is lost: ask `lost_behind` first.
    """
    from alembic import command

    command.downgrade(config(connection), revision)


def lost_behind(connection: Connection, revision: str) -> dict[str, int]:
    """The tables that an older revision does not know and that hold rows: how many of each would be lost."""
    standing = set(inspect(connection).get_table_names())
    found: dict[str, int] = {}
    for newer, tables in MADE_BY.items():
        for table in tables if newer > revision else ():
            if table in standing:
                found[table] = connection.execute(select(func.count()).select_from(table_clause(table))).scalar() or 0
    return {table: rows for table, rows in found.items() if rows}
