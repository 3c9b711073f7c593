"""Do daemons on two hosts share one ledger on a real server: at once, once each, and whatever dies beneath them?"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from gateway.cli.entry import run as run_program
from tests.tools.many_hosts import sent, sequences, several
from tests.tools.offices import ROOT, Office, offices
from tests.tools.outputs import checked
from tests.tools.postgres import Postgres, running_postgres
from tests.tools.records import declaration_json

pytestmark = pytest.mark.needs_postgres
pytest.importorskip("procrastinate")

PATIENCE = 60.0
"""Seconds for what takes one or two on a quiet machine. The next tick is farther away than that."""
SETTINGS = """daemon:
  exchange: 30m
  stalled: 3s
  stop: 20s
  schedule: {report: never, backup: never}
"""
DOING = "SELECT worker_id FROM procrastinate_jobs WHERE status = 'doing' AND args ->> 'work' = 'exchange/BFDGD'"


@dataclass
class Host:
    """A host and its daemon: a process that leads a group of its own, as under a service manager."""

    office: Office
    process: subprocess.Popen[bytes]

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """What it has told of its jobs."""
        return checked("daemon", (self.office.home / "out").read_text("utf-8"))

    @property
    def told(self) -> str:
        """What it has told people."""
        return (self.office.home / "err").read_text("utf-8")


@dataclass
class World:
    """The hosts of one administration, and its partner."""

    hosts: list[Office]
    partner: Office
    declared: int = 0


@dataclass
class Hosts:
    """Two hosts with one ledger, and their partner. workers: number of a worker in the queue -> its host."""

    world: World
    server: Postgres
    workers: dict[int, Host]

    @property
    def alive(self) -> list[Host]:
        """Those whose daemon runs."""
        return [host for host in self.workers.values() if host.process.poll() is None]

    def asked(self, question: str) -> list[int]:
        """Numbers that a question after the queue gives."""
        with psycopg.connect(self.server.url.replace("+psycopg", "")) as connection:
            found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^public_daemon_'").fetchone()
            if found is None:
                return []
            connection.execute(f"SET search_path = {found[0]}".encode())
            return [row[0] for row in connection.execute(question.encode())]

    def has_workers(self, number: int) -> bool:
        """Whether so many daemons have begun to work."""
        return len(self.asked("SELECT id FROM procrastinate_workers")) == number

    def declare(self, host: Host) -> str:
        """One more declaration, its last; how the file is called."""
        self.world.declared += 1
        name = f"d{self.world.declared}.json"
        host.office.drop("declarations", {name: declaration_json(f"T-{self.world.declared}")})
        return name

    def at_partner(self) -> int:
        """Files in the partner's mailbox."""
        return len(list(self.world.partner.mailbox(self.world.hosts[0].name).iterdir()))

    def states(self) -> list[str]:
        """Of all movements."""
        return [str(one["state"]) for one in self.world.hosts[0].movements().values()]

    def counted(self) -> tuple[int, list[int]]:
        """Declarations sent, numbers of objects sent."""
        engine = create_engine(self.server.url)
        try:
            with engine.connect() as connection:
                return sent(connection, "out"), sequences(connection, "out")
        finally:
            engine.dispose()


