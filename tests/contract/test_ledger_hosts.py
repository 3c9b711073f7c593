"""Do several hosts share one ledger: each lane held by one of them, and nothing lost or doubled when they die?"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.exchange.backlog import OCTETS, Backlog
from gateway.exchange.summary import Summary
from gateway.ledger import Ledger, Moved
from gateway.ledger.claims import StillHeld
from gateway.ledger.rows import InterchangeIn
from tests.unit.test_ledger_story import NOW, PARTNER, queue, store

pytestmark = pytest.mark.needs_postgres

ROOT = Path(__file__).parents[2]
LONG, SHORT = timedelta(minutes=2), timedelta(milliseconds=200)


def messages(ledger: Ledger) -> int:
    with ledger.reading() as queries:
        return len(queries.messages())


def test_a_lane_has_one_holder_and_is_free_when_it_is_left(address: str) -> None:
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        with first.lane("outbound", "a 1", LONG) as held, second.lane("outbound", "b 1", LONG) as other, \
                second.lane("inbound", "b 1", LONG) as another:
            assert (held, other, another) == (True, False, True)
        with second.lane("outbound", "b 1", LONG) as held, second.transaction() as transaction:
            assert held
            queue(transaction)
        assert messages(first) == 1


def test_who_lost_a_lane_while_it_stood_still_writes_nothing_more_in_it(address: str) -> None:
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second, \
            first.lane("outbound", "a 1", SHORT) as held:
        assert held
        with first.transaction() as transaction:
            queue(transaction)
        time.sleep(0.4)
        with second.lane("outbound", "b 1", LONG) as taken:
            assert taken
            with pytest.raises(LocalError, match="L020"), first.transaction() as transaction:
                queue(transaction)
            with second.transaction() as transaction:
                queue(transaction)
        assert messages(second) == 2
        with second.lane("outbound", "b 2", LONG) as held:  # the one who lost it does not give it away
            assert held


def test_a_lane_that_has_ended_is_still_ours_while_nobody_took_it(address: str) -> None:
    with Ledger.open(address, now=NOW) as ledger, ledger.lane("outbound", "a 1", SHORT):
        time.sleep(0.4)
        with ledger.transaction() as transaction:
            queue(transaction)
        assert messages(ledger) == 1


def test_a_lane_is_kept_while_its_holder_is_at_work_however_long_one_file_takes(address: str) -> None:
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        with first.lane("inbound", "a 1", SHORT, LONG) as held:
            assert held
            time.sleep(0.6)
            with second.lane("inbound", "b 1", LONG) as other:
                assert not other
            with first.transaction() as transaction:
                queue(transaction)
        with second.lane("inbound", "b 1", SHORT, SHORT) as other:
            assert other
            time.sleep(0.8)
            with first.lane("inbound", "a 2", LONG) as held:  # it was not kept for longer than it may be
                assert held


def test_who_asks_for_a_lane_does_not_wait_for_a_transaction_in_it(address: str) -> None:
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second, \
            first.lane("outbound", "a 1", LONG), first.transaction() as transaction:
        queue(transaction)
        begun = time.monotonic()
        with second.lane("outbound", "b 1", LONG) as other:
            assert (other, time.monotonic() - begun < 10) == (False, True)


def test_nobody_takes_a_lane_in_the_middle_of_a_transaction_of_its_holder(address: str) -> None:
    told: list[str] = []
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second, \
            first.lane("outbound", "a 1", SHORT):
        def taking() -> None:
            with second.lane("outbound", "b 1", LONG) as held:
                told.append(f"taken {held}, {messages(second)} there")

        with first.transaction() as transaction:
            queue(transaction)
            other = threading.Thread(target=taking)
            time.sleep(0.4)
            other.start()
            other.join(0.5)
            told.append("still writing")
        other.join()
    assert told == ["still writing", "taken True, 1 there"]


# --- shares of a backlog

def backlog(ledger: Ledger, number: int) -> list[InterchangeIn]:
    """Interchanges that wait to be judged."""
    with ledger.transaction() as transaction:
        for sequence in range(1, number + 1):
            store(transaction, sequence, f"BF{sequence}")
        return transaction.unprocessed_interchanges(PARTNER)


def sequences(rows: Iterable[InterchangeIn]) -> list[int]:
    return [row.sequence for row in rows]


def settle(ledger: Ledger, row: InterchangeIn) -> None:
    with ledger.transaction() as transaction:
        transaction.settle_interchange_in(row.id, state="TAKEN", at=NOW)


def test_hosts_claim_shares_that_have_nothing_in_common_and_wait_for_no_writer(address: str) -> None:
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        rows = backlog(first, 6)
        with first.claimed(rows[:3], LONG) as one, second.transaction() as transaction, \
                second.claimed(rows, LONG) as other, first.claimed(rows, LONG) as none:
            queue(transaction)
            first.count_attempts([row.id for row in one.rows])
            assert (sequences(one.held), sequences(one.rows)) == ([], [1, 2, 3])
            assert (sequences(other.held), sequences(other.rows)) == ([1, 2, 3], [4, 5, 6])
            assert (sequences(none.held), none.rows) == ([1, 2, 3, 4, 5, 6], ())
        settle(second, rows[0])
        with second.claimed(rows, LONG) as share:
            assert [(row.sequence, row.attempts) for row in share.rows] == [(2, 1), (3, 1), (4, 0), (5, 0), (6, 0)]


def test_a_share_ends_where_another_begins_and_what_lies_behind_it_is_free(address: str) -> None:
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        rows = backlog(first, 5)
        with first.claimed(rows[2:3], LONG), second.claimed(rows, LONG) as share:
            assert (share.held, sequences(share.rows)) == ((), [1, 2])
            with first.claimed(rows[3:], LONG) as rest:
                assert sequences(rest.rows) == [4, 5]


def test_who_is_done_with_its_share_writes_and_whoever_waits_for_it_goes_on(address: str) -> None:
    told: list[str] = []
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        rows = backlog(first, 2)

        def waiting() -> None:
            with second.claimed(rows, LONG) as share:
                told.append(f"at {sequences(share.rows)}")
                while second.awaited(share.held):
                    told.append("waited")
            told.append("none before it")

        with first.claimed(rows[:1], LONG):
            other = threading.Thread(target=waiting)
            other.start()
            other.join(0.5)
            settle(first, rows[0])
            told.append("settled")
        other.join()
    assert told == ["at [2]", "settled", "waited", "none before it"]


def test_who_waits_longer_than_anybody_does_is_told(address: str) -> None:
    with Ledger.open(address, now=NOW) as first, \
            Ledger.open(f"{address}?options=-c%20lock_timeout%3D100ms", now=NOW) as second:
        rows = backlog(first, 1)
        with first.claimed(rows, LONG), pytest.raises(StillHeld, match="L007"):
            second.awaited(rows)


def test_the_share_of_a_host_that_stands_still_is_free_after_its_time(address: str) -> None:
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        rows = backlog(first, 2)
        with first.claimed(rows, SHORT) as share:
            time.sleep(0.4)
            with second.claimed(rows, LONG) as other:
                assert sequences(share.rows) == sequences(other.rows) == [1, 2]
            settle(second, rows[0])
            with pytest.raises(Moved), first.transaction() as transaction:  # who comes late writes nothing
                transaction.require_waiting(rows[0].id)


_HOLDING = """
import sys, time
from datetime import timedelta
from gateway.ledger import Ledger, Moved
from gateway.ledger.claims import StillHeld
from gateway.ledger.rows import InterchangeIn
from tests.unit.test_ledger_inbound import store
from tests.unit.test_ledger_story import NOW, PARTNER
with Ledger.open(sys.argv[1], now=NOW) as ledger:
    with ledger.transaction() as transaction:
        rows = transaction.unprocessed_interchanges(PARTNER)
    with ledger.claimed(rows[:2], timedelta(minutes=2)) as share:
        print(len(share.rows), flush=True)
        time.sleep(60)
