"""When a partner's mailbox that failed is tried again, and what a session leaves behind for the next run.

What is decided stands in `outage`; here it is asked of the ledger and written there, one row for each mailbox while it
fails. Both functions open a transaction of their own: never call them inside one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from gateway.errors import GatewayError, LinkError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.outage import Patience, after_failure, after_holding, is_due
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding, Place
from gateway.ledger.rows import Outage

STILL, AGAIN, HELD = "X092", "X093", "X094"

_REFUSED_BY_US = ("E_HOSTKEY", "E_SSH")
"""The server answered, and is not the one agreed on: no LinkError, and tried again no sooner than others. Told each
time: that a host key is another one is never old news."""


def may_try(gateway: Gateway, partner: str, occasion: Occasion, *, direction: str | None = None,
            summary: Summary | None = None) -> bool:
    """Whether a session with a partner is due. Ask right before opening one, and open none where this is False.

    direction  ``inbound`` or ``outbound``; None for a connection that serves both
    summary    told that the partner was not tried and when it will be; people hear it once a day

    Raises LocalError as the ledger does.
    """
    if occasion.at_once:
        return True
    patience = _patience(gateway)
    with gateway.ledger.reading() as queries:
        known = [queries.outage(partner, each) for each in _directions(direction)]
    if any(is_due(one, occasion.now, patience) for one in known):
        return True
    if summary is not None:
        for one in known:
            assert one is not None  # what is not known is due
            _tell_held(gateway, one, occasion, summary)
    return False


def note_session(gateway: Gateway, partner: str, error: GatewayError | None, occasion: Occasion, *,
                 direction: str | None = None, summary: Summary | None = None, carried: bool = False) -> None:
    """Remember how a session ended: None where the link held, whatever else went wrong; call it once a session.

    carried  whether it had carried something before it failed, parts of a large file, say: the next run tries again

    Failures of the link (every LinkError, a changed host key, weak algorithms) put off the next try; any other error
    says nothing about the link, and nothing is remembered of it. With a summary this does what `Summary.link` does,
    and decides whether the outage is told again; `Summary.trouble` stays with the caller.

    Raises LocalError as the ledger does.
    """
    _forget_file(gateway.settings.paths.state, partner)
    failed = error is not None and (isinstance(error, LinkError) or error.code in _REFUSED_BY_US)
    if error is not None and not failed:
        return
    if summary is not None:
        for each in _directions(direction):
            summary.link(partner, each, error)
    if error is None:
        _held(gateway, partner, direction, occasion, summary)
    else:
        _failed(gateway, partner, direction, error, occasion, summary, carried)


def _failed(gateway: Gateway, partner: str, direction: str | None, error: GatewayError, occasion: Occasion,
            summary: Summary | None, carried: bool) -> None:
    chance = occasion.chance()  # one for both directions: they are one connection
    outages: list[tuple[Outage, bool]] = []
    with gateway.ledger.transaction() as transaction:
        for each in _directions(direction):
            outage, tell = after_failure(transaction.outage(partner, each), (partner, each, error.code), occasion.now,
                                         patience=_patience(gateway), chance=chance, carried=carried)
            transaction.keep_outage(outage)
            outages.append((outage, tell))
    if summary is None:
        return
    if any(tell for _, tell in outages):
        summary.news.extend(_distinct([_finding(STILL, outage) for outage, tell in outages if tell]))
    elif isinstance(error, LinkError):
        summary.known.extend(error.findings)


def _held(gateway: Gateway, partner: str, direction: str | None, occasion: Occasion, summary: Summary | None) -> None:
    with gateway.ledger.reading() as queries:
        before = [one for each in _directions(direction) if (one := queries.outage(partner, each)) is not None]
    if not before:
        return  # all is well, and nothing is written
    with gateway.ledger.transaction() as transaction:
        over = [one for one in before if transaction.end_outage(partner, one.direction, occasion.now)]
    if summary is not None:
        summary.news.extend(_distinct([_finding(AGAIN, one) for one in over]))


def _tell_held(gateway: Gateway, known: Outage, occasion: Occasion, summary: Summary) -> None:
    """The run ends as the last try did: a host key that is another one stays a matter of trust while it waits."""
    after, tell = after_holding(known, occasion.now)
    if tell:
        with gateway.ledger.transaction() as transaction:
            if transaction.outage(known.partner, known.direction) == known:  # else another run has tried it just now
                transaction.keep_outage(after)
    finding = _finding(HELD, known)
    summary.problems.append((Exit.TRUST if known.code in _REFUSED_BY_US else Exit.LATER, finding))
    if not tell:
        summary.known.append(finding)


def _finding(code: str, outage: Outage) -> Finding:
    values = {"partner": outage.partner, "since": f"{outage.since:%Y-%m-%d %H:%M}", "failures": str(outage.failures)}
    if code == HELD:
        values["next"] = f"{outage.next_at:%Y-%m-%d %H:%M}"
    return Finding(code=code, place=Place(interchange=None), values=values)


def _distinct(findings: Sequence[Finding]) -> list[Finding]:
    """One connection that serves both directions is spoken of once."""
    return [finding for number, finding in enumerate(findings) if finding not in findings[:number]]


def _directions(direction: str | None) -> tuple[str, ...]:
    return ("inbound", "outbound") if direction is None else (direction,)


def _patience(gateway: Gateway) -> Patience:
    retry = gateway.settings.retry
    return Patience(first=retry.first, longest=retry.longest)


def _forget_file(state: Path, partner: str) -> None:
    """What was remembered of a partner's links in a file, before the ledger did."""
    if (folder := state / "links").is_dir():
        (folder / f"{partner}.json").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty yet: another partner's
            folder.rmdir()
