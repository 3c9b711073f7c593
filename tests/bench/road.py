"""The whole road: 5,000 declarations from ASYCUDA files at the sender to national files and answers at the receiver.

Two gateways as two administrations run them: `edi-send` here, `edi-receive` there, then `edi-receive` here, which takes
receipts, CONTRL and CUSRES; each is the program itself, in a process of its own, and what goes out goes through a real
sshd. Each is watched from inside (`road_process`), so that every part of its processor time has a name
(`road_stages`). Beside it, in the same run, what nobody could do without (`road_floors`).

Times of the clock are the target's, and a machine that does other things makes them worse; processor time it does not.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from gateway.exchange.assembly import open_gateway
from gateway.mapping import search_path
from gateway.mapping.dialect import load_dialect
from gateway.references import Tree
from tests.bench import Figure
from tests.bench.flame import flame
from tests.bench.load import declarations
from tests.bench.quick_folder import quick_folder
from tests.bench.road_floors import floors
from tests.bench.road_stages import Stacks, stages
from tests.tools.offices import Office, offices
from tests.tools.sshd import Sshd, running_sshd

ROOT = Path(__file__).parents[2]
DECLARATIONS = 5000
RATE, RATIO, MEGABYTES, LINEAR = 500.0, 3.0, 200.0, 0.05
"""Messages a second through each run; most times the floors; memory of a process; most that a message may cost more
where there are many more of them."""
WORKERS = max(1, min(2, os.cpu_count() or 1))
"""Processes of a run that may work at once."""
_LEAST = 0.005
"""Share of a run's processor time below which a stage is not told."""
_TARGETED = ("send", "receive")


def figures(scale: float) -> Iterator[Figure]:
    """At a share of the usual load."""
    yield from figures_in(None, [max(1, round(DECLARATIONS * scale))])


def figures_in(folder: Path | None, sizes: Sequence[int]) -> Iterator[Figure]:
    """At these numbers of declarations, smallest first; where there are several, each message is compared with the
    first size's.

    folder  where the flame graphs of the last size are put
    """
    compileall.compile_dir(ROOT / "gateway", quiet=2)  # as what is installed is
    first: tuple[int, float] | None = None
    for size in sorted(set(sizes)):
        with tempfile.TemporaryDirectory(prefix="edi-bench-", dir="/var/tmp") as root:
            place, seconds = quick_folder(Path(root))
            runs, told = road(place, size)
        yield Figure(name="road: a file made where it is gone", value=seconds * 1e6, unit="us")
        yield from told
        if folder is not None:
            for one in runs:
                (folder / f"{one.name}.svg").write_text(flame(one.stacks, f"{one.name}: {size} declarations"), "utf-8")
        cost = sum(one.processor for one in runs) / size
        if first is None:
            first = size, cost
            continue
        ratio = cost / first[1]
        yield Figure(name=f"road: processor time of a message among {size}", value=cost * 1e3, unit="ms",
                     against=f"among {first[0]}: {first[1] * 1e3:.3g} ms", ratio=ratio,
                     target=f"at most {1 + LINEAR:g} x", met=ratio <= 1 + LINEAR)


@dataclass(frozen=True)
class Run:
    """One run of one program. Seconds of the clock, and of processor time by itself and by its workers; octets of the
    largest process."""

    name: str
    wall: float
    own: float
    workers: float
    peak: int
    stacks: Stacks

    @property
    def processor(self) -> float:
        """All processor time."""
        return self.own + self.workers


