"""What was refused and may be let in by people: what is held, and its release (GW-1 section 6, "rel.").

What was refused before it was authentic lies in quarantine as it came; what was refused after that (E_DATE, E_OLD) has
its place in the order of the link already, and stands in the ledger as REFUSED. A release judges the object once more,
by every rule but those that the people named pass over, and then it goes the way of everything that arrives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError, PartnerError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.collect import Link, accept, store
from gateway.exchange.payload import payload_refusal
from gateway.exchange.summary import Summary
from gateway.failpoints import reach
from gateway.findings import Finding
from gateway.ledger import Transaction
from gateway.ledger.act_rows import Act
from gateway.ledger.rows import ObjectRow
from gateway.ledger.states import ObjectState
from gateway.security import LEAF, RELEASABLE, Opened, file_name, judge_order, open_again, open_envelope
from gateway.spool import Kept, Quarantine

_JUDGED_AT_RECEIPT = RELEASABLE - LEAF
"""What counts at the time of receipt only: an object that is authentic since then is not refused for it now."""


class Held(Struct, frozen=True, kw_only=True):
    """One refused object.

    name     what people call it: the name of the file in quarantine without its ending, or the name that the object
             had in the mailbox
    code     why it is refused
    sequence its number on the link; None where it is not authentic
    kept     the file in quarantine; None where the ledger has it
    object   the object of the ledger; None where it lies in quarantine
    asked    its release was asked for by one person, and waits for another
    rejected people decided that it is never let in
    """

    name: str
    code: str
    partner: str
    at: datetime
    sequence: int | None = None
    kept: Kept | None = None
    object: ObjectRow | None = None
    asked: Act | None = None
    rejected: Act | None = None

    @property
    def releasable(self) -> bool:
        """Whether people may let it in at all."""
        return self.code in RELEASABLE

    @property
    def released(self) -> str | None:
        """Who let it in, when and why."""
        return None if self.kept is None else self.kept.released


class Decision(Struct, frozen=True, kw_only=True):
    """A release, as people answer for it.

    rules    codes passed over
    people   who decided
    account  who typed it
    request  by which the first of two people asked for it
    """

    rules: frozenset[str]
    people: Sequence[str]
    account: str
    reason: str
    request: Act | None = None

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.rules))}; {', '.join(self.people)} ({self.account}): {self.reason}"


def held(gateway: Gateway) -> list[Held]:
    """Everything refused that is still kept, the oldest first; what was released from quarantine included."""
    found = sorted(_held(gateway), key=lambda one: (one.at, one.name))
    with gateway.ledger.reading() as queries:
        asked = queries.acts_about([one.name for one in found], "release")
        rejected = queries.acts_about([one.name for one in found], "reject")
    return [replace(one, rejected=rejected.get(one.name),
                    asked=act if (act := asked.get(one.name)) is not None and act.state == "open" else None)
            for one in found]


def _held(gateway: Gateway) -> Iterator[Held]:
    for kept in _quarantine(gateway).list():
        yield Held(name=kept.path.stem, code=kept.code, partner=kept.partner, at=kept.at, kept=kept)
    with gateway.ledger.reading() as queries:
        refused = queries.refused_objects(LEAF)
    for row in refused:
        yield Held(name=row.name.removesuffix(".p7m"), code=row.code or "", partner=row.partner, at=row.at,
                   sequence=row.sequence, object=row)


def find(gateway: Gateway, name: str) -> Held:
    """The refused object of that name, or of its name in the mailbox. Raises LocalError X081 for none, X082 for
    several: the same name may have come from two partners."""
    wanted = name.removesuffix(".bin")
    found = [one for one in held(gateway) if wanted == one.name
             or name in ({one.name, f"{one.name}.p7m"} if one.kept is None else {one.kept.name, one.kept.sha256})]
    if not found:
        raise LocalError(Finding(code="X081", values={"name": name}))
    if len(found) > 1:
        raise LocalError(Finding(code="X082", values={"name": name,
                                                      "names": ", ".join(one.name for one in found)}))
    return found[0]


def release(gateway: Gateway, one: Held, decision: Decision, occasion: Occasion) -> Summary:
    """Let a refused object in. What it causes is done by the next run, as for all that arrives.

    Safe to cut and to repeat: the object is stored once, with the decision, in one transaction.
    Raises LocalError X083 (nobody may release this), X084 (it was released), X174 (it was rejected), X170 (something
    else was asked for meanwhile), X081, B009 (its bytes were changed); PartnerError when another rule refuses it: then
    nothing has changed.
    """
    if not decision.rules <= RELEASABLE or one.code not in decision.rules:
        raise LocalError(Finding(code="X083", values={"name": one.name, "code": one.code,
                                                      "codes": ", ".join(sorted(RELEASABLE))}))
    require_open(one)
    summary = Summary()
    if one.kept is not None:
        _from_quarantine(gateway, one, one.kept, decision, occasion, summary)
    elif one.object is not None:
        _in_the_ledger(gateway, one, one.object, decision, occasion, summary)
    return summary


def standing(transaction: Transaction, one: Held) -> Held:
    """The same inside the transaction that decides: somebody else may have decided since it was looked at.

    Raises LocalError X081 for what is held no more.
    """
    try:
        kept = None if one.kept is None else _quarantine_of(one.kept).again(one.kept)
    except FileNotFoundError:
        raise LocalError(Finding(code="X081", values={"name": one.name})) from None
    if one.object is not None:
        known = transaction.known_object(one.partner, message_id=one.object.message_id)
        if known is None or known.state is not ObjectState.REFUSED:
            raise LocalError(Finding(code="X081", values={"name": one.name}))
    asked = transaction.act_about(one.name, "release")
    return replace(one, kept=kept, rejected=transaction.act_about(one.name, "reject"),
                   asked=asked if asked is not None and asked.state == "open" else None)


def require_open(one: Held) -> None:
    """Raises LocalError X084 for what was let in, X174 for what was rejected."""
    if one.released is not None:
        raise LocalError(Finding(code="X084", values={"name": one.name, "words": one.released}))
    if one.rejected is not None:
        raise LocalError(Finding(code="X174", values={"name": one.name, "words": one.rejected.words}))


def _require_as_decided(transaction: Transaction, one: Held, decision: Decision) -> None:
    require_open(standing(transaction, one))
    newest = transaction.act_about(one.name, "release")
    if decision.request is not None and newest is not None and newest.id != decision.request.id:
        raise LocalError(Finding(code="X170", values={"name": one.name, "words": newest.words}))


def _from_quarantine(gateway: Gateway, one: Held, kept: Kept, decision: Decision, occasion: Occasion,
                     summary: Summary) -> None:
    content = kept.content()
    opened = _opened(gateway, kept.partner, content, decision, occasion)
    with gateway.ledger.transaction() as transaction:
        _require_as_decided(transaction, one, decision)
        if gateway.renew_keys(transaction):  # what a key signed that was revoked a moment ago does not get in
            opened = _opened(gateway, kept.partner, content, decision, occasion)
        if judge_order(opened, Link(transaction, kept.partner)) == "new":
            transaction.journal(subject="quarantine", reference=opened.header.message_id, at=occasion.now,
                                text=f"release {kept.path.name}; {decision}")
        store(gateway, transaction, kept.partner, opened, file_name(content), None, occasion, summary)
        transaction.kept_no_more(kept.partner, kept.path.name)
        _confirm(transaction, decision, occasion)
        reach(failpoints.RELEASING)
    reach(failpoints.RELEASED)
    _quarantine(gateway).mark_released(kept, f"{occasion.now.isoformat()} {decision}")


def _opened(gateway: Gateway, partner: str, content: bytes, decision: Decision, occasion: Occasion) -> Opened:
    return open_envelope(file_name(content), content, recipient=gateway.name, keys=gateway.decryption_keys,
                         trust=gateway.trust(partner), now=occasion.now, environment=gateway.settings.environment,
                         waive=decision.rules)


def _in_the_ledger(gateway: Gateway, one: Held, row: ObjectRow, decision: Decision, occasion: Occasion,
                   summary: Summary) -> None:
    opened = _judged_again(gateway, row, decision.rules, occasion)
    refusal = payload_refusal(gateway.settings, row.partner, opened)
    if refusal is not None:
        raise PartnerError(refusal)
    with gateway.ledger.transaction() as transaction:
        _require_as_decided(transaction, one, decision)
        if gateway.renew_keys(transaction):
            opened = _judged_again(gateway, row, decision.rules, occasion)
        transaction.release_object_in(row.id, text=str(decision), at=occasion.now)
        accept(gateway, transaction, row.partner, opened, row.id, row.name, occasion, summary)
        transaction.kept_no_more(row.partner, f"object {row.id}")
        _confirm(transaction, decision, occasion)
        reach(failpoints.RELEASING)
    reach(failpoints.RELEASED)


def _confirm(transaction: Transaction, decision: Decision, occasion: Occasion) -> None:
    """What was asked for is done with what it asked for: both or neither."""
    if decision.request is not None:
        transaction.settle_act(decision.request, "done", at=occasion.now, text=str(decision))


def _judged_again(gateway: Gateway, row: ObjectRow, rules: Collection[str], occasion: Occasion) -> Opened:
    with gateway.ledger.reading() as queries:
        bodies = queries.bytes_of(row.id)
    assert bodies is not None
    return open_again(bodies.inner, recipient=gateway.name, trust=gateway.trust(row.partner), now=occasion.now,
                      environment=gateway.settings.environment, waive=_JUDGED_AT_RECEIPT.union(rules))


def _quarantine_of(kept: Kept) -> Quarantine:
    return Quarantine(kept.path.parent)


def _quarantine(gateway: Gateway) -> Quarantine:
    return Quarantine(gateway.settings.paths.state / "quarantine")
