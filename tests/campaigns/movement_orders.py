"""Two or three administrations get the same events in other orders, late and twice: do they end with the same state?

    python -m tests.campaigns.movement_orders --runs 5000 --seed 1 --json

A run draws a movement: versions and perhaps a cancellation of its record, and events of every word, contradictory ones
among them. It is kept in the real ledger of each administration through the transactions that the gateway itself uses,
in batches, in another order in each ledger, with losses that are made good later and with repeats. After every batch no
balance may be negative. At the end every ledger must hold every event once, and the state of each role must be the same
in every ledger, and the same as that of the whole set in one order. A run is drawn from the seed and its number alone.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from gateway.config import load_settings
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.movements import derive, refresh
from gateway.ledger import NewDeclaration, NewEvent, NewMovement, NewState
from gateway.transit.balance import balances
from gateway.transit.declaration import Declaration, GoodsItem, Office, OfficeOfTransit, Packages, Vehicle
from gateway.transit.event import Event, EventItem, EventOffice, Word
from gateway.transit.facts import latest_of
from gateway.transit.mrn import make_mrn
from gateway.transit.terms import from_tree, to_tree
from tests.tools.offices import offices

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROUTES = {2: ("TGOTR", "BFDGD"), 3: ("TGOTR", "BFDGD", "MLDGD")}
DESTINATION = {2: "BFOUI", 3: "MLBKO"}
OFFICES = {"TGOTR": ("TGLPL", "TGCKS"), "BFDGD": ("BFCKS", "BFFRM", "BFOUI"), "MLDGD": ("MLKRY", "MLBKO")}
WORDS = [word for word in Word if word not in (Word.LEDGER, Word.DOWNTIME)]


@dataclass(frozen=True)
class Drawn:
    """What one run is about: the movement, everything that is said of it, in an order that means nothing."""

    mrn: str
    parties: int
    said: tuple[Declaration | Event, ...]


def drawn(seed: int, number: int) -> Drawn:
    """The run of this number."""
    chance = random.Random(f"{seed}/{number}")
    parties = chance.choice((2, 3))
    mrn = make_mrn(year=2026, office="TGLPL", serial="T", number=number)
    transit = ("BFCKS",) if parties == 2 else ("BFCKS", "BFFRM", "MLKRY")
    first = Declaration(
        mrn=mrn, amendment=0, national_reference=f"N/{number}", office_of_departure=Office(code="TGLPL"),
        office_of_destination=Office(code=DESTINATION[parties]), prepared=NOW - timedelta(days=5),
        offices_of_transit=tuple(OfficeOfTransit(code=code, order=at) for at, code in enumerate(transit, 1)),
        released=NOW - timedelta(days=5), time_limit=(NOW + timedelta(days=chance.randint(-3, 5))).date(),
        vehicle_at_departure=Vehicle(identity="TG 4521 AZ"),
        items=(GoodsItem(number=1, gross_mass=Decimal(12500), packages=(Packages(count=480),)),
               GoodsItem(number=2, packages=(Packages(count=320),))))
    versions = [first] + [replace(first, function="replacement", amendment=at, prepared=NOW - timedelta(days=5 - at))
                          for at in range(1, chance.choice((1, 1, 2, 3)))]
    if chance.random() < 0.15:
        versions.append(Declaration(function="cancellation", mrn=mrn, amendment=0, reason="NOT LOADED",
                                    office_of_departure=Office(code="TGLPL")))
    names = ROUTES[parties]
    events: list[Event] = []
    for at in range(chance.randint(0, 14)):
        events.append(event_drawn(chance, mrn, names, f"E-{number}-{at}", events))
    return Drawn(mrn, parties, (*versions, *events))


def event_drawn(chance: random.Random, mrn: str, names: Sequence[str], reference: str,
                before: Sequence[Event]) -> Event:
    """An event of any word, said by one of these administrations; it may name one of those before it."""
    word, administration = chance.choice(WORDS), chance.choice(names)
    earlier = [event.reference for event in before if event.word in (Word.CONTROL, Word.ENQUIRY)]
    takes = word in (Word.PART_DISCHARGED, Word.DISCHARGED, Word.DIFF_CLOSED)
    return Event(
        word=word, administration=administration, reference=reference, mrn=mrn,
        happened=NOW - timedelta(hours=chance.randint(0, 110)),
        office=EventOffice(role="transit", code=chance.choice(OFFICES[administration])),
        answered_event=chance.choice([*earlier, "E-0-0"]) if chance.random() < 0.7 else None,
        answer=chance.choice(("unknown", "arrived", "returned")) if word is Word.ENQ_ANSWER else None,
        control_result=chance.choice(("A1", "A2", "B1")) if word is Word.CONTROL else None,
        seals_intact=chance.choice((None, True, False)),
        vehicles=(Vehicle(identity=chance.choice(("TG 4521 AZ", "BF 11"))),) if chance.random() < 0.4 else (),
        items=tuple(EventItem(item=chance.randint(1, 2), packages=chance.choice((60, 320, 420, 480)),
                              gross_mass=chance.choice((None, Decimal(6000))), document_type="929",
                              document_number=f"C/{chance.randint(1, 3)}")
                    for _ in range(chance.randint(0, 3))) if takes else ())


class Ledgers:
    """Three real gateways; a run uses those of its route."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.gateways: dict[str, Gateway] = {
            office.name: stack.enter_context(open_gateway(load_settings(office.settings), NOW))
            for office in offices(folder, names=ROUTES[3], now=NOW)}
        corridors = next(iter(self.gateways.values())).corridors
        self.corridor = {parties: corridors.between("TGLPL", DESTINATION[parties]).identifier for parties in ROUTES}

    def run(self, seed: int, number: int) -> list[str]:
        """What is wrong with one run; nothing when it is as it should be."""
        case, wrong = drawn(seed, number), list[str]()
        views: dict[str, set[tuple[str, str, str, str]]] = {}
        for name in ROUTES[case.parties]:
            gateway, chance = self.gateways[name], random.Random(f"{seed}/{number}/{name}")
            wrong.extend(self._tell(gateway, case, chance))
            for seen, view in self._views(gateway, case).items():
                views.setdefault(seen, set()).add(view)
        wrong.extend(f"{number}: {name} is seen as {sorted(found)}" for name, found in views.items() if len(found) > 1)
        return wrong

    def _tell(self, gateway: Gateway, case: Drawn, chance: random.Random) -> list[str]:
        """Keep everything in an order of this ledger's own; what is lost comes later, some things come twice."""
        role = gateway.corridors.named(self.corridor[case.parties]).role(gateway.name) or "transit"
        waiting, wrong = list(case.said), list[str]()
        chance.shuffle(waiting)
        waiting += chance.sample(waiting, chance.randint(0, len(waiting)))
        lost = [one for one in waiting if chance.random() < 0.2]
        order = [one for one in waiting if chance.random() >= 0.2] + lost + list(case.said)
        while order:
            size = chance.randint(1, 6)
            batch, order = order[:size], order[size:]
            with gateway.ledger.transaction() as transaction:
                transaction.add_movements([NewMovement(
                    mrn=case.mrn, key=case.mrn, administration="TGOTR", corridor=self.corridor[case.parties],
                    role=role, departure="TGLPL", destination=DESTINATION[case.parties], time_limit=None)], at=NOW)
                transaction.add_declarations([NewDeclaration(
                    mrn=case.mrn, amendment=one.amendment or 0, function=one.function, tree=to_tree(one),
                    source_id=None, message_id=None) for one in batch if isinstance(one, Declaration)], at=NOW)
                transaction.add_events([NewEvent(
                    mrn=case.mrn, administration=one.administration, reference=one.reference, word=one.word.value,
                    happened=one.happened, tree=to_tree(one), message_id=None, source_id=None)
                    for one in batch if isinstance(one, Event)], at=NOW)
                refresh(gateway, transaction, [case.mrn], NOW)
                latest, events = self._held(transaction.declarations(case.mrn), transaction.events(case.mrn))
                if latest is not None and any(
                        one.packages < 0 or (one.mass is not None and one.mass < 0)
                        for one in balances(latest, events)):
                    wrong.append(f"{case.mrn}: a balance of {gateway.name} is negative")
        with gateway.ledger.reading() as queries:
            held = sorted((row.administration, row.reference, row.word) for row in queries.events(case.mrn))
            movement = queries.movement(case.mrn)
        if held != sorted(one.identity for one in case.said if isinstance(one, Event)):
            wrong.append(f"{case.mrn}: {gateway.name} lost or doubled an event")
        assert movement is not None
        whole = self._derived(gateway, case, (gateway.name, role))
        if (movement.state, movement.flags, movement.next_action, movement.who, movement.due, movement.wakes) != (
                whole.state, whole.flags, whole.next_action, whole.who, whole.due, whole.wakes):
            wrong.append(f"{case.mrn}: {gateway.name} keeps {movement.state} {movement.flags}, "
                         f"and the whole set says {whole.state} {whole.flags}")
        return wrong

    @staticmethod
    def _held(declarations: Sequence[object], events: Sequence[object]) -> tuple[Declaration | None, list[Event]]:
        return (latest_of([from_tree(Declaration, row.tree) for row in declarations]),  # type: ignore[attr-defined]
                [from_tree(Event, row.tree) for row in events])  # type: ignore[attr-defined]

    def _derived(self, gateway: Gateway, case: Drawn, seen_by: tuple[str, str]) -> NewState:
        """The state of the whole set in one order, not that of the ledger."""
        with gateway.ledger.reading() as queries:
            movement = queries.movement(case.mrn)
        assert movement is not None
        return derive(gateway, movement, [one for one in case.said if isinstance(one, Declaration)],
                      sorted((one for one in case.said if isinstance(one, Event)), key=lambda one: one.identity), (),
                      NOW, seen_by=seen_by)

    def _views(self, gateway: Gateway, case: Drawn) -> dict[str, tuple[str, str, str, str]]:
        """The state of every role, from what one ledger holds, in the order in which it came there."""
        found = {}
        with gateway.ledger.reading() as queries:
            movement = queries.movement(case.mrn)
            declarations = [from_tree(Declaration, row.tree) for row in queries.declarations(case.mrn)]
            events = [from_tree(Event, row.tree) for row in queries.events(case.mrn)]
        assert movement is not None
        for member in gateway.corridors.named(movement.corridor).administrations:
            state = derive(gateway, movement, declarations, events, (), NOW, seen_by=(member.gateway, member.role))
            found[member.gateway] = (state.state, state.flags, state.next_action, state.who)
        return found


def campaign(folder: Path, seed: int, runs: int, first: int = 1) -> list[str]:
    """What is wrong with runs from a number on."""
    with ExitStack() as stack:
        ledgers = Ledgers(folder, stack)
        return [line for number in range(first, first + runs) for line in ledgers.run(seed, number)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; exit status 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="number of the first run, to repeat one alone")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        wrong = campaign(Path(folder), given.seed, given.runs, given.first)
    if given.json:
        print(json.dumps({"seed": given.seed, "first": given.first, "runs": given.runs, "wrong": wrong}))
    else:
        print("\n".join([*wrong, f"{given.runs} runs of seed {given.seed}, {len(wrong)} faults"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
