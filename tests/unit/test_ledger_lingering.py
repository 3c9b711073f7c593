"""Is what a mailbox does not let us remove remembered by name and time, for each partner, until it is forgotten?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gateway.ledger import Ledger

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def test_what_stays_is_known_until_it_is_forgotten_and_each_partner_has_its_own(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as ledger:
        with ledger.transaction() as transaction:
            transaction.note_lingering("BFDGD", {"a": 5, "b": None}, NOW)
            transaction.note_lingering("MLDGD", {"a": 7}, NOW)
            transaction.note_lingering("BFDGD", {"a": 6}, NOW)
        with ledger.reading() as queries:
            assert queries.lingering("BFDGD") == {"a": 6, "b": None}
            assert queries.lingering("MLDGD") == {"a": 7}
        with ledger.transaction() as transaction:
            transaction.forget_lingering("BFDGD", ["a", "never noted"])
            assert transaction.lingering("BFDGD") == {"b": None}
            assert transaction.lingering("MLDGD") == {"a": 7}


def test_more_than_a_statement_holds_is_noted_and_forgotten(tmp_path: Path) -> None:
    names: dict[str, int | None] = {f"{number:032x}.p7m": number for number in range(1203)}
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as ledger, \
            ledger.transaction() as transaction:
        transaction.note_lingering("BFDGD", names, NOW)
        assert transaction.lingering("BFDGD") == names
        transaction.forget_lingering("BFDGD", names)
        assert transaction.lingering("BFDGD") == {}
