"""The daemon of one host, from its start until it is told to go.

While the database is away nothing is begun, and it is tried again every few seconds; what was at work then ends by
itself as every run does that loses its ledger. Its jobs count as left behind, and are taken up again, by whoever is
there.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from gateway.config import Settings
from gateway.config.daemon import Daemon
from gateway.daemon.children import Children, Ended
from gateway.daemon.looking import Looks, changed
from gateway.daemon.manager import ALIVE, READY, STOPPING, tell_manager
from gateway.daemon.queue import Queue, away, required_server
from gateway.daemon.works import EXCHANGE, JUDGE, Work, fresh, works
from gateway.errors import GatewayError
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Place
from gateway.ledger import Ledger

LOOK = 1.0
"""Seconds between two looks at folders and settings."""
_SETTLE = 0.2
"""Seconds in which what is recorded one after the other is one piece of news."""
_BEAT = 60.0
"""Seconds between two words to whoever watches that the daemon is alive."""
_LONGEST_WAIT = 5.0
_HEAR = 30.0
"""Seconds of silence after which the ledger is asked all the same."""

AWAY, BACK, LEFT = "X382", "X383", "X384"


class Rim:
    """What the daemon gets from outside, and whom it tells.

    load     reads the settings anew; raises LocalError
    now      this instant, aware; clock: monotonic seconds
    begun    the daemon is at work
    ended    a work came to its end; after so many seconds
    told     something that people should know
    beat     alive: once a minute, with the exit statuses since the last time, and whether the database is away
    """

    def __init__(self, *, load: Callable[[], Settings], now: Callable[[], datetime], clock: Callable[[], float],
                 begun: Callable[[], None], ended: Callable[[Work, Ended, float], Exit],
                 told: Callable[[Finding], None], beat: Callable[[set[Exit], bool], None]) -> None:
        self.load, self.now, self.clock = load, now, clock
        self.begun, self.ended, self.told, self.beat = begun, ended, told, beat


def host_of(settings: Settings) -> str:
    """The queue of a host's own work: unlike that of any other host, and of another gateway on this one. Short, for it
    becomes part of a channel's name."""
    place = f"{socket.gethostname()} {settings.paths.state}"
    return f"host-{hashlib.sha256(place.encode()).hexdigest()[:16]}"


