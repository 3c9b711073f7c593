"""What does a session leave behind in the ledger, and what do the runs after it say and try?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import GatewayError, LinkError, LocalError
from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.backoff import may_try, note_session
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding
from gateway.ledger.rows import Outage
from tests.tools.offices import offices
from tests.tools.outputs import checked

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DOWN = LinkError(Finding(code="B102", values={"address": "a", "phase": "connect", "detail": "d"}))
OTHER_KEY = LocalError(Finding(code="E_HOSTKEY", values={"address": "a"}))


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Togo, that knows Burkina Faso."""
    with open_gateway(offices(tmp_path)[0].settings, NOW) as opened:
        yield opened


def on(moment: datetime, chance: float = 1.0, *, at_once: bool = False) -> Occasion:
    return Occasion(moment, lambda: "0" * 32, lambda: 0.0, lambda: chance, at_once)


def ended(gateway: Gateway, error: GatewayError | None, moment: datetime, direction: str | None = "outbound",
          chance: float = 1.0) -> Summary:
    """A session that ended so; what the run has to say. direction: None for a connection that serves both."""
    summary = Summary()
    if error is not None:
        summary.trouble(error)
    note_session(gateway, "BFDGD", error, on(moment, chance), direction=direction or "inbound",
                 shared=direction is None, summary=summary)
    return summary


def due(gateway: Gateway, moment: datetime, direction: str | None = "outbound") -> bool:
    return may_try(gateway, "BFDGD", on(moment), direction=direction or "inbound", shared=direction is None)


def news(summary: Summary) -> list[tuple[str, str]]:
    return [(finding.code, finding.values["failures"]) for finding in summary.news]


def kept(gateway: Gateway) -> list[Outage]:
    with gateway.ledger.reading() as queries:
        return queries.outages()


def test_a_mailbox_that_held_is_due_and_leaves_nothing_in_the_ledger(gateway: Gateway) -> None:
    with gateway.ledger.reading() as queries:
        before = len(list(queries.history()))
    assert due(gateway, NOW)
    summary = ended(gateway, None, NOW)
    assert (summary.links, summary.news, summary.known) == ({("BFDGD", "outbound"): ()}, [], [])
    with gateway.ledger.reading() as queries:
        assert len(list(queries.history())) == before
    assert kept(gateway) == []


def test_an_outage_is_one_row_while_it_lasts_and_two_lines_of_the_history(gateway: Gateway) -> None:
    for number in range(5):
        ended(gateway, DOWN, NOW + number * MINUTE)
    assert kept(gateway) == [Outage(
        partner="BFDGD", direction="outbound", since=NOW, failures=5, tried=NOW + 4 * MINUTE,
        next_at=NOW + 12 * MINUTE, code="B102", told=NOW + 3 * MINUTE, held=None)]
    assert news(ended(gateway, None, NOW + HOUR)) == [("X093", "5")]
    assert kept(gateway) == []
    with gateway.ledger.reading() as queries:
        assert [(row.event, row.reference, row.text) for row in queries.history() if row.subject == "outage"] == [
            ("begin", "BFDGD", "outbound B102"),
            ("end", "BFDGD", f"outbound since {NOW:%Y-%m-%dT%H:%M:%SZ}, 5")]


def test_the_next_run_tries_again_and_the_one_after_a_second_failure_waits_its_time(gateway: Gateway) -> None:
    ended(gateway, DOWN, NOW)
    assert due(gateway, NOW)
    ended(gateway, DOWN, NOW)
    assert [due(gateway, NOW + timedelta(seconds=passed)) for passed in (0, 59, 60)] == [False, False, True]
    assert may_try(gateway, "BFDGD", on(NOW, at_once=True), direction="outbound")
    assert due(gateway, NOW, "inbound")  # another mailbox


def test_what_survives_between_runs_is_in_the_ledger(tmp_path: Path) -> None:
    settings = offices(tmp_path)[0].settings
    for _ in range(2):
        with open_gateway(settings, NOW) as gateway:
            ended(gateway, DOWN, NOW)
    with open_gateway(settings, NOW) as gateway:
        assert not due(gateway, NOW)


def test_directions_are_followed_apart_and_one_connection_for_both_together(gateway: Gateway) -> None:
    ended(gateway, DOWN, NOW, "inbound")
    assert [one.direction for one in kept(gateway)] == ["inbound"]
    ended(gateway, DOWN, NOW, None, chance=0.5)
    inbound, outbound = kept(gateway)
    assert (inbound.failures, outbound.failures) == (2, 1)
    summary = ended(gateway, DOWN, NOW, None, chance=0.5)
    assert [(one.failures, one.next_at - NOW) for one in kept(gateway)] == [(3, MINUTE), (2, MINUTE / 2)]
    assert set(summary.links) == {("BFDGD", "inbound"), ("BFDGD", "outbound")}
    assert due(gateway, NOW + MINUTE / 2, None)
    assert not due(gateway, NOW, None)
    assert sorted(news(ended(gateway, None, NOW, None))) == [("X093", "2"), ("X093", "3")]
    ended(gateway, DOWN, NOW, None)
    assert news(ended(gateway, None, NOW, None)) == [("X093", "1")]  # one connection is spoken of once


def test_a_failure_that_was_told_is_known_to_whoever_does_not_watch(gateway: Gateway) -> None:
    rounds = [ended(gateway, DOWN, NOW + number * MINUTE) for number in range(5)]
    assert [news(summary) for summary in rounds] == [
        [("X092", "1")], [("X092", "2")], [], [("X092", "4")], []]
    assert [len(summary.known) for summary in rounds] == [0, 0, 1, 0, 1]
    assert all(summary.known[0] is summary.problems[0][1] for summary in (rounds[2], rounds[4]))
    assert all(summary.status is Exit.LATER for summary in rounds)


