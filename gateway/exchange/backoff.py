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
from gateway.transport import LINK_BROKEN

STILL, AGAIN, HELD = "X092", "X093", "X094"

_OTHER = {"inbound": "outbound", "outbound": "inbound"}

_REFUSED_BY_US = ("E_HOSTKEY", "E_SSH")
"""The server answered, and is not the one agreed on: no LinkError, and tried again no sooner than others. Told each
time: that a host key is another one is never old news."""


def may_try(gateway: Gateway, partner: str, occasion: Occasion, *, direction: str, shared: bool = False,
            summary: Summary | None = None) -> bool:
    """Whether a session with a partner is due. Ask right before opening one, and open none where this is False.

    direction  ``inbound`` or ``outbound``: whose work is to be done
    shared     whether the connection serves the other direction as well
    summary    told that the partner was not tried and when it will be; people hear it once a day

    Raises LocalError as the ledger does.
    """
    if occasion.at_once:
        return True
    patience = _patience(gateway)
    with gateway.ledger.reading() as queries:
        own = queries.outage(partner, direction)
        other = queries.outage(partner, _OTHER[direction]) if shared else own
    known = [own] if _of_a_folder(own) or _of_a_folder(other) else [own, other] if shared else [own]
    if any(is_due(one, occasion.now, patience) for one in known):
        return True
    if summary is not None:
        for one in known:
            assert one is not None  # what is not known is due
            _tell_held(gateway, one, occasion, summary)
    return False


def note_session(gateway: Gateway, partner: str, error: GatewayError | None, occasion: Occasion, *,
                 direction: str, shared: bool = False, summary: Summary | None = None, carried: bool = False) -> None:
    """Remember how a session ended: None where the link held, whatever else went wrong; call it once a session.

    direction, shared  as in `may_try`: a connection that fails, or is there again, does so for both directions; a
                       folder of one that the server refuses is a matter of that direction alone
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
    concerned = _concerned(gateway, partner, error, direction, shared)
    if summary is not None:
        for each in concerned:
            summary.link(partner, each, error)
    if error is None:
        _held(gateway, partner, concerned, occasion, summary)
    else:
        _failed(gateway, partner, concerned, error, occasion, summary, carried)


def of_the_link(error: GatewayError) -> bool:
    """Whether an error is one of the connection, and so of every direction that it serves."""
    return error.code in LINK_BROKEN or error.code in _REFUSED_BY_US


def _concerned(gateway: Gateway, partner: str, error: GatewayError | None, direction: str,
               shared: bool) -> Sequence[str]:
    """The directions of which the end of a session says something."""
    if not shared or (error is not None and not of_the_link(error)):
        return (direction,)
    if error is None:
        with gateway.ledger.reading() as queries:
            if _of_a_folder(queries.outage(partner, _OTHER[direction])):
                return (direction,)
    return tuple(_OTHER)


def _of_a_folder(known: Outage | None) -> bool:
    """Whether the connection came about, and what the server refused was a folder."""
    return known is not None and known.code not in LINK_BROKEN and known.code not in _REFUSED_BY_US


def _failed(gateway: Gateway, partner: str, concerned: Sequence[str], error: GatewayError, occasion: Occasion,
            summary: Summary | None, carried: bool) -> None:
    chance = occasion.chance()  # one for both directions: they are one connection
    outages: list[tuple[Outage, bool]] = []
    with gateway.ledger.transaction() as transaction:
        for each in concerned:
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


def _held(gateway: Gateway, partner: str, concerned: Sequence[str], occasion: Occasion,
          summary: Summary | None) -> None:
    with gateway.ledger.reading() as queries:
        before = [one for each in concerned if (one := queries.outage(partner, each)) is not None]
    if not before:
        return  # all is well, and nothing is written
    with gateway.ledger.transaction() as transaction:
        over = [one for one in before if transaction.end_outage(partner, one.direction, occasion.now)]
    if summary is not None:
        summary.news.extend(_distinct([_finding(AGAIN, one) for one in over]))


def _tell_held(gateway: Gateway, known: Outage, occasion: Occasion, summary: Summary) -> None:
    """The run ends as the last try did: a host key that is another one stays a matter of trust while it waits. What
    both directions have in common is said once in a run."""
    finding = _finding(HELD, known)
    if any(told == finding for _, told in summary.problems):
        return
    after, tell = after_holding(known, occasion.now)
    if tell:
        with gateway.ledger.transaction() as transaction:
            if transaction.outage(known.partner, known.direction) == known:  # else another run has tried it just now
                transaction.keep_outage(after)
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


def _patience(gateway: Gateway) -> Patience:
    retry = gateway.settings.retry
    return Patience(first=retry.first, longest=retry.longest)


def _forget_file(state: Path, partner: str) -> None:
    """What was remembered of a partner's links in a file, before the ledger did."""
    if (folder := state / "links").is_dir():
        (folder / f"{partner}.json").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty yet: another partner's
            folder.rmdir()
