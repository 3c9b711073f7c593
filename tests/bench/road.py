"""The whole road: 5,000 declarations from ASYCUDA files at the sender to national files and answers at the receiver.

Read, converted, sealed in interchanges of up to 500 messages, put over SFTP on the loopback, collected, judged,
handed over, answered with receipts, CONTRL and CUSRES, and the answers taken. Beside it, in the same run, what the bare
primitives need for the same bytes: parsing, signing and encrypting, putting, and one fsync per commit.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import paramiko
from lxml import etree

from gateway.exchange.assembly import Gateway, Moment, open_gateway
from gateway.exchange.collect import collect
from gateway.exchange.deliver import deliver
from gateway.exchange.dispatch import dispatch
from gateway.exchange.intake import take_national_files
from gateway.exchange.process import process_stored
from gateway.exchange.sealing import seal_waiting
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


def figures(scale: float) -> Iterator[Figure]:
    """Run the road once and the primitives once."""
    count = max(1, round(DECLARATIONS * scale))
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edi-bench-")))
        sshd = stack.enter_context(running_sshd(root, []))
        togo, burkina = offices(root, sshd, inbox_declarations="bfdgd/asycuda")
        octets = _drop(togo, count)
        sender = stack.enter_context(open_gateway(togo.settings, _now()))
        receiver = stack.enter_context(open_gateway(burkina.settings, _now()))
        stages = _road(sender, receiver, count)
        total = sum(seconds for _, seconds in stages)
        for name, seconds in stages:
            yield Figure(name=f"road: {name}", value=count / seconds, unit="messages/s",
                         against=f"{seconds:.2f} s for {count}")
        payloads = _payloads(sender)
        for name, seconds in _primitives(root, togo, sshd, sender, payloads, count):
            yield Figure(name=f"primitive: {name}", value=seconds, unit="s", against="the whole road in the same run",
                         ratio=total / seconds)
        yield Figure(name="road: national files read", value=octets / 1e6, unit="MB")
        yield Figure(name="road: peak memory", value=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                     unit="MiB")
        yield Figure(name=f"road: {count} declarations", value=total, unit="s", against=f"{SECONDS} s",
                     ratio=total / SECONDS, target=f"under {SECONDS} s for {DECLARATIONS} on two cores",
                     met=total <= SECONDS * max(scale, 0.02))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _moment() -> Moment:
    return Moment(_now(), lambda: os.urandom(16).hex(), time.monotonic)


def _drop(togo: Office, count: int) -> int:
    """Write the national files; their octets. Not part of what is timed."""
    dialect = load_dialect("tgotr/asycuda", search_path())
    octets = 0
    for number, tree in enumerate(declarations(count), 1):
        files = dialect.write(tree, f"d{number:05d}")
        octets += sum(map(len, files.values()))
        togo.drop("declarations", files)
    return octets


def _road(sender: Gateway, receiver: Gateway, count: int) -> list[tuple[str, float]]:
    summary = Summary()
    them, us = receiver.name, sender.name
    steps: list[tuple[str, Callable[[], None]]] = [
        ("read, convert, queue", lambda: take_national_files(sender, _moment(), summary)),
        ("seal", lambda: seal_waiting(sender, them, _moment(), summary)),
        ("dispatch", lambda: dispatch(sender, them, _moment(), summary)),
        ("collect, receipts", lambda: collect(receiver, us, _moment(), summary)),
        ("judge, answer", lambda: process_stored(receiver, _moment(), summary)),
        ("write national inbox", lambda: deliver(receiver, _moment(), summary)),
        ("seal answers", lambda: seal_waiting(receiver, us, _moment(), summary)),
        ("dispatch answers", lambda: dispatch(receiver, us, _moment(), summary)),
        ("collect answers", lambda: collect(sender, them, _moment(), summary)),
        ("take answers", lambda: process_stored(sender, _moment(), summary)),
    ]
    stages = []
    for name, step in steps:
        start = time.perf_counter()
        step()
        stages.append((name, time.perf_counter() - start))
    if summary.problems or summary.messages_accepted != count:
        raise RuntimeError(f"the road was not clean: {summary.counts()} {summary.problems[:3]}")
    return stages


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
    transport.connect(username=sshd.user, pkey=paramiko.Ed25519Key.from_private_key_file(str(togo.home / "keys" / "ssh")))
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