def until(true: Callable[[], bool]) -> float:
    """Wait; how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.1)
    return time.monotonic() - began


def confirmed(hosts: Hosts) -> None:
    """Until the partner has answered everything, which runs as cron has it."""
    def all_of_it() -> bool:
        hosts.world.partner.run("edi-sync")
        return hosts.states() == ["CONFIRMED"] * hosts.world.declared
    until(all_of_it)


@contextmanager
def in_mid_task(hosts: Hosts) -> Iterator[int]:
    """A daemon is at the exchange with the partner, and waits for a writer that is let go at the end; its worker."""
    before = hosts.at_partner()
    hosts.declare(hosts.alive[0])
    until(lambda: hosts.at_partner() > before)
    until(lambda: not hosts.asked("SELECT id FROM procrastinate_jobs WHERE status = 'doing'"))
    with closing(psycopg.connect(hosts.server.url.replace("+psycopg", ""), autocommit=True)) as writer:
        writer.execute("SELECT pg_advisory_lock(%s, hashtext('public'))", (0x6564_6921,))
        hosts.world.partner.run("edi-sync")  # something comes
        until(lambda: bool(hosts.asked(DOING)))
        yield hosts.asked(DOING)[0]


def started(office: Office) -> Host:
    with (office.home / "out").open("wb") as out, (office.home / "err").open("wb") as err:
        return Host(office, subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "daemon", "--json", "--lang", "en", "--config", str(office.settings)],
            cwd=ROOT, stdout=out, stderr=err, start_new_session=True))


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """Two daemons at work, the one after the other, so that it is known which worker is whose."""
    with running_postgres() as server:
        root = tmp_path_factory.mktemp("hosts")
        first, partner = offices(root)
        world = World(several(first, root, 2, server.url.replace("+psycopg", ""), lease=1.0, messages=500), partner)
        both = Hosts(world, server, {})
        try:
            for number, office in enumerate(world.hosts, 1):
                with office.settings.open("a", encoding="utf-8") as settings:
                    settings.write(SETTINGS)
                both.workers[number] = started(office)
                until(partial(both.has_workers, number))
            yield both
        finally:
            for host in both.alive:
                os.killpg(host.process.pid, signal.SIGKILL)
            for host in both.workers.values():
                host.process.wait(30)


def test_what_is_dropped_goes_at_once_and_what_comes_is_taken_at_once_by_one_of_both(hosts: Hosts) -> None:
    for host in hosts.alive:
        hosts.declare(host)
    until(lambda: hosts.at_partner() > 0)  # no tick comes within half an hour
    confirmed(hosts)
    assert hosts.counted()[0] == hosts.world.declared == 2
    numbers = hosts.counted()[1]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sum(int(str(job.get("records_taken", 0))) for host in hosts.alive for job in host.jobs) == 2
    assert {job["exit"] for host in hosts.alive for job in host.jobs} == {0}
    assert [host.told for host in hosts.alive] == ["", ""]


def test_beside_the_daemons_cron_may_run_and_a_second_daemon_of_one_host_may_not(hosts: Hosts) -> None:
    office = hosts.alive[0].office
    assert office.run("edi-sync").exit == 0
    assert run_program("edi", ["daemon", "--config", str(office.settings), "--lang", "en"]) == 75
    assert office.run("edi", "ledger", "copy", "postgresql://owner@127.0.0.1:1/none").exit == 75


def test_what_a_killed_host_was_at_another_takes_up_and_nothing_is_doubled(hosts: Hosts) -> None:
    with in_mid_task(hosts) as worker:
        killed = hosts.workers[worker]
        os.killpg(killed.process.pid, signal.SIGKILL)
        killed.process.wait(30)
    other, = hosts.alive
    until(lambda: "X384" in other.told)
    confirmed(hosts)
    assert hosts.counted()[0] == hosts.world.declared
    numbers = hosts.counted()[1]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_database_that_is_restarted_is_waited_for_and_the_work_goes_on(hosts: Hosts) -> None:
    host, *_ = hosts.alive
    before = len(host.told)
    hosts.server.stop()
    until(lambda: "X382" in host.told)
    hosts.server.start()
    until(lambda: "X383" in host.told)
    hosts.declare(host)
    confirmed(hosts)
    assert hosts.counted()[0] == hosts.world.declared
    assert re.findall("X38[0-9]", host.told[before:])[:2] == ["X382", "X383"]  # the outage once, however long


def test_told_to_stop_it_ends_the_step_it_is_at_leaves_the_rest_to_others_and_is_done(hosts: Hosts) -> None:
    host, *others = hosts.alive
    for one in others:
        one.process.terminate()
        assert one.process.wait(PATIENCE) == 0
    with in_mid_task(hosts):
        host.process.terminate()
        time.sleep(0.5)
    began = time.monotonic()
    assert host.process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 20
    assert (hosts.asked(DOING), hosts.asked("SELECT id FROM procrastinate_workers")) == ([], [])
    assert len(hosts.asked(DOING.replace("doing", "todo"))) == 1
    assert host.office.run("edi-sync").exit == 0  # what is left is anybody's
