"""Does the ledger keep what was decided of keys, each step once, each in the history?"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.ledger import Ledger, Moved
from gateway.ledger.key_rows import ConsentState, OwnKeyState, TrustedState

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
ONE, TWO = "11" * 32, "22" * 32


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW)


def _propose(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        transaction.add_trusted(partner="BFDGD", use="signing", sha256=ONE, der=b"der", replaces=TWO, use_from=LATER,
                                accept_until=None, state=TrustedState.PROPOSED, reason="announced", object_id=None,
                                at=NOW)


def test_a_decision_on_a_certificate_moves_it_once(ledger: Ledger) -> None:
    _propose(ledger)
    with ledger.reading() as queries:
        (row,) = queries.trusted("BFDGD")
    with ledger.transaction() as transaction:
        transaction.move_trusted(row, state=TrustedState.ACCEPTED, reason="by Awa", at=NOW)
    with ledger.reading() as queries:
        (held,) = queries.trusted()
        assert (held.state, held.reason, held.replaces, held.use_from, held.accept_until) == (
            TrustedState.ACCEPTED, "by Awa", TWO, LATER, None)
        assert queries.trusted("MLDGD") == []
        assert [(step.event, step.from_state, step.to_state) for step in queries.history_of(ONE)] == [
            ("new", None, "PROPOSED"), ("state", "PROPOSED", "ACCEPTED")]
    with pytest.raises(Moved), ledger.transaction() as transaction:
        transaction.move_trusted(row, state=TrustedState.REFUSED, at=NOW)


def test_every_change_of_keys_counts_and_one_that_is_undone_does_not(ledger: Ledger) -> None:
    counted = []
    for step in range(3):
        with ledger.reading() as queries:
            counted.append(queries.key_changes())
        if step == 0:
            _propose(ledger)
        else:
            with pytest.raises(RuntimeError), ledger.transaction() as transaction:
                transaction.add_own_key(use="signing", sha256=ONE, key="k", certificate="c", replaces=None,
                                        state=OwnKeyState.MADE, reason="", at=NOW)
                raise RuntimeError
    assert counted == [0, 1, 1]


def test_a_consent_stands_whatever_is_said_after_it(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        number = transaction.add_own_key(use="signing", sha256=ONE, key="k", certificate="c", replaces=TWO,
                                         state=OwnKeyState.MADE, reason="", at=NOW)
        asked = transaction.add_object_out(
            partner="BFDGD", sequence=1, message_id="<1@TGOTR>", kind="keys", mic="33" * 32, previous="0" * 64,
            signature_digest="44" * 32, name="n", sealed=b"s", inner=b"i", leaf=b"l", interchange_id=None,
            receipt_for=None, at=NOW)
        transaction.ask_consent(number, "BFDGD", object_id=asked, at=NOW)
    said = []
    for processed in (False, True, False):
        with ledger.transaction() as transaction:
            assert transaction.settle_consent("BFDGD", message_id="<1@TGOTR>", processed=processed, at=NOW)
            assert not transaction.settle_consent("BFDGD", message_id="<2@TGOTR>", processed=processed, at=NOW)
            assert not transaction.settle_consent("MLDGD", message_id="<1@TGOTR>", processed=processed, at=NOW)
        with ledger.reading() as queries:
            (row,) = queries.consents()
            said.append((row.partner, row.sha256, row.state))
    assert said == [("BFDGD", ONE, state) for state in (
        ConsentState.REFUSED, ConsentState.CONSENTED, ConsentState.CONSENTED)]
    with pytest.raises(Moved), ledger.transaction() as transaction:
        transaction.ask_consent(number, "BFDGD", object_id=None, at=NOW)


def test_an_edited_state_of_a_key_is_found(ledger: Ledger, tmp_path: Path) -> None:
    _propose(ledger)
    with ledger.reading() as queries:
        assert list(queries.verify_contents()) == []
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("UPDATE trusted SET state = 'ACCEPTED'")
    with ledger.reading() as queries:
        assert [(bad.what, bad.fault) for bad in queries.verify_contents()] == [("trusted", "state")]
