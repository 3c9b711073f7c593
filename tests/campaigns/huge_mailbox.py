"""Does a run stay small and even, however much lies in a mailbox?

    python -m tests.campaigns.huge_mailbox --json                       100,000 foreign files; 10,000 waiting messages
    python -m tests.campaigns.huge_mailbox --over directory --foreign 5000 --waiting 500

Two administrations with keys, ledgers and settings of their own. Ouagadougou receives in a process of its own, over
OpenSSH's sshd or from a local directory: from an almost empty mailbox, for comparison; from one with many files that
are none of ours and a few that are; and from one with many waiting messages, each an interchange of its own in an
object of its own, all of which are stored, judged, handed to the national side, answered and receipted in that run.

At every durable step the process notes when it was, how far it is, and how much memory it holds. From that come, for
every stage of the run, the time for one file in each tenth of it, and how memory grew from tenth to tenth.

The last line of `--json` is one object: runs, lost, doubled, leaked, failures as of every campaign over mailboxes, and
for each mailbox the peak of memory in MiB, what it grew by, and the milliseconds of a file in tenths of each stage.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import json
import os
import resource
import shlex
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from gateway import failpoints
from gateway.exchange.summary import Summary
from gateway.security import RECEIPT
from tests.campaigns.mailbox_files import pulled
from tests.tools.malice import Puppet
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, numbered_mrn
from tests.tools.sshd import running_sshd

Over = Literal["openssh", "directory"]

FEW = 64
"""Messages in the mailbox that is compared with; and between the foreign files."""

GROWTH = 64.0
"""MiB by which memory may grow from the first tenth of a run to its end, and beyond the run that is compared with."""

UNEVEN = 2.0
"""How much longer a file may take in the second half of a stage than in its first: time per file is flat."""

STAGES = {"receive.stored": "collect", "process.after": "judge", "deliver.after": "hand over", "seal.after": "answer",
          "dispatch.after": "send"}
"""Which failpoint ends a piece of which stage."""


@dataclass(slots=True)
class Mark:
    """A durable step: seconds since the run began, and of them those of the processor; how many files of its stage were
    done; MiB held."""

    stage: str
    at: float
    busy: float
    done: int
    memory: float


@dataclass(slots=True)
class Run:
    """One run of the receiver over one mailbox.

    peak, growth  MiB: the most that was held; that less what was held at the end of the first tenth
    tenths        stage -> milliseconds of one file in each tenth of the stage
    busy          the same of the processor's time, that others on the machine have no part in
    uneven        stage -> a file in the second half against a file in the first, of the processor's time
    """

    mailbox: str
    waiting: int
    foreign: int
    seconds: float = 0.0
    peak: float = 0.0
    growth: float = 0.0
    tenths: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, list[float]] = field(default_factory=dict)
    uneven: dict[str, float] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that was wrong, in words."""
        return [f"{kind}: {what}" for kind in ("lost", "doubled", "leaked", "broken") for what in getattr(self, kind)]


def huge(folder: Path, over: Over, foreign: int, waiting: int) -> Iterator[Run]:
    """The three mailboxes, one after the other, each in a world of its own below `folder`."""
    few = _receive(folder / "few", over, "few", FEW, 0)
    yield few
    for name, messages, others in (("foreign", FEW, foreign), ("waiting", waiting, 0)):
        run = _receive(folder / name, over, name, messages, others)
        if run.peak > few.peak + GROWTH:
            run.broken.append(f"{run.peak:.0f} MiB at most, {few.peak:.0f} with {FEW} messages alone")
        yield run


