"""What is a cause, at which level, and what is to be told of it: new, worse, over, or nothing?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.config import Settings, load_settings
from gateway.exchange.alert_causes import Cause, causes
from gateway.exchange.alert_text import Digest, Told, body, subject, text
from gateway.exchange.alerting import DIGEST, plan
from gateway.findings import Finding
from gateway.ledger.alert_rows import Alert
from gateway.ledger.rows import Outage
from gateway.reports.sight import CorridorSight, Disk, PartnerSight, Pile, RunMark, Sight
from gateway.security.expiry import Term
from gateway.texts import Language
from tests.tools.offices import offices

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
HALF, HOUR, DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    togo, _ = offices(tmp_path_factory.mktemp("causes"))
    return load_settings(togo.settings)


def sight(*partners: PartnerSight, now: datetime = NOW, corridors: tuple[CorridorSight, ...] = (),
          terms: tuple[Term, ...] = (), runs: tuple[RunMark, ...] = (), disks: tuple[Disk, ...] = ()) -> Sight:
    return Sight(now=now, gateway="TGOTR", environment="test", partners=partners, corridors=corridors,
                 waiting=Pile(), disks=disks, terms=terms, runs=runs)


def partner(**values: object) -> PartnerSight:
    return PartnerSight(partner="BFDGD", **values)  # type: ignore[arg-type]


def outage(since: datetime) -> Outage:
    return Outage(partner="BFDGD", direction="outbound", since=since, failures=9, tried=NOW, next_at=NOW, code="B101",
                  told=NOW, held=None)


def pile(newest: datetime = NOW) -> Pile:
    return Pile(count=7, oldest=NOW - DAY, newest=newest, references=("TG1", "TG2"))


def term(days: int) -> Term:
    return Term(owner="BFDGD", use="signing", identity="ab" * 32, shown="ab:ab", begins=NOW - 300 * DAY,
                ends=NOW + days * DAY)


def found(seen: Sight, settings: Settings) -> list[tuple[str, str, str]]:
    return [(cause.name, cause.level, cause.finding.code) for cause in causes(seen, settings, HALF)]


def test_nothing_is_a_cause_where_all_is_well(settings: Settings) -> None:
    assert found(sight(partner(heard=NOW), terms=(term(61),), corridors=(CorridorSight(corridor="tg-bf"),),
                       runs=(RunMark(command="edi-send", began=NOW, ended=NOW, status=0, succeeded=NOW),),
                       disks=(Disk(folder=Path("/srv"), free=1 << 40, needed=1 << 26),)), settings) == []


def test_a_mailbox_that_cannot_be_reached_is_a_cause_once_that_has_lasted(settings: Settings) -> None:
    assert found(sight(partner(outages=(outage(NOW - HALF + timedelta(minutes=1)),))), settings) == []
    assert found(sight(partner(outages=(outage(NOW - HALF),))), settings) == [("unreachable/BFDGD", "", "X360")]


@pytest.mark.parametrize(("values", "expected"), [
    ({"silent": True, "heard": NOW - DAY, "expected": HOUR}, ("silent/BFDGD", "", "X361")),
    ({"quarantined": pile()}, ("quarantine/BFDGD", "2026-11-27", "X363")),
    ({"quarantined": pile(NOW - DAY)}, ("quarantine/BFDGD", "2026-11-26", "X363")),
    ({"dead": pile()}, ("dead/BFDGD", "2026-11-27", "X364")),
    ({"halted": (("in", "X049"),)}, ("halted/BFDGD/in", "X049", "X366")),
    ({"halted": (("in", "L030"), ("out", "L030"))}, ("restored/", "", "X368"))])
def test_what_waits_with_a_partner_is_one_cause_however_much_it_is(
        settings: Settings, values: dict[str, object], expected: tuple[str, str, str]) -> None:
    assert found(sight(partner(**values)), settings) == [expected]


@pytest.mark.parametrize(("days", "levels"), [(61, []), (60, ["60"]), (30, ["30"]), (14, ["14"]), (7, ["2026-11-27"]),
                                              (0, ["2026-11-27"]), (-3, ["2026-11-27"])])
def test_a_certificate_is_told_at_60_30_and_14_days_and_every_day_from_the_last_week_on(
        settings: Settings, days: int, levels: list[str]) -> None:
    assert [level for _, level, _ in found(sight(terms=(term(days),)), settings)] == levels


def test_a_list_a_disk_a_corridor_and_a_run_are_causes_of_their_own(settings: Settings) -> None:
    seen = sight(corridors=(CorridorSight(corridor="tg-bf", overdue=pile()),),
                 terms=(Term(owner="BFDGD", use="list", identity="-", shown="-", usable=False),),
                 disks=(Disk(folder=Path("/a"), free=1 << 20, needed=1 << 26),
                        Disk(folder=Path("/b"), free=1 << 27, needed=1 << 26)),
                 runs=(RunMark(command="edi-send", began=NOW, ended=NOW, status=3, failures=9, since=NOW - HOUR),
                       RunMark(command="edi-sync", began=NOW, ended=NOW, status=3, failures=1, since=NOW),
                       RunMark(command="edi-receive", began=NOW - 3 * HOUR)))
    assert found(seen, settings) == [
        ("overdue/tg-bf", "2026-11-27", "X365"), ("run/edi-send", "X354", "X354"),
        ("run/edi-receive", "X355", "X355"), ("certificate/BFDGD/list/", "2026-11-27", "K098"),
        ("disk//a", "B010", "B010"), ("disk//b", "X352", "X352")]


def cause(level: str = "1") -> Cause:
    return Cause(kind="dead", subject="BFDGD", since=NOW, level=level, finding=Finding(code="X364", values={
        "partner": "BFDGD", "count": "7", "since": "2026-11-26 03:00", "reference": "TG1", "contact": "Awa, +226 1"}),
        lines=tuple(("alert.line.dead", {"reference": name}) for name in ("TG1", "TG2")))


def row(**values: object) -> Alert:
    held = Alert(channel="mail:1", cause="dead/BFDGD", began=NOW - DAY, level="1", told=NOW - DAY, ended=None,
                 failures=0, next_at=NOW - DAY)
    return replace(held, **values)


@pytest.mark.parametrize(("standing", "known", "events", "kept", "gone"), [
    ([cause()], [], ["begun"], 1, 0),                                               # new
    ([cause()], [row()], [], 1, 0),                                                 # told before
    ([cause("2")], [row()], ["begun"], 1, 0),                                       # worse
    ([cause()], [row(told=None, next_at=NOW + HALF)], [], 1, 0),                    # failed, its time has not come
    ([cause()], [row(told=None, next_at=NOW + DAY)], ["begun"], 1, 0),              # by a clock that was wrong
    ([], [row()], ["over"], 1, 0),                                                  # over
    ([], [row(ended=NOW - HALF, next_at=NOW + HALF)], [], 1, 0),                    # its end could not be told yet
    ([], [row(told=None)], [], 0, 1),                                               # over before anybody knew
    ([cause()], [row(ended=NOW - HALF, next_at=NOW + HALF)], [], 1, 0)])            # back before its end was told
def test_a_cause_is_told_when_it_is_new_or_worse_and_its_end_to_whom_it_was_told(
        standing: list[Cause], known: list[Alert], events: list[str], kept: int, gone: int) -> None:
    made = plan("mail:1", standing, known, NOW, today=None)
    assert ([one.event for one in made.due], len(made.rows), len(made.gone)) == (events, kept, gone)


def test_the_digest_of_a_day_is_told_once_and_tried_at_once_when_somebody_asks() -> None:
    (told,) = plan("mail:1", [], [], NOW, today="2026-11-27").due
    assert (told.event, told.level) == ("digest", "2026-11-27")
    sent = row(cause=DIGEST, level="2026-11-27")
    assert plan("mail:1", [], [sent], NOW, today="2026-11-27").due == ()
    assert len(plan("mail:1", [], [sent], NOW, today="2026-11-28").due) == 1
    failed = row(cause=DIGEST, level="2026-11-26", next_at=NOW + HALF)
    assert plan("mail:1", [], [failed], NOW, today="2026-11-27").due == ()
    assert len(plan("mail:1", [], [failed], NOW, today="2026-11-27", at_once=True).due) == 1


def test_the_same_told_again_has_the_same_identifier_and_everything_else_another() -> None:
    (first,), (second,) = (plan("mail:1", [cause()], [row(told=None)], NOW + wait, today=None).due for wait in (
        timedelta(), DAY))
    assert first.identifier == second.identifier
    others = {plan(channel, [cause(level)] * standing, [replace(row(), channel=channel, began=began)], NOW,
                   today=None).due[0].identifier
              for channel in ("mail:1", "mail:2") for level in ("2", "3") for began in (NOW, NOW - DAY)
              for standing in (1, 0)}
    assert (len(others), first.identifier in others) == (12, False)


@pytest.mark.parametrize(("language", "title", "lines"), [
    (Language.FRENCH, "[edi TGOTR] X364: BFDGD : non remis : 7, depuis le 2026-11-26 03:00 (TU)", [
        "  TG1", "  TG2", "  et 5 de plus",
        "  → voir son histoire, puis le renvoyer ou le clore : edi dead show TG1", "  Téléphoner : Awa, +226 1"]),
    (Language.ENGLISH, "[edi TGOTR] X364: BFDGD: dead letters: 7, since 2026-11-26 03:00 (UTC)", [
        "  TG1", "  TG2", "  and 5 more",
        "  → see its story, then send it again or close it: edi dead show TG1", "  Telephone: Awa, +226 1"])])
def test_an_alert_says_what_where_since_when_and_what_to_type_in_both_languages(
        language: Language, title: str, lines: list[str]) -> None:
    told = Told(row=row(), event="begun", level="1", identifier="0" * 32, cause=cause())
    digest = Digest(sight=sight(partner()), standing=())
    assert subject([told], digest, language) == title
    assert body(told, digest, language) == lines
    assert all(line in text([told], digest, language).split("\n") for line in lines)
