"""What can be thrown at two gateways and the server between them, one thing a step.

`Storm.step` draws; `Storm.throw` takes a name, for tests that want one thing. Whatever is thrown, no run may end in a
defect, hang, or in any way that a run has no right to (`ENDS`); `Storm.wrong` says which did.
"""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from gateway.security import file_name
from tests.campaigns.mailbox_forks import Running, Setup
from tests.campaigns.mailbox_line import HASTY, LineWorld
from tests.campaigns.mailbox_world import PROGRAMS
from tests.tools.proxy import DIRECTIONS, Cut
from tests.tools.skew import skewed

KILLED, BUSY = -9, 75
ENDS = frozenset({0, 1, 4, 5, BUSY})
"""Done; a person is needed; later; no trust; another run is at it. Never a usage or settings error, never a defect."""

HANGS = 120.0
LASTING = 0.5
"""Seconds that a run takes, until one was measured."""

_PARTIAL = ("{}.filepart", "{}.part", ".{}.tmp", "{}.p7m.uploading", "Thumbs.db {}", "{} (copy).p7m", "READ {}", "é{}")


class Storm:
    """Disturbances of one case, drawn from its dice."""

    def __init__(self, world: LineWorld, drawn: random.Random) -> None:
        self.world = world
        self.drawn = drawn
        self.wrong: list[str] = []
        """Runs that ended as none may."""
        self.thrown: list[str] = []
        """What was done, in words."""
        self._seen: dict[Path, bytes] = {}
        self._strange: set[Path] = set()
        self._latest = world.now
        self.kinds: dict[str, Callable[[], None]] = {
            "calm": self._calm, "together": self._together, "killed": self._killed, "server dies": self._server_dies,
            "server away": self._server_away, "host key": self._host_key, "cut": self._cut, "slow": self._slow,
            "skew": self._skew, "foreign": self._foreign, "lost": self._lost, "damaged": self._damaged,
            "again": self._again, "mixed up": self._mixed_up, "work": self._work, "time": self._time}

    def step(self) -> None:
        """Throw anything, and let a run come by."""
        self.throw(self.drawn.choice(list(self.kinds)))

    def throw(self, kind: str) -> None:
        """Throw one thing. Raises KeyError."""
        self.thrown.append(kind)
        self.kinds[kind]()
        self._look()

    def run(self, office: str, program: str) -> None:
        """Let a run come by, undisturbed."""
        self._wait(self._start(office, program), office, program)
        self._look()

    def over(self) -> None:
        """Fair weather: the server is up, its key is pinned, the line is whole, somebody has tidied up, and what was
        signed in the future is so no more."""
        world = self.world
        world.now = max(world.now, self._latest)
        world.proxy.arm()
        world.proxy.rate, world.proxy.delay = 0, 0.0
        world.server.start()
        world.pin()
        for path in self._strange:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)

    # --- runs

    def _calm(self) -> None:
        office, program = self._any()
        began = time.monotonic()
        self._wait(self._start(office, program), office, program)
        self.world.lasting[program] = max(self.world.lasting.get(program, 0.0), time.monotonic() - began)

    def _together(self) -> None:
        """Two to four runs at once, of one side or both; one may have the wrong time."""
        runs = []
        for _ in range(self.drawn.randint(2, 4)):
            office, program = self._any()
            setups = [self._wrong_clock(timedelta(days=2))] if self.drawn.random() < 0.2 else []
            runs.append((self._start(office, program, setups), office, program))
        for running, office, program in runs:
            self._wait(running, office, program)

    def _killed(self) -> None:
        office, program = self._any()
        running = self._start(office, program)
        time.sleep(self._instant(program))
        running.kill()
        self._wait(running, office, program, KILLED)

    def _cut(self) -> None:
        office, program = self._any()
        cut = Cut(self.drawn.choice(DIRECTIONS), "octet", self.drawn.randrange(15_000),
                  self.drawn.choice(("rst", "fin", "stall", "late")), self.drawn.randint(1, 2))
        self.thrown[-1] += f" {cut.direction} {cut.at} {cut.how}"
        self.world.proxy.arm(cut)
        self._wait(self._start(office, program, [HASTY]), office, program)
        self.world.proxy.arm()

    # --- server and line

    def _server_dies(self) -> None:
        """In the middle of a run; it is back for the next one, or stays away for longer."""
        office, program = self._any()
        running = self._start(office, program)
        time.sleep(self._instant(program))
        self.world.server.kill()
        if self.drawn.random() < 0.5:
            self.world.server.start()
        self._wait(running, office, program)
        if self.drawn.random() < 0.7:
            self.world.server.start()

    def _server_away(self) -> None:
        self.world.server.kill()
        self._calm()
        if self.drawn.random() < 0.7:
            self.world.server.start()

    def _host_key(self) -> None:
        """Another host key: nobody speaks to it before it was pinned."""
        world = self.world
        world.server.change_host_key()
        office, program = self._any()
        before = self._names()
        self._wait(self._start(office, program), office, program)
        if self._names() != before:
            self.wrong.append("something was exchanged with a host that is not known")
        if self.drawn.random() < 0.8:
            world.pin()

    def _slow(self) -> None:
        proxy = self.world.proxy
        proxy.rate, proxy.delay = self.drawn.choice((0, 6_000, 30_000)), self.drawn.choice((0.0, 0.01))
        self._calm()
        proxy.rate, proxy.delay = 0, 0.0

    def _skew(self) -> None:
        office, program = self._any()
        off = timedelta(minutes=self.drawn.choice((-1440, -60, -6, -3, 3, 6, 60, 300, 1440, 2880)))
        self.thrown[-1] += f" {office} {program} {off}"
        self._wait(self._start(office, program, [self._wrong_clock(off)]), office, program)

    # --- mailboxes

    def _foreign(self) -> None:
        """Whatever people and programs leave in a folder, few or very many."""
        for folder in self._folders():
            for _ in range(self.drawn.choice((1, 5, 2_000))):
                path = folder / self.drawn.choice(_PARTIAL).format(secrets.token_hex(6))
                path.write_bytes(b"x")
                self._strange.add(path)
            folder_inside, link = folder / f"{secrets.token_hex(16)}.p7m", folder / f"{secrets.token_hex(16)}.p7m"
            folder_inside.mkdir()
            link.symlink_to("/etc/passwd")
            self._strange |= {folder_inside, link}
            content = self.drawn.randbytes(self.drawn.randrange(1, 3_000))
            for name in (file_name(content), f"{secrets.token_hex(16)}.p7m"):
                (folder / name).write_bytes(content)
                self._strange.add(folder / name)
        self._calm()

    def _lost(self) -> None:
        """A file is gone from a mailbox, as after a loss of power at the server."""
        for path in self._pick():
            path.unlink(missing_ok=True)
        self._calm()

    def _damaged(self) -> None:
        for path in self._pick():
            content = bytearray(path.read_bytes())
            if self.drawn.random() < 0.5:
                del content[self.drawn.randrange(len(content)):]
            else:
                content[self.drawn.randrange(len(content))] ^= 1 << self.drawn.randrange(8)
            path.write_bytes(content)
        self._calm()

    def _again(self) -> None:
        """Files that were there before are there once more, and both sides look."""
        for path in self.drawn.sample(sorted(self._seen), self.drawn.randint(0, len(self._seen))):
            path.write_bytes(self._seen[path])
        for office in self.world.offices:
            self.run(office, "edi-receive")

    def _mixed_up(self) -> None:
        """The oldest is the youngest, and the other way round."""
        for path in self._sealed():
            moment = self.drawn.randrange(1, 2_000_000_000)
            os.utime(path, (moment, moment))
        self._calm()

    # --- people and time

    def _work(self) -> None:
        self.world.add(declarations=1, events=self.drawn.randint(0, 1))
        self._calm()

    def _time(self) -> None:
        self.world.pass_time(minutes=self.drawn.choice((1, 10, 250, 300)))
        self._calm()

    # --- help

    def _any(self) -> tuple[str, str]:
        return self.drawn.choice(sorted(self.world.offices)), self.drawn.choice(PROGRAMS)

    def _start(self, office: str, program: str, setups: Sequence[Setup] = ()) -> Running:
        self._look()
        return self.world.start(office, program, setups=setups)

    def _wait(self, running: Running, office: str, program: str, *more: int) -> None:
        try:
            ran = running.wait(HANGS)
        except TimeoutError as error:
            self.wrong.append(f"{self.thrown[-1]}: {office} {program}: {error}")
            return
        if ran.exit not in ENDS | set(more):
            self.wrong.append(f"{self.thrown[-1]}: {office} {program}: exit {ran.exit} {ran.err[-800:]}")

    def _wrong_clock(self, off: timedelta) -> Setup:
        self._latest = max(self._latest, self.world.now + off)
        return skewed(self.world.now, off)

    def _instant(self, program: str) -> float:
        return self.drawn.random() * 1.1 * self.world.lasting.get(program, LASTING)

    def _folders(self) -> list[Path]:
        togo, burkina = self.world.togo, self.world.burkina
        return [togo.mailbox(burkina.name), burkina.mailbox(togo.name)]

    def _sealed(self) -> list[Path]:
        return [path for folder in self._folders() for path in sorted(folder.glob("*.p7m"))
                if path not in self._strange and path.is_file()]

    def _names(self) -> list[str]:
        return [path.name for path in self._sealed()]

    def _pick(self) -> list[Path]:
        there = self._sealed()
        return self.drawn.sample(there, min(len(there), 1))

    def _look(self) -> None:
        """Remember what stands in the mailboxes, as somebody who can read them may."""
        for path in self._sealed():
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            if file_name(content) == path.name:
                self._seen[path] = content
