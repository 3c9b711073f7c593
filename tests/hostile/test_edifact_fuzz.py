"""A slice of the fuzz campaign: altered interchanges read, judged, written again, streamed and answered."""

from __future__ import annotations

import json
import os
import random
import time
from ctypes import c_longlong
from multiprocessing.connection import Connection

import pytest

from gateway.edifact import core
from tests.campaigns import edifact_fuzz, workers
from tests.campaigns.edifact_examined import examine
from tests.campaigns.edifact_inputs import Samples, make, seeds
from tests.campaigns.workers import Result

SAMPLES = Samples(seeds())


@pytest.mark.parametrize("seed", [101, 102, 103, 104])
def test_altered_interchanges_raise_nothing_and_are_read_as_the_reference_reads_them(seed: int) -> None:
    result = edifact_fuzz.run(range(500), seed)
    assert result.failures == []
    assert result.done == 500
    assert result.slowest < workers.SECONDS
    assert result.outcomes["answered"] > 100
    assert result.outcomes["rewritten exactly"] > 100


@pytest.mark.parametrize("number", range(120))
def test_every_input_is_seen_alike_by_the_reference_reader_and_in_blocks(number: int) -> None:
    chance = random.Random(f"slice/{number}")
    examine(make(chance, SAMPLES), chance, compared=True)


def test_the_same_inputs_come_whatever_the_number_of_workers() -> None:
    alone = edifact_fuzz.run(range(60), 7)
    lines: list[str] = []
    together = edifact_fuzz.run_workers(60, 7, 2, lines.append)
    assert (together.done, together.outcomes, together.failures, lines) == (60, alone.outcomes, [], [])


def _one_fails_and_one_dies(numbers: range, seed: int, current: c_longlong, told: Connection) -> None:
    """A worker whose first input fails; the second worker dies over its second input."""
    result = Result(done=1)
    result.fail(f"{numbers.start}: as planned")
    told.send(result)
    current.value = numbers.start + 1
    if numbers.start:
        os._exit(9)
    told.send(Result(done=len(numbers) - 1))


def test_a_worker_that_dies_is_a_failure_and_the_failures_of_every_worker_are_kept() -> None:
    lines: list[str] = []
    result = edifact_fuzz.run_workers(20, 7, 2, lines.append, _one_fails_and_one_dies)
    content, _ = edifact_fuzz.drawn(7, 11, SAMPLES)
    assert sorted(lines) == ["0: as planned", "10: as planned"]
    assert result.failures == [
        "0: as planned",
        "10: as planned",
        f"11: the process of range(10, 20) ended with 9 after 1: {content.hex()[:2000]}",
    ]
    assert (result.done, result.outcomes["failures"]) == (11, 3)


def _stands_still(numbers: range, seed: int, current: c_longlong, told: Connection) -> None:
    """A worker that has the same input for ever."""
    current.value = 4
    time.sleep(600)


def test_a_worker_that_stands_still_is_ended_and_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "STILL", 1.5)
    result = edifact_fuzz.run_workers(20, 7, 1, print, _stands_still)
    assert [failure.rpartition(": ")[0] for failure in result.failures] == [
        "4: the process of range(0, 20) ended with -9 after 0"]


@pytest.mark.parametrize(("failures", "status"), [([], 0), (["3: as planned"], 1)])
def test_the_exit_code_and_the_report_say_whether_an_input_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failures: list[str], status: int
) -> None:
    def done(runs: int, seed: int, workers: int, report: object) -> Result:
        result = Result(done=runs)
        for failure in failures:
            result.fail(failure)
        return result

    monkeypatch.setattr(edifact_fuzz, "run_workers", done)
    monkeypatch.setattr("sys.argv", ["edifact_fuzz", "--runs", "9", "--workers", "3", "--json"])
    assert edifact_fuzz.main() == status
    told = json.loads(capsys.readouterr().out)
    assert (told["runs"], told["workers"], told["failures"], told["ok"]) == (9, 3, failures, status == 0)
    assert told["core"] == ("plain" if core.COMPILED is None else "compiled")


def test_what_an_input_raises_is_a_failure_with_its_number_and_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(content: bytes, chance: random.Random, *, compared: bool) -> None:
        raise KeyError("as planned")

    monkeypatch.setattr(edifact_fuzz, "examine", raising)
    content, _ = edifact_fuzz.drawn(7, 3, SAMPLES)
    assert edifact_fuzz.run(range(3, 4), 7).failures == [f"3: KeyError: 'as planned': {content.hex()[:2000]}"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfUNA:+.?",  # nine characters, but not from UNA on
        b"UNB+UNOC:3'4+S+R'UNZ+0+1'",  # a tag of one character before two separators
        b"UNB+UNOC:3'UNH+1+X'?'BGM+1'UNT+3+1'UNZ+1+1'",  # a released terminator in a tag
        b"UNB+UNOL:3+S\xa4'UNZ+1+1'",
        b"UNA\xa8+.? 'UNB+UNOL:3'UNZ+1+1'",  # a separator that means another letter in the announced set
        b"UNA:+.\n 'UNB+UNOC:3'\nUNZ+1+1'",  # a release character that is a line break
        b"UNB+UNOB:1'\nUNB\x1dUNOB\x1f1\x1dS\x1c",  # a header with IS3 behind one with plus
        b"UNB+UNOC+S:4+R'FTX+A*B'UNZ+0+1'",  # a sender that is no syntax version
        b"UNA2\xce:\xbc.? UNB+UNOW:4+S+R+20260310:1016+1'BGM+\xbc'",  # a header that begins no interchange
        b"UNB:\xc3\xa9+UNOW:4+S'BGM+\xc3\xa9'",  # a nesting indication before the syntax identifier
        b"UNB+UNOW:4+S'\xd9NT+9+?+1'UNZ+1+1'",  # a tag that is letters only as long as it is not decoded
        b"UNB\x1f\xe9UNB+UNOW:4+S'",  # what announces a set is no header
        b"UNB+?",
        b"UNB+UNOC:3'UNZ+1+1?",
        b"UNB+UNOW:4+S\xc3'UN*Z+\x92'UNZ+1+1'",
        b"UNA:+.? \n\nUNB+++++4\n\nUNB+UNOA:3+A+B+210504:1310\nUNZ+0+1\n\n",  # a blank line where line ends terminate
    ],
)
def test_what_the_campaign_found_once_stays_found(content: bytes) -> None:
    examine(content, random.Random(1), compared=True)
