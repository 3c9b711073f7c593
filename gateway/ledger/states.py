"""The lives of objects, interchanges and messages as tables of transitions, and the only code that reads them.

Nothing here touches the database. A movement's state is not here: it is derived from its events (TRANSIT 3.2) and the
ledger only keeps the result. OVERDUE is not a state either but a question asked with a deadline (`queries`), so that
a late answer needs no way back.

Source of the rules: DESIGN 2.10 and 2.12, ENVELOPE sections 7 to 9, MAILBOX 2.6. An answer may arrive before the step
that should precede it (the receipt of an object whose dispatch was never committed, a CONTRL before the receipt): it
moves its row forward all the same.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeAlias, TypeVar


@enum.unique
class Step(enum.StrEnum):
    """What moves a row; stands as the event in the history."""

    PREPARE = "prepare"
    DISPATCH = "dispatch"
    RECEIPT = "receipt"
    REFUSAL = "refusal"
    WITHDRAW = "withdraw"
    CONTRL_4 = "contrl-4"
    CONTRL_7 = "contrl-7"
    CONTRL_8 = "contrl-8"
    ANSWER_ACCEPTED = "answer-accepted"
    ANSWER_REJECTED = "answer-rejected"
    ACKNOWLEDGE = "acknowledge"
    REJECT = "reject"
    TAKE = "take"
    ACCEPT = "accept"
    HOLD = "hold"
    MISREAD = "misread"
    BURY = "bury"
    REVIVE = "revive"


@enum.unique
class ObjectState(enum.StrEnum):
    """A GW-1 object. In: STORED, REFUSED when it was authentic and still not acceptable, or VOID: its sender took the
    number back, and we hold no more of it than the leaf. Out: WITHDRAWN once we took it back (ENVELOPE O4), DEAD_LETTER
    when it got no receipt for so long that it is repeated no more until a person says so."""

    PREPARED = "PREPARED"
    DISPATCHED = "DISPATCHED"
    RECEIVED = "RECEIVED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    DEAD_LETTER = "DEAD-LETTER"
    STORED = "STORED"
    VOID = "VOID"


@enum.unique
class InterchangeState(enum.StrEnum):
    """An interchange. In: STORED until its messages are judged; DEAD after three attempts that did not end. Out:
    DEAD_LETTER while the object that carries it is one; an answer still moves it on."""

    PREPARED = "PREPARED"
    DISPATCHED = "DISPATCHED"
    RECEIVED = "RECEIVED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    REJECTED = "REJECTED"
    REFUSED = "REFUSED"
    DEAD_LETTER = "DEAD-LETTER"
    STORED = "STORED"
    TAKEN = "TAKEN"
    DEAD = "DEAD"


@enum.unique
class MessageState(enum.StrEnum):
    """A message. Out: WAITING to ANSWERED-…; in: what the judgement of it was."""

    WAITING = "WAITING"
    PREPARED = "PREPARED"
    DISPATCHED = "DISPATCHED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    REJECTED = "REJECTED"
    ANSWERED_ACCEPTED = "ANSWERED-ACCEPTED"
    ANSWERED_REJECTED = "ANSWERED-REJECTED"
    REFUSED = "REFUSED"
    ACCEPTED = "ACCEPTED"
    SYNTAX_REJECTED = "SYNTAX-REJECTED"
    TAKEN = "TAKEN"
    HELD = "HELD"
    UNREADABLE = "UNREADABLE"


S = TypeVar("S", bound=enum.StrEnum)
Transitions: TypeAlias = Mapping[S, Mapping[Step, S]]

_O, _I, _M = ObjectState, InterchangeState, MessageState

OBJECT_OUT: Transitions[ObjectState] = {
    _O.PREPARED: {Step.DISPATCH: _O.DISPATCHED, Step.RECEIPT: _O.RECEIVED, Step.REFUSAL: _O.REFUSED,
                  Step.WITHDRAW: _O.WITHDRAWN},
    _O.DISPATCHED: {Step.RECEIPT: _O.RECEIVED, Step.REFUSAL: _O.REFUSED, Step.WITHDRAW: _O.WITHDRAWN,
                    Step.BURY: _O.DEAD_LETTER},
    # never the end: a late receipt settles it, and what is sent again by hand is dispatched as if for the first time
    _O.DEAD_LETTER: {Step.DISPATCH: _O.DISPATCHED, Step.RECEIPT: _O.RECEIVED, Step.REFUSAL: _O.REFUSED,
                     Step.WITHDRAW: _O.WITHDRAWN},
    # R6: a retry of what left no leaf at the partner is judged afresh
    _O.REFUSED: {Step.DISPATCH: _O.DISPATCHED, Step.RECEIPT: _O.RECEIVED, Step.WITHDRAW: _O.WITHDRAWN},
    _O.WITHDRAWN: {Step.RECEIPT: _O.RECEIVED},  # it was accepted before the partner knew that we took it back
    _O.RECEIVED: {},
}

_CONTRL = {Step.CONTRL_7: _I.ACKNOWLEDGED, Step.CONTRL_4: _I.REJECTED}
_AWAITED = {Step.RECEIPT: _I.RECEIVED, Step.CONTRL_8: _I.RECEIVED, **_CONTRL}

INTERCHANGE_OUT: Transitions[InterchangeState] = {
    _I.PREPARED: {Step.DISPATCH: _I.DISPATCHED, Step.REFUSAL: _I.REFUSED, **_AWAITED},
    _I.DISPATCHED: {Step.REFUSAL: _I.REFUSED, Step.BURY: _I.DEAD_LETTER, **_AWAITED},
    _I.DEAD_LETTER: {Step.DISPATCH: _I.DISPATCHED, Step.REFUSAL: _I.REFUSED, **_AWAITED},
    _I.RECEIVED: dict(_CONTRL),
    _I.REFUSED: {Step.DISPATCH: _I.DISPATCHED, **_AWAITED},
    _I.ACKNOWLEDGED: {},
    _I.REJECTED: {},
}

INTERCHANGE_IN: Transitions[InterchangeState] = {
    _I.STORED: {Step.ACKNOWLEDGE: _I.ACKNOWLEDGED, Step.REJECT: _I.REJECTED, Step.TAKE: _I.TAKEN, Step.BURY: _I.DEAD},
    _I.DEAD: {Step.REVIVE: _I.STORED},
    _I.ACKNOWLEDGED: {},
    _I.REJECTED: {},
    _I.TAKEN: {},
}

_ANSWERS = {Step.ANSWER_ACCEPTED: _M.ANSWERED_ACCEPTED, Step.ANSWER_REJECTED: _M.ANSWERED_REJECTED}
_SYNTAX = {Step.CONTRL_7: _M.ACKNOWLEDGED, Step.CONTRL_4: _M.REJECTED}

MESSAGE_OUT: Transitions[MessageState] = {
    _M.WAITING: {Step.PREPARE: _M.PREPARED},
    _M.PREPARED: {Step.DISPATCH: _M.DISPATCHED, Step.RECEIPT: _M.DISPATCHED, Step.REFUSAL: _M.REFUSED,
                  **_SYNTAX, **_ANSWERS},
    _M.DISPATCHED: {Step.REFUSAL: _M.REFUSED, **_SYNTAX, **_ANSWERS},
    _M.REFUSED: {Step.DISPATCH: _M.DISPATCHED, Step.RECEIPT: _M.DISPATCHED, **_SYNTAX, **_ANSWERS},
    _M.ACKNOWLEDGED: dict(_ANSWERS),
    _M.REJECTED: {},
    _M.ANSWERED_ACCEPTED: {},
    _M.ANSWERED_REJECTED: {},
}

_JUDGED = {Step.ACCEPT: _M.ACCEPTED, Step.REJECT: _M.REJECTED, Step.TAKE: _M.TAKEN}

MESSAGE_IN: Transitions[MessageState] = {
    _M.HELD: {Step.MISREAD: _M.UNREADABLE, **_JUDGED},
    _M.UNREADABLE: {Step.HOLD: _M.HELD, **_JUDGED},
    # acceptance may wait for the national side (DESIGN section 6, 2)
    _M.TAKEN: {Step.ACCEPT: _M.ACCEPTED, Step.REJECT: _M.REJECTED},
    _M.ACCEPTED: {},
    _M.REJECTED: {},
    _M.SYNTAX_REJECTED: {},
}


class IllegalTransition(RuntimeError):
    """Our own code asked for a step that the table does not have. Nothing changed."""


def advance(transitions: Transitions[S], state: S, step: Step) -> S:
    """The state after `step`. Raises IllegalTransition."""
    try:
        return transitions[state][step]
    except KeyError:
        raise IllegalTransition(f"{step} cannot follow {state}") from None


def may(transitions: Transitions[S], state: S, step: Step) -> bool:
    """Tell whether `step` moves a row that is in `state`."""
    return step in transitions.get(state, {})


def moves(transitions: Transitions[S], step: Step) -> list[tuple[S, S]]:
    """Every (from, to) that `step` stands for: what a bulk update walks through."""
    return [(state, steps[step]) for state, steps in transitions.items() if step in steps]


def step_to(transitions: Transitions[S], target: S) -> Step:
    """The one step that leads to `target`. Raises IllegalTransition when no step or more than one does."""
    steps = {step for row in transitions.values() for step, state in row.items() if state is target}
    if len(steps) != 1:
        raise IllegalTransition(f"no single step leads to {target}")
    return steps.pop()
