"""Does a story of fixed acts leave these very rows, in whatever database and however they are written there?

A change of how rows are written changes none of these digests. Where a change means to write something else, or a
table gets a column, the new digest is that of its rows: the test shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from gateway.ledger import (
    Ledger,
    NewAnswer,
    NewDeclaration,
    NewDelivery,
    NewEvent,
    NewMessage,
    NewMessageIn,
    NewMovement,
    NewSource,
    NewState,
    Transaction,
)
from gateway.ledger.columns import metadata
from gateway.ledger.guarantee_rows import NewEngagement
from gateway.ledger.mirror_rows import Seen
from tests.unit.test_ledger_story import CUSDEC, NOW, PARTNER, contrl, digest, receipt, seal, store

MRNS = ["M1", "M2", "M3"]
LATER = NOW + timedelta(minutes=3, microseconds=7)
ROWS = {
    "bond": (1, "cd295c058584ec0b0c96d17a8e1c949dac8b73ba9883318b9bd606d1c5b4c7a2"),
    "content": (18, "eea61459c5d7a5ff27dc71ecb36396df0a89e3cc0710acf181f6a2d53d2b1b2b"),
    "declaration": (3, "3f0b207a10bda5b6c847f7cc8b4ddfb1a25ea2ae5e4ff3bf5cbdcc4245d1dac0"),
    "delivery": (3, "5d63e02c5d3cfa13f29b7d1b5353987fa0ecf9fa84c6c6dd2d571dc059b75673"),
    "engagement": (3, "eb0d01a8e5ca86dcfc93552b4330d74f60540c67c55cbaa6048cfc49b513dcd5"),
    "event": (3, "f288b128901c12a4a6c956144a86741943a5f51d9d740a6b3e1fdbf78da9561c"),
    "history": (53, "9219200e0a7ee9b5172dc72af7f5d1519601eeb68cab3ed437d9de8b3bc3eef8"),
    "interchange": (2, "167b952289c997441340a504623275bc8aea6d16ce095f013324cf7e5c99c7b5"),
    "link": (2, "78c9d5d57cd3bbc3c1f95f073eda7c8c3d2cbf37b0db8ae77979499c327594b9"),
    "message": (6, "9d4624007e415c8768cf05339861ba3dcaf17bc4bf615d202e63a9f4058cddbe"),
    "movement": (3, "f96ebf97a3eed5885456391d6cb4f4e36631b9c4a983d632b80ef1adc7bf3698"),
    "object": (2, "34de050cd8ab54920f7820eb5d9cf8fa4c3881f034ac4988f9dab6d14e265a16"),
    "seen": (3, "19241bbc3b0eb3d4926d6699ccd5f73db8872fbf1374da4aa7e99d361071a997"),
    "sought": (3, "aef13392918fdf7e8a747a316fb408856aa5d0ff1653f8a28265447c7cac2b01"),
    "source": (3, "1fcfbfafe437515bb82da88cfccb9d0ad07939319fee5c48ae0988836438b074"),
    "source_file": (6, "fdb63d8b348329f543c25a965688b8e9d94dae00a5ba69b9772cc0df50780e24"),
}
"""Table -> how many rows, and the SHA-256 of them. Those that are not named are empty."""
OWN = ("alembic_version", "counter")
"""What is drawn is tested elsewhere, and the schema's number goes on."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", now=NOW) as opened:
        yield opened


def _state(mrn: str, state: str, flags: str = "") -> NewState:
    return NewState(mrn=mrn, state=state, flags=flags, next_action="wait", who=PARTNER, time_limit=date(2026, 12, 31),
                    due=LATER, timer="limit", wakes=NOW)


