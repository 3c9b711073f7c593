"""The mailbox over SFTP: many small files and one large, near and 150 ms away, beside what others would take.

One OpenSSH server, one open session for each way, the ways in turns, each round checked octet by octet; what is
compared is the median of the rounds. Sessions are opened before the clock runs. The folders are in memory where the
system has such a place: the way is measured, not the disk. One file after the other over 150 ms is so slow that a few
files say it all: what takes that long is not done a thousand times, its time for one file is compared with ours.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench import Figure
from tests.bench.distance import distance
from tests.bench.sftp_ways import Asyncssh, Command, NotHere, Ours, Plain, Server, Way, server_for
from tests.tools.sshd import Sshd, make_client_key, running_sshd

ROOT = Path(__file__).parents[2]
FILES, SMALL, LARGE = 1000, 4000, 50_000_000
"""How many small files there are; octets of a small one and of the large one."""
FEW = {"paramiko": 14, "sftp -b": 5}
"""Way that takes one file after the other -> files of one round over a distance; there are three rounds."""
MEMORY = 1.5
"""Most that our peak memory may grow, as a multiple of the large file."""
AWAY = 0.150
"""Seconds for a question and its answer."""
PLAIN, COMMAND, SAME, PEER = "paramiko", "sftp -b", "sftp -b with our cipher", "asyncssh"
OURS = "ours"
MAKERS: Mapping[str, Callable[[Server, ExitStack], Way]] = {
    OURS: Ours,
    PLAIN: Plain,
    COMMAND: Command,
    SAME: lambda server, stack: Command(server, stack, "-c", "aes256-gcm@openssh.com"),
    PEER: Asyncssh,
}


@dataclass(frozen=True, kw_only=True)
class Race:
    """What is moved, over which distance, and what is demanded of it.

    least   way -> how many times as fast as it we have to be
    """

    what: str
    where: str
    files: int
    size: int
    rounds: int
    least: Mapping[str, float]
    away: float = 0.0

    @property
    def large(self) -> bool:
        """Whether it is one file, told as a rate."""
        return self.files == 1

    def files_of(self, way: str) -> int:
        """How many files a way takes in one round."""
        return min(self.files, FEW.get(way, self.files)) if self.away else self.files

    def takes(self, way: str) -> bool:
        """Whether a way takes part: over a distance it is not the cipher that one waits for."""
        return not (self.away and way == SAME)


def races(scale: float) -> list[Race]:
    """All of them at a share of their loads."""
    files, size = max(2, round(FILES * scale)), max(SMALL, round(LARGE * scale))
    small, large = f"{files:,} files of 4 kB", f"one of {size / 1e6:.3g} MB"
    near, far = "loopback", f"{AWAY * 1e3:.0f} ms away"
    return [
        Race(what=small, where=near, files=files, size=SMALL, rounds=3, least={}),
        Race(what=large, where=near, files=1, size=size, rounds=9, least={COMMAND: 0.9}),
        Race(what=small, where=far, files=files, size=SMALL, rounds=3, least={PLAIN: 50, PEER: 1.5}, away=AWAY),
        Race(what=large, where=far, files=1, size=size, rounds=2, least={}, away=AWAY),
    ]


def figures(scale: float) -> Iterator[Figure]:
    """All figures of this benchmark."""
    memory = Path("/dev/shm")
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(
            prefix="edi-bench-", dir=memory if os.access(memory, os.W_OK) else None)))
        key, line = make_client_key(root)
        sshd = stack.enter_context(running_sshd(root, [line]))
        far = stack.enter_context(distance(sshd.port, AWAY))
        yield from _missing(root, sshd, key)
        for number, race in enumerate(races(scale)):
            yield from run(race, root / f"race-{number}", sshd, key, far if race.away else sshd.port)
    yield from _memory(max(LARGE // 20, round(LARGE * min(1.0, scale))))


def _memory(size: int) -> Iterator[Figure]:
    """Peak memory of a process of its own that moves one file, above what it had before the file was there."""
    for direction in ("up", "down"):
        told = json.loads(subprocess.run([sys.executable, "-m", "tests.bench.mailbox_memory", direction, str(size)],
                                         cwd=ROOT, check=True, capture_output=True).stdout)
        ratio = told["peak"] / size
        yield Figure(name=f"mailbox: peak memory, one of {size / 1e6:.3g} MB {direction}", value=told["peak"] / 1e6,
                     unit="MB", against="the file", ratio=ratio, target=f"at most {MEMORY:g} x", met=ratio <= MEMORY)


def _missing(root: Path, sshd: Sshd, key: Path) -> Iterator[Figure]:
    """One figure for each way that this machine does not have."""
    for name, make in MAKERS.items():
        with ExitStack() as stack:
            try:
                make(server_for(sshd, key, sshd.port, f"try-{len(name)}"), stack)
            except NotHere as reason:
                yield Figure(name=f"mailbox: {name}", value=0, unit="s", against=f"not compared: {reason}")


def run(race: Race, folder: Path, sshd: Sshd, key: Path, port: int) -> Iterator[Figure]:
    """Both directions of one race."""
    files = _make(folder / "here", race)
    times: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        ways: dict[str, tuple[Way, Server]] = {}
        for number, (name, make) in enumerate((name, make) for name, make in MAKERS.items() if race.takes(name)):
            server = server_for(sshd, key, port, f"{folder.name}-{number}")
            try:
                ways[name] = make(server, stack), server
            except NotHere:
                continue
        for _ in range(race.rounds):
            for name, (way, server) in ways.items():
                chosen = files[:race.files_of(name)]
                up, down = once(way, server, chosen, folder / "back")
                times.setdefault((name, "up"), []).append(up / len(chosen))
                times.setdefault((name, "down"), []).append(down / len(chosen))
    shutil.rmtree(folder)
    for direction in ("up", "down"):
        ours = statistics.median(times[OURS, direction])
        for name in list(ways)[1:]:
            yield _figure(race, direction, name, ours, statistics.median(times[name, direction]))


def once(way: Way, server: Server, files: list[Path], back: Path) -> tuple[float, float]:
    """Seconds for putting files up and for getting them back. Raises RuntimeError when they are not what they were."""
    start = time.perf_counter()
    way.put(files)
    up = time.perf_counter() - start
    _compare(files, server.new)
    back.mkdir()
    start = time.perf_counter()
    way.get(back)
    down = time.perf_counter() - start
    _compare(files, back)
    for folder in (back, server.new):
        shutil.rmtree(folder)
    server.new.mkdir()
    return up, down


def _compare(files: list[Path], folder: Path) -> None:
    there = {path.name: path for path in folder.iterdir()}
    if there.keys() != {file.name for file in files}:
        raise RuntimeError(f"{len(there)} files in {folder} of {len(files)}")
    for file in files:
        if there[file.name].read_bytes() != file.read_bytes():
            raise RuntimeError(f"another content: {there[file.name]}")


def _make(folder: Path, race: Race) -> list[Path]:
    """Files under names as the product gives them, with contents that no compression makes smaller."""
    folder.mkdir(parents=True)
    made = [folder / f"{number:032x}.p7m" for number in range(race.files)]
    for path in made:
        path.write_bytes(os.urandom(race.size))
    return made


def _figure(race: Race, direction: str, name: str, ours: float, theirs: float) -> Figure:
    ratio, least = theirs / ours, race.least.get(name)

    def told(seconds: float) -> float:
        return race.size / seconds / 1e6 if race.large else seconds * 1e3
    unit = "MB/s" if race.large else "ms for a file"
    few = race.files_of(name) * race.rounds
    counted = "" if race.files_of(name) == race.files else f" ({few} files)"
    return Figure(name=f"mailbox: {race.what} {direction}, {race.where}, beside {name}", value=told(ours), unit=unit,
                  against=f"{name} {told(theirs):,.3g} {unit}{counted}", ratio=ratio,
                  target="" if least is None else f"at least {least:g} x as fast",
                  met=least is None or ratio >= least)
