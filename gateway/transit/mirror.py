"""The mirror: what was declared at departure beside what the arrival side says, line by line.

Source: TRANSIT 1.5 and 7.2 (2). Nothing is judged by itself: each difference is a reason with points, and the points
of all reasons, at most 100, are the score: 0 where both sides say the same, 100 where little is the same. Quantities
within their tolerance give no reason. A difference that the office of destination settled (DIFF-CLOSED) is counted as
found. What was only partly written off is no difference until the movement is discharged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.transit.declaration import Declaration, GoodsItem
from gateway.transit.event import Event, EventItem, Word
from gateway.transit.facts import latest_of

What: TypeAlias = Literal["packages", "mass", "hs", "value", "container", "seal", "vehicle", "weighed", "lost",
                          "amended"]
"""What differs. weighed: two weigh-bridges differ; lost: they agree, and yet less goods were found."""

WEIGHED, FOUND_HS, FOUND_VALUE = "weighed", "found_hs", "found_value"
"""Extras of an event: weight on the weigh-bridge in kilograms; commodities and values found, ``1=… 2=…``."""

MOST = 100
_POINTS: dict[What, int] = {"packages": 40, "mass": 30, "hs": 15, "value": 15, "container": 20, "seal": 20,
                            "vehicle": 10, "weighed": 20, "lost": 10, "amended": 20}
_FULL = Decimal("0.5")
"""From half of the declared quantity on, a difference has all its points."""

_ARRIVAL = (Word.ARRIVED, Word.DIVERTED, Word.CONTROL, Word.PART_DISCHARGED, Word.DISCHARGED)
_WRITES_OFF = (Word.PART_DISCHARGED, Word.DISCHARGED)


class Tolerance(Struct, frozen=True, kw_only=True):
    """What may differ without a reason, as shares of what was declared: 0.02 is two in a hundred."""

    packages: Decimal = Decimal()
    mass: Decimal = Decimal("0.02")
    value: Decimal = Decimal("0.05")


class Tolerances(Struct, frozen=True, kw_only=True):
    """Tolerances by product.

    usual    for every commodity that `products` does not name
    products beginning of a commodity code -> its tolerance; the longest beginning counts
    bridge   share by which two weigh-bridges may differ
    """

    usual: Tolerance = Tolerance()
    products: tuple[tuple[str, Tolerance], ...] = (
        ("10", Tolerance(mass=Decimal("0.03"))), ("2523", Tolerance(mass=Decimal("0.03"))),
        ("27", Tolerance(mass=Decimal("0.005"))))
    bridge: Decimal = Decimal("0.02")

    def of(self, commodity: str | None) -> Tolerance:
        """The tolerance of a commodity."""
        fitting = [(beginning, one) for beginning, one in self.products if (commodity or "").startswith(beginning)]
        return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else self.usual


USUAL = Tolerances()
"""Cereals and cement lose dust and moisture, fuel is measured closely; of the rest, two in a hundred of the mass."""


class Line(Struct, frozen=True, kw_only=True):
    """One goods item in two columns; None where a side says nothing. Masses in kilograms.

    found_by  words of the events that say what was found: CONTROL, DISCHARGED
    """

    item: int
    commodity: str | None
    found_commodity: str | None
    packages: int
    found_packages: int | None
    mass: Decimal | None
    found_mass: Decimal | None
    value: Decimal | None
    found_value: Decimal | None
    currency: str | None
    found_by: str | None


class Reason(Struct, frozen=True, kw_only=True):
    """One thing that differs.

    item      number of the goods item, 0 for the whole movement
    declared  as the departure has it, or the first of two weigh-bridges
    found     as the other side has it
    said_by   administration and reference of the event that says so
    """

    what: What
    item: int
    declared: str
    found: str
    points: int
    said_by: str


class Verdict(Struct, frozen=True, kw_only=True):
    """Both sides of one movement. score: 0 the same, 100 hardly anything the same."""

    lines: tuple[Line, ...]
    reasons: tuple[Reason, ...]
    packages: int
    found_packages: int | None
    mass: Decimal | None
    found_mass: Decimal | None

    @property
    def score(self) -> int:
        """The points of all reasons, at most 100."""
        return min(MOST, sum(reason.points for reason in self.reasons))


def comparable(events: Iterable[Event]) -> bool:
    """Whether the arrival side has said anything."""
    return any(event.word in _ARRIVAL for event in events)


def mirror(declarations: Sequence[Declaration], events: Sequence[Event],
           tolerances: Tolerances = USUAL) -> Verdict | None:
    """Compare; None where no declaration or nothing of the arrival side is held.

    Everything counts as a set: the order in which events came does not matter.
    """
    latest = latest_of(declarations)
    if latest is None or not comparable(events):
        return None
    held = sorted(set(events), key=lambda event: (str(event.happened or ""), event.administration, event.reference))
    arrival = [event for event in held if event.word in _ARRIVAL]
    lines = tuple(_line(item, held, arrival) for item in latest.items)
    packages = sum(line.packages for line in lines) or latest.total_packages or 0
    mass = latest.total_gross_mass
    found_packages, found_mass = _totals(lines, arrival)
    reasons = [reason for line in lines for reason in _of_line(line, tolerances, arrival)]
    allowed = [tolerances.of(line.commodity) for line in lines] or [tolerances.usual]
    if found_packages is not None and (not lines or any(line.found_packages is None for line in lines)):
        reasons += _quantity("packages", 0, Decimal(packages), Decimal(found_packages),
                             max(one.packages for one in allowed), _by(arrival))
    if mass is not None and found_mass is not None and (not lines or any(line.found_mass is None for line in lines)):
        reasons += _quantity("mass", 0, mass, found_mass, max(one.mass for one in allowed), _by(arrival))
    reasons += [*_containers(latest, held, arrival), *_seals(latest, held), *_vehicles(latest, held, arrival),
                *_weighed(held, tolerances, reasons, mass, found_mass), *_amended(declarations)]
    return Verdict(lines=lines, reasons=tuple(_sparing(reasons, lines)), packages=packages,
                   found_packages=found_packages, mass=mass, found_mass=found_mass)


def _sparing(reasons: Sequence[Reason], lines: Sequence[Line]) -> list[Reason]:
    """Reasons of one kind share the points of that kind: a movement of fifty items is not judged fifty times."""
    made = []
    for reason in reasons:
        alike = sum(one.points for one in reasons if one.what == reason.what)
        most = _POINTS[reason.what]
        points = reason.points if alike <= most else max(1, round(reason.points * most / alike))
        made.append(Reason(what=reason.what, item=reason.item, declared=reason.declared, found=reason.found,
                           points=points, said_by=reason.said_by))
    return made


def _line(item: GoodsItem, held: Sequence[Event], arrival: Sequence[Event]) -> Line:
    packages = sum(one.count for one in item.packages)
    settled = [line for event in held if event.word is Word.DIFF_CLOSED for line in event.items
               if line.item == item.number]
    found_packages, found_mass, found_by = _found(item, packages, arrival)
    if found_packages is not None:
        found_packages += sum(line.packages or 0 for line in settled)
    if found_mass is not None:
        found_mass += sum((line.gross_mass or Decimal() for line in settled), Decimal())
    value = _told(arrival, FOUND_VALUE).get(item.number)
    return Line(item=item.number, commodity=item.commodity, packages=packages, mass=item.gross_mass,
                value=item.customs_value, currency=item.customs_value_currency, found_packages=found_packages,
                found_mass=found_mass, found_commodity=_told(arrival, FOUND_HS).get(item.number),
                found_value=_number(value), found_by=found_by)


def _found(item: GoodsItem, packages: int, arrival: Sequence[Event]) -> tuple[int | None, Decimal | None, str | None]:
    """Packages, mass, and the word that says so: of the control where it names the item, else of the write-offs."""
    for event in reversed(_standing(arrival)):
        for line in event.items:
            if line.item == item.number:
                return line.packages, line.gross_mass, event.word.value
    taken = [line for event in arrival if event.word in _WRITES_OFF for line in event.items]
    ended = any(event.word is Word.DISCHARGED for event in arrival)
    if not ended:
        return None, None, None
    if not taken:
        return packages, item.gross_mass, Word.DISCHARGED.value
    mine = [line for line in taken if line.item == item.number]
    return sum(line.packages or 0 for line in mine), _mass(mine), Word.DISCHARGED.value


def _mass(lines: Sequence[EventItem]) -> Decimal | None:
    masses = [line.gross_mass for line in lines if line.gross_mass is not None]
    return sum(masses, Decimal()) if len(masses) == len(lines) else None


def _standing(arrival: Sequence[Event]) -> list[Event]:
    """Controls that no later control replaces by naming it."""
    controls = [event for event in arrival if event.word is Word.CONTROL]
    replaced = {event.answered_event for event in controls}
    return [event for event in controls if event.reference not in replaced]


def _totals(lines: Sequence[Line], arrival: Sequence[Event]) -> tuple[int | None, Decimal | None]:
    """Packages and mass found of the whole movement: as the control says, else as the lines add up."""
    totals = [event for event in _standing(arrival) if event.total_packages is not None]
    packages = totals[-1].total_packages if totals else None
    weights = [event for event in _standing(arrival) if event.total_gross_mass is not None]
    mass = weights[-1].total_gross_mass if weights else None
    counts = [line.found_packages for line in lines if line.found_packages is not None]
    masses = [line.found_mass for line in lines if line.found_mass is not None]
    if packages is None and lines and len(counts) == len(lines):
        packages = sum(counts)
    if mass is None and lines and len(masses) == len(lines):
        mass = sum(masses, Decimal())
    return packages, mass


def _of_line(line: Line, tolerances: Tolerances, arrival: Sequence[Event]) -> list[Reason]:
    allowed, by = tolerances.of(line.commodity), _by(arrival, line.found_by)
    reasons: list[Reason] = []
    if line.found_packages is not None:
        reasons += _quantity("packages", line.item, Decimal(line.packages), Decimal(line.found_packages),
                             allowed.packages, by)
    if line.mass is not None and line.found_mass is not None:
        reasons += _quantity("mass", line.item, line.mass, line.found_mass, allowed.mass, by)
    if line.value is not None and line.found_value is not None:
        reasons += _quantity("value", line.item, line.value, line.found_value, allowed.value,
                             _sayer(arrival, FOUND_VALUE))
    if line.commodity and line.found_commodity and line.commodity[:6] != line.found_commodity[:6]:
        same_chapter = line.commodity[:2] == line.found_commodity[:2]
        reasons.append(Reason(what="hs", item=line.item, declared=line.commodity, found=line.found_commodity,
                              points=_POINTS["hs"] // (2 if same_chapter else 1),
                              said_by=_sayer(arrival, FOUND_HS)))
    return reasons


def _quantity(what: What, item: int, declared: Decimal, found: Decimal, allowed: Decimal,
              by: str) -> list[Reason]:
    """A reason where a quantity differs by more than a share of what was declared."""
    away = abs(found - declared)
    if away == 0 or (declared > 0 and away <= declared * allowed):
        return []
    share = min(Decimal(1), away / declared / _FULL) if declared > 0 else Decimal(1)
    return [Reason(what=what, item=item, declared=_plain(declared), found=_plain(found),
                   points=max(1, int(_POINTS[what] * share)), said_by=by)]


def _containers(latest: Declaration, held: Sequence[Event], arrival: Sequence[Event]) -> list[Reason]:
    """Declared ones that did not arrive, and others that did; an incident may have changed them."""
    declared = {one.number for one in latest.equipment if one.kind == "container"}
    changed = {one.number for event in held if event.word is Word.INCIDENT for one in event.equipment}
    telling = [event for event in arrival if any(one.kind == "container" for one in event.equipment)]
    seen = {one.number for event in telling for one in event.equipment if one.kind == "container"}
    if not telling or (seen - changed <= declared and (declared <= seen or changed)):
        return []
    return [Reason(what="container", item=0, declared=" ".join(sorted(declared - seen)),
                   found=" ".join(sorted(seen - declared - changed)), points=_POINTS["container"],
                   said_by=_name(telling[-1]))]


def _seals(latest: Declaration, held: Sequence[Event]) -> list[Reason]:
    """The first event that finds a seal broken, gone, or another than those put on at departure or in an incident."""
    known = {seal.identity for seal in latest.seals}
    for event in held:
        if event.word is Word.INCIDENT:
            known |= {seal.identity for seal in event.seals}
            continue
        odd = [seal for seal in event.seals if seal.state in ("damaged", "missing", "replaced")
               or (known and seal.identity not in known and seal.applied is None)]
        if odd or event.seals_intact is False:
            return [Reason(what="seal", item=0, declared=" ".join(sorted(known)),
                           found=" ".join(f"{seal.identity}{f':{seal.state}' if seal.state else ''}" for seal in odd),
                           points=_POINTS["seal"], said_by=_name(event))]
        known |= {seal.identity for seal in event.seals}
    return []


def _vehicles(latest: Declaration, held: Sequence[Event], arrival: Sequence[Event]) -> list[Reason]:
    """A vehicle arrives that neither the declaration nor an incident names."""
    declared = {_plate(one.identity) for one in (latest.vehicle_at_departure, latest.vehicle_at_border)
                if one is not None and one.identity}
    known = declared | {_plate(one.identity) for event in held if event.word is Word.INCIDENT
                        for one in event.vehicles if one.identity}
    for event in arrival:
        others = [one.identity for one in event.vehicles if one.identity and _plate(one.identity) not in known]
        if declared and others:
            return [Reason(what="vehicle", item=0, declared=" ".join(sorted(declared)), found=" ".join(others),
                           points=_POINTS["vehicle"], said_by=_name(event))]
    return []


def _weighed(held: Sequence[Event], tolerances: Tolerances, reasons: Sequence[Reason], mass: Decimal | None,
             found: Decimal | None) -> list[Reason]:
    """Two weigh-bridges that differ; or that agree on the whole way, although less goods were found at its end."""
    weights = [(weight, event) for event in held if (weight := _number(extra_of(event, WEIGHED))) is not None]
    if len(weights) < 2:
        return []
    first, last = weights[0], weights[-1]
    differ = _quantity("weighed", 0, first[0], last[0], tolerances.bridge, _name(last[1]))
    if differ:
        return differ
    less = any(reason.what == "mass" for reason in reasons) and mass is not None and found is not None and found < mass
    return [Reason(what="lost", item=0, declared=f"{_plain(first[0])} / {_plain(last[0])}", found=_plain(found),
                   points=_POINTS["lost"], said_by=_name(last[1]))] if less and found is not None else []


def _amended(declarations: Collection[Declaration]) -> list[Reason]:
    """Figures that amendments made smaller: packages or mass of the whole record, first version against last."""
    whole = sorted((one for one in declarations if one.function in ("original", "replacement")),
                   key=lambda one: one.amendment or 0)
    if len(whole) < 2:
        return []
    (first, last), reasons = (whole[0], whole[-1]), []
    before, after = _count(first), _count(last)
    if after < before:
        reasons.append((str(before), str(after)))
    elif first.total_gross_mass is not None and last.total_gross_mass is not None \
            and last.total_gross_mass < first.total_gross_mass:
        reasons.append((_plain(first.total_gross_mass), _plain(last.total_gross_mass)))
    return [Reason(what="amended", item=0, declared=old, found=new, points=_POINTS["amended"],
                   said_by=f"{last.mrn} {last.amendment or 0}") for old, new in reasons]


def _count(declaration: Declaration) -> int:
    return declaration.total_packages or sum(one.count for item in declaration.items for one in item.packages)


def extra_of(event: Event, key: str) -> str | None:
    """The value of an extra of an event."""
    return next((one.value for one in event.extras if one.key == key), None)


def _told(arrival: Sequence[Event], key: str) -> dict[int, str]:
    """What events say item by item in an extra, ``1=8528720000 2=…``; what does not read so is passed over."""
    told = {}
    for event in arrival:
        for pair in (extra_of(event, key) or "").split():
            item, sign, text = pair.partition("=")
            if sign and text and item.isascii() and item.isdigit() and len(item) <= 5:
                told[int(item)] = text
    return told


def _number(text: str | None) -> Decimal | None:
    """A plain positive number of at most 18 characters, as an extra holds it; None for everything else."""
    plain = (text or "").strip()
    digits = plain.replace(".", "", 1)
    return Decimal(plain) if len(plain) <= 18 and digits.isascii() and digits.isdigit() else None


def _plate(identity: str | None) -> str:
    """A plate as people compare it: letters and digits alone."""
    return "".join(filter(str.isalnum, identity or "")).upper()


def _plain(number: Decimal | None) -> str:
    """Digits as people write them: no exponent, no zeros behind the point."""
    return "" if number is None else format(number.normalize(), "f")


def _name(event: Event) -> str:
    return f"{event.administration} {event.word.value} {event.reference}"


def _by(arrival: Sequence[Event], word: str | None = None) -> str:
    fitting = [event for event in _standing(arrival) or arrival if word is None or event.word.value == word] or \
        [event for event in arrival if event.word.value == word] or list(arrival)
    return _name(fitting[-1])


def _sayer(arrival: Sequence[Event], key: str) -> str:
    return next(_name(event) for event in reversed(arrival) if extra_of(event, key) is not None)
