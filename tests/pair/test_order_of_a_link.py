"""Does a missing number stop a link only where the agreement says so, and is it an alarm in time?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange import cycle
from gateway.exchange.assembly import Occasion, open_gateway
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json


def _two_sent(tmp_path: Path, order: str) -> tuple[Office, Office, bytes]:
    """Togo has sent two interchanges; the first is lost on the way and given back with its name."""
    togo, burkina = offices(tmp_path)
    settings = burkina.home / "partners" / "TGOTR.yaml"
    settings.write_text(settings.read_text("utf-8").replace("order: loose", f"order: {order}"), "utf-8")
    togo.drop("declarations", {"d1.json": declaration_json("A")})
    togo.run("edi-send")
    (first,) = burkina.mailbox("TGOTR").iterdir()
    kept = first.read_bytes()
    first.unlink()
    togo.drop("declarations", {"d2.json": declaration_json("B")})
    togo.run("edi-send")
    return togo, burkina, kept


@pytest.mark.parametrize(("order", "accepted"), [("loose", 1), ("strict", 0)])
def test_a_later_object_waits_for_a_missing_one_only_under_the_strict_order(order: str, accepted: int,
                                                                            tmp_path: Path) -> None:
    togo, burkina, _ = _two_sent(tmp_path, order)
    ran = burkina.run("edi-receive")
    assert (ran.exit, ran.counts["objects_collected"], ran.counts["messages_accepted"]) == (0, 1, accepted)
    togo.run("edi", "resend", "TG0000000001")
    togo.run("edi-send")
    assert burkina.run("edi-receive").counts["messages_accepted"] == 2 - accepted
    assert sorted(line["state"] for line in burkina.movements().values()) == ["EXPECTED", "EXPECTED"]


def test_a_number_missing_for_an_hour_is_an_alarm_that_names_it(tmp_path: Path) -> None:
    _, burkina, _ = _two_sent(tmp_path, "loose")
    burkina.run("edi-receive")
    later = Occasion(datetime.now(UTC) + timedelta(hours=2), lambda: "0" * 32, lambda: 0.0)
    with open_gateway(burkina.settings, later.now) as gateway:
        summary = cycle.receive(gateway, later)
    assert [(int(status), finding.code, finding.values["n"]) for status, finding in summary.problems] == [
        (1, "E_GAP", "1")]
