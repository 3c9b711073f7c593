"""The floors of the road: what the same records, bytes and commits cost with the bare tools, in the same run.

Each is what a program could not do without: lxml's parse of the files, a conversion written by hand for these two forms
(its results are compared with the product's, message by message and file by file), the bare signatures and ciphers, the
quickest of two SFTP clients with a session opened for it, and one fsync for each group of rows that becomes true
together, with as many octets as the ledgers grew by. One after the other in one process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from gateway.edifact import read_interchanges, to_wire
from gateway.edifact.model import InterchangeHeader
from gateway.ledger import Ledger
from gateway.mapping import search_path
from gateway.mapping.dialect import load_dialect
from tests.bench.by_hand.national import accepted, split, to_message
from tests.bench.by_hand.national_back import Back, sample
from tests.bench.envelope import Bench
from tests.bench.sftp_ways import Command, NotHere, Plain, server_for
from tests.tools.offices import Office
from tests.tools.security_world import world
from tests.tools.sshd import Sshd, make_client_key

INTAKE, LOT = 64, 500
"""Records of one transaction when they are taken in; messages of an interchange, and files of a delivery."""
_RECEIPT = 1024
"""Octets of a receipt, about."""


@dataclass(frozen=True)
class Floor:
    """One floor; seconds of the clock, and of processor time."""

    name: str
    seconds: float
    processor: float


class _Watch:
    """Both times since it was made."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), _processor()

    def floor(self, name: str) -> Floor:
        """What has passed."""
        return Floor(name, time.perf_counter() - self._wall, _processor() - self._processor)


def _processor() -> float:
    """Processor time of this process and of those that it started and that have ended."""
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system


def floors(root: Path, sender: Office, receiver: Office, sshd: Sshd, count: int) -> Iterator[Floor]:
    """The floors of a road that two offices have just gone, the sender's files being filed and its messages kept.

    Raises RuntimeError where a conversion by hand gives anything else than the product.
    """
    out, back = _interchanges(sender, "CUSDEC"), _interchanges(receiver, "CUSRES")
    national = sorted((sender.home / "national" / "sent" / "declarations").glob("*.xml"))
    yield from _conversion(national, receiver, out, back)
    payloads = [payload for _, payload in (*out, *back)]
    yield _crypto(payloads)
    yield _sftp(root, sshd, [len(payload) for payload in payloads])
    yield _fsync(root, (sender, receiver), count, len(payloads))


def _interchanges(office: Office, kind: str) -> list[tuple[InterchangeHeader, bytes]]:
    with Ledger.open(f"sqlite:///{office.home / 'state' / 'ledger.sqlite'}", now=datetime.now(UTC),
                     create=False) as ledger, ledger.reading() as queries:
        found = []
        for row in queries.interchanges(direction="out"):
            payload = queries.payload_of(row.id) if row.type == kind else None
            if payload is not None:
                found.append((next(iter(read_interchanges(payload))).header, payload))
    return found


def _conversion(national: Sequence[Path], receiver: Office, out: Sequence[tuple[InterchangeHeader, bytes]],
                back: Sequence[tuple[InterchangeHeader, bytes]]) -> Iterator[Floor]:
    """lxml's parse; to the message; to the national files; the answers made and read; all of it compared."""
    files = [(path.read_bytes(), path.with_name(f"{path.stem}-t1.csv").read_bytes()) for path in national]
    watch = _Watch()
    parsed = [etree.fromstring(sad) for sad, _ in files]
    yield watch.floor("lxml parse of the national files")

    messages = [message for _, payload in out for message in next(iter(read_interchanges(payload))).messages]
    bodies = {body.split("'", 1)[0]: body for body in (to_wire(message).body for message in messages)}
    prepared = next(iter(bodies.values())).split("DTM+137:", 1)[1][:12]
    watch = _Watch()
    written = [to_message(sad, t1, prepared) for sad, (_, t1) in zip(parsed, files, strict=True)]
    first = 0
    for header, payload in out:
        size = payload.count(b"'UNH+")
        _write(header, written[first:first + size])
        first += size
    yield watch.floor("conversion by hand, national files to messages")
    del parsed
    _same("message", sorted(_but_prepared(body) for body in written),
          sorted(_but_prepared(body) for body in bodies.values()))

    filled = Back({name.removeprefix("s"): content for name, content in
                   load_dialect("bfdgd/asycuda", search_path()).write(sample(), "s").items()})
    watch = _Watch()
    made = [filled.files(body) for body in bodies.values()]
    yield watch.floor("conversion by hand, messages to national files")
    inbox = receiver.home / "national" / "in" / "declarations"
    there = {path.name: path.read_bytes() for path in inbox.iterdir()}
    _same("national file", sorted(there.values()), sorted(content for pair in made for content in pair))

    now = datetime.now(UTC)
    watch = _Watch()
    answers = [accepted(body[:40].split("+")[2].split(":")[0], "BFOUI", receiver.name, "TG0000000001-1", "TG26", "R-1",
                        now) for body in bodies.values()]
    for answer in answers:
        split(answer)
    yield watch.floor("conversion by hand, answers made and read")


