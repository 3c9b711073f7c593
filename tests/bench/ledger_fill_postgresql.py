"""The same years of traffic in a database of a PostgreSQL server, in minutes (`ledger_fill` has the day and its like).

The day is copied to a schema of its own by `edi ledger copy`; the server multiplies it, while the history, whose rows
each need the hash of the one before, comes by COPY on a second connection. Indexes that no constraint needs are made
behind it, as everybody does who loads a database.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg

from gateway.ledger import Ledger
from gateway.ledger.chain import START
from gateway.ledger.columns import metadata
from gateway.ledger.copying import copy_ledger
from gateway.security.merkle import Frontier
from tests.bench.ledger_fill import LAST, MOVEMENTS, Model, copying, model_day, recounting, values_of

_FUNCTIONS = """
CREATE FUNCTION model.spread(said text, day integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(said, start) || left(encode(sha256(convert_to(said || ' ' || day, 'UTF8')), 'hex'), size)
           || substr(said, start + size + 1)
    FROM (SELECT CASE WHEN said LIKE '<%' THEN 1 ELSE 0 END AS start,
                 CASE WHEN said LIKE '<%' THEN 32 WHEN said LIKE '%.p7m' THEN 40 ELSE 64 END AS size) AS parts $$;
CREATE FUNCTION model.leaf(sequence bigint, message_id text, mic text, signature text) RETURNS bytea
    LANGUAGE sql IMMUTABLE AS $$
    SELECT convert_to(format(E'gw-leaf/1\\n%s\\n%s\\nsha-256=%s\\nsha-256=%s\\n', sequence, message_id, mic, signature),
                      'UTF8') $$;
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON oid = indexrelid
WHERE relnamespace = 'public'::regnamespace AND indexrelid NOT IN (SELECT conindid FROM pg_constraint) ORDER BY 1
"""
_LOADING = "SET session_replication_role = replica; SET search_path = public, model; SET maintenance_work_mem = '1GB'"
"""Neither triggers nor references are looked after: the rows are those of a day in which they were."""


def fill_database(address: str, folder: Path, messages: int, *, movements: int = MOVEMENTS, days: int = 1) -> int:
    """Make a ledger with at least so many messages, and days; how many they are.

    address  ``postgresql://…`` of an empty database, for an account that may do everything there
    folder   where the day is made
    """
    with model_day(folder / "day.sqlite", movements) as model:
        days = max(days, -(-messages // model.messages))
        with Ledger.open(address, now=LAST):
            pass
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA model")
        copy_ledger(f"sqlite:///{model.path}", f"{address}?options=-csearch_path%3Dmodel")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(_FUNCTIONS)
            connection.execute(_LOADING)
            built = connection.execute(_INDEXES).fetchall()
            for name, _ in built:
                connection.execute(f"DROP INDEX {name}")
            _load(address, model, days)
            for _, statement in built:
                connection.execute(statement)
            for statement in recounting(model, days):
                connection.execute(statement)
            connection.execute("DROP SCHEMA model CASCADE")
            connection.execute("VACUUM ANALYZE")
        return model.messages * days


def _load(address: str, model: Model, days: int) -> None:
    signed = list(model.heads(days))
    model.prepare()  # a connection to a file of SQLite belongs to one thread
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(load, address, model, days, signed) for load in (_load_history, _load_tables)]:
            done.result()


def _load_tables(address: str, model: Model, days: int, signed: list[dict[str, Frontier]]) -> None:
    """Everything but the history. All is one transaction, which began with emptying: so the server logs no row."""
    tables = [table for table in metadata.sorted_tables if table.name != "history"]
    with psycopg.connect(address) as connection:
        connection.execute(_LOADING)
        connection.execute("TRUNCATE " + ", ".join(f'"{table.name}"' for table in tables))
        for table in tables:
            if table not in model.grown:
                connection.execute(f'INSERT INTO public."{table.name}" SELECT * FROM model."{table.name}"')
        statements: list[Any] = [re.sub(r":([a-z_]+)", r"%(\1)s", copying(table, model, to="public"))
                                 for table in tables if table in model.grown]
        for day in range(days):
            values = values_of(model, day, days, signed[day])
            for statement in statements:
                connection.execute(statement, values)


def _load_history(address: str, model: Model, days: int, signed: list[dict[str, Frontier]]) -> None:
    head = START
    with psycopg.connect(address) as connection:
        connection.execute(_LOADING)
        connection.execute("TRUNCATE history")
        with connection.cursor().copy("COPY history FROM STDIN") as rows:
            for day in range(days):
                lines = []
                for line in model.history(day, model.past(day, days), head, signed[day]):
                    lines.append("\t".join(["\\N" if one is None else str(one) for one in line]))
                    head = line[-1]
                rows.write("\n".join(lines) + "\n")
