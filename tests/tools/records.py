"""National records for tests: a small declaration from Lomé to Ouagadougou and the events of its life."""

from __future__ import annotations

import json
from typing import Any

from gateway.transit.mrn import make_mrn


def declaration(key: str, *, without_gross_mass: int | None = None, mrn: str | None = None) -> dict[str, Any]:
    """A declaration of two items under a national reference; `without_gross_mass` names an item that lacks it."""
    items = [
        {"number": 1, "commodity": "8517130000", "description": "TELEPHONES PORTABLES", "origin": "CN",
         "gross_mass": "12500", "net_mass": "11800", "packages": [{"count": 480, "kind": "CT", "marks": "SEN 1-480"}],
         "containers": [{"number": "MSKU1234565"}]},
        {"number": 2, "commodity": "6402990000", "description": "CHAUSSURES, MODÈLE D'ÉTÉ", "origin": "CN",
         "gross_mass": "14000", "net_mass": "13100", "packages": [{"count": 320, "kind": "CT"}],
         "containers": [{"number": "MSKU1234565"}]}]
    if without_gross_mass is not None:
        del items[without_gross_mass - 1]["gross_mass"]
    record: dict[str, Any] = {
        "function": "original", "local_reference": key, "national_reference": f"2026/TGLPL/T/{key}",
        "national_reference_date": "2026-03-10", "transit_type": "T1", "procedure": "8000",
        "office_of_departure": {"code": "TGLPL"}, "office_of_exit": {"code": "TGCKS"},
        "offices_of_transit": [{"code": "BFCKS", "order": 1}], "office_of_destination": {"code": "BFOUI"},
        "country_of_dispatch": "CN", "country_of_destination": "BF", "accepted": "2026-03-10T07:51Z",
        "released": "2026-03-10T10:15Z", "time_limit": "2027-03-20", "containerised": True,
        "equipment": [{"kind": "container", "number": "MSKU1234565", "size": "22G1", "filling": "full"}],
        "seals": [{"equipment": 1, "number": 1, "identity": "TGCUS0012345678", "party": "customs"}],
        "principal": {"identifier": "TG1000012", "name": "TRANSIT EXEMPLE SARL", "city": "LOME", "country": "TG"},
        "guarantee": {"type": "T", "amount": "4625000", "currency": "XOF",
                      "references": [{"number": "TRIE-CCIT-2026-004511", "date": "2026-03-09"}]},
        "total_gross_mass": "26500", "total_packages": 800, "items": items}
    if mrn is not None:
        record["mrn"] = mrn
    return record


def declaration_json(key: str, **changes: Any) -> bytes:
    """The same as a file of the neutral dialect."""
    return json.dumps(declaration(key, **changes), ensure_ascii=False, indent=1).encode()


def event_json(mrn: str, word: str) -> bytes:
    """An event of Burkina Faso's at the office of destination as a file of the neutral dialect."""
    event: dict[str, Any] = {"word": word, "mrn": mrn, "happened": "2026-03-16T11:30Z",
                             "office": {"role": "destination", "code": "BFOUI"}}
    if word == "ARRIVED":
        event["seals_intact"] = True
    if word == "CONTROL":
        event["control_result"] = "A1"
    if word == "DISCHARGED":
        event["items"] = [
            {"item": 1, "packages": 480, "gross_mass": "12500", "document_type": "929", "document_number": "2026/C/1"},
            {"item": 2, "packages": 320, "gross_mass": "14000", "document_type": "929", "document_number": "2026/C/1"}]
    return json.dumps(event).encode()


def numbered_mrn(number: int) -> str:
    """A right MRN."""
    return make_mrn(year=2026, office="TGLPL", serial="T", number=number)
