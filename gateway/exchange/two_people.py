"""Decisions about what was refused that people take one after the other: asked for, confirmed by another, rejected.

Where the settings want two people, one asks and another confirms, each from an account of his own and at his own time:
two names typed by one hand prove one hand. Who logs in as the account that the gateway runs as is nobody in particular
and can do neither (`cli.people`).
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.quarantine import Decision, Held, require_open, standing
from gateway.findings import Finding
from gateway.ledger.act_rows import Act, NewAct
from gateway.security import RELEASABLE


class Voice(Struct, frozen=True, kw_only=True):
    """One person: the name given, the account as it is told, and the account that stands for the person."""

    name: str
    account: str
    person: str


def ask(gateway: Gateway, one: Held, rules: Collection[str], voice: Voice, reason: str, occasion: Occasion) -> bool:
    """Ask for a release, which another person confirms. False when the same person has asked for it before.

    Raises LocalError X083 (nobody may release this), X084, X174 (it was let in, or rejected), X081 (held no more), X170
    (somebody else asked for it: confirm that).
    """
    if not set(rules) <= RELEASABLE or one.code not in rules:
        raise LocalError(Finding(code="X083", values={"name": one.name, "code": one.code,
                                                      "codes": ", ".join(sorted(RELEASABLE))}))
    words = " ".join(sorted(rules))
    with gateway.ledger.transaction() as transaction:
        one = standing(transaction, one)
        require_open(one)
        if one.asked is not None:
            if one.asked.person == voice.person and (one.asked.rules, one.asked.reason) == (words, reason):
                return False
            if one.asked.person != voice.person:
                raise LocalError(Finding(code="X170", values={"name": one.name, "words": one.asked.words}))
            transaction.settle_act(one.asked, "dropped", at=occasion.now, text=f"asked anew by {voice.name}")
        transaction.add_act(NewAct(kind="release", subject=one.name, partner=one.partner, people=voice.name,
                                   account=voice.account, person=voice.person, rules=words, reason=reason,
                                   state="open"), at=occasion.now)
    return True


def confirmed(gateway: Gateway, one: Held, voice: Voice) -> Decision:
    """The decision of two people that a confirmation makes of a request; `release` carries it out.

    Raises LocalError X084, X174 (it was let in, or rejected), X171 (nobody asked), X172 (the same person asked, by name
    or by account).
    """
    require_open(one)
    request = one.asked or _cut(gateway, one)
    if request is None:
        raise LocalError(Finding(code="X171", values={"name": one.name}))
    if request.person == voice.person or request.people.casefold() == voice.name.casefold():
        raise LocalError(Finding(code="X172", values={"name": one.name, "words": request.words}))
    return Decision(rules=frozenset(request.rules.split()), people=(request.people, voice.name),
                    account=f"{request.account}, {voice.account}", reason=request.reason, request=request)


def _cut(gateway: Gateway, one: Held) -> Act | None:
    """A request that was confirmed by a run that was killed before it could say so in the note of the file."""
    with gateway.ledger.reading() as queries:
        request = queries.act_about(one.name, "release")
    return request if request is not None and request.state == "done" else None


def reject(gateway: Gateway, one: Held, voice: Voice, reason: str, occasion: Occasion) -> str | None:
    """Decide that it is never let in. The name of the negative receipt that goes up again; None where there is none.

    What is authentic and refused was answered by a receipt when it came (GW-1 section 6); it goes up once more, so that
    the partner knows. For everything else silence is the rule: a call tells him. Raises LocalError X084, X174, X081.
    """
    with gateway.ledger.transaction() as transaction:
        one = standing(transaction, one)
        require_open(one)
        receipt = None if one.object is None else transaction.receipt_of(one.object.id)
        if one.asked is not None:
            transaction.settle_act(one.asked, "dropped", at=occasion.now, text=f"rejected by {voice.name}: {reason}")
        transaction.add_act(NewAct(kind="reject", subject=one.name, partner=one.partner, people=voice.name,
                                   account=voice.account, person=voice.person, reason=reason, rules=one.code),
                            at=occasion.now)
        if receipt is not None:
            transaction.again(receipt.id, at=occasion.now)
        if one.kept is not None:
            transaction.kept_no_more(one.partner, one.kept.path.name)
        elif one.object is not None:
            transaction.kept_no_more(one.partner, f"object {one.object.id}")
    return None if receipt is None else receipt.name
