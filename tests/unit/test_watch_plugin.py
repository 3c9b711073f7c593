"""Does the plug-in keep to the grammar that monitorings read: ranges, one line of ASCII, four exit statuses?"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.reports.plugin import DEFAULTS, Measure, State, headline, line, measures, read_range
from gateway.reports.sight import CorridorSight, Disk, PartnerSight, Pile, RunMark, Sight
from tests.tools.offices import Office, offices

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
PERFDATA = re.compile(r"[a-z_]+=-?\d+(s|MB)?;[@~:\d.-]*;[@~:\d.-]*")
"""``label=value[UOM];[warn];[crit]`` of the guidelines; minimum and maximum may be left out."""


@pytest.mark.parametrize(("text", "told", "quiet"), [
    ("10", [-1, 11], [0, 10]), ("10:", [9.9, -1], [10, 1e9]), ("~:10", [10.1], [-1e9, 10]),
    ("10:20", [9, 21], [10, 20]),
    ("@10:20", [10, 20], [9, 21]), ("@10", [0, 10], [-1, 11]), ("0", [1, -1], [0]), ("-5:-1", [0], [-3])])
def test_a_range_tells_what_the_guidelines_say_that_it_tells(text: str, told: list[float], quiet: list[float]) -> None:
    given = read_range(text)
    assert [given.alerts(value) for value in (*told, *quiet)] == [True] * len(told) + [False] * len(quiet)


@pytest.mark.parametrize("text", ["", "@", "x", "1:2:3", "20:10", "~", "1,5", "10 ", "--1"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_range(text)
    assert refused.value.args == (text,)


def sight(**changes: object) -> Sight:
    """A gateway in which all is well, and what a test changes of it."""
    values: dict[str, object] = {
        "partners": (PartnerSight(partner="BFDGD", heard=NOW),), "corridors": (CorridorSight(corridor="tg-bf"),),
        "waiting": Pile(), "disks": (Disk(folder=Path("/srv"), free=1 << 40, needed=64 << 20),), "terms": (),
        "runs": (RunMark(command="edi-send", began=NOW, ended=NOW, status=0, succeeded=NOW),)}
    return Sight(now=NOW, gateway="TGOTR", environment="test", **{**values, **changes})  # type: ignore[arg-type]


def test_all_well_is_ok_and_every_measurement_stands_behind_the_bar() -> None:
    found = measures(sight(), {}, {})
    state, said = line("TGOTR", found, {}, "all is well")
    text, _, data = said.partition(" | ")
    assert (state, text) == (State.OK, "EDI OK - TGOTR: all is well")
    assert [part for part in data.split() if not PERFDATA.fullmatch(part)] == []
    assert {one.label for one in found} == set(DEFAULTS) - {"certificate"}  # no certificates in this sight


@pytest.mark.parametrize(("changes", "label", "state"), [
    ({"partners": (PartnerSight(partner="BFDGD", quarantined=Pile(count=1)),)}, "quarantine", State.WARNING),
    ({"partners": (PartnerSight(partner="BFDGD", dead=Pile(count=1)),)}, "dead", State.CRITICAL),
    ({"partners": (PartnerSight(partner="BFDGD", silent=True),)}, "silent", State.CRITICAL),
    ({"partners": (PartnerSight(partner="BFDGD", halted=(("in", "X049"),)),)}, "halted", State.CRITICAL),
    ({"corridors": (CorridorSight(corridor="tg-bf", overdue=Pile(count=2)),)}, "overdue", State.WARNING),
    ({"waiting": Pile(count=1, oldest=NOW - timedelta(hours=3))}, "waiting", State.WARNING),
    ({"disks": (Disk(folder=Path("/srv"), free=100 << 20, needed=64 << 20),)}, "disk", State.WARNING),
    ({"disks": (Disk(folder=Path("/srv"), free=1 << 20, needed=64 << 20),)}, "disk", State.CRITICAL),
    ({"runs": (RunMark(command="edi-send", began=NOW, failures=4, since=NOW),)}, "run_failures", State.WARNING),
    ({"runs": (RunMark(command="edi-send", began=NOW, succeeded=NOW - timedelta(hours=3)),)}, "run_age",
     State.CRITICAL)])
def test_each_thing_that_is_wrong_has_a_measurement_that_says_it(
        changes: dict[str, object], label: str, state: State) -> None:
    found = measures(sight(**changes), {}, {})
    assert {one.label: one.state for one in found if one.state is not State.OK} == {label: state}


def test_thresholds_are_those_that_were_given() -> None:
    late = sight(corridors=(CorridorSight(corridor="tg-bf", overdue=Pile(count=7)),))
    assert max(one.state for one in measures(late, {"overdue": read_range("10")}, {})) is State.OK
    assert max(one.state for one in measures(late, {}, {"overdue": read_range("5")})) is State.CRITICAL


def test_the_line_is_ascii_on_one_line_with_one_bar_whatever_it_says() -> None:
    assert headline(State.UNKNOWN, "TGOTR", "Cinkassé : échéance | passée\nedi") == \
        "EDI UNKNOWN - TGOTR: Cinkasse : echeance / passee edi"
    state, said = line("TGOTR", [Measure("late", 3, warning=read_range("0")), Measure("dead", 1, critical=read_range(
        "0"))], {"late": "late: 3", "dead": "dead: 1"}, "fine")
    assert (state, said) == (State.CRITICAL, "EDI CRITICAL - TGOTR: dead: 1; late: 3 | late=3;0; dead=1;;0")


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, which has made one run; its certificates hold for long."""
    office, _ = offices(tmp_path, valid=timedelta(days=800))
    assert office.run("edi-receive").exit == 0
    return office


