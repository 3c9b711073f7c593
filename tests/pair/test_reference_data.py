"""Does what one administration says of its offices count at the other: a downtime, a holiday, a new office?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from gateway.exchange.assembly import Gateway
from gateway.exchange.calendars import calendar_of
from gateway.transit.calendars import Calendar, Closure
from tests.tools.key_world import Clocked, clocked, codes

FROM, UNTIL = datetime(2026, 12, 1, 22, tzinfo=UTC), datetime(2026, 12, 2, 4, tzinfo=UTC)


def _calendar(office: Clocked, code: str, at: datetime) -> Calendar | None:
    def ask(gateway: Gateway, _: object) -> Calendar | None:
        with gateway.ledger.reading() as queries:
            return calendar_of(gateway, queries, code, at)

    return office.open(0, ask)


def _say(office: Clocked, **terms: object) -> None:
    event = {"word": "INDISPONIBILITÉ", **terms}
    office.office.drop("events", {f"{terms['reference']}.json": json.dumps(event).encode()})


def test_a_downtime_is_told_to_the_partner_and_counts_on_both_sides(tmp_path: Path) -> None:
    togo, burkina = clocked(tmp_path)
    _say(burkina, reference="BF-DOWN-1", starts="2026-12-01T22:00Z", ends="2026-12-02T04:00Z", remark="POWER WORK",
         offices=[{"role": "destination", "code": "BFOUI"}])
    assert codes(burkina.send(0)) == codes(togo.receive(0)) == []
    expected = (Closure(FROM, UNTIL, "downtime", "POWER WORK"),)
    for office in (togo, burkina):
        for code, closures in (("BFOUI", expected), ("BFDKL", None), ("BFDGD", None)):
            found = _calendar(office, code, FROM)
            assert (None if found is None else found.closures) == closures
    assert "BF-DOWN-1" in "".join(togo.office.inbox("events"))
    _say(burkina, reference="BF-DOWN-10", notice="BF-DOWN-1", starts="2026-12-01T22:00Z", ends="2026-12-01T23:00Z",
         offices=[{"role": "destination", "code": "BFOUI"}])
    assert codes(burkina.send(0)) == codes(togo.receive(0)) == []
    for office in (togo, burkina):
        found = _calendar(office, "BFOUI", FROM)
        assert found is not None and [one.ends.hour for one in found.closures] == [23]


def test_an_administration_stops_no_clock_of_another_ones_office(tmp_path: Path) -> None:
    _, burkina = clocked(tmp_path)
    _say(burkina, reference="BF-DOWN-2", starts="2026-12-01T22:00Z", offices=[{"role": "exit", "code": "TGCKS"}])
    assert "X006" in codes(burkina.send(0))
    assert _calendar(burkina, "TGCKS", FROM) is None