class Runner:
    """A daemon at work. `run` returns when it was told to go."""

    def __init__(self, settings: Settings, children: Children, rim: Rim) -> None:
        self._settings, self._children, self._rim = settings, children, rim
        self._daemon = settings.daemon or Daemon()
        self._address = required_server(settings.ledger)
        self._host = host_of(settings)
        self._works = works(settings, self._host)
        self._looks = Looks()
        self._threads = ThreadPoolExecutor(self._daemon.jobs + 3)
        self._going = asyncio.Event()
        self._queue: Queue | None = None
        self._leading = False
        self._away = False
        self._statuses: set[Exit] = set()

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT. Raises LocalError for what no waiting mends."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._go)
        tell_manager(READY)
        self._rim.begun()
        alive = asyncio.create_task(self._alive())
        try:
            wait = 0.5
            while not self._going.is_set():
                before = self._rim.clock()
                await self._connected()
                gc.collect()  # a connection that was given up half made stays open else, and a server that stops waits
                wait = 0.5 if self._rim.clock() - before > _LONGEST_WAIT else min(2 * wait, _LONGEST_WAIT)
                await self._pause(wait)
        finally:
            self._children.kill()
            alive.cancel()
            self._threads.shutdown()

    def _go(self) -> None:
        tell_manager(STOPPING)
        self._going.set()
        self._children.stop()

    async def _pause(self, seconds: float) -> None:
        """Wait, or less where the daemon is told to go."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._going.wait(), seconds)

    async def _connected(self) -> None:
        """Work as long as the database is there."""
        try:
            async with Queue.opened(self._address, self._daemon.jobs, self._do) as queue:
                self._queue = queue
                with await self._apart(partial(Ledger.open, self._settings.ledger, now=self._rim.now())) as ledger:
                    queue.schedule(self._works)
                    self._returned()
                    await self._together(queue, ledger)
        except Exception as error:
            if not away(error):
                raise
            self._lost(str(error) or type(error).__name__)
        finally:
            self._queue = None

    async def _together(self, queue: Queue, ledger: Ledger) -> None:
        """The worker, and what looks out beside it, until one of them ends or the daemon is told to go."""
        stalled = self._daemon.stalled.total_seconds()
        worker = asyncio.create_task(queue.work(self._host, self._daemon.jobs, stalled))
        beside = [asyncio.create_task(one) for one in (
            self._going.wait(), self._look(queue), self._listen(queue, ledger), self._take_up(queue, stalled))]
        try:
            await asyncio.wait({worker, *beside}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in beside:
                one.cancel()
            failed = await _over(*beside)
            if self._going.is_set():
                asyncio.get_running_loop().call_later(self._daemon.stop.total_seconds(), self._children.kill)
            worker.cancel()
            failed += await _over(worker)
        if not self._going.is_set():
            raise failed[0] if failed else OSError("procrastinate")

    async def _do(self, name: str) -> None:
        """Have a work done by a process, unless this host has none of that name any more."""
        work = self._works.get(name)
        if work is None:
            return
        if not self._going.is_set():
            began = self._rim.clock()
            ended = await self._apart(partial(self._children.run, work.program, work.words,
                                              work.longest.total_seconds()))
            self._statuses.add(self._rim.ended(work, ended, self._rim.clock() - began))
        if self._going.is_set() and self._queue is not None:  # it may have been cut: another host, or the next start
            await self._queue.ask(work)

    async def _look(self, queue: Queue) -> None:
        """Look at folders and settings again and again."""
        stamp = await self._apart(partial(changed, self._settings))
        while True:
            for name in await self._apart(partial(self._looks.news, self._settings, mailboxes=self._leading)):
                if name in self._works:
                    await queue.ask(self._works[name])
            if (found := await self._apart(partial(changed, self._settings))) != stamp:
                stamp = found
                await self._reload(queue)
            await asyncio.sleep(LOOK)

    async def _reload(self, queue: Queue) -> None:
        """The settings are others. Broken ones are told, and change nothing here."""
        try:
            self._settings = await self._apart(self._rim.load)
        except GatewayError as error:
            for finding in error.findings:
                self._rim.told(finding)
            return
        self._works = works(self._settings, self._host)
        queue.schedule(self._works)

    async def _listen(self, queue: Queue, ledger: Ledger) -> None:
        """Have done what others have recorded in the ledger, as soon as it stands there."""
        async with queue.leading(partial(asyncio.sleep, LOOK)) as connection:
            self._leading = True
            heard = asyncio.Event()
            heard.set()  # what was recorded while nobody listened
            asking = asyncio.create_task(self._ask(queue, ledger, heard))
            try:
                while not asking.done():
                    async for _ in connection.notifies(timeout=_HEAR):
                        heard.set()
                    heard.set()
                    await connection.execute("SELECT 1")  # is it still there?
                await asking
            finally:
                self._leading = False
                asking.cancel()

    async def _ask(self, queue: Queue, ledger: Ledger, heard: asyncio.Event) -> None:
        waiting: dict[str, int] = {}
        stored = 0
        while True:
            await heard.wait()
            await asyncio.sleep(_SETTLE)
            heard.clear()
            now, newest = await self._apart(partial(_recorded, ledger))
            wanted = [EXCHANGE + partner for partner in fresh(waiting, now)]
            if newest > stored:
                wanted.append(JUDGE)
            for name in wanted:
                if name in self._works:
                    await queue.ask(self._works[name])
            waiting |= {partner: max(number, waiting.get(partner, 0)) for partner, number in now.items()}
            stored = max(stored, newest)

    async def _take_up(self, queue: Queue, stalled: float) -> None:
        while True:
            left = await queue.take_up(stalled)
            if left:
                self._rim.told(Finding(code=LEFT, values={"n": str(left)}))
            await asyncio.sleep(stalled / 2)

    async def _alive(self) -> None:
        """Tell the service manager, and once in a while whoever watches the runs."""
        due = self._rim.clock()
        while True:
            tell_manager(ALIVE)
            if self._rim.clock() >= due:
                due = self._rim.clock() + _BEAT
                statuses, self._statuses = self._statuses, set()
                await self._apart(partial(self._rim.beat, statuses, self._away))
            await asyncio.sleep(LOOK)

    def _lost(self, reason: str) -> None:
        if not self._away and not self._going.is_set():
            self._away = True
            self._rim.told(Finding(code=AWAY, place=Place(file=self._settings.ledger), values={
                "ledger": self._settings.ledger, "reason": reason.splitlines()[0]}))

    def _returned(self) -> None:
        if self._away:
            self._away = False
            self._rim.told(Finding(code=BACK, values={"ledger": self._settings.ledger}))

    async def _apart(self, work: Callable[[], Any]) -> Any:
        """Something that takes a while, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _recorded(ledger: Ledger) -> tuple[dict[str, int], int]:
    with ledger.reading() as queries:
        return queries.newest_waiting(), queries.newest_stored()


async def _over(*tasks: asyncio.Task[Any]) -> list[Exception]:
    """Wait for tasks that were cancelled or have ended; what they failed with."""
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    return [one for one in ended if isinstance(one, Exception)]


def serve(settings: Settings, children: Children, rim: Rim) -> None:
    """Run a daemon to its end. Raises as `Runner.run`."""
    async def main() -> None:
        await Runner(settings, children, rim).run()

    asyncio.run(main())
