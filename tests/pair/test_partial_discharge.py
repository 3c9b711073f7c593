"""Does `edi show` tell of each item what was written off by which declaration and truck, settled, and left?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.tools.malice import well
from tests.tools.offices import offices
from tests.tools.outputs import checked
from tests.tools.records import declaration

OFFICE = {"role": "destination", "code": "BFOUI"}


def test_both_administrations_show_the_same_account(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d.json": json.dumps(declaration("PART")).encode()})
    well(togo.run("edi-send"))
    well(burkina.run("edi-sync"))
    mrn = next(iter(togo.movements()))
    events: dict[str, dict[str, Any]] = {
        "ARRIVED": {"vehicles": [{"identity": "TG 4521 AZ"}]},
        "PART-DISCHARGED": {"items": [{"item": 1, "packages": 500, "gross_mass": "12000", "document_type": "929",
                                       "document_number": "2026/BFOUI/C/8841", "document_date": "2026-11-19"}]}}
    for word, terms in events.items():
        event = {"word": word, "mrn": mrn, "reference": word, "office": OFFICE, "happened": "2026-11-20T10:00Z"}
        burkina.drop("events", {f"{word}.json": json.dumps({**event, **terms}).encode()})
    well(burkina.run("edi-sync"))
    well(togo.run("edi-receive"))
    told = {office.name: [line for line in checked("show", office.run("edi", "show", mrn, "--json").out)
                          if line["kind"] in ("balance", "writeoff", "movement")] for office in (togo, burkina)}
    first, second, line = (one for one in told["TGOTR"] if one["kind"] != "movement")
    assert (first["packages"], first["written_off"], first["excess"], first["mass"]) == (0, 500, 20, "500")
    assert (second["packages"], second["written_off"], second["excess"]) == (320, 0, 0)
    assert (line["document"], line["trucks"], line["packages"]) == ("2026/BFOUI/C/8841", ["TG 4521 AZ"], 500)
    assert told["TGOTR"][1:] == told["BFDGD"][1:]
    assert "CONFLICT" in told["TGOTR"][0]["flags"]
    text = togo.run("edi", "show", mrn).out
    assert "480 / 12500 kg" in text and "2026/BFOUI/C/8841 2026-11-19" in text
