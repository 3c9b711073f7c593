"""The sessions of one run: with each partner one, for everything there is to say and to fetch (MAILBOX section 0).

What a run collects and what that makes necessary travel in the same session where both mailboxes are on one host,
account and keys; else each has its own, once. Here it is decided whether a session is due, how long it may last and
what its end means; how it went is noted for the next run (`backoff`), and what crossed the line for people (`edi
traffic`). Nothing is opened for which there is nothing to do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from gateway.errors import GatewayError, LinkError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.backoff import may_try, note_session, of_the_link
from gateway.exchange.budget import in_turn, over, share
from gateway.exchange.held import HeldMailbox
from gateway.exchange.summary import Exit, Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger.line_rows import Traffic
from gateway.transport import Lane, Lines, Meter, Session, same_line

NOT_BEGUN, CUT_SHORT = "X095", "X096"

_DIRECTIONS = ("inbound", "outbound")

CARRIED = 1 << 18
"""Octets from which on a session has carried something: far more than a handshake, less than a large file."""


class Sessions:
    """The sessions of one run with the partners it chose. A context manager: at its end all of them are closed."""

    def __init__(self, gateway: Gateway, occasion: Occasion, summary: Summary, partners: Sequence[str]) -> None:
        self._gateway = gateway
        self._occasion = occasion
        self._summary = summary
        self._started = occasion.clock()
        self._lines = Lines(clock=occasion.clock)
        self._failed: set[tuple[str, str]] = set()
        self._begun: set[str] = set()
        self._late: set[str] = set()
        self._order = {direction: in_turn(partners, self._last_begun(direction) if len(partners) > 1 else None)
                       for direction in _DIRECTIONS}

    def __enter__(self) -> Sessions:
        return self

    def __exit__(self, *error: object) -> None:
        self._lines.__exit__()

    def order(self, direction: str) -> list[str]:
        """The partners in the order of this run."""
        return list(self._order[direction])

    def finish(self, direction: str) -> None:
        """Everybody had his session, where he needed one: the next run begins as if there had been none."""
        if direction in self._begun - self._late and len(self._order[direction]) > 1:
            with contextlib.suppress(GatewayError), self._gateway.ledger.transaction() as transaction:
                transaction.note_finished(direction)

    def over(self, phase: str) -> bool:
        """Tell whether the time of a phase of this run is used up."""
        return over(self._gateway.settings.limits.run, self._occasion.clock() - self._started, phase)

    def release(self, partner: str) -> None:
        """All is said and fetched: close what still lies open for this partner."""
        self._lines.release(partner)

    def hold(self, partner: str, direction: str, work: Callable[[HeldMailbox], None], *,
             more: bool = False) -> None:
        """Do some work in a session with a partner, ``inbound`` or ``outbound``, if one is due.

        What ends the session is noted, and never raised: the run goes on. So is what the work itself raises on purpose.

        more  whether the same direction will have another in this run: the line stays open for it
        """
        if (partner, direction) in self._failed:
            return  # the same connection, a moment ago
        try:
            lane, shared = self._lanes(partner, direction)
        except GatewayError as fault:  # a passphrase that cannot be read
            self._summary.trouble(fault)
            return
        if not self._lines.holds(partner, lane) and not may_try(
                self._gateway, partner, self._occasion, direction=direction, shared=shared, summary=self._summary):
            return
        seconds = self._seconds(partner, direction)
        if seconds is None:
            return
        meter = Meter()
        error = self._held(partner, direction, lane, shared, seconds, work, meter, more)
        reach(failpoints.SESSION_COUNTED)
        note_session(self._gateway, partner, error, self._occasion, direction=direction, shared=shared,
                     summary=self._summary, carried=_carried(meter))

    def _held(self, partner: str, direction: str, lane: Lane, shared: bool, seconds: float,
              work: Callable[[HeldMailbox], None], meter: Meter, more: bool) -> GatewayError | None:
        """One use of a mailbox; what it ended with, which has been told."""
        clock = self._occasion.clock
        begun = clock()
        end = begun + seconds
        held: HeldMailbox | None = None
        failed = False
        self._note_begun(partner, direction)
        try:
            with self._lines.mailbox(partner, lane, meter=meter, seconds=seconds,
                                     keep=more or (shared and direction == "inbound")) as mailbox:
                record_session(self._gateway, partner, direction, mailbox.session, self._occasion)
                held = HeldMailbox(mailbox, over=lambda: clock() >= end or self._summary.stopping())
                work(held)
                if held.broken is not None:
                    raise held.broken
        except GatewayError as error:
            if held is not None and meter.spent and (held.files_in + held.files_out or _carried(meter)):  # slow, alive
                self._cut_short(partner)
                return None
            if failed := held is None or isinstance(error, LinkError):
                self._fail(partner, None if shared and (held is None or of_the_link(error)) else direction)
            self._summary.trouble(error)
            return error
        finally:
            reach(failpoints.SESSION_USED)
            crossed = Traffic(
                partner=partner, direction=direction, at=self._occasion.now, failed=int(failed),
                octets_in=meter.octets_in, octets_out=meter.octets_out, files_in=0 if held is None else held.files_in,
                files_out=0 if held is None else held.files_out, milliseconds=round(1000 * (clock() - begun)))
            self._summary.crossed.append(crossed)
            self._note_traffic(crossed)
        if held.stopped and not self._summary.stopping():
            self._cut_short(partner)
        return None

    def _note_traffic(self, crossed: Traffic) -> None:
        """A count that cannot be kept is told, and the run goes on. A folder in which there was nothing is no news."""
        if not (crossed.octets_in or crossed.octets_out or crossed.failed):
            return
        try:
            with self._gateway.ledger.transaction() as transaction:
                transaction.note_traffic([crossed], at=self._occasion.now)
        except GatewayError as error:
            self._summary.trouble(error)

    def _last_begun(self, direction: str) -> str | None:
        with self._gateway.ledger.reading() as queries:
            return queries.last_begun(direction)

    def _note_begun(self, partner: str, direction: str) -> None:
        """Whoever stands alone has no turn. Without the note the next run begins elsewhere, no more."""
        self._begun.add(direction)
        if len(self._order[direction]) > 1:
            with contextlib.suppress(GatewayError), self._gateway.ledger.transaction() as transaction:
                transaction.note_begun(direction, partner)

    def _fail(self, partner: str, direction: str | None) -> None:
        """What uses the same connection is not tried in this run any more."""
        self._failed.update((partner, each) for each in _DIRECTIONS if direction in (None, each))

    def _lanes(self, partner: str, direction: str) -> tuple[Lane, bool]:
        """Where to go, and whether the other direction goes there as well. Of another account whose passphrase cannot
        be read it is told when its turn comes."""
        lane = self._gateway.lane(partner, direction)
        shared = False
        with contextlib.suppress(GatewayError):
            shared = all(same_line(lane, self._gateway.lane(partner, each)) for each in {*_DIRECTIONS} - {direction})
        return lane, shared

    def _seconds(self, partner: str, direction: str) -> float | None:
        """How long the session may last; None when it may not begin, which is noted."""
        order = self._order[direction]
        left = len(order) - order.index(partner) if partner in order else 1
        seconds = share(self._gateway.settings.limits.run, self._occasion.clock() - self._started, direction, left,
                        first=direction not in self._begun)
        if seconds is None:
            self._late.add(direction)
            self._summary.problems.append((Exit.LATER, Finding(code=NOT_BEGUN, place=Place(interchange=partner),
                                                               values={"partner": partner})))
        return seconds

    def _cut_short(self, partner: str) -> None:
        self._summary.problems.append((Exit.LATER, Finding(code=CUT_SHORT, place=Place(interchange=partner),
                                                           values={"partner": partner})))


def _carried(meter: Meter) -> bool:
    return meter.octets_in + meter.octets_out >= CARRIED


def record_session(gateway: Gateway, partner: str, direction: str, session: Session, occasion: Occasion) -> None:
    """Note key exchange, cipher, host key and server of a connection (THREATS section 3).

    Every connection is compared; a row is written when anything differs, so that the history tells for each moment what
    protected the line. direction: ``inbound`` or ``outbound``. A folder of this machine has nothing to tell.
    """
    if session.kind != "sftp":
        return
    words = (f"{session.kex} {session.cipher} {session.mac or 'aead'} {session.host_key}"
             f"{' strict' if session.strict_kex else ''}; {session.server}")
    reference = f"{partner} {direction}"
    with gateway.ledger.reading() as queries:
        if queries.last_words("session", reference) == words:
            return
    with gateway.ledger.transaction() as transaction:
        transaction.journal(subject="session", reference=reference, text=words, at=occasion.now)
