"""Does a daemon do what the settings say, when they say it, by processes whose end takes nothing with it?"""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.daemon.children import Children, Ended
from gateway.daemon.looking import Looks, changed
from gateway.daemon.manager import READY, tell_manager
from gateway.daemon.running import host_of
from gateway.daemon.works import Work, arrived, fresh, ticks, works
from gateway.errors import LocalError
from gateway.exchange.assembled import Occasion
from gateway.exchange.run_marks import forget_others, marked, marks, note_minute
from gateway.exchange.summary import Exit, Summary
from gateway.reports.sight import RunMark
from tests.tools.daemon_jobs import job
from tests.tools.offices import Office, offices

croniter = pytest.importorskip("croniter").croniter
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
RUN = timedelta(minutes=16)
LEDGER = "ledger: postgresql://edi@db/transit\n"


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    first, *_ = offices(tmp_path)
    return first


def written(office: Office, text: str) -> Office:
    with office.settings.open("a", encoding="utf-8") as settings:
        settings.write(text)
    return office


def test_everything_that_a_host_does_follows_from_its_settings(togo: Office) -> None:
    settings = load_settings(written(togo, f"""{LEDGER}alerts:
  - {{by: command, command: /usr/bin/logger}}
daemon:
  exchange: 30s
  schedule: {{backup: "5 1 * * 0", report: never, certificates: "0 4,16 1-7 * *"}}
""").settings)
    pages, backups = settings.folder / "pages" / "corridors", settings.folder / "backup"

    def own(name: str, *words: str, at: str | None, longest: timedelta = RUN) -> Work:
        return Work(name=name, program="edi", words=words, queue="host-1", ticks=at, longest=longest)

    assert list(works(settings, "host-1").values()) == [
        Work(name="take", program="edi-send", queue="host-1", ticks=ticks("30s", "host-1"), longest=RUN, urgent=True),
        Work(name="judge", program="edi-receive", ticks=ticks("30s", "judge"), longest=RUN, urgent=True),
        Work(name="exchange/BFDGD", program="edi-receive", words=("--partner", "BFDGD"), ticks=ticks("30s", "BFDGD"),
             longest=RUN, urgent=True),
        own("retention", "retention", at="17 3 * * *"),
        own("crl", "keys", "crl", at="41 */4 * * *"),
        own("keys-check", "keys", "check", at="0 4,16 1-7 * *"),
        own("alerts", "alerts", "send", at="8-59/15 * * * *"),
        own("report", "report", "--out", str(pages), "--every", "20m", at=None),
        own("backup", "backup", "--to", str(backups), "--keep", "14", at="5 1 * * 0", longest=timedelta(hours=4))]


def test_what_is_one_hosts_own_keeps_no_other_host_waiting(togo: Office) -> None:
    settings = load_settings(written(togo, LEDGER).settings)
    ours, theirs = works(settings, "host-1"), works(settings, "host-2")
    assert {name for name in ours if ours[name].lock == theirs[name].lock} == {"judge", "exchange/BFDGD"}
    assert {work.lock for name, work in ours.items() if work.queue == "host-1"} == {
        f"{name} host-1" for name in ("take", "retention", "crl", "keys-check", "report", "backup")}
    assert len(f"procrastinate_queue_v1#{host_of(settings)}") < 63  # the name of a channel of PostgreSQL


@pytest.mark.parametrize(("pace", "step"), [("10s", 10), ("30s", 30), ("1m", 60), ("5m", 300), ("30m", 1800)])
def test_a_pace_is_kept_and_each_name_has_its_own_second(pace: str, step: int) -> None:
    def first(name: str) -> list[int]:
        moments = croniter(ticks(pace, name), NOW.timestamp())
        return [int(moments.get_next(float) - NOW.timestamp()) for _ in range(4)]

    for name in ("BFDGD", "MLDGD", "NEDGD"):
        began, *others = first(name)
        assert 0 < began <= step
        assert others == [began + step, began + 2 * step, began + 3 * step]
    assert len({tuple(first(f"partner {number}")) for number in range(50)}) > min(step, 50) // 3


def test_times_of_the_schedule_are_those_of_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Africa/Nairobi")
    time.tzset()
    try:
        found = croniter("27 2 * * *", NOW.timestamp()).get_next(float)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert datetime.fromtimestamp(found, UTC) == datetime(2026, 3, 3, 2, 27, tzinfo=UTC)


@pytest.mark.parametrize("wrong", ["* * * *", "60 * * * *", "* 24 * * *", "5-1 * * * *", "*/0 * * * *", "@daily",
                                   "* * * jan *", "5/10 * * * *", "1,, * * * *", "* *  * * *", "* * 0 * *"])
def test_a_time_that_is_none_is_refused_where_it_stands(togo: Office, wrong: str) -> None:
    written(togo, f'daemon:\n  schedule: {{backup: "{wrong}"}}\n')
    with pytest.raises(LocalError) as raised:
        load_settings(togo.settings)
    assert [(one.code, one.values) for one in raised.value.findings] == [("S206", {"value": wrong})]


