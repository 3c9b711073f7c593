"""A declaration for any corridor, made up from its offices: a container of two goods that everybody would let pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from gateway.mapping import Corridor, OfficeEntry

_Json: TypeAlias = "str | int | bool | Mapping[str, _Json] | list[_Json]"


def declaration_for(corridor: Corridor, offices: Mapping[str, OfficeEntry], key: str, now: datetime) -> bytes:
    """A national file of ``neutral/json``.

    offices   of all corridors; each administration's first of a role is taken, or its first
    key       the national reference
    now       it was accepted two hours before
    """
    first, *between, last = corridor.administrations
    departure = _office(offices, first.gateway, "departure")
    accepted = (now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%MZ")
    record: dict[str, _Json] = {
        "function": "original", "local_reference": key, "national_reference": f"{now:%Y}/{departure}/T/{key}",
        "national_reference_date": f"{now:%Y-%m-%d}", "transit_type": "T1", "procedure": "8000",
        "office_of_departure": {"code": departure},
        "office_of_exit": {"code": _office(offices, first.gateway, "exit")},
        "offices_of_transit": [{"code": code, "order": order} for order, code in enumerate(
            dict.fromkeys(_office(offices, member.gateway, "entry") for member in (*between, last)), 1)],
        "office_of_destination": {"code": _office(offices, last.gateway, "destination")},
        "country_of_dispatch": "CN", "country_of_destination": last.country, "accepted": accepted,
        "released": accepted, "time_limit": f"{now + timedelta(days=30):%Y-%m-%d}", "containerised": True,
        "equipment": [{"kind": "container", "number": "MSKU1234565", "size": "22G1", "filling": "full"}],
        "seals": [{"equipment": 1, "number": 1, "identity": "SIM0012345678", "party": "customs"}],
        "principal": {"identifier": "SIM1000012", "name": "TRANSIT EXEMPLE SARL", "city": "VILLE",
                      "country": first.country},
        "guarantee": {"type": "T", "amount": "4625000", "currency": "XOF",
                      "references": [{"number": "SIM-2026-004511", "date": f"{now - timedelta(days=1):%Y-%m-%d}"}]},
        "total_gross_mass": "26500", "total_packages": 800,
        "itinerary": "route habituelle",
        "items": [
            {"number": 1, "commodity": "8517130000", "description": "TELEPHONES PORTABLES", "origin": "CN",
             "gross_mass": "12500", "net_mass": "11800", "containers": [{"number": "MSKU1234565"}],
             "packages": [{"count": 480, "kind": "CT", "marks": "SIM 1-480"}]},
            {"number": 2, "commodity": "6402990000", "description": "CHAUSSURES", "origin": "CN",
             "gross_mass": "14000", "net_mass": "13100", "containers": [{"number": "MSKU1234565"}],
             "packages": [{"count": 320, "kind": "CT"}]}]}
    return json.dumps(record, indent=1).encode()


def _office(offices: Mapping[str, OfficeEntry], administration: str, role: str) -> str:
    own = [office for office in offices.values() if office.administration == administration]
    fitting = [office for office in own if role in office.roles] or own
    return fitting[0].code if fitting else ""
