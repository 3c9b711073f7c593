"""What is left of each goods item: declared - written off - settled, packages and mass apart, never below zero.

Source: TRANSIT section 3.2 and 7.2, 10; profile section 8.5. Write-offs are the items of PART-DISCHARGED and
DISCHARGED, settlements those of DIFF-CLOSED. A discharge without any line, where no write-off was ever sent, writes off
whatever was not settled. What exceeds the declared quantity is shown as excess; the balance then stands at zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from gateway.transit.declaration import Declaration, GoodsItem, Moment
from gateway.transit.event import Event, Word, distinct

_WRITES_OFF = (Word.PART_DISCHARGED, Word.DISCHARGED)
_TAKES = (*_WRITES_OFF, Word.DIFF_CLOSED)


def taken_of(events: Iterable[Event]) -> bool:
    """Whether any event takes something of the items: until one does, nothing is left over and nothing exceeded."""
    return any(event.word in _TAKES for event in events)


class WriteOff(Struct, frozen=True, kw_only=True):
    """What one event took from one item.

    item            number of the declared item
    word            PART-DISCHARGED, DISCHARGED or DIFF-CLOSED
    packages, mass  taken; None where the event does not say it
    document        number of the import declaration that writes off, with its date; of a settlement, of the movement
    reference       of the event, with the administration that says it and when it happened
    trucks          plates: of the event, else of the trucks that arrived at its office
    again           the same import declaration took of the same item in an earlier event as well: a person looks
    """

    item: int
    word: str
    packages: int | None
    mass: Decimal | None
    document_type: str
    document: str | None
    document_date: date | None
    administration: str
    reference: str
    happened: Moment | None
    trucks: tuple[str, ...] = ()
    again: bool = False


class Balance(Struct, frozen=True, kw_only=True):
    """One item: what was declared, what was taken, what is left. Masses in kilograms.

    packages, mass          left, never below zero; mass is None where it cannot be told: no mass was declared, or not
                            everything that was taken of the item gave one
    written_off, settled    packages taken; written_mass, settled_mass: kilograms taken, of what gave a mass
    excess, excess_mass     taken beyond what was declared
    """

    item: int
    packages: int
    mass: Decimal | None
    declared: int
    declared_mass: Decimal | None
    written_off: int = 0
    written_mass: Decimal = Decimal()
    settled: int = 0
    settled_mass: Decimal = Decimal()
    excess: int = 0
    excess_mass: Decimal = Decimal()

    @property
    def zero(self) -> bool:
        """Nothing is left. Packages decide; a mass left over is a difference for the control to settle."""
        return self.packages == 0

    @property
    def exceeded(self) -> bool:
        """More was taken than declared."""
        return self.excess > 0 or self.excess_mass > 0


def write_offs(events: Iterable[Event]) -> list[WriteOff]:
    """Everything that was taken, by item and time, whatever the order the events came in."""
    said = distinct(events)
    lines = [(line, event) for event in said if event.word in _TAKES for line in event.items]
    lines.sort(key=lambda one: (one[0].item, str(one[1].happened or ""), one[1].administration, one[1].reference))
    arrived = dict[str, set[str]]()
    for event in said:
        if event.word in (Word.ARRIVED, Word.DIVERTED) and event.office is not None:
            arrived.setdefault(event.office.code, set()).update(_trucks(event))
    made, first = list[WriteOff](), dict[tuple[int, str | None], str]()
    for line, event in lines:
        by = f"{event.administration} {event.reference}"
        trucks = _trucks(event) or arrived.get(event.office.code if event.office is not None else "", set())
        imported = event.word in _WRITES_OFF and line.document_number is not None
        again = imported and first.setdefault((line.item, line.document_number), by) != by
        made.append(WriteOff(
            item=line.item, word=event.word.value, packages=line.packages, mass=line.gross_mass,
            document_type=line.document_type, document=line.document_number, document_date=line.document_date,
            administration=event.administration, reference=event.reference, happened=event.happened,
            trucks=tuple(sorted(trucks)), again=again))
    return made


def _trucks(event: Event) -> set[str]:
    return {vehicle.identity for vehicle in event.vehicles if vehicle.identity is not None}


def balances(declaration: Declaration, events: Sequence[Event]) -> list[Balance]:
    """The balance of every declared item, in the order of the declaration."""
    lines = write_offs(events)
    whole = any(event.word is Word.DISCHARGED for event in events) \
        and all(line.word == Word.DIFF_CLOSED.value for line in lines)
    return [_balance(item, [line for line in lines if line.item == item.number], whole) for item in declaration.items]


def strays(declaration: Declaration, events: Iterable[Event]) -> list[WriteOff]:
    """What was taken from items that were never declared."""
    declared = {item.number for item in declaration.items}
    return [line for line in write_offs(events) if line.item not in declared]


def _balance(item: GoodsItem, lines: Sequence[WriteOff], whole: bool) -> Balance:
    """whole: a discharge without lines takes what was not settled."""
    declared, mass = sum(one.count for one in item.packages), item.gross_mass
    settlements = [line for line in lines if line.word == Word.DIFF_CLOSED.value]
    written = [line for line in lines if line.word != Word.DIFF_CLOSED.value]
    settled, settled_mass = _sums(settlements)
    written_off, written_mass = _sums(written)
    if whole:
        written_off = max(declared - settled, 0)
        written_mass = max(mass - settled_mass, Decimal()) if mass is not None else Decimal()
    left = declared - written_off - settled
    known = mass is not None and (whole or all(line.mass is not None for line in lines))
    left_mass = mass - written_mass - settled_mass if mass is not None else Decimal()
    return Balance(
        item=item.number, packages=max(left, 0), mass=max(left_mass, Decimal()) if known else None,
        declared=declared, declared_mass=mass, written_off=written_off, written_mass=written_mass, settled=settled,
        settled_mass=settled_mass, excess=max(-left, 0),
        excess_mass=max(-left_mass, Decimal()) if mass is not None else Decimal())


def _sums(lines: Sequence[WriteOff]) -> tuple[int, Decimal]:
    return (sum(line.packages or 0 for line in lines),
            sum((line.mass for line in lines if line.mass is not None), Decimal()))
