"""The receiver's arithmetic: what a declaration may not contradict in itself. Pure; judges, never corrects.

Each failure carries its rule number (``COR0nnn``, corridor profile COR10) and becomes an ERP/ERC group of a CUSRES with
GIS REJ. The French and English sentences stand in the catalogue under the rule number. Rules of one corridor
(``require``) are the mapping's, not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import partial

from msgspec import Struct, field

from gateway.references import Path
from gateway.transit.declaration import Declaration, GoodsItem, Moment
from gateway.transit.mrn import is_mrn


class RuleFailure(Struct, frozen=True):
    """One rule that does not hold.

    rule     ``COR0nnn``
    path     where in the record
    item     number of the goods item, None for the heading
    segment  tag of the CUSDEC segment that carries the value
    values   what the sentence needs
    """

    rule: str
    path: Path
    item: int | None
    segment: str | None
    values: Mapping[str, str] = field(default_factory=dict)


def check_declaration(declaration: Declaration, *, zone: tzinfo | None = None) -> list[RuleFailure]:
    """Every rule that a declaration breaks, in the order of the rule numbers.

    zone  of the office of destination, in which a time limit given as a day ends; without it that day is compared with
          the day of release in UTC
    """
    checks: dict[str, Callable[[Declaration], Iterator[RuleFailure]]] = {**RULES,
                                                                         "COR0204": partial(_time_limit, zone=zone)}
    return [failure for check in checks.values() for failure in check(declaration)]


def _mrn(declaration: Declaration) -> Iterator[RuleFailure]:
    """The MRN has the form of section 8.3 and a right check digit."""
    if declaration.mrn is not None and not is_mrn(declaration.mrn):
        yield RuleFailure("COR0111", "mrn", None, "BGM", {"mrn": declaration.mrn})


def _time_limit(declaration: Declaration, zone: tzinfo | None = None) -> Iterator[RuleFailure]:
    """The time limit is not before the release."""
    limit, released = declaration.time_limit, declaration.released
    if limit is not None and released is not None and _before(limit, released, zone):
        yield RuleFailure("COR0204", "time_limit", None, "DTM", {"limit": limit.isoformat(),
                                                                "released": released.isoformat()})


def _before(limit: Moment, released: Moment, zone: tzinfo | None) -> bool:
    if isinstance(limit, datetime) and isinstance(released, datetime):
        return limit < released
    return _day(limit, zone) < _day(released, zone)


def _day(moment: Moment, zone: tzinfo | None) -> date:
    if not isinstance(moment, datetime):
        return moment
    return (moment.astimezone(zone) if zone is not None else moment).date()


def _seals(declaration: Declaration) -> Iterator[RuleFailure]:
    """Each seal closes a piece of equipment of the declaration."""
    for ordinal, seal in enumerate(declaration.seals, 1):
        if not 1 <= seal.equipment <= len(declaration.equipment):
            yield RuleFailure("COR0311", f"seals[{ordinal}].equipment", None, "SEL", {
                "seal": seal.identity, "equipment": str(seal.equipment), "count": str(len(declaration.equipment))})


def _containers(declaration: Declaration) -> Iterator[RuleFailure]:
    """Each container of an item is a piece of equipment of the declaration."""
    known = {equipment.number for equipment in declaration.equipment}
    for item, path in _items(declaration):
        for ordinal, container in enumerate(item.containers, 1):
            if container.number not in known:
                yield RuleFailure("COR0312", f"{path}.containers[{ordinal}].number", item.number, "RFF", {
                    "item": str(item.number), "container": container.number})


def _packages(declaration: Declaration) -> Iterator[RuleFailure]:
    """The packages of the items are the packages in all (an item packed with another has 0)."""
    total = declaration.total_packages
    if total is None or not declaration.items:
        return
    added = sum(packages.count for item in declaration.items for packages in item.packages)
    if added != total:
        yield RuleFailure("COR0411", "total_packages", None, "CNT", {"total": str(total), "sum": str(added)})


def _net_mass(declaration: Declaration) -> Iterator[RuleFailure]:
    """No item weighs more without its packages than with them."""
    for item, path in _items(declaration):
        if item.net_mass is not None and item.gross_mass is not None and item.net_mass > item.gross_mass:
            yield RuleFailure("COR0412", f"{path}.net_mass", item.number, "MEA", {
                "item": str(item.number), "net": f"{item.net_mass:f}", "gross": f"{item.gross_mass:f}"})


def _gross_mass(declaration: Declaration) -> Iterator[RuleFailure]:
    """The gross masses of the items are the gross mass in all, where every item has one."""
    total = declaration.total_gross_mass
    masses = [item.gross_mass for item in declaration.items if item.gross_mass is not None]
    if total is None or not masses or len(masses) != len(declaration.items):
        return
    added = sum(masses, Decimal())
    if added != total:
        yield RuleFailure("COR0413", "total_gross_mass", None, "MEA", {"total": f"{total:f}", "sum": f"{added:f}"})


def _numbers(declaration: Declaration) -> Iterator[RuleFailure]:
    """No two items have one number."""
    seen: set[int] = set()
    for item, path in _items(declaration):
        if item.number in seen:
            yield RuleFailure("COR0414", f"{path}.number", item.number, "CST", {"item": str(item.number)})
        seen.add(item.number)


def _items(declaration: Declaration) -> Iterator[tuple[GoodsItem, Path]]:
    for ordinal, item in enumerate(declaration.items, 1):
        yield item, f"items[{ordinal}]"


RULES: Mapping[str, Callable[[Declaration], Iterator[RuleFailure]]] = {
    "COR0111": _mrn, "COR0204": _time_limit, "COR0311": _seals, "COR0312": _containers, "COR0411": _packages,
    "COR0412": _net_mass, "COR0413": _gross_mass, "COR0414": _numbers}
"""Rule number -> check, in the order in which failures are told."""
