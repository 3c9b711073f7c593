"""What a partner may do to us, and what must come of it: each scene is a few steps with the expected end of each.

Every scene begins alike: we send one declaration. `play` makes the rest happen and gives, for each step, what was
expected and what was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.reports import overdue
from gateway.simulation.offices import Ran
from gateway.simulation.pair import Pair

SKEW = timedelta(hours=3)
"""By how much the clock of the partner is wrong in ``clock-skew``."""


class Seen(Struct, frozen=True, kw_only=True):
    """What a step left on our side.

    status       exit status of our run
    codes        what it told, sorted
    answers      answers of the partner that our national side has: one, however often it was said
    quarantined  files in quarantine
    repeated     objects that this run had before
    late         things that we wait for beyond their time
    """

    status: Exit = Exit.DONE
    codes: tuple[str, ...] = ()
    answers: int = 0
    quarantined: int = 0
    repeated: int = 0
    late: int = 0


class Act(Struct, frozen=True, kw_only=True):
    """One step of a scene: its name (a sentence ``simulate.step.NAME`` says it), what happens, what must be seen.

    happens  gives the run of ours after which is looked
    """

    name: str
    happens: Callable[[Pair], Ran]
    expected: Seen


class Step(Struct, frozen=True, kw_only=True):
    """One step that was played."""

    name: str
    expected: Seen
    seen: Seen

    @property
    def ok(self) -> bool:
        """What was seen is what must be."""
        return self.seen == self.expected


def _spoiled(fault: str) -> Callable[[Pair], Ran]:
    def happens(pair: Pair) -> Ran:
        pair.partner_answers()
        pair.spoil(fault)
        return pair.receive()
    return happens


def _delivered(pair: Pair) -> Ran:
    pair.deliver()
    return pair.receive()


def _answered(pair: Pair) -> Ran:
    pair.partner_answers()
    return pair.receive()


def _held(hours: float) -> Callable[[Pair], Ran]:
    def happens(pair: Pair) -> Ran:
        pair.partner_answers()
        pair.hold()
        pair.wait(hours=hours)
        return pair.receive()
    return happens


def _silent(pair: Pair) -> Ran:
    """Two weeks in which nobody takes what we send; our runs go on."""
    for hours in (5, 5, 5, 5):
        pair.wait(hours=hours)
        pair.send()
        pair.lose()
    pair.wait(days=14)
    return pair.send()


def _twice(pair: Pair) -> Ran:
    pair.partner_answers()
    pair.hold()
    pair.deliver(again=True)
    return pair.receive()


def _again(pair: Pair) -> Ran:
    pair.answer_twice()
    return pair.receive()


def _ahead(pair: Pair) -> Ran:
    pair.partner_answers(ahead=SKEW)
    return pair.receive()


def _caught_up(pair: Pair) -> Ran:
    pair.wait(hours=SKEW / timedelta(hours=1))
    return pair.receive()


def _lost(pair: Pair) -> Ran:
    pair.partner_answers()
    pair.hold()
    pair.forget()
    return pair.receive()


def _repeated(pair: Pair) -> Ran:
    """Nobody has a receipt: both put up again what they sent, the same to the bit."""
    pair.wait(hours=6)
    pair.send()
    return _answered(pair)


def _refused(fault: str, code: str, *, quarantined: int = 3) -> tuple[Act, ...]:
    return (Act(name=fault, happens=_spoiled(fault),
                expected=Seen(status=Exit.TRUST, codes=(code,), quarantined=quarantined)),
            Act(name="delivered", happens=_delivered, expected=Seen(answers=1, quarantined=quarantined)))


SCENES: Mapping[str, tuple[Act, ...]] = {
    "none": (Act(name="none", happens=_answered, expected=Seen(answers=1)),),
    "late-ack": (Act(name="late-ack", happens=_held(26), expected=Seen(late=1)),
                 Act(name="delivered", happens=_delivered, expected=Seen(answers=1))),
    "never-answers": (Act(name="never-answers", happens=_silent,
                          expected=Seen(status=Exit.PERSON, codes=("X053",), late=2)),),
    "duplicate": (Act(name="answered", happens=_twice, expected=Seen(answers=1)),
                  Act(name="duplicate", happens=_delivered, expected=Seen(answers=1, repeated=3))),
    "answers-twice": (Act(name="answered", happens=_twice, expected=Seen(answers=1)),
                      Act(name="answers-twice", happens=_again, expected=Seen(answers=1, repeated=2))),
    "lost": (Act(name="lost", happens=_lost, expected=Seen()),
             Act(name="repeated", happens=_repeated, expected=Seen(answers=1))),
    "clock-skew": (Act(name="clock-skew", happens=_ahead, expected=Seen(status=Exit.TRUST, codes=("E_FUTURE",))),
                   Act(name="caught-up", happens=_caught_up, expected=Seen(answers=1))),
    "bad-signature": _refused("bad-signature", "E_SIGNATURE"),
    "unknown-signer": _refused("unknown-signer", "E_SIGNER_UNKNOWN"),
    "wrong-recipient": _refused("wrong-recipient", "E_WRONG_RECIPIENT"),
    "not-for-us": _refused("not-for-us", "E_NOT_FOR_US"),
    "tampered": _refused("tampered", "E_DECRYPT"),
    "plaintext": _refused("plaintext", "E_ASN1"),
    "truncated": _refused("truncated", "E_NAME", quarantined=0),
}
"""Every fault that can be simulated; ``none`` is the exchange as it should be."""


def play(scene: Sequence[Act], pair: Pair, declaration: bytes | None = None) -> Iterator[Step]:
    """Play a scene on a fresh pair.

    declaration  a national file of ``neutral/json``; one that is made up where none is given

    Raises LocalError when we cannot send the declaration at all: with the findings of our own run.
    """
    pair.begin(declaration or pair.declaration("SIM-1"))
    for act in scene:
        ran = act.happens(pair)
        yield Step(name=act.name, expected=act.expected, seen=_seen(pair, ran))


def _seen(pair: Pair, ran: Ran) -> Seen:
    with open_gateway(load_settings(pair.ours.settings), pair.now) as gateway:
        late = [one for one in overdue(gateway.ledger, pair.now, {}) if one.partner == pair.theirs.name]
    answers = [name for name in pair.ours.inbox("answers") if name.startswith(f"{pair.theirs.name}.")]
    return Seen(status=ran.status, codes=ran.codes, answers=len(answers), quarantined=pair.ours.quarantined(),
                repeated=ran.counts["objects_repeated"], late=len(late))
