"""The whole road: 5,000 declarations from ASYCUDA files at the sender to national files and answers at the receiver.

Two gateways as two processes, as two administrations would run them: the one reads, converts, seals in interchanges of
up to 500 messages and sends, while the other already judges.

Read, converted, sealed in interchanges of up to 500 messages, put over SFTP on the loopback, collected, judged,
handed over, answered with receipts, CONTRL and CUSRES, and the answers taken. Beside it, in the same run, what the bare
primitives need for the same bytes: parsing, signing and encrypting, putting, and one fsync per commit.
"""

from __future__ import annotations

import gc
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import paramiko
from lxml import etree

from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.collect import collect
from gateway.exchange.deliver import deliver
from gateway.exchange.dispatch import dispatch
from gateway.exchange.intake import take_national_files
from gateway.exchange.process import process_stored
from gateway.exchange.sealing import seal_waiting
from gateway.exchange.sessions import Sessions
from gateway.exchange.summary import Summary
from gateway.mapping import search_path
from gateway.mapping.dialect import load_dialect
from gateway.security import EDIFACT, FIRST_PREVIOUS, Header, seal
from tests.bench import Figure
from tests.bench.load import declarations
from tests.tools.offices import Office, offices
from tests.tools.sshd import Sshd, running_sshd

DECLARATIONS = 5000
SECONDS = 60
PAUSE = 0.1
"""Seconds between two runs of one gateway."""

LOT = 1000
"""National files that one run of the sender takes: 500 declarations of two files."""


def figures(scale: float) -> Iterator[Figure]:
    """Run the road once, as two processes, and the primitives once."""
    count = max(1, round(DECLARATIONS * scale))
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edi-bench-")))
        sshd = stack.enter_context(running_sshd(root, []))
        togo, burkina = offices(root, sshd, inbox_declarations="bfdgd/asycuda")
        octets = _drop(togo, count)
        start = time.perf_counter()
        with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
            receiving = pool.submit(receive_all, burkina.settings, togo.name, count)
            sending = send_all(togo.settings, burkina.name, count)
            received = receiving.result()
        total = time.perf_counter() - start
        for side, work in (("sender", sending), ("receiver", received)):
            for name, seconds in work.seconds.items():
                yield Figure(name=f"road: {side}: {name}", value=count / max(seconds, 1e-6), unit="messages/s",
                             against=f"{seconds:.2f} s for {count}")
            yield Figure(name=f"road: {side}: peak memory", value=work.peak / 1024, unit="MiB")
        sender = stack.enter_context(open_gateway(togo.settings, _now()))
        for name, seconds in _primitives(root, togo, sshd, sender, _payloads(sender), count):
            yield Figure(name=f"primitive: {name}", value=seconds, unit="s", against="the whole road in the same run",
                         ratio=total / seconds)
        yield Figure(name="road: national files read", value=octets / 1e6, unit="MB")
        yield Figure(name=f"road: {count} declarations, there and answered", value=total, unit="s",
                     against=f"{SECONDS * scale:g} s", ratio=total / (SECONDS * scale),
                     target=f"{DECLARATIONS} in under {SECONDS} s on two cores", met=total < SECONDS * scale)