def _sent(transaction: Transaction) -> None:
    sources = transaction.add_sources([
        NewSource(kind="declarations", dialect="tgotr/asycuda", key=f"K{mrn}", dialect_digest=digest("dialect"),
                  files={f"{mrn}.xml": f"<SAD>é{mrn}</SAD>".encode(), f"{mrn}.csv": b"same"}) for mrn in MRNS], at=NOW)
    assert transaction.add_movements([
        NewMovement(mrn=mrn, key=f"K{mrn}", administration="TGOTR", corridor="tg-bf", role="departure",
                    departure="TGLPL", destination="BFOUI", time_limit=NOW if mrn == "M2" else None)
        for mrn in MRNS], at=NOW) == [True] * 3
    transaction.add_declarations([
        NewDeclaration(mrn=mrn, amendment=0, function="original", source_id=source, message_id=None,
                       tree={"mrn": mrn, "mass": Decimal("12.50"), "remark": "\x00\x01 É ☃", "items": [{"number": 1}]})
        for mrn, source in zip(MRNS, sources, strict=True)], at=NOW)
    transaction.queue_messages([
        NewMessage(partner=PARTNER, type="CUSDEC", mrn=mrn, word="original", wire=(CUSDEC, f"BGM+962+{mrn}'É", 1),
                   mapping="base/cusdec", mapping_digest=digest("mapping"), source_id=source, answers=None,
                   urgent=mrn == "M3") for mrn, source in zip(MRNS, sources, strict=True)], at=NOW)
    transaction.set_movement_states([_state(mrn, "RELEASED") for mrn in MRNS], at=NOW)
    transaction.set_engagements(MRNS, [
        NewEngagement(mrn=mrn, reference="G1", currency="XOF", amount=Decimal("4625000.25"), engaged=Decimal("10.5"))
        for mrn in MRNS], at=NOW)
    transaction.note_sought([(f"K{mrn}", "title", mrn) for mrn in MRNS])
    transaction.note_seen([Seen(identity="TG1", thing="seal", mrn=mrn, reference="declaration 0", what="put-on",
                                administration="TGOTR", office="TGLPL", happened=None, at=NOW) for mrn in MRNS])


def _answered(transaction: Transaction) -> None:
    interchange = store(transaction, 1, "BF0000000001")
    numbers = transaction.add_messages_in([
        NewMessageIn(interchange_id=interchange, message_reference=str(number), type="CUSRES", mrn=mrn, word=word,
                     body=f"BGM+962+{mrn}'", segments=1, mapping="base/cusres", mapping_digest=digest("mapping"),
                     state="TAKEN", identifier="CUSRES:D:96B:UN:COR10", detail="" if mrn == "M1" else "because")
        for number, (mrn, word) in enumerate(zip(MRNS, ("ACCEPTED", "REJECTED", "ACCEPTED"), strict=True))], at=LATER)
    assert transaction.settle_answers([
        NewAnswer(partner=PARTNER, answered=answered, mrn=mrn, word=word, detail="R1" if word == "REJECTED" else "")
        for answered, mrn, word in (("TG0000000001-2", "M1", "ACCEPTED"), ("TG0000000001-3", "M2", "REJECTED"),
                                    (None, "M1", "REJECTED"))], at=LATER) == [1, 2, None]
    transaction.add_events([
        NewEvent(mrn=mrn, administration=PARTNER, reference=f"E{mrn}", word="ACCEPTED", happened=date(2026, 11, 26),
                 tree={"word": "ACCEPTED", "mrn": mrn}, message_id=number, source_id=None)
        for mrn, number in zip(MRNS, numbers, strict=True)], at=LATER)
    transaction.add_deliveries([NewDelivery(folder="answers", name=f"{mrn}.json", content=b"{}") for mrn in MRNS],
                               at=LATER)
    transaction.set_movement_states([_state("M2", "SENT", "REJECTED-BY:BFDGD"), _state("M1", "CONFIRMED"),
                                     _state("M3", "RELEASED")], at=LATER)
    transaction.set_engagements(["M1"], [], at=LATER)


def _rows(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    columns = [column for column in table.c if column.name != "row_hash"]  # the first row tells of the schema
    rows = connection.execute(select(*columns).order_by(*table.primary_key)).all()
    rows = rows[1:] if table.name == "history" else rows
    return [tuple(bytes(value) if isinstance(value, bytes | memoryview) else str(value) for value in row)
            for row in rows]


def test_these_acts_leave_these_rows(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        _sent(transaction)
        seal(transaction)
    with ledger.transaction() as transaction:
        transaction.mark_dispatched([1], at=NOW, receipt_due=LATER)
        receipt(transaction, 1, at=LATER)
        contrl(transaction, at=LATER)
        _answered(transaction)
    with ledger.transaction() as transaction:
        transaction.mark_delivered([1, 2, 2], at=LATER)
    with ledger.reading() as queries:
        found = {table.name: rows for table in metadata.sorted_tables if table.name not in OWN
                 if (rows := _rows(queries._connection, table))}
        assert queries.verify_history() is None
    told = {name: (len(rows), sha256(repr(rows).encode()).hexdigest()) for name, rows in found.items()}
    assert told == ROWS, found
