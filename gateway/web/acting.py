"""What a person decides on a page: the right that it needs, what is asked before, and the same deeds as the command
line's, with the person's name, login and reason in the ledger."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct

from gateway.config.web import Person
from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.dead_matters import Dead, close, dead, named, revive_dead
from gateway.exchange.quarantine import Decision, Held, find, held, release
from gateway.exchange.resend import resend
from gateway.exchange.state_query import ask_by_hand
from gateway.exchange.two_people import Voice, ask, confirmed, reject
from gateway.findings import Finding
from gateway.pages.live import DeadRow, HeldRow, Question
from gateway.security import RELEASABLE
from gateway.web.desk import Desk
from gateway.web.frame import right_of
from gateway.web.refusal import Refusal
from gateway.web.rights import may
from gateway.web.visit import Visit

REASON = 500

WITH_REASON = ("close", "ask", "reject")
"""Decisions that need a reason; the others may go without."""

AT_ONCE = ("chase", "resend")
"""What a button of a board or a sheet does without asking once more: nothing is lost by it."""


class Wish(Struct, frozen=True, kw_only=True):
    """What somebody wants done.

    about  an MRN, the reference of a dead letter, or the name of what is held
    also   codes that a release passes over beside the one that holds it, as ``--also`` of the command
    """

    act: str
    about: str
    reason: str
    person: Person
    also: frozenset[str] = frozenset()

    @property
    def who(self) -> str:
        """For the history: name, login, reason."""
        words = f"{self.person.name} (web: {self.person.login})"
        return f"{words}: {self.reason}" if self.reason else words


def require_right(gateway: Gateway, visit: Visit, act: str, about: str) -> Person:
    """Who may do this. Raises Refusal ``absent`` for no such act or movement, ``forbidden`` for a right that is not
    there: of a movement on its corridor, of everything else on all of them."""
    right, corridor = right_of(act), ""
    if right is None or visit.person is None:
        raise Refusal("absent")
    if act in AT_ONCE:
        with gateway.ledger.reading() as queries:
            movement = queries.movement(about)
        if movement is None or not may(visit.person, "see", movement.corridor):
            raise Refusal("absent")
        corridor = movement.corridor
    if not may(visit.person, right, corridor):
        raise Refusal("forbidden")
    return visit.person


def question(gateway: Gateway, visit: Visit, act: str, about: str, fault: str = "",
             also: Collection[str] = ()) -> Question:
    """What is shown before a decision. Raises Refusal ``absent`` for what is not held, or not dead, any more.

    also  codes that were ticked when the form came back
    """
    facts: Mapping[str, str] = {}
    rules: Mapping[str, bool] = {}
    try:
        if right_of(act) == "quarantine":
            one = find(gateway, about)
            facts = {"partner": one.partner, "live.why": one.code} | (
                {"live.rules": one.asked.rules, "live.reason": one.asked.words} if one.asked is not None else {})
            if act == "ask":
                rules = {code: code in also for code in sorted(RELEASABLE - {one.code})}
        elif right_of(act) == "dead":
            given_up = named(gateway, about)
            facts = {"partner": given_up.partner, "message": given_up.type}
    except LocalError as error:
        raise Refusal("absent", *error.findings) from error
    return Question(act=act, reference=about, facts=facts, reason=act in WITH_REASON, fault=fault, also=rules)


def carry_out(desk: Desk, wish: Wish) -> None:
    """Do it, in a gateway opened for it as a command does. Raises Refusal ``refused`` with what the gateway says."""
    occasion = desk.occasion()
    try:
        with open_gateway(desk.settings, occasion.now) as gateway:
            _DEEDS[wish.act](gateway, wish, occasion)
    except (LocalError, PartnerError) as error:
        raise Refusal("refused", *error.findings) from error


def held_rows(gateway: Gateway, person: Person) -> list[HeldRow]:
    """What lies in quarantine, as a page shows it to one person."""
    return [HeldRow(name=one.name, partner=one.partner, code=one.code, at=one.at, releasable=one.releasable,
                    asked="" if one.asked is None else one.asked.words,
                    mine=one.asked is not None and _same(one, person))
            for one in held(gateway) if one.released is None and one.rejected is None]


def dead_rows(gateway: Gateway) -> list[DeadRow]:
    """What nobody tries any more, as a page shows it."""
    return [DeadRow(reference=one.reference, partner=one.partner, direction=one.direction, type=one.type,
                    since=one.since, attempts=one.attempts, detail=one.detail) for one in dead(gateway)]


def voice_of(person: Person, gateway: Gateway) -> Voice:
    """A person's voice, the same one as at the command line of this machine: who asked there cannot confirm here.

    Raises LocalError C031 for the account that the gateway runs as, which is nobody in particular.
    """
    account = person.account or person.login
    owner = pwd.getpwuid(os.stat(gateway.settings.paths.state).st_uid).pw_name  # noqa: PTH116
    if account.casefold() == owner.casefold():
        raise LocalError(Finding(code="C031", values={"account": account}))
    return Voice(name=person.name, account=f"web: {person.login}", person=account)


def _same(one: Held, person: Person) -> bool:
    return one.asked is not None and (one.asked.person == (person.account or person.login)
                                      or one.asked.people.casefold() == person.name.casefold())


def _chase(gateway: Gateway, wish: Wish, occasion: Occasion) -> None:
    with gateway.ledger.reading() as queries:
        movement = queries.movement(wish.about)
    assert movement is not None  # the right was found on its corridor, and no movement goes
    ask_by_hand(gateway, movement, occasion, wish.who)


def _resend(gateway: Gateway, wish: Wish, occasion: Occasion) -> None:
    result = resend(gateway, [wish.about], occasion, wish.who)[0]
    if not result.objects:
        raise LocalError(Finding(code="X045", values={"reference": wish.about, "reason": result.reason}))


def _revive(gateway: Gateway, wish: Wish, occasion: Occasion) -> None:
    revive_dead(gateway, _given_up(gateway, wish), occasion, wish.who)


def _close(gateway: Gateway, wish: Wish, occasion: Occasion) -> None:
    close(gateway, _given_up(gateway, wish), voice_of(wish.person, gateway), wish.reason, occasion)


def _given_up(gateway: Gateway, wish: Wish) -> Dead:
    return named(gateway, wish.about)


def _ask(gateway: Gateway, wish: Wish, occasion: Occasion) -> None:
    one, voice = find(gateway, wish.about), voice_of(wish.person, gateway)
    rules = wish.also | {one.code}
    if gateway.settings.approvals == "two":
        ask(gateway, one, rules, voice, wish.reason, occasion)
    else:
        release(gateway, one, Decision(rules=rules, people=[voice.name], account=voice.account, reason=wish.reason,
                                       request=one.asked), occasion)


def _confirm(gateway: Gateway, wish: Wish, occasion: Occasion) -> None:
    one = find(gateway, wish.about)
    release(gateway, one, confirmed(gateway, one, voice_of(wish.person, gateway)), occasion)


def _reject(gateway: Gateway, wish: Wish, occasion: Occasion) -> None:
    reject(gateway, find(gateway, wish.about), voice_of(wish.person, gateway), wish.reason, occasion)


_DEEDS: Mapping[str, Callable[[Gateway, Wish, Occasion], None]] = {
    "chase": _chase, "resend": _resend, "revive": _revive, "close": _close, "ask": _ask, "confirm": _confirm,
    "reject": _reject}
