"""Is a mailbox of a partner as it must be? From the name of the server to the right to rename, one check each.

Nothing of the business travels: in the partner's mailbox a small file comes and goes in ``tmp``, our own is looked at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.errors import GatewayError, LinkError
from gateway.exchange.assembly import Assembly, Occasion
from gateway.exchange.checks import Check, Seen, Verdict, carry_out, failed, passed, untried
from gateway.findings import Finding
from gateway.transport import DirectoryLane, Mailbox, Mode, Probed, SftpLane, open_mailbox
from gateway.transport.probing import resolve

CLOCKS_DIFFER = timedelta(minutes=2)
"""More than this between a server's clock and ours is told; an object may be signed 5 minutes ahead at most (V29)."""

_LINK = ("connect", "host_key", "login")
_BY_CODE = {"E_HOSTKEY": "host_key", "E_SSH": "host_key", "B108": "host_key", "B104": "login", "E_KEYFILE": "login"}
_BY_PHASE = {"connect": "connect", "handshake": "host_key", "authentication": "login"}


def try_mailbox(assembly: Assembly, partner: str, direction: str, occasion: Occasion) -> list[Check]:
    """The checks of one mailbox, ``outbound`` or ``inbound``, in their order."""
    lane = assembly.lane(partner, direction)
    last = ("folders", "rights", "clock") if direction == "outbound" else ("folders", "waiting")
    done: dict[str, Check] = {}
    if isinstance(lane, DirectoryLane):
        steps: tuple[str, ...] = last
    else:
        steps = ("name", *_LINK, *last)
        done["name"] = carry_out("name", lambda: Seen({"host": lane.host, "addresses": ", ".join(resolve(lane))}),
                                 direction)
    if "name" not in done or done["name"].verdict is Verdict.OK:
        _session(lane, direction, steps, occasion, done)
    return [done.get(step) or untried(step, direction) for step in steps]


def _session(lane: SftpLane | DirectoryLane, direction: str, steps: tuple[str, ...], occasion: Occasion,
             done: dict[str, Check]) -> None:
    """One session; what ends it is the finding of the step that it ended at, and the steps before it were good."""
    begun = occasion.clock()
    try:
        with open_mailbox(lane, clock=occasion.clock) as mailbox:
            if isinstance(lane, SftpLane):
                _agreed(lane, mailbox, direction, done)
            if direction == "outbound":
                _tried(mailbox, lane.mode, direction, occasion, begun, done)
            else:
                _listed(mailbox, direction, occasion, done)
    except GatewayError as error:
        at = _step(error)
        for step in steps[:steps.index(at)] if at in steps else ():
            done.setdefault(step, passed(step, direction))
        done.setdefault(at, failed(at, error, direction))


def _agreed(lane: SftpLane, mailbox: Mailbox, direction: str, done: dict[str, Check]) -> None:
    session = mailbox.session
    done["connect"] = passed("connect", direction, address=lane.address, server=session.server)
    done["host_key"] = passed("host_key", direction, host_key=session.host_key, kex=session.kex, cipher=session.cipher)
    done["login"] = passed("login", direction, user=lane.user)


def _tried(mailbox: Mailbox, mode: Mode, direction: str, occasion: Occasion, begun: float,
           done: dict[str, Check]) -> None:
    probed = mailbox.probe(occasion.identifier())
    done["folders"] = passed("folders", direction)
    done["rights"] = _rights(probed, mode, direction)
    here = occasion.now + timedelta(seconds=occasion.clock() - begun)
    done["clock"] = carry_out("clock", lambda: _clock(probed.changed, here), direction)


def _rights(probed: Probed, mode: Mode, direction: str) -> Check:
    """May we publish in the agreed mode, and is it the one that leaves least to chance?"""
    fits = {"mode": mode.value, "fits": probed.fits.value} if probed.fits is not None else {}
    if probed.error is not None:
        other = (Finding(code="B115", values=fits),) if fits and probed.fits is not mode else ()
        return failed("rights", LinkError(*probed.error.findings, *other), direction)
    noted = []
    if mode.in_place and fits and probed.fits not in (mode, Mode.DIRECT):
        noted.append(Finding(code="B116", values=fits))
    if probed.removing is not None:
        noted.append(_keeps(probed.removing))
    return carry_out("rights", lambda: Seen(noted=tuple(noted)), direction)


def _keeps(refusal: LinkError) -> Finding:
    return Finding(code="B117", values={"answer": refusal.findings[0].values["answer"]})


def _clock(changed: int | None, here: datetime) -> Seen:
    """A server that says nothing, or something that is no time, has no clock to compare with."""
    if changed is None or not 0 < changed < 1 << 33:
        return Seen({"seconds": "?"})
    apart = datetime.fromtimestamp(changed, UTC) - here
    values = {"seconds": f"{apart.total_seconds():+.0f}"}
    return Seen(values, (Finding(code="X120", values=values),) if abs(apart) > CLOCKS_DIFFER else ())


def _listed(mailbox: Mailbox, direction: str, occasion: Occasion, done: dict[str, Check]) -> None:
    count = len(mailbox.list())
    refusal = mailbox.may_remove(occasion.identifier())
    done["folders"] = passed("folders", direction)
    noted = []
    if mailbox.foreign_count:
        noted.append(Finding(code="X121", values={
            "count": str(mailbox.foreign_count), "name": mailbox.foreign[0].name}))
    if refusal is not None:
        noted.append(_keeps(refusal))
    done["waiting"] = carry_out("waiting", lambda: Seen({"count": str(count)}, tuple(noted)), direction)


def _step(error: GatewayError) -> str:
    """Where a session ended: by the code, else by what was under way, else at the folders."""
    phase = str(error.findings[0].values.get("phase", ""))
    return _BY_CODE.get(error.code) or _BY_PHASE.get(phase, "folders")
