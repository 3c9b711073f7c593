"""Is a ledger on a PostgreSQL server as safe as one in a file: moved there and back, written by several, cut anywhere,
given the worst texts, lost from sight?"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import MetaData, select
from sqlalchemy.exc import DatabaseError

from gateway.errors import LocalError
from gateway.ledger import Ledger, copying, migrations, of_the_machine, postgresql
from gateway.ledger.copying import Copied, copy_ledger
from gateway.ledger.engine import database_of
from gateway.ledger.upgrading import back, forward, lost_on_the_way_back, standing, stands
from tests.crash.test_ledger_kill import at_rest, go, start
from tests.golden.story.scenarios import ALL
from tests.golden.story.telling import Files, tell_on
from tests.golden.story_builder import differences, held
from tests.tools.offices import offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json
from tests.unit.test_ledger_story import NOW, PARTNER, queue, seal

pytestmark = pytest.mark.needs_postgres
NewAddress = Callable[..., str]
SCENARIO = ALL[1]


@pytest.fixture(scope="module")
def told(new_address: NewAddress) -> tuple[str, Files]:
    """A story of the samples, told by gateways with ledgers on a server: the first one's address, and what it gives."""
    addresses = {one.gateway: new_address(empty=True) for one in SCENARIO.participants}
    return addresses[SCENARIO.participants[0].gateway], tell_on(SCENARIO, addresses)


@pytest.fixture(scope="module")
def story(told: tuple[str, Files]) -> str:
    """The address of a ledger that has a story."""
    return told[0]


