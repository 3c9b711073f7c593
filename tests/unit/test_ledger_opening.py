"""Does a ledger open, refuse and grow as it should, and are its tables what its migrations make?"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DatabaseError
from sqlalchemy.schema import CreateIndex, CreateTable

from gateway.errors import GatewayError, LocalError
from gateway.ledger import Ledger, migrations, sqlite
from gateway.ledger.columns import metadata
from gateway.ledger.errors import translated
from gateway.texts import Language, known
from tests.unit.test_ledger_story import NOW, ledger, queue

__all__ = ["ledger"]


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/ledger.sqlite"


def schema(path: Path) -> dict[str, object]:
    """What SQLite itself says of every table: columns, foreign keys, indexes."""
    connection = sqlite3.connect(path)
    tables = sorted(row[0] for row in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        if row[0] != "alembic_version")
    found: dict[str, object] = {}
    for table in tables:
        indexes = connection.execute(f"PRAGMA index_list('{table}')").fetchall()
        found[table] = (
            connection.execute(f"PRAGMA table_info('{table}')").fetchall(),
            sorted(row[2:] for row in connection.execute(f"PRAGMA foreign_key_list('{table}')")),
            sorted((index[1:], connection.execute(f"PRAGMA index_xinfo('{index[1]}')").fetchall(),
                    connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index[1],)).fetchone())
                   for index in indexes))
    connection.close()
    return found


def test_the_migrations_make_exactly_the_tables_of_the_code(ledger: Ledger, tmp_path: Path) -> None:
    other = create_engine(f"sqlite:///{tmp_path}/models.sqlite")
    metadata.create_all(other)
    other.dispose()
    assert schema(tmp_path / "ledger.sqlite") == schema(tmp_path / "models.sqlite")
    migrated = create_engine(url(tmp_path))
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    migrated.dispose()


def test_the_newest_revision_is_the_one_the_code_names(ledger: Ledger) -> None:
    with ledger._writer.connect() as connection:
        scripts = ScriptDirectory.from_config(migrations.config(connection))
        assert scripts.get_heads() == [migrations.HEAD]
        assert {script.revision for script in scripts.walk_revisions()} == migrations.REVISIONS


def test_the_tables_can_be_written_for_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    indexes = [str(CreateIndex(index).compile(dialect=dialect)) for table in metadata.sorted_tables
               for index in table.indexes]
    assert all(statement.strip().startswith("CREATE TABLE ") for statement in statements)
    assert any("id BIGINT NOT NULL" in statement for statement in statements)
    assert any(index.endswith("WHERE direction = 'out'") for index in indexes)
    assert all(len(line.split()[2 if " UNIQUE " not in line else 3]) < 63 for line in indexes)


def test_an_up_to_date_ledger_opens_without_alembic(tmp_path: Path) -> None:
    Ledger.open(url(tmp_path), now=NOW).close()
    code = (f"import sys; from datetime import UTC, datetime; from gateway.ledger import Ledger; "
            f"Ledger.open({url(tmp_path)!r}, now=datetime(2026, 11, 26, tzinfo=UTC)).close(); "
            f"print('alembic' in sys.modules)")
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[2])
    assert done.stdout == "False\n"


def test_the_file_is_ours_alone_durable_and_its_folder_is_made(tmp_path: Path) -> None:
    with Ledger.open(url(tmp_path / "state"), now=NOW) as made:
        with made.transaction() as transaction:
            queue(transaction)
        with made._writer.connect() as connection:
            settings = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "temp_store")}
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000,
                        "temp_store": 2}
    assert set(modes) == {"ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite.making"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_making_a_ledger_is_the_first_thing_in_its_history(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    with Ledger.open(url(tmp_path), now=NOW) as again, again.reading() as queries:
        assert [(row.id, row.subject, row.reference, row.at) for row in queries.history()] == [
            (1, "ledger", migrations.HEAD, NOW)]


def test_a_ledger_that_is_not_there_is_refused_when_it_must_not_be_made(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as error:
        Ledger.open(url(tmp_path), now=NOW, create=False)
    assert error.value.code == "L001"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["mysql://host/gateway", "postgresql://host", "sqlite://", "sqlite:///:memory:"])
def test_another_kind_of_ledger_is_refused(address: str) -> None:
    with pytest.raises(LocalError) as error:
        Ledger.open(address, now=NOW)
    assert error.value.code == "L002"


def test_an_address_whose_port_is_no_number_is_refused_and_shows_no_password() -> None:
    with pytest.raises(LocalError) as error:
        Ledger.open("postgresql://gateway:hunter2@host:none/gateway", now=NOW)
    assert error.value.findings[0].values == {"ledger": "postgresql://***@host:none/gateway", "reason": "URL"}


def test_a_password_in_a_refused_address_is_not_shown() -> None:
    with pytest.raises(LocalError) as error:
        Ledger.open("mysql://gateway:hunter2@host/gateway", now=NOW)
    assert error.value.code == "L002"
    assert "hunter2" not in str(error.value.findings)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(LocalError) as error:
        Ledger.open("ledger.sqlite", now=NOW)
    assert error.value.code == "L001"


def test_a_ledger_of_a_newer_program_is_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(LocalError) as error:
        Ledger.open(url(tmp_path), now=NOW)
    assert (error.value.code, error.value.findings[0].values["found"]) == ("L005", "9999")


def test_an_older_ledger_is_upgraded_only_where_that_is_allowed(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "ledger.sqlite").close()  # an empty file: older than the first revision
    with pytest.raises(LocalError) as error:
        Ledger.open(url(tmp_path), now=NOW, create=False)
    assert error.value.code == "L004"
    with Ledger.open(url(tmp_path), now=NOW) as opened, opened.reading() as queries:
        assert queries.history_head().id == 1


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is not a database, it is a letter" * 100)
    with pytest.raises(LocalError) as error:
        Ledger.open(url(tmp_path), now=NOW)
    assert error.value.code == "L006"
    assert (tmp_path / "ledger.sqlite").read_bytes().startswith(b"this is not")


def test_a_path_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(LocalError) as error:
        Ledger.open(url(tmp_path / "state"), now=NOW)
    assert error.value.code == "L001"


def test_two_programs_may_make_the_same_ledger_at_once(tmp_path: Path) -> None:
    code = ("import sys; from datetime import UTC, datetime; from gateway.ledger import Ledger\n"
            "sys.stdin.readline()\n"
            f"Ledger.open({url(tmp_path)!r}, now=datetime(2026, 11, 26, tzinfo=UTC)).close()")
    runs = [subprocess.Popen([sys.executable, "-W", "error", "-c", code], stdin=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
                             env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}) for _ in range(4)]
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    outcome = [(run.communicate(timeout=60)[1], run.returncode) for run in runs]
    assert outcome == [("", 0)] * 4
    with Ledger.open(url(tmp_path), now=NOW) as opened, opened.reading() as queries:
        assert queries.history_head().id == 1


def test_a_full_disk_undoes_the_transaction_and_says_so(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
    with ledger._writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LocalError) as error, ledger.transaction() as transaction:
        for _ in range(200):
            queue(transaction)
    assert error.value.code == "L009"
    assert "full" in error.value.findings[0].values["reason"]
    with ledger._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    with ledger.transaction() as transaction:
        queue(transaction)
    with ledger.reading() as queries:
        assert [row.id for row in queries.messages()] == [2, 1]
        assert queries.verify_history() is None
        assert queries._connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_ledger_that_stays_busy_is_said_to_be_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Ledger.open(url(tmp_path), now=NOW).close()
    monkeypatch.setattr(sqlite, "_PRAGMAS", ("foreign_keys=ON", "busy_timeout=50", "synchronous=FULL"))
    with Ledger.open(url(tmp_path), now=NOW) as first, Ledger.open(url(tmp_path), now=NOW) as second, \
            first.transaction() as transaction:
        queue(transaction)
        with pytest.raises(LocalError) as error, second.transaction():
            raise AssertionError("the lock was given twice")
    assert error.value.code == "L007"


def test_a_backup_is_the_ledger_as_it_is_and_never_writes_over_anything(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
    target = tmp_path / "copy" / "ledger.sqlite"
    with pytest.raises(LocalError) as error:
        ledger.backup(target)
    assert error.value.code == "L001"
    target.parent.mkdir()
    ledger.backup(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with Ledger.open(url(target.parent), now=NOW) as copy, copy.reading() as theirs, ledger.reading() as ours:
        assert theirs.messages() == ours.messages()
        assert theirs.history_head() == ours.history_head()
        assert theirs.verify_history() is None and list(theirs.verify_contents()) == []
    with pytest.raises(LocalError) as error:
        ledger.backup(target)
    assert error.value.code == "L001"


def test_a_backup_survives_a_power_cut_when_it_is_said_to_be_there(ledger: Ledger, tmp_path: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    honest = os.fsync

    def noting(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        honest(handle)

    monkeypatch.setattr(os, "fsync", noting)
    (tmp_path / "copies").mkdir()
    ledger.backup(tmp_path / "copies" / "ledger.sqlite")
    assert flushed == ["ledger.sqlite", "copies"]


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "L009"), (errno.EDQUOT, "L009"), (errno.EIO, "L008")])
def test_a_backup_that_cannot_be_flushed_is_none_and_leaves_nothing(
        ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str) -> None:
    def failing(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(LocalError) as error:
        ledger.backup(tmp_path / "copy.sqlite")
    assert (error.value.code, dict(error.value.findings[0].values)) == (
        code, {"ledger": str(tmp_path / "copy.sqlite"), "reason": os.strerror(number)})
    assert not (tmp_path / "copy.sqlite").exists()


@pytest.mark.parametrize(("name", "words", "code"), [
    ("SQLITE_PROTOCOL", "locking protocol", "L007"),  # too many open and close it at once
    ("SQLITE_IOERR_SHMSIZE", "disk I/O error", "L009"),  # no room for what processes share: seen on a full tmpfs
    ("SQLITE_IOERR_FSYNC", "disk I/O error", "L008"),
    ("SQLITE_FULL", "database or disk is full", "L009")])
def test_what_sqlite_says_of_disk_and_locks_has_our_code(ledger: Ledger, name: str, words: str, code: str) -> None:
    said = sqlite3.OperationalError(words)
    said.sqlite_errorname = name
    with pytest.raises(LocalError) as error, translated("ledger.sqlite"):
        raise DatabaseError("SELECT 1", {}, said)
    assert (error.value.code, dict(error.value.findings[0].values)) == (
        code, {"ledger": "ledger.sqlite", "reason": words})


def test_integrity_names_what_is_loose(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
    assert ledger.integrity() == []
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("DELETE FROM content")
    connection.close()
    assert ledger.integrity() == ["message 1 -> content"]


def test_a_defect_of_our_own_is_not_dressed_up(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="no such table") as error, ledger.transaction() as transaction:
        transaction._connection.exec_driver_sql("SELECT * FROM absent")
    assert not isinstance(error.value, GatewayError)


@pytest.mark.parametrize("language", list(Language))
def test_every_code_has_its_sentence_and_its_hint(language: Language) -> None:
    codes = ["L001", "L002", "L003", "L004", "L005", "L006", "L007", "L008", "L009", "L010", "L011", "L012"]
    assert [key for code in codes for key in (code, f"{code}.hint") if not known(key, language)] == []


def test_what_the_driver_says_without_sqlalchemy_is_translated_as_well(tmp_path: Path) -> None:
    """The switch to write-ahead logging and the copy of a ledger ask the driver itself."""
    raw = sqlite3.connect(tmp_path / "small.sqlite")
    raw.execute("PRAGMA max_page_count=2")
    with pytest.raises(LocalError) as caught, translated("small.sqlite"):
        for number in range(9):
            raw.execute(f"CREATE TABLE t{number} (x)")
    raw.close()
    assert (caught.value.code, caught.value.findings[0].values["reason"]) == ("L009", "database or disk is full")
