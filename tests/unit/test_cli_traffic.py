"""Does `edi traffic` tell what crossed each line, to people by the day and to programs by the session?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.ledger.line_rows import Traffic
from gateway.reports.traffic import by_day
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.replace(hour=0, minute=0, second=0)


def crossed(direction: str, at: datetime, *, partner: str = "BFDGD", day: bool = False, failed: int = 0) -> Traffic:
    return Traffic(partner=partner, direction=direction, at=at, day=day, sessions=2 if day else 1, failed=failed,
                   octets_in=9000, octets_out=1000, files_in=3, files_out=1, milliseconds=1500)


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, which has spoken with two partners."""
    office, *_ = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    with open_gateway(office.settings, NOW) as gateway, gateway.ledger.transaction() as transaction:
        transaction.note_traffic([
            crossed("inbound", TODAY - timedelta(days=40), day=True), crossed("inbound", TODAY),
            crossed("inbound", TODAY, failed=1), crossed("outbound", TODAY),
            crossed("inbound", TODAY, partner="MLDGD")], at=NOW)
    return office


def test_people_see_one_line_for_each_day_partner_and_direction_and_the_total(togo: Office) -> None:
    ran = togo.run("edi", "traffic")
    assert (ran.exit, ran.err) == (0, "")
    assert [line.split() for line in ran.out.splitlines()] == [
        ["DAY", "PARTNER", "DIRECTION", "SESSIONS", "FAILED", "FILES", "IN", "FILES", "OUT", "OCTETS", "IN", "OCTETS",
         "OUT", "TIME"],
        [f"{TODAY:%Y-%m-%d}", "BFDGD", "received", "2", "1", "6", "2", "18000", "2000", "3.0", "s"],
        [f"{TODAY:%Y-%m-%d}", "BFDGD", "sent", "1", "0", "3", "1", "9000", "1000", "1.5", "s"],
        [f"{TODAY:%Y-%m-%d}", "MLDGD", "received", "1", "0", "3", "1", "9000", "1000", "1.5", "s"],
        ["total", "4", "1", "12", "4", "36000", "4000", "6.0", "s"]]


def test_programs_get_every_session_with_instants(togo: Office) -> None:
    *sessions, summary = checked("traffic", togo.run("edi", "traffic", "BFDGD", "--since", "2000-01-01", "--json").out)
    assert [(one["direction"], one["at"], one["day"], one["sessions"], one["failed"]) for one in sessions] == [
        ("inbound", f"{TODAY - timedelta(days=40):%Y-%m-%dT00:00:00Z}", True, 2, 0),
        ("inbound", f"{TODAY:%Y-%m-%dT00:00:00Z}", False, 1, 0),
        ("inbound", f"{TODAY:%Y-%m-%dT00:00:00Z}", False, 1, 1),
        ("outbound", f"{TODAY:%Y-%m-%dT00:00:00Z}", False, 1, 0)]
    assert summary == {"schema": 1, "kind": "summary", "count": 4, "since": "2000-01-01T00:00:00Z",
                       "octets_in": 36000, "octets_out": 4000}


def test_a_run_over_folders_counts_the_octets_of_its_files(tmp_path: Path) -> None:
    office, other = offices(tmp_path)
    assert office.run("edi", "traffic").out.startswith("nothing has crossed any line since ")
    office.drop("declarations", {"d1.json": declaration_json("A")})
    office.run("edi-send")
    (path,) = other.mailbox("TGOTR").iterdir()
    (line, _) = checked("traffic", office.run("edi", "traffic", "--json").out)
    assert (line["direction"], line["files_out"], line["octets_out"], line["octets_in"]) == (
        "outbound", 1, path.stat().st_size, 0)


def test_a_day_that_is_none_and_a_partner_that_is_none_are_refused(togo: Office) -> None:
    assert togo.run("edi", "traffic", "--since", "yesterday").exit == 2
    unknown = togo.run("edi", "traffic", "NOBODY")
    assert (unknown.exit, "X010" in unknown.err) == (3, True)


def test_rows_are_added_by_day() -> None:
    rows = [crossed("inbound", NOW), crossed("inbound", NOW - timedelta(days=1)), crossed("inbound", NOW)]
    assert [(row.at.date(), row.sessions, row.octets_in) for row in by_day(rows)] == [
        ((NOW - timedelta(days=1)).date(), 1, 9000), (NOW.date(), 2, 18000)]


def test_the_status_for_programs_has_the_day_of_each_line(togo: Office) -> None:
    lines = [one for one in checked("status", togo.run("edi", "status", "--json").out) if one["kind"] == "traffic"]
    assert {(one["at"], one["day"]) for one in lines} == {(f"{TODAY:%Y-%m-%dT00:00:00Z}", True)}
    assert [(one["partner"], one["direction"], one["sessions"], one["failed"], one["octets_in"]) for one in lines] == [
        ("BFDGD", "inbound", 2, 1, 18000), ("BFDGD", "outbound", 1, 0, 9000), ("MLDGD", "inbound", 1, 0, 9000)]


def test_the_partner_may_be_left_out_and_help_says_so(togo: Office) -> None:
    assert "edi traffic [OPTIONS] [PARTNER]" in togo.run("edi", "traffic", "--help").out
