"""Does the ledger survive a death at any moment, and two runs at once?

Started as ``python -m tests.crash.test_ledger_kill URL ROUNDS`` this module is the run that gets killed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import event as alchemy_event

from gateway.ledger import Ledger, Transaction
from tests.unit.test_ledger_story import NOW, PARTNER, queue, receipt, seal, store, take

ROOT = Path(__file__).parents[2]
Result = TypeVar("Result")
Tell = Callable[[str], object]


def one_round(ledger: Ledger, mrn: str, tell: Tell) -> None:
    """Queue, seal, dispatch, be receipted, receive: a transaction each; tell what is committed."""
    def committed(word: str, work: Callable[[Transaction], Result]) -> Result:
        with ledger.transaction() as transaction:
            result = work(transaction)
        tell(word)
        return result

    def sealing(transaction: Transaction) -> tuple[int, int]:
        if not transaction.waiting(PARTNER):  # another run sealed ours with its own
            queue(transaction, mrn)
        _, sealed = seal(transaction)
        return sealed, transaction.link_head(PARTNER, "out").sequence

    def taking(transaction: Transaction) -> None:
        sequence = transaction.link_head(PARTNER, "in").sequence + 1
        interchange = store(transaction, sequence, f"BF{sequence}")
        for ordinal in range(5):
            take(transaction, interchange, str(ordinal), mrn, "ACCEPTED")
        transaction.settle_interchange_in(interchange, state="ACKNOWLEDGED", at=NOW)

    committed("queued", lambda transaction: [queue(transaction, mrn) for _ in range(5)])
    sealed, sequence = committed("sealed", sealing)
    committed("dispatched", lambda transaction: transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW))
    committed("receipted", lambda transaction: receipt(transaction, sequence))
    committed("taken", taking)


def main() -> None:
    """Rounds until done or dead; each committed transaction is told on standard output at once."""
    def tell(word: str) -> object:
        return os.write(1, f"{word}\n".encode())

    with Ledger.open(sys.argv[1], now=NOW) as ledger:
        tell("ready")
        sys.stdin.readline()
        for number in range(int(sys.argv[2])):
            one_round(ledger, f"M{os.getpid()}-{number}", tell)
    tell("done")


def start(address: str, rounds: int) -> subprocess.Popen[bytes]:
    run = subprocess.Popen([sys.executable, "-W", "error", "-m", __name__, address, str(rounds)], cwd=ROOT,
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None
    ready = run.stdout.readline()
    assert ready == b"ready\n", run.communicate()[1].decode()
    return run


def go(run: subprocess.Popen[bytes]) -> None:
    assert run.stdin is not None
    run.stdin.write(b"go\n")
    run.stdin.flush()


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/ledger.sqlite"


def check(folder: Path) -> tuple[int, int]:
    """The invariants of a ledger at rest; how many interchanges out and in it holds."""
    with Ledger.open(url(folder), now=NOW) as ledger, ledger.reading() as queries:
        assert queries._connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert queries._connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    return at_rest(url(folder))


def at_rest(address: str) -> tuple[int, int]:
    """What holds of a ledger of such rounds on any database."""
    with Ledger.open(address, now=NOW) as ledger, ledger.reading() as queries:
        assert queries.verify_history() is None
        assert list(queries.verify_contents()) == []
        mine = queries.interchanges(direction="out")[::-1]
        theirs = queries.interchanges(direction="in")
        assert [row.control_reference for row in mine] == [f"TG{n:010d}" for n in range(1, len(mine) + 1)]
        objects = [one for row in mine for one in queries.objects_of(row.id)]
        assert [one.sequence for one in objects] == list(range(1, len(mine) + 1))
        assert queries.link_head(PARTNER, "out").sequence == len(mine)
        assert queries.link_head(PARTNER, "in").sequence == len(theirs)
        for row, carrier in zip(mine, objects, strict=True):
            states = {str(one.state) for one in queries.messages_of(row.id)}
            expected = "DISPATCHED" if row.state == "RECEIVED" else str(row.state)
            assert (states, str(carrier.state)) == ({expected}, str(row.state))
        for row in theirs:
            assert (row.state, row.messages, len(queries.messages_of(row.id))) == ("ACKNOWLEDGED", 5, 5)
        ids = sorted(row.id for row in queries.messages())
        assert ids == list(range(1, len(ids) + 1))
        return len(mine), len(theirs)


@pytest.mark.parametrize("seed", range(4))
def test_a_run_killed_at_any_time_leaves_whole_transactions_only(tmp_path: Path, seed: int) -> None:
    random_ = random.Random(seed)
    out = into = 0
    for _ in range(3):
        run = start(url(tmp_path), 100_000)
        go(run)
        time.sleep(random_.uniform(0.05, 0.3))
        os.kill(run.pid, signal.SIGKILL)
        told = run.communicate()[0].decode().splitlines()
        assert run.returncode == -signal.SIGKILL
        held_out, held_in = check(tmp_path)
        # what was told as committed is there; at most one more was committed and not yet told
        assert 0 <= held_out - out - told.count("sealed") <= 1
        assert 0 <= held_in - into - told.count("taken") <= 1
        out, into = held_out, held_in
    assert out > 0


def die_before_statement(ledger: Ledger, number: int) -> None:
    """Arm a SIGKILL that strikes before the given statement or commit of the writer."""
    left = [number]

    def strike(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    alchemy_event.listen(ledger._writer, "before_cursor_execute", strike)
    alchemy_event.listen(ledger._writer, "commit", strike)


def test_a_run_killed_before_each_of_its_statements_leaves_whole_transactions_only(tmp_path: Path) -> None:
    """Enumerated, not sampled: the next run starts where the dead one left off."""
    Ledger.open(url(tmp_path), now=NOW).close()
    statement, before = 0, (0, 0)
    while True:
        statement += 1
        child = os.fork()
        if child == 0:
            try:
                with Ledger.open(url(tmp_path), now=NOW) as ledger:
                    die_before_statement(ledger, statement)
                    one_round(ledger, f"M{statement}", lambda word: None)
            except BaseException:
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        held = check(tmp_path)
        assert held[0] - before[0] in (0, 1) and held[1] - before[1] in (0, 1)
        before = held
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert statement > 60


def test_two_runs_write_at_the_same_time_and_every_series_stays_whole(tmp_path: Path) -> None:
    runs = [start(url(tmp_path), 15) for _ in range(2)]
    for run in runs:
        go(run)
    said = [run.communicate(timeout=120) for run in runs]
    assert [(run.returncode, errors) for run, (_, errors) in zip(runs, said, strict=True)] == [(0, b"")] * 2
    assert all(lines.endswith(b"done\n") for lines, _ in said)
    assert check(tmp_path) == (30, 30)


if __name__ == "__main__":
    main()