@dataclass
class Work:
    """What one gateway did: seconds by stage, peak memory in KiB."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak: int = 0

    def time(self, stage: str, step: Callable[[], None]) -> None:
        """Run a step and add its time to a stage."""
        start = time.perf_counter()
        step()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def send_all(settings: Path, partner: str, count: int) -> Work:
    """Send everything, a lot of files at a time as a frequent cron does, and take every answer."""
    work, summary = Work(), Summary()
    with open_gateway(settings, _now()) as gateway:
        gc.freeze()
        while summary.answers_taken < count or summary.records_taken < count:
            with Sessions(gateway, _moment(), summary, [partner]) as sessions:
                work.time("read, convert, queue", partial(take_national_files, gateway, _moment(), summary, LOT))
                work.time("seal", partial(seal_waiting, gateway, partner, _moment(), summary))
                work.time("dispatch", partial(dispatch, gateway, partner, sessions, _moment(), summary))
                work.time("collect answers", partial(collect, gateway, partner, sessions, _moment(), summary))
            work.time("take answers", partial(process_stored, gateway, _moment(), summary))
            _clean(summary)
            time.sleep(PAUSE)
    work.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return work


def receive_all(settings: Path, partner: str, count: int) -> Work:
    """Receive, judge, hand over and answer until everything is accepted."""
    work, summary = Work(), Summary()
    with open_gateway(settings, _now()) as gateway:
        gc.freeze()
        while summary.messages_accepted < count:
            with Sessions(gateway, _moment(), summary, [partner]) as sessions:
                work.time("collect, receipts", partial(collect, gateway, partner, sessions, _moment(), summary))
                work.time("judge, answer", partial(process_stored, gateway, _moment(), summary))
                work.time("write national inbox", partial(deliver, gateway, _moment(), summary))
                work.time("seal answers", partial(seal_waiting, gateway, partner, _moment(), summary))
                work.time("dispatch answers", partial(dispatch, gateway, partner, sessions, _moment(), summary))
            _clean(summary)
            time.sleep(PAUSE)
    work.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return work


def _clean(summary: Summary) -> None:
    if summary.problems:
        raise RuntimeError(f"the road is not clean: {summary.counts()} {summary.problems[:3]}")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _moment() -> Occasion:
    return Occasion(_now(), lambda: os.urandom(16).hex(), time.monotonic)


def _drop(togo: Office, count: int) -> int:
    """Write the national files; their octets. Not part of what is timed."""
    dialect = load_dialect("tgotr/asycuda", search_path())
    octets = 0
    for number, tree in enumerate(declarations(count), 1):
        files = dialect.write(tree, f"d{number:05d}")
        octets += sum(map(len, files.values()))
        togo.drop("declarations", files)
    return octets


def _payloads(sender: Gateway) -> list[bytes]:
    with sender.ledger.reading() as queries:
        rows = [row for row in queries.interchanges(direction="out") if row.type == "CUSDEC"]
        return [payload for row in rows if (payload := queries.payload_of(row.id)) is not None]


def _primitives(root: Path, togo: Office, sshd: Sshd, sender: Gateway, payloads: list[bytes],
                count: int) -> Iterator[tuple[str, float]]:
    """The same bytes through the bare libraries."""
    files = [path.read_bytes() for path in sorted((togo.home / "national" / "sent" / "declarations").glob("*.xml"))]
    start = time.perf_counter()
    for content in files:
        etree.fromstring(content)
    yield "lxml parse of the same files", time.perf_counter() - start

    now = _now()
    start = time.perf_counter()
    sealed = [seal(Header(message_id=f"<{os.urandom(16).hex()}@{sender.name}>", sender=sender.name, recipient="BFDGD",
                          date=now, sequence=1, previous=FIRST_PREVIOUS, content_type=EDIFACT, filename="x.edi"),
                   payload, signer=sender.signer, recipients=sender.recipients("BFDGD", now), signing_time=now)
              for payload in payloads]
    yield "sign and encrypt the same interchanges", time.perf_counter() - start

    transport = paramiko.Transport(("127.0.0.1", sshd.port))
    key = paramiko.Ed25519Key.from_private_key_file(str(togo.home / "keys" / "ssh"))
    transport.connect(username=sshd.user, pkey=key)
    client = paramiko.SFTPClient.from_transport(transport)
    assert client is not None
    start = time.perf_counter()
    for one in sealed:
        with client.open(one.name, "wb") as file:
            file.set_pipelined(True)
            file.write(one.content)
    yield "raw SFTP put of the same files", time.perf_counter() - start
    transport.close()

    commits = count // 64 + 4 * len(payloads) + 1
    with (root / "fsync").open("wb") as file:
        start = time.perf_counter()
        for _ in range(commits):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        yield f"one fsync for each of {commits} commits", time.perf_counter() - start
