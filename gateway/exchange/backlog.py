"""The backlog of interchanges to be judged, worked off in shares: by one run, or by several hosts at once.

What takes time and asks nothing of the ledger (reading, converting) is done on every host at once, each at a share of
its own (`ledger.claims`). What is written is written in the order of each link, whoever writes it: who has a later
share waits for the earlier ones before it writes. If the host that is waited for dies, its share is free, and is done
by whoever waits. Nobody waits for what comes after the first of his own, so two never wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from gateway.errors import GatewayError
from gateway.exchange.summary import Summary
from gateway.ledger import Ledger
from gateway.ledger.claims import StillHeld
from gateway.ledger.rows import InterchangeIn

MANY = 8
"""Small interchanges of a link that several hosts claim together: few enough to be shared, enough to ask seldom. Where
nobody claims, each is by itself, so that turns are counted exactly."""

OCTETS = 1 << 18
"""Of interchanges that are claimed together; a larger one is claimed alone."""

Read = TypeVar("Read")


class Backlog(Generic[Read]):
    """Works off interchanges, each claimed, read and judged.

    life   how long other hosts wait for one that stands still
    read   what needs no ledger: a fault is the judgement's to find again
    judge  the judgement, with what was read, or None after so many attempts: tells by itself what goes wrong
    tries  attempts after which an interchange is not read any more
    """

    def __init__(self, ledger: Ledger, life: timedelta, summary: Summary, *, read: Callable[[InterchangeIn], Read],
                 judge: Callable[[InterchangeIn, Read | None], None], tries: int) -> None:
        self._ledger = ledger
        self._life = life
        self._summary = summary
        self._read = read
        self._judge = judge
        self._tries = tries

    def work(self, waiting: Iterable[InterchangeIn]) -> None:
        """Work off what is nobody else's, in the order in which it is given. What other hosts are at is left to them.
        """
        passed: dict[str, list[InterchangeIn]] = {}
        for rows in _together(waiting, MANY if self._ledger.shared else 1):
            partner = rows[0].partner
            try:
                passed[partner] = self._work([*passed.get(partner, ()), *rows], wait=False)
            except StillHeld:  # a host stands still: this link is the next run's
                passed.pop(partner, None)
            except GatewayError as error:
                self._summary.trouble(error)

    def _work(self, rows: Sequence[InterchangeIn], *, wait: bool) -> list[InterchangeIn]:
        """Judge what nobody else is at; the rows that are left to others.

        wait  until nothing is left of them, whoever has done it
        """
        left = sorted(rows, key=lambda row: row.sequence)
        while left:
            with self._ledger.claimed(left, self._life) as share:
                if share.rows:
                    self._judge_all(share.held, share.rows)
                    left = left[left.index(next(row for row in left if row.id == share.rows[-1].id)) + 1:]
                    continue
            if not wait:
                return list(share.held)
            if not self._ledger.awaited(left):
                break
        return []

    def _judge_all(self, before: Sequence[InterchangeIn], rows: Sequence[InterchangeIn]) -> None:
        """Read a share of ours; when what comes before it is done, judge it.

        Attempts are counted before anything is looked at, for poison must not loop, and taken back where we do not come
        to it.
        """
        counted = [row.id for row in rows if row.attempts < self._tries]
        self._ledger.count_attempts(counted)
        try:
            ready = [self._read(row) if row.id in counted else None for row in rows]
            self._work(before, wait=True)
            for row, read in zip(rows, ready, strict=True):
                if row.id in counted:
                    counted.remove(row.id)
                self._judge(row, read)
        except Exception:
            self._ledger.count_attempts(counted, -1)
            raise


def _together(waiting: Iterable[InterchangeIn], many: int) -> Iterator[list[InterchangeIn]]:
    """Rows that are claimed together: of one link, in its order, few and small. One that was begun before and brought
    to no end is alone: whatever it does to a run, the others have nothing to do with it."""
    rows: list[InterchangeIn] = []
    for row in waiting:
        if rows and (row.partner != rows[0].partner or row.sequence < rows[-1].sequence or row.attempts
                     or sum(one.size for one in rows) + row.size > OCTETS):
            yield rows
            rows = []
        rows.append(row)
        if len(rows) >= many or row.attempts:  # not asked for more before these are done
            yield rows
            rows = []
    if rows:
        yield rows
