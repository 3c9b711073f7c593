"""Workers: in order, never too far ahead, and never missed when they die; what they read is what the run would read."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.cli import runs
from gateway.cli.context import occasion
from gateway.exchange import foresight, intake, national_writer, stored
from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.deliver import deliver
from gateway.exchange.foresight import Foresight
from gateway.exchange.summary import Summary
from gateway.exchange.worker import WorkerLost
from gateway.exchange.workers import DEPTH, OCTETS, OWN, Workers
from gateway.ledger.rows import InterchangeIn
from gateway.mapping import search_path
from gateway.mapping.archive import Archive
from gateway.mapping.dialect import load_dialect
from gateway.mapping.dialect_apart import can_be_read_apart, read_apart, whole, write_apart
from tests.bench.load import declarations
from tests.tools.offices import Office, offices
from tests.tools.worker_tasks import (
    appraised,
    died_once,
    died_over,
    died_writing,
    echoed,
    fatal_first,
    noted,
    slow_at_first,
    slow_number,
    spelt,
    squared,
    unsendable,
    written,
)

DIALECT = "tgotr/asycuda"
NOW = datetime(2026, 3, 16, 12, 30, 5, tzinfo=UTC)


def national_files(count: int) -> dict[str, bytes]:
    """SAD and T1 extract of each of some declarations."""
    dialect = load_dialect(DIALECT, search_path())
    return {name: content for number, tree in enumerate(declarations(count), 1)
            for name, content in dialect.write(tree, f"d{number:05d}").items()}


def test_results_come_in_the_order_in_which_they_were_asked_for() -> None:
    with Workers(3) as workers:
        found = [(number, result()) for number, result in workers.ahead(range(8), lambda number: (squared, (number,)))
                 if result is not None]
    assert found == [(number, number * number) for number in range(8)]


def test_a_result_that_nobody_wants_yet_is_no_more_than_its_octets() -> None:
    """Several wait with a run that is busy with something else; their values would take ten times as much."""
    with Workers(2) as workers:
        answer = workers.begin(spelt, 2000)
        assert answer is not None
        before = sys.getallocatedblocks()
        while not answer.come():
            time.sleep(0.01)
        assert sys.getallocatedblocks() - before < 500
        assert answer()[-1] == "1999"


def numbered(count: int, taken: list[int]) -> Iterator[int]:
    """Numbers; which ones were taken stands in the list."""
    for number in range(count):
        taken.append(number)
        yield number


def test_how_many_are_ahead_is_bounded() -> None:
    taken: list[int] = []
    with Workers(3) as workers:
        for number, result in workers.ahead(numbered(12, taken), lambda number: (squared, (number,))):
            assert result is not None
            assert len(taken) <= number + 2 * DEPTH + OWN
            assert result() == number * number


def test_how_much_is_ahead_is_bounded() -> None:
    taken: list[int] = []
    with Workers(2) as workers:
        for number, _ in workers.ahead(numbered(5, taken), lambda number: (squared, (number,)), lambda _: OCTETS):
            assert len(taken) == number + 1


def test_where_a_result_has_not_come_the_run_does_what_nobody_has_begun() -> None:
    """The worker is at the first for so long that the run has done all the others that may be ahead."""
    with Workers(2) as workers:
        here = [result() for _, result in workers.ahead(range(8), lambda number: (slow_at_first, (number,)))
                if result is not None]
    assert [number for number, _ in here] == list(range(8))
    own = [number for number, process in here if process == os.getpid()]
    assert own[:OWN] == list(range(DEPTH, DEPTH + OWN))
    assert {0, 1}.isdisjoint(own)


def test_what_raises_where_the_run_computes_is_raised_in_its_turn() -> None:
    told: list[object] = []
    with Workers(2) as workers:
        for _, result in workers.ahead(["1", "2", "three", "4"], lambda text: (slow_number, (text,))):
            assert result is not None
            try:
                told.append(result())
            except ValueError as error:
                told.append(str(error))
    assert told == [1, 2, "invalid literal for int() with base 10: 'three'", 4]


def test_what_the_items_raise_comes_after_those_before_it() -> None:
    def items() -> Iterator[int]:
        yield from (1, 2)
        raise OverflowError("full")

    told: list[object] = []
    with Workers(2) as workers, pytest.raises(OverflowError, match="full"):
        told.extend(result() for _, result in workers.ahead(items(), lambda number: (squared, (number,))) if result)
    assert told == [1, 4]


def test_what_a_worker_has_not_begun_is_taken_back_and_it_goes_on_with_the_rest(tmp_path: Path) -> None:
    with Workers(2) as workers:
        first, second, third, fourth = (workers.begin(noted, number, tmp_path) for number in range(4))
        assert first and second and third and fourth
        while not (tmp_path / "0 worker").exists():
            time.sleep(0.01)
        assert third.take_back()
        assert not third.take_back()
        assert not first.take_back()
        time.sleep(0.1)  # a worker at work hears of it beside
        (tmp_path / "go").touch()
        assert (first(), second(), fourth()) == (0, 1, 3)
        assert not fourth.take_back()
    assert {path.name for path in tmp_path.iterdir()} == {"0 worker", "go", "1 worker", "3 worker"}


def test_nothing_is_taken_back_from_a_worker_that_died() -> None:
    with Workers(2) as workers:
        results = [workers.begin(fatal_first, number) for number in range(3)]
        with pytest.raises(WorkerLost):
            results[0] and results[0]()
        assert [result is not None and result.take_back() for result in results] == [False] * 3


def test_one_process_is_the_run_alone() -> None:
    with Workers(1) as workers:
        assert [result for _, result in workers.ahead(range(3), lambda number: (squared, (number,)))] == [None] * 3


def test_a_worker_that_dies_is_told_and_the_run_goes_on_alone() -> None:
    told: list[object] = []
    with Workers(2) as workers:
        for number, result in workers.ahead(range(12), lambda number: (fatal_first, (number,))):
            try:
                told.append("alone" if result is None else result())
            except WorkerLost:
                told.append(f"died over {number}")
    assert told[:DEPTH] == [f"died over {number}" for number in range(DEPTH)]
    assert set(told[DEPTH:]) <= {"alone", *range(DEPTH, DEPTH + OWN)}
    assert told[-1] == "alone"


def test_much_that_is_sent_to_a_worker_that_dies_holds_nobody_up() -> None:
    """More than a pipe takes: the standard library's pool waits here for ever under Python 3.11.2."""
    much = b"x" * (8 << 20)
    told: list[object] = []
    with Workers(3) as workers:
        for _, result in workers.ahead(range(8), lambda number: (died_over, (number, much))):
            try:
                told.append("alone" if result is None else result())
            except WorkerLost:
                told.append("lost")
    assert told[:2] == [len(much), "lost"]
    assert told[-1] == "alone"