def _write(header: InterchangeHeader, bodies: Sequence[str]) -> bytes:
    """An interchange of message bodies."""
    parts = [f"UNA:+.? 'UNB+UNOC:3+{header.sender}:ZZZ+{header.recipient}:ZZZ+261127:0757+"
             f"{header.control_reference}++++++1'"]
    for number, body in enumerate(bodies, 1):
        parts.append(f"UNH+{number}+CUSDEC:D:96B:UN:COR10'{body}UNT+{body.count(chr(39)) + 2}+{number}'")
    parts.append(f"UNZ+{len(bodies)}+{header.control_reference}'")
    return "".join(parts).encode("latin-1")


def _but_prepared(body: str) -> str:
    """A message without when it was made: a run that goes on past a minute writes another one."""
    before, _, rest = body.partition("DTM+137:")
    return before + rest[12:]


def _same(what: str, theirs: Sequence[object], ours: Sequence[object]) -> None:
    if theirs != ours:
        raise RuntimeError(f"the conversion by hand gives another {what}")


def _crypto(payloads: Sequence[bytes]) -> Floor:
    """Sign, encrypt, decrypt, verify: every interchange, and a receipt for each."""
    authors = world()
    bench = Bench(authors.ec, authors.ours_ec)
    steps = [step for payload in (*payloads, *[os.urandom(_RECEIPT)] * len(payloads))
             for step in (bench.sealing_floor(payload), bench.opening_floor(payload))]
    watch = _Watch()
    for step in steps:
        step()
    return watch.floor("bare sign, encrypt, decrypt, verify")


def _sftp(root: Path, sshd: Sshd, sizes: Sequence[int]) -> Floor:
    """The same files put by the quicker of two clients."""
    key, line = make_client_key(root, "floor")
    with (sshd.root.parent / "authorized").open("a", encoding="ascii") as authorized:
        authorized.write(f"{line}\n")
    folder = root / "floor-files"
    folder.mkdir()
    files = [folder / f"{number:032x}.p7m" for number in range(2 * len(sizes))]
    for path, size in zip(files, (*sizes, *[_RECEIPT] * len(sizes)), strict=True):
        path.write_bytes(os.urandom(size))
    best: Floor | None = None
    for name, way in (("paramiko", Plain), ("sftp -b", Command)):
        with ExitStack() as stack:
            server = server_for(sshd, key, sshd.port, f"floor-{len(name)}")
            watch = _Watch()
            try:
                way(server, stack).put(files)
            except NotHere:
                continue
        took = watch.floor(f"raw SFTP, by {name}")  # the program has ended by now
        best = took if best is None or took.seconds < best.seconds else best
    assert best is not None
    return best


def _fsync(root: Path, offices: Sequence[Office], count: int, interchanges: int) -> Floor:
    """One fsync for each group: records taken together, an interchange sealed, stored, judged, a lot of files handed
    over."""
    octets = sum((office.home / "state" / "ledger.sqlite").stat().st_size for office in offices)
    groups = -(-count // INTAKE) + 4 * interchanges + -(-2 * count // LOT)
    block = os.urandom(max(4096, octets // groups))
    with (root / "fsync").open("wb") as file:
        watch = _Watch()
        for _ in range(groups):
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
    return watch.floor(f"one fsync for each of {groups} groups of rows")