def _receive(folder: Path, over: Over, name: str, waiting: int, foreign: int) -> Run:
    folder.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        sshd = stack.enter_context(running_sshd(folder, [])) if over == "openssh" else None
        togo, burkina = offices(folder, sshd, run="6h")  # what is asked here is how much a file takes, not how many
        if sshd is not None:
            file = burkina.home / "partners" / f"{togo.name}.yaml"
            file.write_text(pulled(file.read_text("utf-8"), f"{togo.name}/{burkina.name}/v1/in",
                                   f"{burkina.name}/{togo.name}/v1/in"), "utf-8")
        _fill(togo, burkina, waiting, foreign)
        found = subprocess.run([sys.executable, "-m", "tests.campaigns.huge_mailbox", "--receive", burkina.settings],
                               capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        run = Run(name, waiting, foreign)
        if found.returncode:
            run.broken.append(found.stderr[-2000:])
            return run
        told = json.loads(found.stdout)
        run.seconds, run.peak = told["seconds"], told["peak"]
        _measure(run, [Mark(**mark) for mark in told["marks"]])
        _judge(run, togo, burkina, told["problems"])
        return run


def _fill(togo: Office, burkina: Office, waiting: int, foreign: int) -> None:
    """The mailbox from Lomé to Ouagadougou: foreign files, and messages that are as old as their numbers say."""
    new = burkina.mailbox(togo.name)
    for number in range(foreign):
        (new / f"listing-{number:06d}.txt").write_bytes(b"")
    puppet = Puppet(togo, burkina)
    signer = puppet.signer
    wire = puppet.cusdec(declaration("T-NUMBER", mrn=numbered_mrn(1)))
    begun = int(time.time()) - waiting - 10
    for number in range(1, waiting + 1):
        body = wire.body.replace("T-NUMBER", f"T-{number}").replace(numbered_mrn(1), numbered_mrn(number))
        message = type(wire)(wire.identifier, body, wire.segments)
        path = puppet.put(puppet.seal(puppet.interchange(message), signer=signer).content)
        os.utime(path, (begun + number, begun + number))


def receive(settings: Path) -> dict[str, Any]:
    """In a process of its own: one run of the receiver, watched at every failpoint."""
    from gateway.config import load_settings
    from gateway.exchange import cycle
    from gateway.exchange.assembly import Occasion, open_gateway

    marks: list[Mark] = []
    summary = Summary()
    begun = time.perf_counter()
    counts = {"collect": lambda: summary.objects_collected, "judge": lambda: summary.interchanges_processed,
              "hand over": lambda: summary.deliveries_written, "send": lambda: summary.objects_dispatched}
    sealed = itertools.count(1)

    def reach(name: str) -> None:
        if (stage := STAGES.get(name)) is not None:
            done = next(sealed) if stage == "answer" else counts[stage]()
            marks.append(Mark(stage, time.perf_counter() - begun, time.process_time(), done, _resident()))

    true = failpoints.reach
    for module in list(sys.modules.values()):
        if module.__name__.startswith("gateway.exchange") and getattr(module, "reach", None) is true:
            vars(module)["reach"] = reach
    now = datetime.now(UTC).replace(microsecond=0)
    fresh = (hashlib.sha256(f"huge {number}".encode()).hexdigest()[:32] for number in itertools.count())
    with open_gateway(load_settings(settings), now) as gateway:
        cycle.receive(gateway, Occasion(now, lambda: next(fresh), time.monotonic), summary=summary)
    problems: dict[str, int] = {}
    for _, finding in summary.problems:
        problems[finding.code] = problems.get(finding.code, 0) + 1
    return {"seconds": time.perf_counter() - begun, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "marks": [asdict(mark) for mark in marks], "problems": problems,
            "defects": [repr(one) for one in summary.defects]}


def _resident() -> float:
    with Path("/proc/self/statm").open("rb") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / (1 << 20)


def _measure(run: Run, marks: Sequence[Mark]) -> None:
    """Time per file and memory in tenths of each stage. A piece counts from the end of what was done before it."""
    before = Mark("", 0.0, 0.0, 0, 0.0)
    pieces: dict[str, list[tuple[int, float, float]]] = {}
    done: dict[str, int] = {}
    for mark in marks:
        fresh = mark.done - done.get(mark.stage, 0)
        done[mark.stage] = mark.done
        if fresh > 0:
            pieces.setdefault(mark.stage, []).append((fresh, mark.at - before.at, mark.busy - before.busy))
        before = mark
    for stage, found in pieces.items():
        if len(found) < 10:
            continue
        tenths = [found[len(found) * tenth // 10:len(found) * (tenth + 1) // 10] for tenth in range(10)]
        run.tenths[stage] = [_cost((count, seconds) for count, seconds, _ in tenth) for tenth in tenths]
        run.busy[stage] = [_cost((count, seconds) for count, _, seconds in tenth) for tenth in tenths]
        halves = [statistics.median(half) for half in (run.busy[stage][:5], run.busy[stage][5:])]
        run.uneven[stage] = round(halves[1] / max(halves[0], 0.01), 2)
        if run.uneven[stage] > UNEVEN:
            run.broken.append(f"{stage}: a file takes {run.uneven[stage]} times as long in the second half")
    if len(marks) >= 10:
        run.growth = max(mark.memory for mark in marks) - marks[len(marks) // 10].memory
        if run.growth > GROWTH:
            run.broken.append(f"memory grew by {run.growth:.0f} MiB since the first tenth")


def _cost(pieces: Iterable[tuple[int, float]]) -> float:
    """Milliseconds of one file."""
    found = list(pieces)
    return round(1000 * sum(seconds for _, seconds in found) / sum(count for count, _ in found), 2)


def _judge(run: Run, togo: Office, burkina: Office, problems: dict[str, int]) -> None:
    """What has to be true after the run: everything once, in its order, and nothing of others touched."""
    ledger = sqlite3.connect(burkina.home / "state" / "ledger.sqlite")
    with contextlib.closing(ledger):
        stored = [row[0] for row in ledger.execute("select sequence from object where direction = 'in' order by id")]
        judged = [row[0] for row in ledger.execute(
            "select mrn from message where direction = 'in' and state = 'ACCEPTED'")]
        [answered] = ledger.execute("select count(*) from object where direction = 'out' and kind = ? and "
                                    "state = 'DISPATCHED'", (RECEIPT,)).fetchone()
    expected = list(range(1, run.waiting + 1))
    mrns = {numbered_mrn(number) for number in expected}
    if missing := set(expected) - set(stored):
        run.lost.append(f"{len(missing)} objects not stored, {min(missing)} the first")
    elif stored != expected:
        run.broken.append("not stored oldest first, each once")
    if missing_mrns := mrns - set(judged):
        run.lost.append(f"{len(missing_mrns)} declarations not accepted")
    if len(judged) > len(set(judged)):
        run.doubled.append(f"{len(judged) - len(set(judged))} declarations accepted twice")
    handed = burkina.inbox("declarations")
    if len(handed) < run.waiting:
        run.lost.append(f"{run.waiting - len(handed)} declarations not handed over")
    if answered < run.waiting:
        run.lost.append(f"{run.waiting - answered} receipts not sent")
    left = [path.name for path in burkina.mailbox(togo.name).iterdir()]
    if foreign := run.foreign - sum(name.startswith("listing-") for name in left):
        run.lost.append(f"{foreign} foreign files are gone")
    if rest := [name for name in left if not name.startswith("listing-")]:
        run.leaked.append(f"{len(rest)} files left in the mailbox")
    if strange := {code: count for code, count in problems.items() if code != "E_NAME"}:
        run.broken.append(f"findings: {strange}")
    if problems.get("E_NAME", 0) > 100:
        run.broken.append(f"{problems['E_NAME']} foreign files were told one by one")


def line(runs: Sequence[Run], options: argparse.Namespace) -> str:
    """The report as one line of JSON."""
    words = ["python", "-m", "tests.campaigns.huge_mailbox", "--over", options.over, "--foreign", str(options.foreign),
             "--waiting", str(options.waiting)]
    return json.dumps({
        "schema": 1, "kind": "campaign", "name": "huge_mailbox", "over": options.over, "runs": len(runs),
        "lost": sum(bool(run.lost) for run in runs), "doubled": sum(bool(run.doubled) for run in runs),
        "leaked": sum(bool(run.leaked) for run in runs), "failed": sum(bool(run.wrong) for run in runs),
        "seconds": round(sum(run.seconds for run in runs)), "ok": not any(run.wrong for run in runs),
        "mailboxes": [{"mailbox": run.mailbox, "waiting": run.waiting, "foreign": run.foreign,
                       "seconds": round(run.seconds, 1), "peak_mib": round(run.peak), "growth_mib": round(run.growth),
                       "tenths_ms": run.tenths, "tenths_busy_ms": run.busy, "second_half_to_first": run.uneven}
                      for run in runs],
        "failures": [{"case": run.mailbox, "wrong": run.wrong, "replay": shlex.join(words)}
                     for run in runs if run.wrong]})


def main(words: Sequence[str] | None = None) -> int:
    """The campaign as a command; exit 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--over", choices=["openssh", "directory"], default="openssh")
    parser.add_argument("--foreign", type=int, default=100_000)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="where the worlds are made")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--receive", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.receive is not None:
        print(json.dumps(receive(options.receive)))
        return 0
    runs = []
    with tempfile.TemporaryDirectory(prefix="campaign-huge-mailbox-", dir=options.folder) as folder:
        for run in huge(Path(folder), options.over, options.foreign, options.waiting):
            runs.append(run)
            print(f"{run.mailbox}: {run.waiting} waiting, {run.foreign} foreign: {run.seconds:.1f} s, "
                  f"{run.peak:.0f} MiB at most, {run.growth:+.0f} MiB since the first tenth", file=sys.stderr)
            for word, stages in (("ms a file", run.tenths), ("of it busy", run.busy)):
                for stage, costs in stages.items():
                    print(f"  {stage:10} {word:10} {' '.join(f'{cost:6.2f}' for cost in costs)}", file=sys.stderr)
            for wrong in run.wrong:
                print(f"  {wrong}", file=sys.stderr, flush=True)
    if options.json:
        print(line(runs, options))
    return 1 if any(run.wrong for run in runs) else 0


if __name__ == "__main__":
    raise SystemExit(main())