def test_a_real_gateway_in_which_all_is_well_is_ok(togo: Office) -> None:
    ran = togo.run("edi", "check")
    assert (ran.exit, ran.err, ran.out.count("\n")) == (0, "", 1)
    assert ran.out.startswith("EDI OK - TGOTR: all is well | late=0;0; ")


def test_a_refused_file_is_a_warning_and_a_given_threshold_keeps_it_quiet(togo: Office) -> None:
    (togo.mailbox("BFDGD") / f"{'0' * 32}.p7m").write_bytes(b"no CMS")
    assert [togo.run("edi-receive").exit for _ in range(2)] == [5, 5]  # it may have been on its way: one run is waited
    for words, expected in (((), 1), (("-w", "quarantine=1"), 0), (("-c", "quarantine=0"), 2),
                            (("--partner", "BFDGD"), 1), (("--corridor", "tg-bf"), 1), (("--corridor", "ci-ml"), 0)):
        ran = togo.run("edi", "check", *words)
        assert (words, ran.exit, ran.out.count("\n")) == (words, expected, 1), ran.out


@pytest.mark.parametrize("words", [["--wrong"], ["-w", "late"], ["-w", "nothing=1"], ["-c", "late=x"], ["extra"],
                                   ["--timeout", "0"], ["--corridor", "nowhere"], ["--partner", "NOBODY"]])
def test_wrong_use_is_unknown_and_never_critical(togo: Office, words: list[str]) -> None:
    ran = togo.run("edi", "check", *words)
    assert (ran.exit, ran.out.count("\n"), ran.out[:14]) == (3, 1, "EDI UNKNOWN - "), ran


def test_broken_settings_a_missing_ledger_and_a_defect_are_unknown(
        togo: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh, _ = offices(tmp_path / "fresh")
    assert (fresh.run("edi", "check").exit, (fresh.home / "state" / "ledger.sqlite").exists()) == (3, False)
    with monkeypatch.context() as patch:
        patch.setattr("gateway.cli.check.look", lambda *_: 1 / 0)
        ran = togo.run("edi", "check")
        assert (ran.exit, ran.err) == (3, "")
        assert "ZeroDivisionError" in ran.out
    togo.settings.write_text("format: 9\n", "utf-8")
    assert togo.run("edi", "check").exit == 3


def test_looking_makes_no_mark_in_the_ledger(togo: Office) -> None:
    def head() -> str:
        with open_gateway(togo.settings, NOW) as gateway, gateway.ledger.reading() as queries:
            return queries.history_head().row_hash

    before = head()
    for command in ("check", "metrics", "health"):
        assert togo.run("edi", command).exit == 0
    assert head() == before
