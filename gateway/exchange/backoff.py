"""When a partner's mailbox that failed is tried again, and what a session leaves behind for the next run."""

from __future__ import annotations

from gateway.errors import GatewayError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.summary import Summary


def may_try(gateway: Gateway, partner: str, occasion: Occasion, *, direction: str | None = None,
            summary: Summary | None = None) -> bool:
    """Whether a session with a partner is due. Ask right before opening one, and open none where this is False.

    direction  ``inbound`` or ``outbound``; None for a connection that serves both
    summary    told, at most once a day, that the partner was not tried and when it will be
    """
    return True


def note_session(gateway: Gateway, partner: str, error: GatewayError | None, occasion: Occasion, *,
                 direction: str | None = None, summary: Summary | None = None) -> None:
    """Remember how a session ended: None where the link held, whatever else went wrong; call it once a session.

    Failures of the link (every LinkError, a changed host key, weak algorithms) put off the next try; any other error
    says nothing about the link, and nothing is remembered of it. With a summary this does what `Summary.link` does,
    and decides whether the outage is told again; `Summary.trouble` stays with the caller.
    """
    if summary is not None:
        for each in ("inbound", "outbound") if direction is None else (direction,):
            summary.link(partner, each, error)