def test_both_sides_send_much_and_neither_waits_for_the_other() -> None:
    much = b"x" * (8 << 20)
    with Workers(2) as workers:
        results = [workers.begin(echoed, much + bytes([number])) for number in range(4)]
        assert [None if result is None else result()[-1] for result in results] == [0, 1, 2, 3]


def test_what_a_function_raises_is_raised_where_its_result_is_asked_for() -> None:
    with Workers(2) as workers:
        results = [workers.begin(int, text) for text in ("1", "one", "2")]
        unsent = workers.begin(unsendable)
        assert [results[0] and results[0](), results[2] and results[2]()] == [1, 2]
        with pytest.raises(ValueError, match="one"):
            results[1] and results[1]()
        with pytest.raises(RuntimeError, match="pickle"):
            unsent and unsent()


def test_what_is_not_done_when_the_run_ends_is_not_waited_for() -> None:
    begun = time.monotonic()
    with Workers(3) as workers:
        result = workers.begin(time.sleep, 60)
    assert time.monotonic() - begun < 30
    with pytest.raises(WorkerLost):
        result and result()


@pytest.mark.parametrize(("processes", "thread", "expected"), [
    (2, "no", "True True"), (3, "no", "True True"), (2, "a thread", "True False"), (1, "no", "False -")])
def test_the_first_worker_is_a_copy_of_a_run_that_has_no_thread_yet(processes: int, thread: str, expected: str) -> None:
    """A copy knows what the run has loaded; whoever starts anew does not."""
    script = ("import os, threading, wave\n"
              "from gateway.exchange.workers import Workers, spared\n"
              "from tests.tools.worker_tasks import has_loaded\n"
              "if __name__ == '__main__':\n"
              f"    if {thread == 'a thread'}:\n"
              "        threading.Timer(30, print).start()\n"
              f"    with spared({processes}), Workers({processes}) as workers:\n"
              "        there = workers.begin(has_loaded, 'wave')\n"
              "        print(there is not None, '-' if there is None else there(), flush=True)\n"
              "    os._exit(0)\n")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout.strip(), done.stderr) == (expected, "")


def test_a_copy_that_nobody_needed_ends_with_the_run() -> None:
    script = ("import os\n"
              "from multiprocessing import active_children\n"
              "from gateway.exchange.workers import spared\n"
              "if __name__ == '__main__':\n"
              "    with spared(2):\n"
              "        print(len(active_children()))\n"
              "    print(len(active_children()))\n")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == ("1\n0\n", "")