"""


def test_the_share_of_a_host_that_is_killed_is_free_at_once(address: str) -> None:
    with Ledger.open(address, now=NOW) as ledger:
        rows = backlog(ledger, 3)
        with subprocess.Popen([sys.executable, "-c", _HOLDING, address], cwd=ROOT, stdout=subprocess.PIPE,
                              text=True) as host:
            assert host.stdout is not None and host.stdout.readline() == "2\n"
            with ledger.claimed(rows, LONG) as share:
                assert (sequences(share.held), sequences(share.rows)) == ([1, 2], [3])
                host.kill()
                assert ledger.awaited(share.held)  # the server hears of it
                with ledger.claimed(share.held, LONG) as left:
                    assert (sequences(left.held), sequences(left.rows)) == ([], [1, 2])


def worked(ledger: Ledger, rows: Iterable[InterchangeIn], judged: list[int]) -> None:
    """A host at work on a backlog, each interchange a share of its own."""
    def judge(row: InterchangeIn, read: int | None) -> None:
        assert read == row.sequence
        judged.append(read)
        settle(ledger, row)

    Backlog(ledger, LONG, Summary(), read=lambda row: row.sequence, judge=judge, tries=3).work(
        replace(row, size=OCTETS) for row in rows)


def test_what_a_host_gave_up_is_done_before_what_comes_after_it_by_whoever_waits(address: str) -> None:
    judged: list[int] = []
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        rows = backlog(first, 4)
        other = threading.Thread(target=worked, args=(second, rows, judged))
        with first.claimed(rows[:2], LONG):
            other.start()
            other.join(0.5)
            settle(first, rows[0])
            assert judged == []
        other.join()
        assert judged == [2, 3, 4]
        with first.transaction() as transaction:
            assert transaction.unprocessed_interchanges(PARTNER) == []


def test_what_others_are_at_is_left_to_them(address: str) -> None:
    judged: list[int] = []
    with Ledger.open(address, now=NOW) as first, Ledger.open(address, now=NOW) as second:
        rows = backlog(first, 3)
        with first.claimed(rows, LONG):
            worked(second, rows, judged)
        assert judged == []
        with second.transaction() as transaction:
            assert [row.attempts for row in transaction.unprocessed_interchanges(PARTNER)] == [0, 0, 0]


def test_an_attempt_that_was_not_come_to_does_not_count(address: str) -> None:
    def judge(row: InterchangeIn, read: None) -> None:
        raise KeyError("a defect of ours")

    with Ledger.open(address, now=NOW) as ledger:
        rows = backlog(ledger, 3)
        shares: Backlog[None] = Backlog(ledger, LONG, Summary(), read=lambda row: None, judge=judge, tries=3)
        for expected in ([1, 0, 0], [2, 0, 0], [3, 0, 0]):
            with pytest.raises(KeyError):
                shares.work(rows)
            with ledger.transaction() as transaction:
                rows = transaction.unprocessed_interchanges(PARTNER)
            assert [row.attempts for row in rows] == expected


def test_in_a_file_and_in_a_rehearsal_every_share_is_ours(address: str, tmp_path: Path) -> None:
    for place in (f"sqlite:///{tmp_path / 'ledger.sqlite'}", address):
        with Ledger.open(place, now=NOW) as one:
            rows = backlog(one, 2)
            settle(one, rows[0])
            if one.shared:
                one.rehearse()
            with one.claimed(rows, LONG) as share, one.claimed(rows, LONG) as again:
                assert sequences(share.rows) == sequences(again.rows) == [2]
                assert not one.awaited(rows)
                one.count_attempts([rows[1].id])
            with one.transaction() as transaction:
                assert [row.attempts for row in transaction.unprocessed_interchanges(PARTNER)] == [1]


def test_in_a_file_and_in_a_rehearsal_a_lane_is_always_ours(new_address: Callable[..., str], tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as one, \
            one.lane("outbound", "a 1", LONG) as first, one.lane("outbound", "b 1", LONG) as second:
        assert (first, second) == (True, True)
    address = new_address()
    with Ledger.open(address, now=NOW) as other, other.lane("outbound", "a 1", LONG):
        pass
    with Ledger.open(address, now=NOW) as trial:
        trial.rehearse()
        with trial.lane("outbound", "c 1", LONG) as held, trial.transaction() as transaction:
            assert held
            queue(transaction, partner=PARTNER)


def test_hosts_that_share_a_backlog_and_are_killed_at_random_lose_nothing_and_double_nothing() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.campaigns.hosts", "--hosts", "2", "--runs", "2", "--backlog",
                           "40", "--seed", "3", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["wrong"], told["runs"], told["ok"], done.returncode) == ([], 2, True, 0), done.stderr
