"""Does the judge of the campaigns see what is wrong? Two gateways at rest are spoilt in one way each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaigns.mailbox_proofs import Verdict, judge
from tests.campaigns.mailbox_world import CANARY, World
from tests.tools.offices import Office
from tests.tools.records import numbered_mrn

ACCEPTED, REJECTED = numbered_mrn(2), numbered_mrn(3)


def changed(office: Office, statement: str, *values: object) -> None:
    """Change the ledger behind the gateway's back."""
    connection = sqlite3.connect(office.home / "state" / "ledger.sqlite")
    with connection:
        assert connection.execute(statement, values).rowcount
    connection.close()


def twice(office: Office, table: str, where: str, **other: object) -> None:
    """Put a row into the ledger once more, under the next number and with some other values."""
    connection = sqlite3.connect(office.home / "state" / "ledger.sqlite")
    with connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute(f"select * from {table} where {where}").fetchone())
        row["id"] = connection.execute(f"select max(id) + 1 from {table}").fetchone()[0]
        row.update(other)
        connection.execute(f"insert into {table} ({', '.join(row)}) values ({', '.join('?' for _ in row)})",
                           list(row.values()))
    connection.close()


def write(path: Path, content: bytes = b"x") -> None:
    """A file, and its folder where that is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def inbox(office: Office, kind: str) -> Path:
    """A folder of the national inbox."""
    return office.home / "national" / "in" / kind


Spoil = Callable[[World], object]

LOST: dict[str, Spoil] = {
    "a declaration that the partner's people do not find":
        lambda world: (inbox(world.burkina, "declarations") / f"{ACCEPTED}.json").unlink(),
    "a declaration of which the file is not whole":
        lambda world: write(inbox(world.burkina, "declarations") / f"{ACCEPTED}.json", b'{"mrn": "26TG'),
    "an answer that Lomé does not find":
        lambda world: next(path for path in inbox(world.togo, "answers").iterdir()
                           if REJECTED.encode() in path.read_bytes()).unlink(),
    "an event that Lomé does not find":
        lambda world: next(inbox(world.togo, "events").iterdir()).unlink(),
    "a declaration that was never judged":
        lambda world: changed(world.burkina, "update message set type = 'CUSXXX' where mrn = ? and direction = 'in'",
                              ACCEPTED),
    "a declaration that the partner was to accept and did not":
        lambda world: changed(world.burkina, "update message set state = 'REJECTED' where mrn = ? and "
                              "direction = 'in'", ACCEPTED),
    "a receipt for what is not stored":
        lambda world: changed(world.burkina, "update object set message_id = 'x' where direction = 'in' and "
                              "sequence = (select max(sequence) from object where direction = 'in')"),
    "an object without a receipt":
        lambda world: changed(world.togo, "update object set state = 'DISPATCHED', receipt_due = 1 where "
                              "direction = 'out' and state = 'RECEIVED'"),
    "an interchange without an answer":
        lambda world: changed(world.togo, "update interchange set state = 'DISPATCHED' where direction = 'out'"),
    "a file that was refused and is gone":
        lambda world: (world.togo.home / "national" / "refused" / "declarations" / "20418.xml").unlink()}

DOUBLED: dict[str, Spoil] = {
    "a declaration that was sent twice":
        lambda world: twice(world.togo, "message", f"mrn = '{ACCEPTED}' and direction = 'out'",
                            message_reference="77"),
    "a declaration that was judged twice":
        lambda world: twice(world.burkina, "message", f"mrn = '{ACCEPTED}' and direction = 'in'"),
    "an answer that was told twice":
        lambda world: write(inbox(world.togo, "answers") / "again.json", next(
            path for path in inbox(world.togo, "answers").iterdir()
            if ACCEPTED.encode() in path.read_bytes()).read_bytes()),
    "an event that was told twice":
        lambda world: write(inbox(world.togo, "events") / "again.json", b"{}"),
    "an object under two numbers":
        lambda world: twice(world.burkina, "object", "direction = 'in' and sequence = 1", sequence=99,
                            message_id="again"),
    "a movement of nobody":
        lambda world: changed(world.burkina, "update movement set mrn = 'X' || mrn")}

LEAKED: dict[str, Spoil] = {
    "a temporary file of the system": lambda world: write(world.system / "x"),
    "a temporary file that retention does not find":
        lambda world: write(world.togo.home / "elsewhere" / ".x.1-1.partial"),
    "a plaintext in a mailbox":
        lambda world: write(world.burkina.mailbox("TGOTR").parent / "tmp" / f"{0:032x}.p7m", CANARY.encode()),
    "a plaintext in a folder of ours":
        lambda world: write(world.burkina.home / "state" / "quarantine" / "x", CANARY.encode()),
    "a foreign name in tmp": lambda world: write(world.burkina.mailbox("TGOTR").parent / "tmp" / "x.edi")}

BROKEN: dict[str, Spoil] = {
    "a file that nobody fetches": lambda world: write(world.burkina.mailbox("TGOTR") / "x"),
    "a national file that nobody takes": lambda world: write(world.togo.home / "national/out/declarations/x"),
    "a claimed file that nobody settles": lambda world: write(world.togo.home / "state/claimed/declarations/x"),
    "a file in quarantine": lambda world: write(world.burkina.home / "state/quarantine/x"),
    "a report of a defect": lambda world: write(world.burkina.home / "state/defects/x"),
    "a halted link": lambda world: changed(world.togo, "update link set halted = 'E_CHAIN' where direction = 'in'"),
    "a history that was changed":
        lambda world: changed(world.togo, "insert into history select max(id) + 1, at, subject, subject_id, "
                              "reference, event, from_state, to_state, text, digest, row_hash from history"),
    "an answer to a message that is not there":
        lambda world: changed(world.togo, "update message set answers = 9999 where type = 'CUSRES'")}


def test_two_gateways_at_rest_are_good(world: World) -> None:
    world.back("rest")
    assert judge(world) == Verdict()


@pytest.mark.parametrize(("kind", "what"), [
    (kind, what) for kind, spoils in (("lost", LOST), ("doubled", DOUBLED), ("leaked", LEAKED), ("broken", BROKEN))
    for what in spoils])
def test_what_is_wrong_is_seen(world: World, kind: str, what: str) -> None:
    world.back("rest")
    {"lost": LOST, "doubled": DOUBLED, "leaked": LEAKED, "broken": BROKEN}[kind][what](world)
    assert getattr(judge(world), kind), what


def test_what_an_interrupted_writing_left_lives_for_a_day(world: World) -> None:
    """Younger than a day it is no leak: the judge looks two days later, when retention has run."""
    world.back("rest")
    left = [world.togo.home / folder / ".x.1-1.partial"
            for folder in ("state", "state/claimed/declarations", "national/in/answers", "partners", "keys")]
    for path in left:
        write(path, CANARY.encode())
    assert judge(world) == Verdict()
    assert [path for path in left if path.exists()] == []