def test_only_who_has_something_newer_is_sent_for() -> None:
    assert fresh({}, {"BFDGD": 3, "MLDGD": 1}) == ["BFDGD", "MLDGD"]
    assert fresh({"BFDGD": 3, "MLDGD": 1}, {"BFDGD": 3, "MLDGD": 2}) == ["MLDGD"]
    assert fresh({"BFDGD": 3}, {}) == []


def test_a_file_is_there_when_two_looks_saw_the_same_of_it_and_is_no_news_twice() -> None:
    whole, growing = {"d1": (10, 1)}, {"d1": (5, 1)}
    assert not arrived({}, whole, {})
    assert not arrived(growing, whole, {})
    assert arrived(whole, whole, {})
    assert not arrived(whole, whole, whole)
    assert arrived({"d1": (11, 2)}, {"d1": (11, 2)}, whole)


def test_looks_tell_whose_folder_has_something_new(togo: Office) -> None:
    looks, settings = Looks(), load_settings(togo.settings)
    assert looks.news(settings, mailboxes=True) == []
    togo.drop("declarations", {"d1.json": b"{}", ".d2.json": b"", "d3.tmp": b""})
    togo.drop("events", {"e1.json": b"{}"})
    (togo.mailbox("BFDGD") / "0123.p7m").write_bytes(b"sealed")
    assert [looks.news(settings, mailboxes=True) for _ in range(3)] == [[], ["take", "exchange/BFDGD"], []]
    (togo.mailbox("BFDGD") / "4567.p7m").write_bytes(b"sealed")
    assert [looks.news(settings, mailboxes=False) for _ in range(3)] == [[], [], []]  # another host looks there


def test_a_change_of_settings_or_partners_is_seen(togo: Office) -> None:
    settings = load_settings(togo.settings)
    before = changed(settings)
    assert changed(settings) == before
    (settings.paths.partners / "MLDGD.yaml").write_text("format: \"1\"\n", "utf-8")
    with_partner = changed(settings)
    written(togo, "workers: 2\n")
    assert len({before, with_partner, changed(settings)}) == 3


# --- the command

def test_on_a_ledger_in_a_file_it_refuses_and_says_what_to_do(togo: Office) -> None:
    ran = togo.run("edi", "daemon")
    assert (ran.exit, ran.err.split(":")[0], "edi ledger copy" in ran.err) == (3, "S207", True)


def test_config_check_says_what_the_daemon_lacks(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    written(togo, "daemon: {}\n")
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    ran = togo.run("edi", "config", "check", "--json")
    assert (ran.exit, [one["code"] for one in ran.counts["findings"]]) == (3, ["S207", "S208"])


# --- processes

@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    made = Children(job, (), time.monotonic)
    assert made.run("say", ("begun",), 60).out == b"begun"
    yield made
    made.kill()


def test_a_job_gives_its_status_and_what_it_said_last(children: Children) -> None:
    assert children.run("say", ("x" * 10,), 20) == Ended(4, b"x" * 10)
    assert children.run("say", ("x" * (1 << 19),), 20) == Ended(4, b"x" * (1 << 18))


def test_a_job_that_dies_is_one_job_less(children: Children) -> None:
    assert children.run("die", ("at work",), 20) == Ended(-signal.SIGKILL, b"at work")


def test_a_job_that_takes_too_long_is_ended(children: Children, tmp_path: Path) -> None:
    file = str(tmp_path / "there")
    assert children.run("sleep", (file,), 2) == Ended(-signal.SIGTERM, file.encode(), overdue=True)


def test_told_to_stop_jobs_are_told_and_those_that_do_not_hear_are_ended(tmp_path: Path) -> None:
    children, found = Children(job, (), time.monotonic), dict[str, int]()

    def run(name: str) -> None:
        found[name] = children.run(name, (str(tmp_path / name),), 60).status

    threads = [threading.Thread(target=run, args=(name,)) for name in ("sleep", "deaf")]
    for thread in threads:
        thread.start()
    while len(list(tmp_path.iterdir())) < 2:
        time.sleep(0.02)
    children.stop()
    threads[0].join(10)
    assert found == {"sleep": -signal.SIGTERM}
    children.kill()
    threads[1].join(10)
    assert found == {"sleep": -signal.SIGTERM, "deaf": -signal.SIGKILL}
    run("sleep")  # what is begun after it has been told to go
    assert found["sleep"] == -signal.SIGTERM


def test_the_service_manager_hears_it_on_the_socket_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                  ) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        tell_manager(READY)
        assert manager.recv(100) == b"READY=1"
    tell_manager(READY)  # nobody there any more


# --- what is watched

def test_each_minute_of_a_daemon_is_a_run_and_those_of_cron_are_waited_for_no_more(tmp_path: Path) -> None:
    with marked(tmp_path, "edi-send", Occasion(NOW, str, time.monotonic), Summary()):
        pass
    forget_others(tmp_path)
    minutes = [NOW + timedelta(minutes=number) for number in range(4)]
    note_minute(tmp_path, minutes[0], minutes[1], Exit.DONE)
    note_minute(tmp_path, minutes[1], minutes[2], Exit.DEFECT)
    note_minute(tmp_path, minutes[2], minutes[3], Exit.DEFECT)
    assert marks(tmp_path) == [RunMark(command="edi-daemon", began=minutes[2], ended=minutes[3], status=70,
                                       succeeded=minutes[1], failures=2, since=minutes[1])]
