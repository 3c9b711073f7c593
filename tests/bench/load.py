"""The load model as generated records: sizes as TRANSIT section 6 assumes them, from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.references import Tree
from gateway.transit.mrn import make_mrn

_GOODS = ("TELEPHONES PORTABLES", "CHAUSSURES, MODÈLE D'ÉTÉ", "RIZ BRISÉ 25 %", "PIÈCES DÉTACHÉES POUR VÉHICULES",
          "HUILE VÉGÉTALE : BIDONS DE 20 L", "TISSUS IMPRIMÉS, PAGNES WAX, 12 YARDS, CARTONS DE 24 PIÈCES ASSORTIES")


def items_of(rng: random.Random) -> int:
    """Items of one declaration: 60 % one, 25 % 2-5, 12 % 6-40, 3 % lognormal (median 81) capped at 999."""
    share = rng.random()
    if share < 0.60:
        return 1
    if share < 0.85:
        return rng.randint(2, 5)
    if share < 0.97:
        return rng.randint(6, 40)
    return min(999, max(1, round(rng.lognormvariate(4.394, 0.9))))


def declarations(count: int, seed: int = 1) -> Iterator[Tree]:
    """Declarations of the corridor Lomé - Ouagadougou."""
    rng = random.Random(seed)
    for number in range(1, count + 1):
        yield _declaration(rng, number, items_of(rng))


def declaration_of(items: int, seed: int = 1) -> Tree:
    """One declaration of so many items."""
    return _declaration(random.Random(seed), 1, items)


def _declaration(rng: random.Random, number: int, items_made: int) -> Tree:
    made = [_item(rng, position) for position in range(1, items_made + 1)]
    items = [item for item, _, _ in made]
    container = f"MSKU{number:07d}"
    plate = f"TG {number % 9999:04d} AZ"
    total = sum((gross for _, gross, _ in made), Decimal(0))
    packages = sum(count for _, _, count in made)
    for item in items:
        item["containers"] = [{"number": container}]
    return {
        "function": "original", "mrn": make_mrn(year=2026, office="TGLPL", serial="T", number=number), "amendment": 0,
        "local_reference": f"TG26-DECL-{number:06d}", "national_reference": f"2026/TGLPL/T/{number}",
        "national_reference_date": date(2026, 3, 10), "transit_type": "T1", "procedure": "8000",
        "office_of_departure": {"code": "TGLPL", "name": "LOME PORT"},
        "office_of_exit": {"code": "TGCKS", "name": "CINKASSE"},
        "offices_of_transit": [{"code": "BFCKS", "order": 1}],
        "office_of_destination": {"code": "BFOUI"}, "country_of_dispatch": "CN",
        "country_of_destination": "BF", "countries_of_transit": [{"country": "BF"}],
        "itinerary": "LOME-KARA-CINKASSE-KOUPELA-OUAGADOUGOU", "binding_itinerary": True,
        "presented": datetime(2026, 3, 10, 7, 42, tzinfo=UTC), "accepted": datetime(2026, 3, 10, 7, 51, tzinfo=UTC),
        "released": datetime(2026, 3, 10, 10, 15, tzinfo=UTC), "time_limit": date(2026, 12, 31), "containerised": True,
        "control_result": "A1",
        "equipment": [{"kind": "container", "number": container, "size": "22G1", "filling": "full"}],
        "seals": [{"equipment": 1, "number": 1, "identity": f"TGCUS{number:010d}", "party": "customs"}],
        "vehicle_at_departure": {"mode": "3", "kind": "31", "identity": plate, "nationality": "TG"},
        "vehicle_at_border": {"mode": "3", "kind": "31", "identity": plate, "nationality": "TG"},
        "principal": {"identifier": "TG1000012", "name": "TRANSIT EXEMPLE SARL", "street": "BD DU MONO 12",
                      "city": "LOME", "country": "TG"},
        "consignor": {"name": "GUANGZHOU EXAMPLE TRADING", "street": "TIANHE RD 8", "city": "GUANGZHOU",
                      "country": "CN"},
        "consignee": {"identifier": "BF22001", "name": "ÉTABLISSEMENTS N'GOLO ET FILS",
                      "street": "AVENUE KWAME N'KRUMAH", "city": "OUAGADOUGOU", "country": "BF"},
        "declarant": {"identifier": "TG0451", "name": "DECLARANT EXEMPLE"},
        "guarantee": {"type": "T", "amount": Decimal(4625000), "currency": "XOF",
                      "references": [{"number": f"TRIE-CCIT-2026-{number:06d}", "date": date(2026, 3, 9)}],
                      "valid_in": [{"country": "TG"}, {"country": "BF"}]},
        "total_gross_mass": total, "total_packages": packages, "items": items,
    }


def _item(rng: random.Random, position: int) -> tuple[Tree, Decimal, int]:
    """An item, its gross mass and its packages."""
    gross = Decimal(rng.randint(10_000, 30_000_000)) / 1000
    count = rng.randint(1, 999)
    item: Tree = {
        "number": position, "commodity": f"{rng.randint(10**9, 10**10 - 1)}", "procedure": "8000",
        "description": rng.choice(_GOODS), "origin": rng.choice(("CN", "IN", "TR", "FR")), "gross_mass": gross,
        "net_mass": gross - Decimal(rng.randint(0, 5000)) / 1000,
        "packages": [{"count": count, "kind": "CT", "marks": f"SEN {position}"}],
        "customs_value": Decimal(rng.randint(10_000, 30_000_000)), "customs_value_currency": "XOF"}
    return item, gross, count
