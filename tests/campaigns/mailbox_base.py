"""What the campaigns over mailboxes share: cases, workers, a file to resume from, and the report in one line.

    def plan(world, options): ...      the names of all cases, in order: "failpoint/edi-send/seal.after/1", "random/17"
    def attempt(world, case, options): ...      brings a case about and says what was wrong: `settle_and_judge`

    if __name__ == "__main__":
        raise SystemExit(main("crash", __doc__, World, plan, attempt))

A case is made from its name and the seed alone (`dice`), so that `--only NAME --seed S` brings it about again. The
last line of `--json` is one object: runs, lost, doubled, leaked, and for each failure its case, what was wrong, and the
command that repeats it. With `--resume FILE` every case that came to its end is noted in the file and not done again.

Where things stand: `mailbox_world` two administrations and their time, `mailbox_forks` their programs as processes,
`mailbox_proofs` what has to be true in the end, `mailbox_states` which cases leave what others have left (such states
are followed to their end once, by `settled`), `planted` bugs that a campaign must find.
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.mailbox_proofs import Verdict, judge, settle_and_judge
from tests.campaigns.mailbox_states import Judged
from tests.campaigns.mailbox_world import RECEIVER, SAME_DAY, SENDER, World

__all__ = ["RECEIVER", "SENDER", "Failure", "Options", "Report", "Verdict", "World", "dice", "judge", "main", "run",
           "settle_and_judge", "settled"]

SHOWN = 100
"""Failures that are kept in words; all are counted."""


@dataclass(slots=True)
class Options:
    """What a campaign was asked for.

    runs     random cases; those that are enumerated come on top
    seed     of everything random
    only     cases whose name is, or begins with, this; all when empty
    workers  worlds at once
    plant    a planted bug, by name
    judged   what the cases so far have left, and what became of it
    """

    runs: int = 20
    seed: int = 1
    only: str = ""
    workers: int = 1
    plant: str = ""
    resume: Path | None = None
    folder: Path | None = None
    judged: Judged = field(default_factory=Judged)


@dataclass(slots=True)
class Failure:
    """A case after which something was wrong."""

    case: str
    wrong: list[str]
    replay: str


@dataclass(slots=True)
class Report:
    """What came of a campaign. lost, doubled, leaked: cases after which something was."""

    runs: int = 0
    lost: int = 0
    doubled: int = 0
    leaked: int = 0
    failed: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    def add(self, verdict: Verdict, failure: Failure) -> None:
        """Take in what came of one case."""
        self.runs += 1
        self.lost += bool(verdict.lost)
        self.doubled += bool(verdict.doubled)
        self.leaked += bool(verdict.leaked)
        if not verdict.good:
            self.failed += 1
            if len(self.failures) < SHOWN:
                self.failures.append(failure)

    def line(self, name: str, options: Options) -> str:
        """The report as one line of JSON."""
        return json.dumps({
            "schema": 1, "kind": "campaign", "name": name, "runs": self.runs, "lost": self.lost,
            "doubled": self.doubled, "leaked": self.leaked, "failed": self.failed, "seconds": round(self.seconds),
            "known": options.judged.known,
            "seed": options.seed, "plant": options.plant, "ok": self.failed == 0,
            "failures": [{"case": one.case, "wrong": one.wrong, "replay": one.replay} for one in self.failures]})


Make = Callable[[Path], World]
Plan = Callable[[World, Options], Iterable[str]]
Attempt = Callable[[World, str, Options], Verdict]


def dice(seed: int, case: str) -> random.Random:
    """The dice of one case: the same for the same seed and name, whatever else is run."""
    return random.Random(f"{seed}/{case}")


def settled(world: World, options: Options) -> Verdict:
    """Let the world come to rest on the same day, and judge it: once for each state that cases may leave."""
    how = f"{options.plant} {world.setups}"
    return options.judged.end(world, how, lambda: settle_and_judge(world, patience=SAME_DAY))


def run(name: str, make: Make, plan: Plan, attempt: Attempt, options: Options,
        tell: Callable[[str], None] = lambda line: None) -> Report:
    """Run a campaign: every case of the plan that is asked for and not done yet. What an attempt raises is a failure.

    make  a world in an empty folder, one for each worker
    """
    report, began, lock = Report(), time.monotonic(), threading.Lock()
    done = _done(options.resume)
    worlds: dict[int, World] = {}

    def world(top: Path) -> World:
        here = threading.get_ident()
        if here not in worlds:
            with lock:  # two at once would want the same port
                folder = top / f"world{len(worlds) + 1}"
                folder.mkdir(mode=0o700)
                worlds[here] = make(folder)
        return worlds[here]

    def one(top: Path, case: str) -> tuple[str, Verdict, bool]:
        try:
            return case, attempt(world(top), case, options), True
        except Exception:
            told = f"the case could not be brought about: {traceback.format_exc()[-1500:]}"
            return case, Verdict(broken=[told]), False

    def take(top: Path, pool: ThreadPoolExecutor) -> None:
        cases = [case for case in pool.submit(lambda: list(plan(world(top), options))).result()
                 if _asked(case, options.only)]
        waiting = [pool.submit(one, top, case) for case in cases if case not in done]
        for case in cases:
            if case in done:
                report.add(done[case], _failure(name, case, done[case], options))
        for future in as_completed(waiting):
            case, verdict, attempted = future.result()
            failure = _failure(name, case, verdict, options)
            report.add(verdict, failure)
            if attempted:
                _note(options.resume, case, verdict)
            if not verdict.good:
                tell(f"{case}: {'; '.join(failure.wrong)}\n  {failure.replay}")
            elif report.runs % 100 == 0:
                tell(f"{report.runs} of {len(cases)}")

    with tempfile.TemporaryDirectory(prefix=f"campaign-{name}-", dir=options.folder) as temporary:
        pool = ThreadPoolExecutor(max_workers=max(1, options.workers))
        try:
            take(Path(temporary), pool)
        finally:  # where it was interrupted, the cases that have begun come to their end, and no other begins
            pool.shutdown(cancel_futures=True)
            for each in worlds.values():
                each.close()
    report.seconds = time.monotonic() - began
    return report


def main(name: str, text: str | None, make: Make, plan: Plan, attempt: Attempt, *, plants: Sequence[str] = (),
         runs: int = 20, words: Sequence[str] | None = None) -> int:
    """A campaign as a command; exit 1 when anything was wrong, 2 when nothing was asked for that exists."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=runs, help="random cases, beside those that are enumerated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a case, or how its name begins")
    parser.add_argument("--workers", type=int, default=1, help="worlds at once")
    parser.add_argument("--resume", type=Path, help="a file of cases that are done; new ones are added to it")
    parser.add_argument("--folder", type=Path, help="where the worlds are made: another disk, or memory")
    parser.add_argument("--plant", default="", choices=["", *plants], help="a bug that must be found")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(words)
    options = Options(given.runs, given.seed, given.only, given.workers, given.plant, given.resume, given.folder)
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # servers are ended, too
    try:
        report = run(name, make, plan, attempt, options, lambda line: print(line, file=sys.stderr, flush=True))
    finally:
        signal.signal(signal.SIGTERM, before)
    if given.json:
        print(report.line(name, options))
    else:
        print(f"{report.runs} runs, {report.lost} lost, {report.doubled} doubled, {report.leaked} leaked, "
              f"{report.failed} failed, {report.seconds:.0f} s")
    if not report.runs:
        return 2
    return 1 if report.failed else 0


def _asked(case: str, only: str) -> bool:
    return not only or case == only or case.startswith(f"{only.rstrip('/')}/")


def _failure(name: str, case: str, verdict: Verdict, options: Options) -> Failure:
    words = ["python", "-m", f"tests.campaigns.{name}", "--seed", str(options.seed), "--runs", str(options.runs),
             *(["--plant", options.plant] if options.plant else []), "--only", case]
    return Failure(case, verdict.words(), shlex.join(words))


def _done(path: Path | None) -> dict[str, Verdict]:
    """What an earlier run of the campaign came to. A last line that is not whole was cut: it goes."""
    found: dict[str, Verdict] = {}
    if path is not None and path.exists():
        text = path.read_text("utf-8")
        whole = text[:text.rfind("\n") + 1]
        if whole != text:
            path.write_text(whole, "utf-8")
        for line in whole.splitlines():
            noted = json.loads(line)
            case = noted.pop("case")
            found[case] = Verdict(**noted)
    return found


def _note(path: Path | None, case: str, verdict: Verdict) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"case": case, "lost": verdict.lost, "doubled": verdict.doubled,
                                   "leaked": verdict.leaked, "broken": verdict.broken}) + "\n")
