"""An example of a right value for each term of a declaration, to stand beside one that was refused (TRANSIT 7.2, 12).

The examples come from the invented traders, offices and goods of the samples; none names anybody.
"""

from __future__ import annotations

import re

from gateway.references import Path
from gateway.transit.declaration import Declaration
from gateway.transit.terms import terms

_ORDINAL = re.compile(r"\[\d+\]")

_BY_TERM = {
    "mrn": "26TGLPLT0000204177", "transit_type": "T1", "procedure": "8000", "items.procedure": "8000",
    "function": "original", "office_of_departure.code": "TGLPL", "office_of_exit.code": "TGCKS",
    "offices_of_transit.code": "BFCKS", "offices_of_transit.order": "1", "office_of_destination.code": "MLBKO",
    "place_of_loading.code": "TGLFW", "control_result": "A1", "equipment.kind": "container",
    "equipment.number": "TGHU7654314", "equipment.size": "22G1", "equipment.filling": "full",
    "items.containers.number": "TGHU7654314", "seals.identity": "TGCUS0012399087", "seals.party": "customs",
    "seals.condition": "right", "items.commodity": "8437800000", "items.origin": "IT", "items.packages.kind": "CT",
    "items.packages.marks": "FASO 1-16", "items.number": "1", "guarantee.type": "T",
    "guarantee.references.number": "TRIE-CCIT-2026-006088", "documents.type": "380", "items.documents.type": "380",
    "reason": "SCELLEMENT IMPOSSIBLE : VRAC", "itinerary": "LOMÉ - KARA - CINKASSÉ - OUAGADOUGOU",
}
_BY_NAME = {
    "currency": "XOF", "customs_value_currency": "XOF", "statistical_value_currency": "XOF", "country": "BF",
    "nationality": "TG", "country_of_dispatch": "CN", "country_of_destination": "BF", "mode": "3", "kind": "31",
    "identity": "TG 2317 BK", "code": "TGLPL", "name": "MINOTERIE DU FASO INVENTÉE", "city": "OUAGADOUGOU",
    "street": "ZONE INDUSTRIELLE", "postcode": "01", "identifier": "BF55021", "number": "MEDU-GOA-77120",
    "description": "MOULINS À CÉRÉALES",
}
_BY_KIND = {"count": "16", "decimal": "1250.5", "date": "2026-11-09", "datetime": "2026-11-09T14:10Z",
            "moment": "2026-11-09T14:10Z", "boolean": "true", "text": "TG26-DECL-001188"}


def example_of(path: Path) -> str | None:
    """A value that a path of the record may have; of a group or list, of the first value in it that has an example.

    None for a path that no declaration has.
    """
    term, known = _ORDINAL.sub("", path), terms(Declaration)
    kind = known.get(term)
    if kind in ("group", "list"):
        inner = next((one for one, what in known.items()
                      if one.startswith(f"{term}.") and what not in ("group", "list")), None)
        return None if inner is None else example_of(inner)
    if kind is None:
        return None
    if term in _BY_TERM:
        return _BY_TERM[term]
    return _BY_NAME.get(term.rpartition(".")[2], _BY_KIND[kind]) if kind == "text" else _BY_KIND[kind]
