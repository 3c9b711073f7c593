"""The canonical transit declaration: every field a corridor may exchange, under one name.

Source of the fields: the corridor profile COR10 (SAD boxes, NCTS phase 5, CUSDEC D.96B). Dialects and mappings may
only use the terms that stand here (`gateway.transit.terms` lists them); what a single corridor needs beyond them
travels in `extras`. Nothing here reads files or knows EDIFACT.

Masses and amounts are Decimal and keep the digits they came with (26500.000 equals 26500 and stays as written);
instants are aware UTC datetimes, days are dates; a time limit given as a date ends with that day at the office
of destination.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

Moment: TypeAlias = date | datetime
"""A day, or an instant where the hour is known."""

WHOLE = ("original", "replacement", "copy", "retransmission")
"""Functions of a declaration that carry the whole record, all its items and offices."""


class Office(Struct, frozen=True, kw_only=True):
    """A customs office: code of at most 25 characters, and its name where known."""

    code: str
    name: str | None = None


class OfficeOfTransit(Struct, frozen=True, kw_only=True):
    """One office of transit; `order` is its place on the itinerary, from 1."""

    code: str
    name: str | None = None
    order: int


class Country(Struct, frozen=True, kw_only=True):
    """A country by its two-letter code (ISO 3166-1)."""

    country: str


class Location(Struct, frozen=True, kw_only=True):
    """A place by its code (UN/LOCODE)."""

    code: str


class Party(Struct, frozen=True, kw_only=True):
    """A person or firm. `identifier` is the national number; the name may be 175 characters, the street 140."""

    identifier: str | None = None
    name: str | None = None
    street: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None


class Vehicle(Struct, frozen=True, kw_only=True):
    """Means of transport: mode ("3" road), kind ("31" truck), plate, nationality."""

    mode: str | None = None
    kind: str | None = None
    identity: str | None = None
    nationality: str | None = None


class Equipment(Struct, frozen=True, kw_only=True):
    """A container or trailer. kind: container, trailer. filling: full, empty."""

    kind: str
    number: str
    size: str | None = None
    filling: str | None = None


class Seal(Struct, frozen=True, kw_only=True):
    """A customs seal.

    equipment  ordinal of the equipment it closes, from 1
    number     ordinal among the seals of that equipment, from 1
    party      customs, carrier, shipper, terminal, unknown
    condition  right, damaged
    """

    equipment: int
    number: int
    identity: str
    party: str | None = None
    condition: str | None = None


class Reference(Struct, frozen=True, kw_only=True):
    """A reference number, with its date where it has one."""

    number: str
    date: date | None = None


class Document(Struct, frozen=True, kw_only=True):
    """An attached document: type is the code of list 1001 (380 invoice, 705 bill of lading, 730 road note)."""

    type: str
    number: str | None = None
    date: date | None = None


class Guarantee(Struct, frozen=True, kw_only=True):
    """The guarantee of the movement. `type` is from the project's own list; the surety is a party of its own."""

    type: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    office: Office | None = None
    references: tuple[Reference, ...] = ()
    valid_in: tuple[Country, ...] = ()
    not_valid_in: tuple[Country, ...] = ()


class Packages(Struct, frozen=True, kw_only=True):
    """Packages of one kind: count (0 when packed with another item), kind (UN/ECE Rec 21), marks and numbers."""

    count: int
    kind: str | None = None
    marks: str | None = None


class ContainerOfItem(Struct, frozen=True, kw_only=True):
    """A container that carries the item; `number` is one of `equipment[].number`."""

    number: str


class GoodsItem(Struct, frozen=True, kw_only=True):
    """One goods item. Masses in kilograms. commodity: HS code in one piece, up to 10 digits."""

    number: int
    commodity: str | None = None
    procedure: str | None = None
    description: str | None = None
    origin: str | None = None
    gross_mass: Decimal | None = None
    net_mass: Decimal | None = None
    consignee: Party | None = None
    packages: tuple[Packages, ...] = ()
    customs_value: Decimal | None = None
    customs_value_currency: str | None = None
    statistical_value: Decimal | None = None
    statistical_value_currency: str | None = None
    containers: tuple[ContainerOfItem, ...] = ()
    previous_documents: tuple[Reference, ...] = ()
    documents: tuple[Document, ...] = ()


class Extra(Struct, frozen=True, kw_only=True):
    """Something only one corridor exchanges: key and value, as the corridor's mapping names it."""

    key: str
    value: str


class Authentication(Struct, frozen=True, kw_only=True):
    """Content digest as the sender's system made it, the key it names, and when."""

    digest: str
    key: str | None = None
    at: datetime | None = None


class Declaration(Struct, frozen=True, kw_only=True):
    """One transit declaration: the whole record, or the few fields of a cancellation or request.

    function  original, replacement, cancellation, request, copy, retransmission
    amendment ordinal of the version, 0 for the original; grows with each amendment
    reason    why it is amended, cancelled or asked for
    """

    function: str = "original"
    mrn: str | None = None
    amendment: int | None = None
    reason: str | None = None
    local_reference: str | None = None
    national_reference: str | None = None
    national_reference_date: date | None = None
    unique_consignment_reference: str | None = None
    transit_type: str | None = None
    procedure: str | None = None

    office_of_departure: Office | None = None
    office_of_exit: Office | None = None
    offices_of_transit: tuple[OfficeOfTransit, ...] = ()
    office_of_destination: Office | None = None
    requesting_office: Office | None = None
    country_of_dispatch: str | None = None
    country_of_destination: str | None = None
    countries_of_transit: tuple[Country, ...] = ()
    place_of_loading: Location | None = None
    location_of_goods: str | None = None
    itinerary: str | None = None
    binding_itinerary: bool = False

    presented: Moment | None = None
    accepted: Moment | None = None
    released: Moment | None = None
    time_limit: Moment | None = None
    cancelled: Moment | None = None
    prepared: datetime | None = None

    containerised: bool = False
    control_result: str | None = None
    equipment: tuple[Equipment, ...] = ()
    seals: tuple[Seal, ...] = ()
    vehicle_at_departure: Vehicle | None = None
    vehicle_at_border: Vehicle | None = None

    manifests: tuple[Reference, ...] = ()
    transport_documents: tuple[Reference, ...] = ()
    documents: tuple[Document, ...] = ()

    principal: Party | None = None
    consignor: Party | None = None
    consignee: Party | None = None
    declarant: Party | None = None
    carrier: Party | None = None
    surety: Party | None = None
    guarantee: Guarantee | None = None

    total_gross_mass: Decimal | None = None
    total_packages: int | None = None
    customs_value: Decimal | None = None
    customs_value_currency: str | None = None

    items: tuple[GoodsItem, ...] = ()
    authentication: Authentication | None = None
    extras: tuple[Extra, ...] = ()