@pytest.mark.parametrize("processes", [1, 2])
def test_a_worker_ends_when_its_run_is_killed(processes: int) -> None:
    """Whether it was started when it was needed, or was there as a copy."""
    script = ("import os, signal\n"
              "from gateway.exchange.workers import Workers, spared\n"
              "if __name__ == '__main__':\n"
              f"    with spared({processes}), Workers(2) as workers:\n"
              "        for _, result in workers.ahead([0, 1], lambda number: (os.getpid, ())):\n"
              "            print(result(), flush=True)\n"
              "            os.kill(os.getpid(), signal.SIGKILL)\n")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    worker = int(done.stdout)
    for _ in range(100):
        if not _alive(worker):
            return
        time.sleep(0.05)
    pytest.fail(f"worker {worker} is still there")


def _alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_what_a_worker_reads_is_what_the_run_would_read() -> None:
    dialect = load_dialect(DIALECT, search_path())
    files = national_files(3)
    files["bad.xml"] = b"<ASYCUDA><unfinished>"
    files["alone.xml"] = files.pop("d00003.xml")
    del files["d00003-t1.csv"]
    here, there = dialect.read(files), whole(read_apart(dialect.archive, files), dialect, files)
    assert (there.waiting, there.refused) == (here.waiting, here.refused)
    for ours, theirs in zip(here.records, there.records, strict=True):
        assert (theirs.tree, theirs.files, theirs.key, theirs.findings) == (
            ours.tree, ours.files, ours.key, ours.findings)
        assert dict(theirs.origins) == dict(ours.origins)
        assert ours.put_back is not None
        assert theirs.put_back is not None
        changed = {**ours.tree, "itinerary": "ANOTHER WAY"}
        assert theirs.put_back(changed, "stem") == ours.put_back(changed, "stem")


def test_a_dialect_that_a_plug_in_reads_is_not_read_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    dialect = load_dialect(DIALECT, search_path())
    assert can_be_read_apart(dialect)
    monkeypatch.setattr(dialect, "archive", Archive((("dialects/readers/x.yaml", b"id: other"),)))
    assert not can_be_read_apart(dialect)


def test_what_a_worker_writes_is_what_the_run_would_write() -> None:
    dialect = load_dialect(DIALECT, search_path())
    tree = next(declarations(1))
    assert write_apart(dialect.archive, [(tree, "stem"), ({**tree, "itinerary": "\N{SNOWMAN}"}, "stem")]) == [
        dialect.write(tree, "stem"), None]


