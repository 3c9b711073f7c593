"""One cycle of sending, receiving, or both: what cron runs.

Every step is safe to cut and to repeat; the order is: what came in first, then what it made necessary, then what the
national side wants. A partner, a corridor or a file that fails is noted and never stops the others, whatever it is
that fails: a defect of our own is kept for its report and ends the step, not the run.

Commands may overlap (`edi-send` beside `edi-receive` or `edi-sync`). Steps that they share are taken in turn: a step
that another process is at is left to it, and what it does not reach any more is the next run's. Where several hosts
share a ledger on a server, a step is a lane of which one host at a time holds the lease.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Sequence
from functools import partial

from gateway.errors import GatewayError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.collect import collect
from gateway.exchange.deliver import deliver
from gateway.exchange.dispatch import dispatch
from gateway.exchange.foresight import Foresight
from gateway.exchange.intake import take_national_files
from gateway.exchange.key_reminders import remind
from gateway.exchange.links import check_history, tend
from gateway.exchange.movements import due, refresh_due
from gateway.exchange.national_views import fetch_national_rows
from gateway.exchange.process import judge_held, process_stored
from gateway.exchange.revocation_lists import note_lists, note_used
from gateway.exchange.sealing import STATUSES, seal_waiting
from gateway.exchange.sessions import Sessions
from gateway.exchange.stored import Time
from gateway.exchange.storing import store_contents
from gateway.exchange.summary import Exit, Summary
from gateway.exchange.workers import Workers
from gateway.spool import make_folder, turn

_OWN = frozenset({"views", "national", "process"})
"""Steps that every host takes at once: what lies in a host's own folders is its own, and the ledger knows what it has
already; of what waits to be judged each host claims its shares (`backlog`)."""


def send(gateway: Gateway, occasion: Occasion, *, partners: Sequence[str] | None = (), limit: int | None = None,
         summary: Summary | None = None) -> Summary:
    """Fetch from national databases, take national files, seal what waits, dispatch what is due.

    partners  those to exchange with, none named: all; None: nobody, and what is taken waits
    """
    chosen, summary = _chosen(gateway, partners), _start(gateway, summary)
    with Sessions(gateway, occasion, summary, chosen) as sessions:
        _take(gateway, occasion, summary, sessions, limit)
        _outward(gateway, occasion, summary, sessions)
    _step(gateway, "contents", summary, partial(store_contents, gateway, occasion))
    return summary


def receive(gateway: Gateway, occasion: Occasion, *, partners: Sequence[str] | None = (), limit: int | None = None,
            summary: Summary | None = None) -> Summary:
    """Collect, judge, hand to the national side, and dispatch receipts and answers. partners: as in `send`."""
    chosen, summary = _chosen(gateway, partners), _start(gateway, summary)
    with Sessions(gateway, occasion, summary, chosen) as sessions:
        _inward(gateway, occasion, summary, sessions, limit)
        _outward(gateway, occasion, summary, sessions)
    _step(gateway, "contents", summary, partial(store_contents, gateway, occasion))
    return summary


def sync(gateway: Gateway, occasion: Occasion, *, partners: Sequence[str] = (), limit: int | None = None,
         summary: Summary | None = None) -> Summary:
    """Receive, then send, in one run, with one session for each partner."""
    chosen, summary = gateway.chosen(partners), _start(gateway, summary)
    with Sessions(gateway, occasion, summary, chosen) as sessions:
        _inward(gateway, occasion, summary, sessions, limit)
        _take(gateway, occasion, summary, sessions, limit)
        _outward(gateway, occasion, summary, sessions)
    _step(gateway, "contents", summary, partial(store_contents, gateway, occasion))
    return summary


def _chosen(gateway: Gateway, partners: Sequence[str] | None) -> list[str]:
    return [] if partners is None else gateway.chosen(partners)


def _start(gateway: Gateway, given: Summary | None) -> Summary:
    """A summary that begins with what is wrong in the settings of single partners and corridors: they are skipped.

    given  the one to fill, where somebody wants to read in it before the run is at its end
    """
    summary = Summary() if given is None else given
    for findings in (*gateway.settings.broken_partners.values(), *gateway.corridors.broken.values()):
        summary.problems.extend((Exit.SETTINGS, finding) for finding in findings)
    return summary


def _inward(gateway: Gateway, occasion: Occasion, summary: Summary, sessions: Sessions, limit: int | None) -> None:
    with Workers(gateway.settings.workers) as workers:
        left = 0

        def between() -> None:
            """While much is judged: what came of it goes to the national side already, and as many answers as fill an
            interchange leave. Where hosts share a ledger all of them do: one host does that beside the others, and not
            alone when all is judged."""
            nonlocal left
            _step(gateway, "deliver", summary, partial(deliver, gateway, occasion, summary, workers, more=True))
            judged = summary.messages_accepted + summary.messages_rejected
            if gateway.ledger.shared:
                _leave(gateway, occasion, summary, sessions, ("CUSDEC",))
            elif judged - left >= gateway.settings.limits.messages_per_interchange:
                left = judged
                _leave(gateway, occasion, summary, sessions, ("CUSDEC", *STATUSES))

        time = Time(over=partial(sessions.over, "judging"), over_held=partial(sessions.over, "held"), between=between)
        foresight = Foresight(gateway, workers)
        for partner in sessions.order("inbound"):
            _step(gateway, f"lists-{partner}", summary, partial(note_lists, gateway, partner, occasion.now))
            _step(gateway, f"inbound-{partner}", summary,
                  partial(collect, gateway, partner, sessions, occasion, summary, limit, foresight.expect))
            _step(gateway, f"lists-{partner}", summary, partial(note_used, gateway, partner, occasion.now))
        sessions.finish("inbound")
        _step(gateway, "process", summary, partial(process_stored, gateway, occasion, summary, time, foresight))
    _step(gateway, "held", summary, partial(judge_held, gateway, occasion, summary, time))


def _take(gateway: Gateway, occasion: Occasion, summary: Summary, sessions: Sessions, limit: int | None) -> None:
    _step(gateway, "views", summary, partial(fetch_national_rows, gateway, summary, limit))
    leave = partial(_leave, gateway, occasion, summary, sessions, ("CUSDEC",))
    _step(gateway, "national", summary,
          partial(take_national_files, gateway, occasion, summary, limit, partial(sessions.over, "intake"), leave))


def _leave(gateway: Gateway, occasion: Occasion, summary: Summary, sessions: Sessions, full: Collection[str]) -> None:
    """While much is taken or judged: what waits leaves already, but for messages of these types that do not fill an
    interchange yet."""
    for partner in sessions.order("outbound"):
        _step(gateway, f"outbound-{partner}", summary,
              partial(seal_waiting, gateway, partner, occasion, summary, full=full))
        _step(gateway, f"outbound-{partner}", summary,
              partial(dispatch, gateway, partner, sessions, occasion, summary, more=True))


def _outward(gateway: Gateway, occasion: Occasion, summary: Summary, sessions: Sessions) -> None:
    _step(gateway, "history", summary, partial(check_history, gateway, summary))
    _step(gateway, "time", summary, partial(_pass_time, gateway, occasion))
    _step(gateway, "keys", summary, partial(remind, gateway, occasion, summary))
    _step(gateway, "deliver", summary, partial(deliver, gateway, occasion, summary))
    for partner in sessions.order("outbound"):
        _step(gateway, f"outbound-{partner}", summary, partial(tend, gateway, partner, occasion, summary))
        _step(gateway, f"outbound-{partner}", summary, partial(seal_waiting, gateway, partner, occasion, summary))
        _step(gateway, f"outbound-{partner}", summary,
              partial(dispatch, gateway, partner, sessions, occasion, summary))
        sessions.release(partner)
    sessions.finish("outbound")


def _pass_time(gateway: Gateway, occasion: Occasion) -> None:
    with gateway.ledger.reading() as queries:  # who finds nothing to do waits for no writer
        if not due(gateway, queries, occasion.now):
            return
    with gateway.ledger.transaction() as transaction:
        refresh_due(gateway, transaction, occasion.now)


def _step(gateway: Gateway, name: str, summary: Summary, step: Callable[[], None]) -> None:
    """Take a step unless another process is at it, or another host where several share a ledger; what goes wrong in it
    is noted and stops no other. A run that is to end begins none."""
    if summary.stopping():
        return
    try:
        with turn(make_folder(gateway.settings.paths.state / "lock") / f"step-{name}.lock") as ours:
            if ours and name in _OWN:
                step()
            elif ours:
                limits = gateway.settings.limits
                with gateway.ledger.lane(name, f"{socket.gethostname()} {os.getpid()}", limits.lease,
                                         limits.run) as held:
                    if held:
                        step()
    except GatewayError as error:
        summary.trouble(error)
    except Exception as error:  # a defect of ours: the other steps, partners and corridors have nothing to do with it
        summary.failed(error)
