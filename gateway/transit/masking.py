"""What is left of a record when its traders' data must go: that from which states, times and sums of packages follow.

A list of what stays, not of what goes: a term that is added one day is erased unless somebody decides otherwise. Names,
addresses and identifiers of persons and firms, descriptions and values of goods, documents, plates of vehicles and free
text are not on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from gateway.references import Tree

Kept: TypeAlias = Mapping[str, "Kept | None"]
"""Term -> None where its value stays as it is, or what stays of its group or of each of its groups."""

_OFFICE: Kept = {"code": None, "name": None, "order": None, "role": None}
_SEAL: Kept = {"equipment": None, "number": None, "identity": None, "party": None, "condition": None, "state": None,
               "applied": None}
_BOX: Kept = {"kind": None, "number": None, "size": None, "filling": None}

DECLARATION: Kept = {
    **dict.fromkeys(("function", "mrn", "amendment", "local_reference", "national_reference", "national_reference_date",
                     "transit_type", "procedure", "country_of_dispatch", "country_of_destination", "presented",
                     "accepted", "released", "time_limit", "cancelled", "prepared", "binding_itinerary",
                     "containerised", "control_result", "total_gross_mass", "total_packages")),
    "office_of_departure": _OFFICE, "office_of_exit": _OFFICE, "offices_of_transit": _OFFICE,
    "office_of_destination": _OFFICE, "requesting_office": _OFFICE, "countries_of_transit": {"country": None},
    "equipment": _BOX, "seals": _SEAL, "items": {
        "number": None, "gross_mass": None, "net_mass": None, "packages": {"count": None, "kind": None}},
}
"""Of a declaration (`transit.declaration`)."""

EVENT: Kept = {
    **dict.fromkeys(("word", "reference", "administration", "mrn", "notice", "happened", "declared_office",
                     "answered_message", "answered_event", "answer", "state", "answer_limit", "seals_intact",
                     "equipment_damaged", "control_result", "total_packages", "total_gross_mass", "period_start",
                     "period_end", "starts", "ends", "last_interchange", "messages", "digest", "digest_key",
                     "digest_at")),
    "office": _OFFICE, "offices": _OFFICE, "equipment": _BOX, "seals": _SEAL, "items": {
        "item": None, "packages": None, "package_kind": None, "difference": None, "gross_mass": None,
        "document_type": None},
    "errors": dict.fromkeys(("section", "item", "sub_item", "segment", "position", "rule")),
}
"""Of an event (`transit.event`)."""

_TRADER_GROUPS = ("principal", "consignor", "consignee", "declarant", "carrier", "surety", "contact")
_SHORTEST = 4


def left_of(tree: Tree, kept: Kept) -> Tree:
    """The record without everything that `kept` does not name; groups of which nothing is left go as a whole."""
    left: Tree = {}
    for term, value in tree.items():
        if term not in kept:
            continue
        inner = kept[term]
        if inner is None:
            left[term] = value
        elif isinstance(value, dict):
            group = left_of(value, inner)
            if group:
                left[term] = group
        elif isinstance(value, list):
            groups = [group for one in value if (group := left_of(one, inner))]
            if groups:
                left[term] = groups
    return left


def names_in(tree: Tree) -> set[str]:
    """Names of the persons and firms of a record, those of goods items too; of at least four characters."""
    found: set[str] = set()
    for term, value in tree.items():
        if term in _TRADER_GROUPS and isinstance(value, dict):
            name = value.get("name")
            if isinstance(name, str) and len(name) >= _SHORTEST:
                found.add(name)
        elif term == "items" and isinstance(value, list):
            found |= {name for item in value for name in names_in(item)}
    return found
