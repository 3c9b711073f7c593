"""Whatever is said, lost, repeated and delivered in whatever order: do two and three gateways see the same movement?

EDI_MACHINE_RUNS sets how many histories of each are tried (thousands need ``--timeout 0``); ``--hypothesis-seed``
repeats them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from gateway.transit.balance import balances
from gateway.transit.declaration import Declaration, Guarantee, Reference
from gateway.transit.event import Event
from gateway.transit.facts import latest_of
from gateway.transit.guarantee import engagements
from gateway.transit.states import TABLES, MovementState, movement_state
from tests.campaigns.movement_orders import NOW, ROUTES, drawn, event_drawn

AMOUNT = Decimal("4625000.50")
CHANCE = st.randoms(use_true_random=False)

Said = Declaration | Event


class Movement(RuleBasedStateMachine):
    """Administrations that speak about one movement over lines that lose, repeat and reorder."""

    parties: ClassVar[int]
    spoken: Bundle[Said] = Bundle("spoken")

    def __init__(self) -> None:
        super().__init__()
        self.names = ROUTES[self.parties]
        self.held: dict[str, list[Said]] = {name: [] for name in self.names}
        self.said: list[Said] = []

    @initialize(target=spoken, chance=CHANCE)
    def declare(self, chance: random.Random) -> Said:
        """The departure records the movement."""
        seed = next(number for number in range(chance.randint(1, 500), 9999)
                    if drawn(1, number).parties == self.parties)
        original = drawn(1, seed).said[0]
        assert isinstance(original, Declaration)
        self.record = replace(original, guarantee=Guarantee(
            amount=AMOUNT, currency="XOF", references=(Reference(number="BOND"),)))
        return self._say(self.record)

    @rule(target=spoken, chance=CHANCE)
    def speak(self, chance: random.Random) -> Said:
        """Somebody says something, true or not."""
        before = [one for one in self.said if isinstance(one, Event)]
        return self._say(event_drawn(chance, self.record.mrn or "", self.names, f"E-{len(self.said)}", before))

    @rule(target=spoken)
    def amend(self) -> Said:
        """A new version of the record."""
        return self._say(replace(self.record, function="replacement", amendment=sum(
            isinstance(one, Declaration) for one in self.said)))

    def _say(self, one: Said) -> Said:
        self.said.append(one)
        return one

    @rule(one=spoken, who=st.integers(0, 2))
    def deliver(self, one: Said, who: int) -> None:
        """It arrives somewhere, perhaps again; what is never drawn here was lost."""
        self.held[self.names[who % len(self.names)]].append(one)

    @rule(who=st.integers(0, 2))
    def repeat(self, who: int) -> None:
        """A partner sends everything again."""
        held = self.held[self.names[who % len(self.names)]]
        held.extend(held[::-1][:8])

    @invariant()
    def the_order_and_repeats_change_nothing(self) -> None:
        for name, held in self.held.items():
            once = list(dict.fromkeys(held))
            for role in TABLES:
                seen = _seen(role, name, held)
                assert seen == _seen(role, name, once) == _seen(role, name, once[::-1])

    @invariant()
    def nothing_is_below_zero(self) -> None:
        for held in self.held.values():
            events = _events(dict.fromkeys(held))
            latest = latest_of(one for one in held if isinstance(one, Declaration))
            if latest is None:
                continue
            for balance in balances(latest, events):
                assert balance.packages >= 0 and (balance.mass is None or balance.mass >= 0)
            for engaged in engagements(latest, events, _seen("departure", "TGOTR", held).state):
                assert 0 <= engaged.engaged <= AMOUNT

    def teardown(self) -> None:
        """What was lost is sent again: then every gateway sees the same."""
        for held in self.held.values():
            held.extend(one for one in self.said if one not in held)
        for role in TABLES:
            assert len({_seen(role, "BFDGD", held) for held in self.held.values()}) <= 1


def _events(held: Sequence[Said] | dict[Said, None]) -> list[Event]:
    return [one for one in held if isinstance(one, Event)]


def _seen(role: str, name: str, held: Sequence[Said]) -> MovementState:
    return movement_state(role, [one for one in held if isinstance(one, Declaration)], _events(held), NOW,
                          administration=name)


class BetweenTwo(Movement):
    """Departure and destination."""

    parties = 2


class AmongThree(Movement):
    """A transit country between them."""

    parties = 3


RUNS = settings(max_examples=int(os.environ.get("EDI_MACHINE_RUNS", "60")), stateful_step_count=25, deadline=None)
TestBetweenTwo = BetweenTwo.TestCase
TestBetweenTwo.settings = RUNS
TestAmongThree = AmongThree.TestCase
TestAmongThree.settings = RUNS
