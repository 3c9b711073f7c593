"""Do several hosts share one ledger: each lane held by one of them, and nothing lost or doubled when they die?"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.ledger import Ledger
from tests.unit.test_ledger_story import NOW, PARTNER, queue

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


def test_hosts_that_are_killed_at_random_lose_nothing_and_double_nothing() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.campaigns.hosts", "--hosts", "3", "--runs", "6", "--seed", "3",
                           "--json"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["wrong"], told["runs"], told["ok"], done.returncode) == ([], 6, True, 0), done.stderr