def travelled(stack: ExitStack, root: Path, trees: Iterable[Tree]) -> Travelled:
    """Go the road once with these declarations. Raises RuntimeError where it does not end as it must.

    stack  what stops the SSH server in the end
    """
    sshd = stack.enter_context(running_sshd(root, []))
    togo, burkina = offices(root, sshd, inbox_declarations="bfdgd/asycuda")
    for office in (togo, burkina):
        with office.settings.open("a", encoding="utf-8") as file:
            file.write(f"\nworkers: {WORKERS}\n")
        with open_gateway(office.settings, datetime.now(UTC)):  # in service: its ledger was made long ago
            pass
    count, octets = drop(togo, trees)
    runs = [run(root, "send", "edi-send", togo, records_taken=count, messages_queued=count),
            run(root, "receive", "edi-receive", burkina, messages_accepted=count, deliveries_written=2 * count),
            run(root, "take answers", "edi-receive", togo, answers_taken=count + -(-count // 500))]
    return Travelled(togo, burkina, sshd, octets, runs)


def road(root: Path, count: int) -> tuple[list[Run], list[Figure]]:
    """Go the road once; the runs, and every figure of them. Raises RuntimeError where it does not end as it must."""
    with ExitStack() as stack:
        togo, burkina, sshd, octets, runs = travelled(stack, root, declarations(count))
        found = list(floors(root, togo, burkina, sshd, count))
        shutil.rmtree(togo.home / "national")
    told = [Figure(name="road: national files read", value=octets / 1e6, unit="MB")]
    for one_run in runs:
        told.extend(_figures(one_run, count))
    floor = sum(one.seconds for one in found)
    total = sum(one_run.wall for one_run in runs)
    told.extend(Figure(name=f"road: floor: {one.name}", value=one.seconds / count * 1e3, unit="ms/message",
                       against=f"{one.seconds:.3g} s in all, {one.processor:.3g} s of processor time",
                       ratio=one.seconds / floor) for one in found)
    processor, least = sum(one_run.processor for one_run in runs), sum(one.processor for one in found)
    told.append(Figure(name=f"road: processor time of {count} declarations, there and answered",
                       value=processor, unit="s", against=f"all floors: {least:.4g} s", ratio=processor / least))
    told.append(Figure(name=f"road: {count} declarations, there and answered", value=total, unit="s",
                       against=f"all floors: {floor:.4g} s", ratio=total / floor,
                       target=f"at most {RATIO:g} x", met=total <= RATIO * floor))
    return runs, told


def drop(togo: Office, trees: Iterable[Tree], mark: str = "d") -> tuple[int, int]:
    """Write the national files; how many declarations, and their octets. Not part of what is timed.

    mark  what the names begin with
    """
    dialect = load_dialect("tgotr/asycuda", search_path())
    number = octets = 0
    for number, tree in enumerate(trees, 1):
        files = dialect.write(tree, f"{mark}{number:06d}")
        octets += sum(map(len, files.values()))
        togo.drop("declarations", files)
    return number, octets


def run(root: Path, name: str, program: str, office: Office, **expected: int) -> Run:
    """Run a program of an office in a process of its own. Raises RuntimeError where it does not do what is expected."""
    result = root / "run.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.road_process", str(result), program, "--config", str(office.settings),
         "--json", "--lang", "en"], cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr} {done.stdout}")
    seen = json.loads(result.read_text("utf-8"))
    counts = json.loads(seen["out"].splitlines()[-1])
    short = {what: counts[what] for what, number in expected.items() if counts[what] != number}
    if short or counts["findings"]:
        raise RuntimeError(f"{program} did {short} of {expected}: {counts['findings'][:3]}")
    return Run(name=name, wall=seen["wall"], own=seen["processor"], workers=seen["processor_others"],
               peak=max(seen["peak"], seen["peak_others"]), stacks=seen["stacks"])


class Travelled(NamedTuple):
    """A road that was gone: both offices, the server, the octets of the national files, the three runs."""

    togo: Office
    burkina: Office
    sshd: Sshd
    octets: int
    runs: list[Run]


def _figures(run: Run, count: int) -> Iterator[Figure]:
    """The rate of a run, its memory, and where its processor time goes."""
    target = RATE if run.name in _TARGETED else None
    rate = count / run.wall
    yield Figure(name=f"road: {run.name}", value=rate, unit="messages/s",
                 against=f"{run.wall:.2f} s of the clock, {run.processor:.2f} s of processor time", ratio=None,
                 target="" if target is None else f"at least {target:g} messages/s",
                 met=target is None or rate >= target)
    yield Figure(name=f"road: {run.name}: peak memory of a process", value=run.peak / 1e6, unit="MB",
                 target=f"at most {MEGABYTES:g} MB", met=run.peak / 1e6 <= MEGABYTES)
    for stage, share in stages(run.stacks).items():
        if share >= _LEAST:
            yield Figure(name=f"road: {run.name}: {stage}", value=run.own * share / count * 1e3, unit="ms/message",
                         against=f"{share * run.own / run.processor:.1%} of the processor time")
    if run.workers:
        yield Figure(name=f"road: {run.name}: workers", value=run.workers / count * 1e3, unit="ms/message",
                     against=f"{run.workers / run.processor:.1%} of the processor time")
