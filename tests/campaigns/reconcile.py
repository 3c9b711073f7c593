"""Two ledgers of many messages: how many questions find what differs, and how long does it take?

    python -m tests.campaigns.reconcile --messages 100000 --runs 7 --seed 1 --json

Two ledgers on disk, made by the gateway's own migrations, hold the same link: at the sender as sent, at the receiver as
received. Their rows are filled in bulk, with true leaves and numbers; the bodies are one and the same. A run alters one
thing at one side (nothing, a message removed, altered or added, or one of each) at a number drawn from the seed, and
compares: every question and answer has the lines that it has on its way. Sealing, reading of sealed payloads and
mailboxes are left out: `tests/pair/test_reconcile.py` has them. Seconds are for all walks over both ledgers.

The last line of `--json` is one object: runs, failures, most_questions, bound (questions allowed: c * log2 n with
c = 1), slowest (seconds on the clock), busiest (seconds of the processor).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from gateway.exchange.bisecting import Difference, advanced, begun, differences, sizes_to_ask
from gateway.exchange.histories import answer, extent, question, read_answer
from gateway.ledger import Ledger
from gateway.security import leaf, leaf_hash
from gateway.security.link_texts import roots_payload

NOW = datetime(2026, 3, 16, tzinfo=UTC)
SECONDS = 10.0
Change = Callable[[sqlite3.Connection, str, int], None]

_COLUMNS = ("id, direction, partner, sequence, message_id, kind, name, mic, previous, signature_digest, leaf, state, "
            "attempts, at, inner_id")


def row(direction: str, partner: str, sequence: int, twist: str = "") -> tuple[object, ...]:
    """One object of the link, with the leaf that its number, MIC and signature give."""
    mic, before, signature = (hashlib.sha256(f"{word} {number} {twist}".encode()).hexdigest() for word, number in (
        ("mic", sequence), ("mic", sequence - 1), ("signature", sequence)))
    identifier = f"<{mic[:32]}@TGOTR>"
    return (sequence, direction, partner, sequence, identifier, "application/EDIFACT", f"{signature[:32]}.p7m", mic,
            before, signature, leaf(sequence, identifier, mic, signature), "RECEIVED" if direction == "out"
            else "STORED", 1, 0, 1)


def fill(path: Path, direction: str, partner: str, messages: int) -> Ledger:
    """A ledger that holds a link of so many objects."""
    ledger = Ledger.open(f"sqlite:///{path}", now=NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        names = [one[1] for one in connection.execute("PRAGMA table_info(content)")]
        known = {"id": 1, "digest": "0" * 64, "size": 1, "bytes": b"x"}
        connection.execute(f"INSERT INTO content ({', '.join(known)}) VALUES (?, ?, ?, ?)", tuple(known.values()))
        assert set(known) <= set(names)
        connection.executemany(f"INSERT INTO object ({_COLUMNS}) VALUES ({', '.join('?' * 15)})",
                               (row(direction, partner, number) for number in range(1, messages + 1)))
        connection.execute("INSERT INTO link (partner, direction, sequence, mic, highest) VALUES (?, ?, ?, ?, ?)",
                           (partner, direction, messages, "0" * 64, messages))
        connection.execute("COMMIT")
    return ledger


def compare(ours: Ledger, theirs: Ledger) -> tuple[list[Difference], int]:
    """The sender compares its link with the receiver's: what differs, and how many questions that took."""
    with ours.reading() as mine, theirs.reading() as other:
        shown = mine.link_head("BFDGD", "out").sequence
        comparison = begun(extent(mine, "BFDGD", "out", shown=0).size)
        while not comparison.finished:
            sizes = sizes_to_ask(comparison)
            asked = question(mine, "TGOTR", "BFDGD", "out", sizes, comparison.replaced)
            said, number, _ = answer(other, "BFDGD", "TGOTR", asked,
                                     shown=other.link_head("TGOTR", "in").sequence)
            assert len(roots_payload(asked)) < 4096 > len(roots_payload(said)) - 1024
            leaves = dict(comparison.replaced)
            if number is not None:
                leaves[number] = leaf_hash(next(other.leaves("TGOTR", "in", first=number, last=number)))
            comparison = replace(comparison, questions=comparison.questions + 1, leaves=leaves,
                                 roots=dict(asked.roots))
            read = read_answer(said)
            assert read is not None
            comparison = advanced(comparison, *read)
        held = extent(mine, "BFDGD", "out", shown=shown)
        return differences(comparison, "out", held.holes, held.size), comparison.questions


