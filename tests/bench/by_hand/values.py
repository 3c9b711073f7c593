"""The names that a record may have, and its values as texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from gateway.edifact import escape
from gateway.mapping import Traced
from gateway.mapping.codecs import cut

Node = dict[str, Any]
Line = tuple[str, int]

_AWKWARD = re.compile(r"[+:?']").search
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]").search
make_traced = partial(tuple.__new__, Traced)

PARTY = frozenset(("identifier", "name", "street", "city", "postcode", "country"))
OFFICE = frozenset(("code", "name"))
VEHICLE = frozenset(("mode", "kind", "identity", "nationality"))
DATED = frozenset(("number", "date"))
DOCUMENT = frozenset(("type", "number", "date"))
GUARANTEE = frozenset(("type", "amount", "currency", "office", "references", "valid_in", "not_valid_in"))
ITEM = frozenset((
    "number", "commodity", "procedure", "description", "origin", "gross_mass", "net_mass", "consignee", "packages",
    "customs_value", "customs_value_currency", "statistical_value", "statistical_value_currency", "containers",
    "previous_documents", "documents"))
GROUPS = {
    "office_of_departure": OFFICE, "office_of_exit": OFFICE, "office_of_destination": OFFICE,
    "place_of_loading": frozenset(("code",)), "vehicle_at_departure": VEHICLE, "vehicle_at_border": VEHICLE,
    "principal": PARTY, "consignor": PARTY, "consignee": PARTY, "declarant": PARTY, "carrier": PARTY, "surety": PARTY,
    "guarantee": GUARANTEE, "authentication": frozenset(("digest", "key", "at"))}
LISTS = {
    "offices_of_transit": frozenset(("code", "name", "order")), "countries_of_transit": frozenset(("country",)),
    "equipment": frozenset(("kind", "number", "size", "filling")),
    "seals": frozenset(("equipment", "number", "identity", "party", "condition")),
    "manifests": DATED, "transport_documents": DATED, "documents": DOCUMENT, "items": ITEM}
ITEM_LISTS = {"packages": frozenset(("count", "kind", "marks")), "containers": frozenset(("number",)),
              "previous_documents": DATED, "documents": DOCUMENT}
GUARANTEE_LISTS = {"references": DATED, "valid_in": frozenset(("country",)), "not_valid_in": frozenset(("country",))}
NAMES = frozenset((
    "function", "mrn", "amendment", "reason", "local_reference", "national_reference", "national_reference_date",
    "unique_consignment_reference", "transit_type", "procedure", "country_of_dispatch", "country_of_destination",
    "location_of_goods", "itinerary", "binding_itinerary", "presented", "accepted", "released", "time_limit",
    "prepared", "containerised", "control_result", "total_gross_mass", "total_packages", "customs_value",
    "customs_value_currency", *GROUPS, *LISTS))
PARTIES = (("AF", "principal"), ("CZ", "consignor"), ("CN", "consignee"), ("DT", "declarant"), ("CA", "carrier"),
           ("SY", "surety"))
MOMENTS = (("141", "presented", "presented"), ("148", "accepted", "accepted"), ("204", "released", "released"),
           ("268", "limit", "time_limit"))


class Refused(Exception):
    """The path of what is wrong, or the position of the segment."""


# values to texts


def an(value: object, most: int, path: str, least: int = 1) -> str:
    """A text, as it travels."""
    if type(value) is not str or not least <= len(value) <= most:
        raise Refused(path)
    if value.isalnum():
        return value
    if value[0] == " " or value[-1] == " " or (not value.isprintable() and CONTROL(value)):
        raise Refused(path)
    return value if _AWKWARD(value) is None else escape(value)


def whole(value: object, limit: int, path: str) -> str:
    """A whole number below the limit."""
    if type(value) is not int or not 0 <= value < limit:
        raise Refused(path)
    return str(value)


def decimal(value: object, decimals: int, path: str) -> str:
    """A decimal number of at most 15 digits."""
    if type(value) is not Decimal or value.is_signed() or not value.is_finite() or not -15 <= value.adjusted() < 15:
        raise Refused(path)
    text = format(value, "f")
    before, _, after = text.partition(".")
    if len(after) > decimals or len(before) + len(after) > 15:
        raise Refused(path)
    return text


def day(value: object, path: str) -> str:
    """Format 102."""
    if type(value) is not date:
        raise Refused(path)
    return value.isoformat().replace("-", "")


def minute(value: object, path: str) -> str:
    """Format 203."""
    if type(value) is not datetime:
        raise Refused(path)
    text = value.isoformat()
    if text[16:] != ":00+00:00":
        raise Refused(path)
    return text[:16].translate(_NO_SIGNS)


_NO_SIGNS = str.maketrans("", "", "-T:")


def code(value: object, table: Mapping[str, str], path: str) -> str:
    """The code of a word."""
    if type(value) is not str or value not in table:
        raise Refused(path)
    return table[value]


def long(value: object, most: int, pieces: int, size: int, path: str) -> list[str]:
    """The pieces of a long text, as data."""
    if type(value) is not str or not value or len(value) > most > 0 or value[0] == " " or value[-1] == " " \
            or (not value.isprintable() and CONTROL(value)):
        raise Refused(path)
    if len(value) <= size:
        return [value]
    found = cut(value, pieces, size)
    if found is None:
        raise Refused(path)
    return found


def released(pieces: Sequence[str]) -> str:
    """Pieces as they travel."""
    return ":".join([piece if _AWKWARD(piece) is None else escape(piece) for piece in pieces])
