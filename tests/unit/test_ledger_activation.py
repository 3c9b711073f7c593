"""Does the ledger know which version of a mapping is in force from when, and by which one a movement was declared?"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine

from gateway.ledger import Ledger, migrations
from gateway.ledger.rows import Activation
from gateway.ledger.sqlite import make_durable
from tests.unit.test_ledger_opening import url
from tests.unit.test_ledger_story import NOW, digest, queue

LATER = NOW + timedelta(days=30)


def test_a_version_starts_once_and_is_told_with_its_history(tmp_path: Path) -> None:
    with Ledger.open(url(tmp_path), now=NOW) as ledger:
        with ledger.transaction() as transaction:
            for version in ("1", "2", "3"):
                transaction.keep_mapping(digest(version), "corridors/tg-ml/cusdec", version)
            for version, starts in (("2", LATER), ("1", NOW)):
                assert transaction.activate(mapping="corridors/tg-ml/cusdec", version=version, digest=digest(version),
                                            starts=starts, at=NOW) is None
            standing = transaction.activate(mapping="corridors/tg-ml/cusdec", version="3", digest=digest("3"),
                                            starts=LATER, at=NOW)
        second = Activation(mapping="corridors/tg-ml/cusdec", version="2", digest=digest("2"), starts=LATER, at=NOW)
        assert standing == second
        with ledger.reading() as queries:
            assert queries.activations() == [
                Activation(mapping="corridors/tg-ml/cusdec", version="1", digest=digest("1"), starts=NOW, at=NOW),
                second]
            assert [(row.event, row.text, row.digest) for row in queries.history_of("corridors/tg-ml/cusdec")] == [
                ("activated", f"2 {LATER:%Y-%m-%dT%H:%M:%SZ}", digest("2")),
                ("activated", f"1 {NOW:%Y-%m-%dT%H:%M:%SZ}", digest("1"))]
            assert queries.verify_history() is None
        assert ledger.integrity() == []


def test_a_version_without_its_text_cannot_be_activated(tmp_path: Path) -> None:
    with Ledger.open(url(tmp_path), now=NOW) as ledger:
        with pytest.raises(Exception, match="FOREIGN KEY"), ledger.transaction() as transaction:
            transaction.activate(mapping="x", version="1", digest=digest("x"), starts=NOW, at=NOW)
        with ledger.reading() as queries:
            assert queries.activations() == []


def test_a_movement_tells_by_which_mapping_it_was_declared(tmp_path: Path) -> None:
    with Ledger.open(url(tmp_path), now=NOW) as ledger:
        with ledger.transaction() as transaction:
            queue(transaction)
        with ledger.reading() as queries:
            rows = [row for row in queries.messages() if row.type == "CUSDEC" and row.mrn]
            assert rows
            assert queries.declared_with(rows[0].mrn or "") == (rows[0].mapping, rows[0].mapping_digest)
            assert queries.declared_with("26TGXXXXX000000000") is None


def test_a_ledger_of_the_first_schema_is_brought_to_this_one_with_all_it_holds(tmp_path: Path) -> None:
    engine = create_engine(url(tmp_path))
    make_durable(engine)
    with engine.begin() as connection:
        command.upgrade(migrations.config(connection), "0001")
    engine.dispose()
    path = tmp_path / "ledger.sqlite"
    raw = sqlite3.connect(path)
    with raw:
        raw.execute("INSERT INTO mapping_text VALUES ('d', 'base/x', 'text')")
        raw.execute("INSERT INTO source VALUES (1, 'declarations', 'tgotr/csv', 'K', 'e', 0)")
    raw.close()
    path.chmod(0o600)
    with Ledger.open(url(tmp_path), now=NOW, upgrade=True) as ledger, ledger.reading() as queries:
        assert (queries.mapping_text("d"), queries.activations()) == ("text", [])
        held = queries.source(1)
        assert held is not None
        assert (held.dialect, held.dialect_digest) == ("tgotr/csv", None)
        assert [(row.reference, row.text) for row in queries.history()] == [(migrations.HEAD, "0001")]
