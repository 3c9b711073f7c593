"""Do statements that were prepared write what SQLAlchemy itself would, row for row?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from gateway.ledger import Ledger
from gateway.ledger.guarantee_tables import bond
from gateway.ledger.prepared import insert_rows, run_rows
from gateway.ledger.tables import content, outage
from tests.unit.test_ledger_story import NOW

_BOND = ("reference", "currency", "engaged", "movements", "good_for", "surety", "until", "changed")
_GROW = (update(bond).where(bond.c.reference == bindparam("of_reference"))
         .values(engaged=bond.c.engaged + bindparam("more"), changed=bindparam("moment")))
_LATER = datetime(2026, 11, 27, 1, 2, 3, 456789, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", now=NOW) as opened:
        yield opened


def test_rows_are_those_that_sqlalchemy_writes_whatever_their_types(ledger: Ledger) -> None:
    rows = [(f"{reference}{number}", "XOF", 5 << 40, number, None, surety, until, changed)
            for number, (surety, until, changed) in enumerate(
                [("é", date(2027, 1, 2), NOW), ("\x00\x01", None, _LATER), ("", date(2026, 2, 1), NOW)])
            for reference in ("A", "B")]
    ours = [row for row in rows if row[0].startswith("A")]
    with ledger.transaction() as transaction:
        connection = transaction._connection
        insert_rows(connection, bond, _BOND, ours)
        connection.execute(insert(bond), [dict(zip(_BOND, row, strict=True)) for row in rows if row not in ours])
        held = [tuple(row) for row in connection.execute(select(bond).order_by(bond.c.reference))]
        assert held == sorted(rows)
        assert run_rows(connection, _GROW, ("more", "of_reference", "moment"),
                        [(1, "A0", _LATER), (-1, "A1", NOW), (1, "none", NOW)]) == 2
        grown = {row.reference: (row.engaged - (5 << 40), row.changed)
                 for row in connection.execute(select(bond).order_by(bond.c.reference))}
        assert grown == {"A0": (1, _LATER), "A1": (-1, NOW), "A2": (0, NOW), "B0": (0, NOW), "B1": (0, _LATER),
                         "B2": (0, NOW)}


def test_octets_and_no_rows_at_all(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        connection = transaction._connection
        names = ("bytes", "id", "digest", "size")
        insert_rows(connection, content, names, [(b"\x00\xff", 901, "0" * 64, 2), (b"", 902, "1" * 64, 0)])
        insert_rows(connection, content, names, [])
        assert run_rows(connection, _GROW, ("more", "of_reference", "moment"), []) == 0
        held = connection.execute(select(content.c.bytes).where(content.c.id > 900).order_by(content.c.id)).scalars()
        assert [bytes(octets) for octets in held] == [b"\x00\xff", b""]


def test_a_parameter_that_has_no_value_and_a_time_without_a_zone_are_told_at_once(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        with pytest.raises((ValueError, StatementError), match="parameter"):
            run_rows(transaction._connection, _GROW, ("more", "of_reference"), [(1, "A")])
        with pytest.raises((ValueError, StatementError), match="aware"):
            insert_rows(transaction._connection, outage, tuple(outage.c.keys()), [
                ("BFDGD", "out", NOW, 1, datetime(2026, 1, 1), NOW, "X", NOW, None)])


def test_what_the_database_refuses_is_refused_as_for_any_statement(ledger: Ledger) -> None:
    with pytest.raises(IntegrityError), ledger.transaction() as transaction:
        insert_rows(transaction._connection, content, ("id", "digest", "size", "bytes"),
                    [(number, "0" * 64, 0, b"") for number in (901, 901)])