@pytest.mark.parametrize("error", [LocalError(Finding(code="L009")), LocalError(Finding(code="B107"))])
def test_what_is_no_fault_of_the_link_is_no_outage(gateway: Gateway, error: LocalError) -> None:
    assert ended(gateway, error, NOW).links == {}
    assert kept(gateway) == []


def test_a_changed_host_key_waits_as_an_outage_does_and_stays_a_matter_of_trust_told_at_each_try(
        gateway: Gateway) -> None:
    rounds = [ended(gateway, OTHER_KEY, NOW) for _ in range(3)]
    assert [summary.known for summary in rounds] == [[], [], []]
    assert not due(gateway, NOW)
    summary = Summary()
    assert not may_try(gateway, "BFDGD", on(NOW), direction="outbound", summary=summary)
    assert summary.status is Exit.TRUST


def test_that_a_partner_was_not_tried_is_said_once_a_day_with_the_time_of_the_next_try(gateway: Gateway) -> None:
    for _ in range(12):
        ended(gateway, DOWN, NOW)
    told = []
    for hours in range(50):
        ended(gateway, DOWN, NOW + hours * HOUR)
        summary = Summary()
        assert not may_try(gateway, "BFDGD", on(NOW + hours * HOUR + MINUTE), direction="outbound", summary=summary)
        ((status, finding),) = summary.problems
        assert (status, finding.code) == (Exit.LATER, "X094")
        assert finding.values["next"] == f"{NOW + (hours + 1) * HOUR:%Y-%m-%d %H:%M}"
        if not summary.known:
            told.append(hours)
    assert told == [0, 23, 46]


@pytest.mark.parametrize("jump", [365 * DAY, -365 * DAY])
def test_a_clock_that_jumped_puts_no_try_off(gateway: Gateway, jump: timedelta) -> None:
    for _ in range(20):
        ended(gateway, DOWN, NOW + jump)
    assert due(gateway, NOW)
    for _ in range(20):
        ended(gateway, DOWN, NOW)
    assert not due(gateway, NOW)
    assert due(gateway, NOW + HOUR)


def test_the_settings_say_how_long_is_waited(tmp_path: Path) -> None:
    office = offices(tmp_path)[0]
    office.settings.write_text(
        office.settings.read_text("utf-8") + "\nretry:\n  first: 10m\n  longest: 30m\n", "utf-8")
    with open_gateway(office.settings, NOW) as gateway:
        waits = []
        for _ in range(6):
            ended(gateway, DOWN, NOW)
            waits.append((kept(gateway)[0].next_at - NOW) // MINUTE)
    assert waits == [0, 10, 20, 30, 30, 30]


def test_the_file_that_remembered_outages_before_the_ledger_did_is_removed(gateway: Gateway) -> None:
    folder = gateway.settings.paths.state / "links"
    folder.mkdir(mode=0o700)
    for name in ("BFDGD", "MLDGD"):
        (folder / f"{name}.json").write_text("{}", "utf-8")
    ended(gateway, None, NOW)
    assert [path.name for path in folder.iterdir()] == ["MLDGD.json"]
    (folder / "MLDGD.json").rename(folder / "BFDGD.json")
    ended(gateway, DOWN, NOW)
    assert not folder.exists()


def test_a_mailbox_that_edi_partner_test_has_reached_is_waited_for_no_more(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    with open_gateway(togo.settings, NOW) as gateway:
        for direction in ("inbound", "outbound"):
            for _ in range(3):
                ended(gateway, DOWN, NOW, direction)
    new = burkina.mailbox("TGOTR")  # where Togo dispatches
    new.rmdir()
    new.write_text("no folder any more", "utf-8")
    togo.run("edi", "partner", "test", "BFDGD")
    with open_gateway(togo.settings, NOW) as gateway:
        assert [(one.direction, one.failures) for one in kept(gateway)] == [("outbound", 3)]
    new.unlink()
    new.mkdir(mode=0o700)
    togo.run("edi", "partner", "test", "BFDGD")
    with open_gateway(togo.settings, NOW) as gateway:
        assert kept(gateway) == []


def test_status_shows_an_outage_until_it_is_over_or_the_partner_is_no_partner_any_more(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    with open_gateway(togo.settings, NOW) as gateway:
        ended(gateway, DOWN, NOW - DAY)
        ended(gateway, DOWN, NOW, chance=0.0)
    lines = checked("status", togo.run("edi", "status", "--json").out)
    assert [line for line in lines if line["kind"] == "outage"] == [{
        "schema": 1, "kind": "outage", "partner": "BFDGD", "direction": "outbound", "failures": 2, "code": "B102",
        "since": f"{NOW - DAY:%Y-%m-%dT%H:%M:%SZ}", "held": None,
        **dict.fromkeys(("tried", "next_at", "told"), f"{NOW:%Y-%m-%dT%H:%M:%SZ}")}]
    assert (f"BFDGD, dispatching: unreachable since {NOW - DAY:%Y-%m-%d %H:%M} (UTC), attempts: 2; next try from "
            f"{NOW:%Y-%m-%d %H:%M} (UTC) on") in togo.run("edi", "status").out
    for path in (togo.home / "partners").iterdir():
        path.unlink()
    assert "unreachable" not in togo.run("edi", "status").out
