"""The ledger's schema, version by version, and how to bring a database to the newest.

`HEAD` is the newest revision; it stands here as a plain value so that opening an up-to-date ledger need not import
Alembic (start-up time counts under cron). A test keeps it equal to the newest file in ``versions``.
"""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0019"
REVISIONS = frozenset(f"{number:04d}" for number in range(1, int(HEAD) + 1))
"""Every revision that this program knows; any other was made by a newer one."""


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


def upgrade(connection: Connection) -> None:
    """Bring the database to HEAD within the connection's transaction."""
    from alembic import command

    command.upgrade(config(connection), HEAD)
