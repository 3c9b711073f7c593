"""Is the ledger that tests begin with the one that the revisions make?"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from gateway.ledger import migrations
from tests.tools import ready_ledgers


def schema(engine: Engine) -> dict[str, str | None]:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT type || ' ' || name, sql FROM sqlite_master")
        return {row[0]: row[1] for row in found} | {"revision": migrations.revision_of(connection)}


def made(file: Path, upgrade: ready_ledgers.Upgrade) -> dict[str, str | None]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        upgrade(connection)
    found = schema(engine)
    engine.dispose()
    return found


@pytest.fixture
def followed() -> ready_ledgers.Upgrade:
    def upgrade(connection: object, revision: str = migrations.HEAD) -> None:
        from alembic import command

        command.upgrade(migrations.config(connection), revision)  # type: ignore[arg-type]

    return upgrade


def test_a_ledger_made_at_once_is_one_made_by_every_revision(tmp_path: Path, followed: ready_ledgers.Upgrade) -> None:
    wanted = made(tmp_path / "followed", followed)
    assert wanted["revision"] == migrations.HEAD
    assert made(tmp_path / "at once", ready_ledgers.replayed(followed)) == wanted


def test_what_is_no_new_ledger_goes_the_long_way(tmp_path: Path) -> None:
    asked: list[str] = []
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        ready_ledgers.replayed(lambda connection, revision: asked.append(revision))(connection, "0007")
        connection.exec_driver_sql("CREATE TABLE other (a INTEGER)")
        ready_ledgers.replayed(lambda connection, revision: asked.append(revision))(connection)
    engine.dispose()
    assert asked == ["0007", migrations.HEAD]