@contextmanager
def connected(address: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Somebody with psql."""
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


# --- moved

def test_a_ledger_moves_to_a_file_and_back_to_a_server_row_by_row(
        story: str, new_address: NewAddress, tmp_path: Path) -> None:
    server, file = new_address(empty=True), f"sqlite:///{tmp_path / 'back.sqlite'}"
    there = copy_ledger(story, file)
    assert copy_ledger(file, server) == there
    assert {one.table for one in there} == set(everything(story))
    assert everything(server) == everything(file) == everything(story)
    for address in (server, file):
        with Ledger.open(address, now=NOW, create=False) as ledger, ledger.reading() as queries:
            assert (queries.verify_history(), list(queries.verify_contents())) == (None, [])
            assert ledger.integrity() == []
            assert sum(queries.movement_counts().values()) == len(everything(story)["movement"]) > 0
    assert (tmp_path / "back.sqlite").stat().st_mode & 0o777 == 0o600


def everything(address: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    engine = database_of(address).reader()
    try:
        with engine.begin() as connection:
            found = MetaData()
            found.reflect(connection)
            return {table.name: [tuple(row) for row in connection.execute(
                select(table).order_by(*table.primary_key.columns))]
                for table in found.sorted_tables if table.name != "alembic_version"}
    finally:
        engine.dispose()


def tables(address: str) -> set[str]:
    """Their names."""
    with connected(address) as connection:
        return {str(name) for name, in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")}


def test_nothing_is_copied_over_anything(story: str, address: str, tmp_path: Path) -> None:
    (tmp_path / "there.sqlite").write_bytes(b"")
    for target in (address, f"sqlite:///{tmp_path / 'there.sqlite'}"):
        with pytest.raises(LocalError, match="L017"):
            copy_ledger(story, target)
    with Ledger.open(address, now=NOW) as ledger, ledger.reading() as queries:
        assert queries.history_counted() == 1


@pytest.mark.parametrize("to_a_file", [False, True])
def test_of_a_copy_that_differs_nothing_stands(to_a_file: bool, story: str, new_address: NewAddress, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    honest = copying._digest
    monkeypatch.setattr(copying, "_digest", lambda connection, table: Copied(table.name, 1, str(id(connection)))
                        if table.name == "object" else honest(connection, table))
    target = f"sqlite:///{tmp_path / 'copy.sqlite'}" if to_a_file else new_address(empty=True)
    with pytest.raises(LocalError) as error:
        copy_ledger(story, target)
    assert (error.value.code, error.value.findings[0].values["table"]) == ("L018", "object")
    assert not stands(target)


def test_a_ledger_of_a_newer_program_is_not_copied_and_is_the_one_that_is_named(address: str, tmp_path: Path) -> None:
    with connected(address) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LocalError) as error:
        copy_ledger(address, f"sqlite:///{tmp_path / 'copy.sqlite'}")
    assert (error.value.code, error.value.findings[0].values["ledger"]) == ("L005", address.rpartition("/")[2])
    assert not (tmp_path / "copy.sqlite").exists()


def test_a_history_that_somebody_wrote_in_is_not_copied(address: str, tmp_path: Path) -> None:
    with Ledger.open(address, now=NOW) as ledger, ledger.transaction() as transaction:
        queue(transaction)
    with connected(address) as connection:
        with pytest.raises(psycopg.Error, match="append-only"):
            connection.execute("UPDATE history SET text = 'x'")
        connection.execute("ALTER TABLE history DISABLE TRIGGER ALL")
        connection.execute("UPDATE history SET text = 'x' WHERE id = 1")
    with pytest.raises(LocalError, match="L019"):
        copy_ledger(address, f"sqlite:///{tmp_path / 'copy.sqlite'}")
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_with_a_story_goes_back_through_every_older_schema_and_forward(
        story: str, new_address: NewAddress) -> None:
    server = new_address(empty=True)
    copy_ledger(story, server)
    before = everything(server)
    for revision in sorted(migrations.REVISIONS - {migrations.HEAD}, reverse=True):
        lost = lost_on_the_way_back(server, revision)
        back(server, revision, NOW)
        made_later = {table for newer, made in migrations.MADE_BY.items() if newer > revision for table in made}
        assert (standing(server).revision, tables(server)) == (revision, set(before) - made_later)
        assert set(lost) <= made_later
    with pytest.raises(LocalError, match="L004"):
        Ledger.open(server, now=NOW)
    forward(server, NOW)
    after = everything(server)
    for table in ("content", "source_file", "declaration", "event", "interchange", "message", "object", "delivery"):
        assert after[table] == before[table]
    assert set(after["sought"]) <= set(before["sought"])  # what was seen of seals is lost, and said to be
    with Ledger.open(server, now=NOW) as ledger, ledger.reading() as queries:
        assert queries.verify_history() is None


# --- texts

HOSTILE = ("\x00", "a\x00b", "\x01", "\x00\x01\x01\x02\x00", "\x01\x02", "é" * 5000, "'; DROP TABLE history; --",
           "%s %(x)s", "\ud7ff\ue000\U0010ffff", "\\x00", "NULL", "\ufeff\u202e", "")


def test_any_text_of_a_partner_is_kept_as_it_came_and_in_the_same_order_as_in_a_file(
        address: str, tmp_path: Path) -> None:
    found = []
    for place in (address, f"sqlite:///{tmp_path / 'ledger.sqlite'}"):
        with Ledger.open(place, now=NOW) as ledger:
            with ledger.transaction() as transaction:
                for text in HOSTILE:
                    transaction.journal(subject="journal", reference=text, text=text, at=NOW)
                    transaction.note_incoming(partner=PARTNER, name=text, code="E", size=1, kept=text, at=NOW)
                queue(transaction, HOSTILE[1])
            with ledger.reading() as queries:
                assert [queries.history_of(text)[0].text for text in HOSTILE[:5]] == list(HOSTILE[:5])
                assert queries.verify_history() is None
                found.append(([row.reference for row in queries.history()], queries.notes(), queries.messages(),
                              [queries.find(text) for text in HOSTILE]))
    assert found[0] == found[1]
    assert everything(address) == everything(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


@pytest.mark.parametrize("seed", range(20))
def test_the_octet_that_postgresql_refuses_comes_back_and_keeps_the_order(seed: int) -> None:
    chance = random.Random(seed)
    texts = ["".join(chance.choices("\x00\x01\x02\x03a", k=chance.randrange(8))) for _ in range(50)]
    told = [postgresql.escaped(text) for text in texts]
    assert [postgresql.unescaped(text) for text in told] == texts
    assert "\x00" not in "".join(told)
    assert sorted(range(50), key=lambda one: told[one]) == sorted(range(50), key=lambda one: texts[one])


# --- several writers, and the end of one

def test_four_processes_draw_every_number_once_and_leave_no_hole(address: str) -> None:
    runs = [start(address, 4) for _ in range(4)]
    for run in runs:
        go(run)
    for run in runs:
        out, err = run.communicate(timeout=60)
        assert (run.returncode, out.splitlines()[-1]) == (0, b"done"), err.decode()
    assert at_rest(address) == (16, 16)


def test_a_run_killed_at_any_time_leaves_whole_transactions_only(address: str) -> None:
    chance = random.Random(7)
    out = into = 0
    for _ in range(2):
        runs = [start(address, 100_000) for _ in range(2)]
        for run in runs:
            go(run)
        first = runs[0].stdout
        assert first is not None
        before = list(iter(first.readline, b"sealed\n"))  # however busy the machine is, something was committed
        time.sleep(chance.uniform(0, 0.3))
        for run in runs:
            os.kill(run.pid, signal.SIGKILL)
        told = ["sealed", *(word for run in runs for word in run.communicate()[0].decode().splitlines()),
                *(line.decode().strip() for line in before)]
        held_out, held_in = at_rest(address)
        # what was told as committed is there; of each at most one more was committed and not yet told
        assert 0 <= held_out - out - told.count("sealed") <= 2
        assert 0 <= held_in - into - told.count("taken") <= 2
        out, into = held_out, held_in
    assert out > 0


def test_who_waits_too_long_for_another_is_told_and_nothing_stands(address: str, monkeypatch: pytest.MonkeyPatch
                                                                   ) -> None:
    monkeypatch.setattr(postgresql, "_OPTIONS", "-c lock_timeout=100ms")
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        with first.transaction() as transaction:
            queue(transaction)
            with pytest.raises(LocalError, match="L007"), second.transaction():
                raise AssertionError("the lock was given twice")
        with second.transaction() as transaction:
            seal(transaction)


def test_a_connection_that_is_cut_in_the_middle_leaves_nothing_and_the_next_transaction_stands(address: str) -> None:
    with Ledger.open(address, now=NOW) as ledger:
        with pytest.raises(LocalError, match="L001"), ledger.transaction() as transaction:
            queue(transaction)
            with connected(address) as other:
                other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                              "WHERE pid <> pg_backend_pid() AND datname = current_database()")
            queue(transaction)
        with ledger.transaction() as transaction:
            assert transaction.waiting(PARTNER) == []
            queue(transaction)
        with ledger.reading() as queries:
            assert len(queries.messages()) == 1


def test_a_commit_is_durable_even_where_the_server_would_not_wait_for_it(address: str) -> None:
    with connected(address) as connection:
        connection.execute("ALTER DATABASE " + address.rpartition("/")[2] + " SET synchronous_commit = off")
    with Ledger.open(address, now=NOW) as ledger, ledger.transaction() as transaction:
        assert transaction._connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    lanes = database_of(address).lanes()
    assert lanes is not None
    with lanes.begin() as leases:
        assert leases.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    lanes.dispose()


@pytest.mark.parametrize("value", ["CAST(9999999999 AS bigint)", "repeat('x', 99999999)"], ids=["large", "long"])
def test_a_value_that_the_server_takes_not_is_at_fault_itself_and_spoils_nothing_else(
        value: str, address: str) -> None:
    column = "messages" if "bigint" in value else "control_reference"
    with Ledger.open(address, now=NOW) as ledger:
        with ledger.transaction() as transaction:
            queue(transaction)
            seal(transaction)
            with pytest.raises(DatabaseError) as error, transaction.part():
                transaction._connection.exec_driver_sql(f"UPDATE interchange SET {column} = {value}")
            queue(transaction)
        assert not of_the_machine(error.value)
        with ledger.reading() as queries:
            assert len(queries.messages()) == 2


@pytest.mark.parametrize(("wrong", "reason"), [("/nothing", 'database "nothing" does not exist'), (":1/", "refused")])
def test_a_server_that_does_not_answer_is_named_without_the_word_that_opens_it(
        wrong: str, reason: str, address: str) -> None:
    host, _, _ = address.rpartition("/")
    there = host + wrong if wrong != ":1/" else host.rpartition(":")[0] + ":1/x"
    with pytest.raises(LocalError) as error:
        Ledger.open(there.replace("owner@", "owner:hunter2@"), now=NOW)
    assert (error.value.code, reason in error.value.findings[0].values["reason"]) == ("L001", True)
    assert "hunter2" not in str(error.value.findings)


def test_what_was_erased_is_gone_from_the_tables_of_the_server(address: str) -> None:
    with Ledger.open(address, now=NOW) as ledger:
        with ledger.transaction() as transaction:
            transaction.journal(subject="journal", reference="r", text="t", at=NOW)
        ledger.rewrite()
        with ledger.reading() as queries:
            assert queries.verify_history() is None


def test_what_is_written_is_the_same_whatever_encoding_the_machine_asks_for(
        address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with Ledger.open(address, now=NOW) as ledger, ledger.transaction() as transaction:
        transaction.journal(subject="journal", reference="Lomé €", text="t", at=NOW)
    monkeypatch.delenv("PGCLIENTENCODING")
    with Ledger.open(address, now=NOW) as ledger, ledger.reading() as queries:
        assert queries.verify_history() is None


def test_a_database_that_cannot_hold_every_text_is_refused(address: str) -> None:
    with connected(address) as connection:
        connection.execute("CREATE DATABASE narrow ENCODING LATIN1 TEMPLATE template0")
    with pytest.raises(LocalError) as error:
        Ledger.open(address.rpartition("/")[0] + "/narrow", now=NOW)
    assert (error.value.code, error.value.findings[0].values["reason"]) == ("L001", "server_encoding LATIN1")


def test_what_was_erased_goes_when_nobody_sees_it_any_more_and_till_then_it_is_not_said_to_be_gone(
        address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "BUSY_SECONDS", 1)
    on_disk = "SELECT position('SECRET'::bytea in pg_read_binary_file(pg_relation_filepath('content'))) > 0"
    with Ledger.open(address, now=NOW) as ledger, connected(address) as keeper:
        with ledger.transaction() as transaction:
            transaction._connection.exec_driver_sql(
                "INSERT INTO content (id, digest, size, bytes) VALUES (9, 'd', 6, 'SECRET')")
        with psycopg.connect(address) as reader:
            reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            reader.execute("SELECT count(*) FROM movement")
            with ledger.transaction() as transaction:
                transaction._connection.exec_driver_sql("UPDATE content SET bytes = '' WHERE id = 9")
            with pytest.raises(LocalError, match="L007"):
                ledger.rewrite()
        ledger.rewrite()
        keeper.execute("CHECKPOINT")
        assert keeper.execute(on_disk).fetchone() == (False,)


def test_a_table_that_is_not_ours_to_write_anew_is_told(address: str) -> None:
    with connected(address) as keeper:
        keeper.execute("CREATE ROLE guest LOGIN")
        keeper.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
    with Ledger.open(address.replace("owner@", "guest@"), now=NOW) as ledger, pytest.raises(LocalError, match="L001"):
        ledger.rewrite()


# --- whole gateways

def test_the_story_of_the_samples_is_the_same_over_a_server(told: tuple[str, Files]) -> None:
    assert list(differences(told[1], held(SCENARIO), f"samples/{SCENARIO.folder}")) == []


def test_two_gateways_exchange_over_a_server_move_there_and_are_looked_after(new_address: NewAddress, tmp_path: Path
                                                                            ) -> None:
    """Lomé begins with a file, moves, and goes on under the next number; Ouagadougou was there from the beginning."""
    togo, burkina = offices(tmp_path)
    server = new_address(empty=True)
    with burkina.settings.open("a", encoding="utf-8") as written:
        written.write(f"ledger: {new_address(empty=True)}\n")

    def exchanged(reference: str) -> None:
        togo.drop("declarations", {f"{reference}.json": declaration_json(reference)})
        for office, program in ((togo, "edi-send"), (burkina, "edi-sync"), (togo, "edi-sync"), (burkina, "edi-sync"),
                                (togo, "edi-sync")):
            ran = office.run(program)
            assert (ran.exit, ran.err) == (0, "")

    exchanged("T-1")
    line, = checked("ledger-copy", togo.run("edi", "ledger", "copy", server, "--json").out)
    assert (line["target"], line["rows"] > 20) == (server, True)
    with togo.settings.open("a", encoding="utf-8") as written:
        written.write(f"ledger: {server}\n")
    exchanged("T-2")
    assert sorted(one["state"] for one in togo.movements().values()) == ["CONFIRMED", "CONFIRMED"]
    assert [one["reference"] for one in togo.interchanges("out") if one["type"] == "CUSDEC"] == [
        "TG0000000001", "TG0000000003"]
    for office in (togo, burkina):
        assert office.run("edi", "audit", "verify").exit == 0
        assert office.run("edi", "health").exit == 0
    assert togo.run("edi", "backup", "--to", str(tmp_path / "backup")).exit == 0
    (backup,) = (tmp_path / "backup").iterdir()
    assert togo.run("edi", "backup", "--verify", str(backup)).exit == 0
    assert togo.run("edi", "ledger", "copy", str(tmp_path / "one.sqlite")).exit == 0
    refused = togo.run("edi", "restore", str(tmp_path / "one.sqlite"))
    assert "L016" in refused.err
    password = server.replace("owner@", "owner:hunter2@")
    refused = togo.run("edi", "ledger", "copy", password)
    assert ("S073" in refused.err, "hunter2" in refused.err + refused.out) == (True, False)