@pytest.mark.usefixtures("few")
def test_a_worker_that_dies_loses_and_doubles_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = offices(tmp_path, inbox_declarations="bfdgd/asycuda")
    for office in (togo, burkina):
        with office.settings.open("a", encoding="utf-8") as file:
            file.write("\nworkers: 2\n")
    monkeypatch.setenv("EDI_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setenv("EDI_TEST_ASKED", str(tmp_path / "asked"))
    togo.drop("declarations", national_files(12))
    ran = togo.run("edi-send")
    assert (tmp_path / "mark").exists()
    assert (ran.exit, ran.counts["records_taken"], ran.counts["messages_queued"]) == (0, 12, 12)
    assert len(togo.movements()) == 12
    assert togo.run("edi-send").counts["records_taken"] == 0
    ran = burkina.run("edi-receive")
    assert (tmp_path / "asked").stat().st_size == 4
    assert (ran.exit, ran.counts["messages_accepted"], ran.counts["deliveries_written"]) == (0, 12, 24)
    assert len(burkina.inbox("declarations")) == 24
    assert togo.run("edi-receive").counts["answers_taken"] == 13


def four_sent(root: Path, workers: int) -> tuple[Office, Office]:
    """Sender and receiver, whose mailbox has four interchanges of two declarations."""
    togo, burkina = offices(root, inbox_declarations="bfdgd/asycuda")
    settings = togo.settings.read_text("utf-8")
    togo.settings.write_text(settings.replace("messages_per_interchange: 500", "messages_per_interchange: 2"), "utf-8")
    for office in (togo, burkina):
        with office.settings.open("a", encoding="utf-8") as file:
            file.write(f"\nworkers: {workers}\n")
    togo.drop("declarations", national_files(8))
    assert togo.run("edi-send").counts["messages_queued"] == 8
    return togo, burkina


def judged(root: Path, workers: int) -> tuple[set[str], set[str], dict[str, bytes], dict[str, bytes]]:
    """What a receiver makes of four interchanges of two, and the sender of its answers: movements, their states,
    national files of both."""
    togo, burkina = four_sent(root, workers)
    ran = burkina.run("edi-receive")
    assert (ran.exit, ran.counts["messages_accepted"], ran.counts["deliveries_written"]) == (0, 8, 16)
    movements = burkina.movements()
    assert togo.run("edi-receive").counts["answers_taken"] == 12
    return (set(movements), {one["state"] for one in movements.values()}, burkina.inbox("declarations"),
            togo.inbox("answers"))


def test_an_interchange_that_a_worker_looks_at_ahead_is_judged_as_by_a_run_alone(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEAST", "SMALL"):
        monkeypatch.setattr(foresight, name, 1)
    monkeypatch.setattr(foresight, "PORTIONS", {"CUSDEC": 1, "CUSRES": 1})
    monkeypatch.setattr(foresight, "appraise", appraised)
    monkeypatch.setenv("EDI_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setenv("EDI_TEST_DIES", "")
    now = occasion().now  # what is written says the minute
    monkeypatch.setattr(runs, "occasion", lambda: replace(occasion(), now=now))
    alone = judged(tmp_path / "alone", 1)
    assert not (tmp_path / "mark").exists()
    assert judged(tmp_path / "shared out", 2) == alone  # the run is faster than a worker starts
    monkeypatch.setattr("gateway.exchange.worker.Answer.take_back", lambda _: False)
    (tmp_path / "mark").unlink(missing_ok=True)
    assert judged(tmp_path / "two", 2) == alone
    assert (tmp_path / "mark").exists()
    (tmp_path / "mark").unlink()
    monkeypatch.setenv("EDI_TEST_DIES", "yes")
    assert judged(tmp_path / "dying", 2) == alone
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize("dies", ["", "yes"])
def test_what_a_worker_writes_for_the_national_side_is_what_the_run_would_write(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: str) -> None:
    """Half of the files are a worker's, where it has nothing to do."""
    for name in ("LEAST", "SMALL"):
        monkeypatch.setattr(foresight, name, 1)
    monkeypatch.setattr(stored, "GIVEN", 1)
    monkeypatch.setattr("gateway.exchange.deliver.SHARED", 2)
    monkeypatch.setattr("gateway.exchange.deliver.write_together", written)
    monkeypatch.setattr("gateway.exchange.worker.Worker.busy", lambda _: 0)
    monkeypatch.setenv("EDI_TEST_MARK", str(tmp_path / "mark"))
    monkeypatch.setenv("EDI_TEST_DIES", dies)
    now = occasion().now
    monkeypatch.setattr(runs, "occasion", lambda: replace(occasion(), now=now))
    alone = judged(tmp_path / "alone", 1)
    assert not (tmp_path / "mark").exists()
    assert judged(tmp_path / "two", 2) == alone
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize(("octets", "most"), [(1, 1), (1 << 20, 3)])
def test_how_much_workers_look_at_ahead_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octets: int,
                                                   most: int) -> None:
    """And what was judged is given to the national side before all of it is."""
    burkina = four_sent(tmp_path, 2)[1]
    ahead: list[int] = []
    given: list[int] = []
    begun = Foresight._begun

    def counted(self: Foresight, row: InterchangeIn, payload: bytes) -> object:
        ahead.append(len(self._line) + 1)
        return begun(self, row, payload)

    def noting(gateway: Gateway, now: Occasion, summary: Summary, workers: Workers | None = None, *,
               more: bool = False) -> None:
        deliver(gateway, now, summary, workers, more=more)
        given.append(summary.deliveries_written)

    for name in ("LEAST", "SMALL"):
        monkeypatch.setattr(foresight, name, 1)
    monkeypatch.setattr(foresight, "AHEAD", octets)
    monkeypatch.setattr(stored, "GIVEN", 1)
    monkeypatch.setattr(Foresight, "_begun", counted)
    monkeypatch.setattr("gateway.exchange.cycle.deliver", noting)
    ran = burkina.run("edi-receive")
    assert (ran.exit, ran.counts["messages_accepted"]) == (0, 8)
    assert (len(ahead), max(ahead)) == (4, most)
    assert given == [4, 8, 12, 16, 16]


def test_workers_are_started_for_declarations_that_are_about_to_be_stored(tmp_path: Path) -> None:
    with open_gateway(offices(tmp_path)[1].settings, NOW) as gateway, Workers(2) as workers:
        ahead = Foresight(gateway, workers)
        ahead.expect(foresight.LEAST - 1)
        assert not workers.running
        ahead.expect(1)
        assert workers.running


@pytest.fixture(name="few")
def fixture_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are there for a few files already, and the first dies."""
    monkeypatch.setattr(intake, "LOTS", 2)
    monkeypatch.setattr("gateway.exchange.lots.FILES", 8)
    monkeypatch.setattr(intake, "convert_apart", died_once)
    monkeypatch.setattr(national_writer, "FIRST", 3)
    monkeypatch.setattr(national_writer, "TOGETHER", 2)
    monkeypatch.setattr(national_writer, "write_apart", died_writing)
