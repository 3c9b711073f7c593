"""New ledgers without their history: thousands of tests begin with an empty ledger, and the way to it through every
revision takes longer than most of what they then do. The first is made the long way; what it holds is made again."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, create_engine, inspect

from gateway.ledger import migrations

Upgrade = Callable[..., None]


def replayed(upgrade: Upgrade) -> Upgrade:
    """`migrations.upgrade` for tests: an empty database of SQLite is brought to the newest revision by the statements
    that SQLite itself keeps of a ledger that was brought there by `upgrade`; everything else goes the long way."""
    statements: list[str] = []

    def of_a_made_one() -> list[str]:
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            upgrade(connection)
            found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY rowid").all()
            rows = {name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar()
                    for name in inspect(connection).get_table_names()}
        engine.dispose()
        assert [name for name, number in rows.items() if number] == ["alembic_version"], "a revision writes rows"
        return [sql for name, sql in found if sql and not name.startswith("sqlite_")]

    def ready(connection: Connection, revision: str = migrations.HEAD) -> None:
        empty = connection.dialect.name == "sqlite" and not inspect(connection).get_table_names()
        if not empty or revision != migrations.HEAD:
            return upgrade(connection, revision)
        if not statements:
            statements.extend(of_a_made_one())
        for sql in statements:
            connection.exec_driver_sql(sql)
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (revision,))
        return None

    return ready