def remove(connection: sqlite3.Connection, direction: str, number: int) -> None:
    """Somebody deletes a row."""
    connection.execute("DELETE FROM object WHERE direction = ? AND sequence = ?", (direction, number))


def alter(connection: sqlite3.Connection, direction: str, number: int) -> None:
    """Somebody puts another message under a number."""
    _, _, partner, *_ = row(direction, "", number)
    changed = row(direction, str(partner), number, "another")
    connection.execute("UPDATE object SET mic = ?, leaf = ? WHERE direction = ? AND sequence = ?",
                       (changed[7], changed[10], direction, number))


def add(connection: sqlite3.Connection, direction: str, number: int) -> None:
    """Somebody adds a message behind the last."""
    partner = "BFDGD" if direction == "out" else "TGOTR"
    connection.execute(f"INSERT INTO object ({_COLUMNS}) VALUES ({', '.join('?' * 15)})",
                       row(direction, partner, number))


def cases(messages: int, chance: random.Random) -> list[tuple[str, list[tuple[Change, str, int]], list[Difference]]]:
    """What is done at which side to which number, and what must be named."""
    def named(number: int, fault: str) -> Difference:
        return Difference(first=number, last=number, fault=fault)  # type: ignore[arg-type]

    one, two = sorted(chance.sample(range(2, messages), 2))
    return [
        ("the same", [], []),
        ("removed at the receiver", [(remove, "in", one)], [named(one, "missing there")]),
        ("removed at the sender", [(remove, "out", one)], [named(one, "missing here")]),
        ("altered at the receiver", [(alter, "in", one)], [named(one, "altered")]),
        ("altered at the sender", [(alter, "out", one)], [named(one, "altered")]),
        ("added at the receiver", [(add, "in", messages + 1)], [named(messages + 1, "added there")]),
        ("added at the sender", [(add, "out", messages + 1)], [named(messages + 1, "missing there")]),
        ("two altered, one at each side", [(alter, "in", one), (alter, "out", two)],
         [named(one, "altered"), named(two, "altered")]),
        ("one altered, one removed, at the receiver", [(alter, "in", one), (remove, "in", two)],
         [named(one, "altered"), named(two, "missing there")]),
        ("one altered, one added, at the receiver", [(alter, "in", one), (add, "in", messages + 1)],
         [named(one, "altered"), named(messages + 1, "added there")]),
    ]


def run(folder: Path, messages: int, chance: random.Random) -> list[dict[str, object]]:
    """Every case once, over the same two ledgers: what a case did is undone after it."""
    paths = {"out": folder / "sender.sqlite", "in": folder / "receiver.sqlite"}
    partners = {"out": "BFDGD", "in": "TGOTR"}
    ledgers = {side: fill(paths[side], side, partners[side], messages) for side in paths}
    told = []
    for name, changes, expected in cases(messages, chance):
        for change, side, number in changes:
            with closing(sqlite3.connect(paths[side], isolation_level=None)) as connection:
                change(connection, side, number)
        began, busy = time.perf_counter(), time.process_time()
        found, questions = compare(ledgers["out"], ledgers["in"])
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        for _, side, number in changes:
            with closing(sqlite3.connect(paths[side], isolation_level=None)) as connection:
                remove(connection, side, number)
                if number <= messages:
                    add(connection, side, number)
        told.append({"schema": 1, "kind": "case", "name": name, "messages": messages, "questions": questions,
                     "seconds": round(seconds, 3), "busy": round(busy, 3), "ok": found == expected,
                     "found": [f"{one.first} {one.fault}" for one in found]})
    for ledger in ledgers.values():
        ledger.close()
    return told


def main() -> int:
    """Run, and print one line for each case."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told: list[dict[str, object]] = []
    for number in range(given.runs):
        with tempfile.TemporaryDirectory() as folder:
            told += run(Path(folder), given.messages, random.Random(f"{given.seed} {number}"))
    bound = math.log2(given.messages)
    bad = [one for one in told if not one["ok"] or float(str(one["questions"])) > bound
           or float(str(one["busy"])) > SECONDS]
    summary = {"schema": 1, "kind": "campaign", "name": "reconcile", "runs": len(told), "seed": given.seed,
               "failures": len(bad), "most_questions": max(int(str(one["questions"])) for one in told),
               "bound": round(bound, 1), "slowest": max(float(str(one["seconds"])) for one in told),
               "busiest": max(float(str(one["busy"])) for one in told)}
    for line in (*told, summary):
        print(json.dumps(line) if given.json else
              "  ".join(f"{key} {value}" for key, value in line.items() if key not in ("schema", "kind")))
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
