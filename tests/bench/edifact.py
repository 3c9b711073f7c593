"""EDIFACT: reading, writing, checking and streaming, against pydifact and other peers on the same files in one run.

Everything is measured as the best of several rounds in which the candidates take turns, in seconds of processor time
of this process, so that what else the machine does counts little. Every comparison is preceded by the question whether
both found the same.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from gateway.edifact import (
    check_message,
    compose_message,
    core,
    foreign_characters,
    read_interchanges,
    read_wire,
    stream_interchanges,
    to_wire,
    validate,
    write_interchange,
)
from gateway.edifact.conformance import Conformance
from gateway.edifact.core import Core
from gateway.edifact.directory import Directory
from gateway.edifact.pydifact_bridge import GatewayParser
from tests.bench import Figure
from tests.bench.peers.corpus import Sample, fresh, long_file, samples
from tests.bench.peers.readers import Peer, Refused, peers, pydifact_writer, read_with_pydifact, use_pydifact

ROOT = Path(__file__).parents[2]
ELEMENTS, ENVELOPE, WRITING, CHECKING, BRIDGE = 20, 80, 6, 12, 15
"""How many times as fast as pydifact each has to be."""
SMALL = 10_000
"""Bytes under which a file tells what one call costs, not how fast reading is: no target."""
MEGABYTES = 100
"""Peak memory that streaming may need."""
STREAMED = 500_000_000
"""Bytes of the interchange that is streamed."""
STEPS = (1, 10, 100, 1000, 10_000, 100_000)
"""Messages of the interchanges for the cost per message."""
FLAT, STEEPEST = 100, 1.5
"""One message among more may cost at most so many times what it costs among a hundred."""


_Result = TypeVar("_Result")


def figures(scale: float) -> Iterator[Figure]:
    """All figures of this benchmark."""
    files = samples(scale)
    for sample in files:
        yield from _reading(sample)
    for sample in files:
        yield from _writing(sample)
    for most in (5, 40):
        yield from _checking(files[1].messages, most)
    yield from _faulty(files[1])
    yield from _bridge(files[1])
    yield from _road(files[1])
    with tempfile.TemporaryDirectory(prefix="edi-bench-") as folder:
        yield from _curve(scale, Path(folder))
        yield from _streaming(scale, Path(folder))


def peer_figures(scale: float) -> Iterator[Figure]:
    """Reading against the peers of registries; one that cannot be compared is named, with the reason."""
    files = samples(scale)
    with tempfile.TemporaryDirectory(prefix="edi-peers-") as folder:
        for peer in peers(Path(folder)):
            if not isinstance(peer, Peer):
                yield Figure(name=f"edifact: peer {peer.name}", value=0, unit="files read",
                             against=f"not compared: {peer.reason}")
                continue
            for sample in files:
                (ours,) = best(partial(every_element, sample.content))
                try:
                    yield _against(f"read, every element: {sample.name}", len(sample.content), ours, peer.name,
                                   peer.seconds(sample))
                except Refused as reason:
                    yield Figure(name=f"edifact: read, every element: {sample.name}", unit="MB/s",
                                 value=len(sample.content) / 1e6 / ours,
                                 against=f"{peer.name} does not read it: {reason}")


def best(*candidates: Callable[[], object], rounds: int = 5) -> list[float]:
    """Seconds of processor time of each candidate: the best of several rounds, in turns."""
    found = [float("inf")] * len(candidates)
    for _ in range(rounds):
        for number, candidate in enumerate(candidates):
            gc.collect()
            start = time.process_time()
            candidate()
            found[number] = min(found[number], time.process_time() - start)
    return found


def _against(name: str, octets: int, ours: float, peer: str, theirs: float, target: float | None = None) -> Figure:
    ratio = theirs / ours
    return Figure(
        name=f"edifact: {name}", value=octets / 1e6 / ours, unit="MB/s",
        against=f"{peer} {octets / 1e6 / theirs:.3g} MB/s", ratio=ratio,
        target="" if target is None else f"at least {target:g} x {peer}", met=target is None or ratio >= target)


def _same(ours: object, theirs: object, what: str) -> None:
    if ours != theirs:
        raise RuntimeError(f"{what}: {ours!r:.200} is not {theirs!r:.200}")


def every_element(content: bytes) -> int:
    """Read, every element of every segment looked at; the number of segments."""
    count = 0
    for read in read_interchanges(content):
        for segment in read.segments:
            for _ in segment.elements:
                pass
            count += segment.tag != "UNA"
    return count


def envelope_only(content: bytes) -> int:
    """Read, everything of syntax and envelope checked, every message at hand; the number of messages."""
    count = 0
    for read in read_interchanges(content):
        _same(read.findings, [], "findings of a clean file")
        count += sum(message.reference != "" for message in read.messages)
    return count


def conforming(content: bytes) -> int:
    """Read and validate by the directory; the number of findings."""
    return sum(len(validate(read)) for read in read_interchanges(content))


def _reading(sample: Sample) -> Iterator[Figure]:
    """With the inner loops that reading uses here; where these are the compiled ones, with those in Python as well."""
    content, octets = sample.content, len(sample.content)
    turns = max(1, 100_000 // octets)  # a clock cannot tell one reading of two kilobytes
    cores = [("", core.active), *([(", in plain Python", core.PLAIN)] if core.active is not core.PLAIN else [])]
    candidates = [(f"read, {what}{which}", wanted, partial(_with, one, partial(_often, turns, read, content)))
                  for which, one in cores
                  for what, wanted, read in (("every element", ELEMENTS, every_element),
                                             ("envelope checked", ENVELOPE, envelope_only))]
    for _, one in cores:
        _same((_with(one, partial(every_element, content)), _with(one, partial(envelope_only, content)),
               read_with_pydifact(content)), (sample.segments, sample.messages, sample.segments), sample.name)
    *measured, theirs = best(*(work for _, _, work in candidates), partial(_often, turns, read_with_pydifact, content))
    for (name, wanted, _), ours in zip(candidates, measured, strict=True):
        yield _against(f"{name}: {sample.name}", octets * turns, ours, "pydifact", theirs,
                       wanted if octets > SMALL else None)


def _with(one: Core, work: Callable[[], _Result]) -> _Result:
    """Work with these inner loops."""
    before, core.active = core.active, one
    try:
        return work()
    finally:
        core.active = before


def _often(times: int, work: Callable[[bytes], object], content: bytes) -> None:
    for _ in range(times):
        work(content)


def _writing(sample: Sample) -> Iterator[Figure]:
    """Both write an interchange that they hold as objects; and ours from bare values, with what joins them here.

    In plain Python bare values have no target: their joins alone take longer than it allows.
    """
    (read,) = read_interchanges(sample.content)
    version = read.header.syntax_version
    values = [(message.reference, message.identifier, message.access_reference,
               [(segment.tag, segment.elements) for segment in message.segments[1:-1]]) for message in read.messages]

    def again() -> bytes:
        written = [(one.reference, to_wire(one, syntax_version=version)) for one in read.messages]
        return write_interchange(read.header, written)

    def from_values() -> bytes:
        return write_interchange(read.header, [
            (reference, compose_message(identifier, segments, access, syntax_version=version))
            for reference, identifier, access, segments in values])

    _same((again(), from_values()), (sample.content, sample.content), sample.name)
    if version == "4":
        return  # pydifact does not write repetition
    theirs = pydifact_writer(sample.content)
    turns = max(1, 100_000 // len(sample.content))
    plain = partial(_with, core.PLAIN, from_values)
    written, composed, slowly, others = best(*(partial(_repeat, turns, one)
                                               for one in (again, from_values, plain, theirs)))
    octets = len(sample.content) * turns
    yield _against(f"write what was read: {sample.name}", octets, written, "pydifact", others, WRITING)
    if core.active is not core.PLAIN:
        yield _against(f"write from values: {sample.name}", octets, composed, "pydifact", others, WRITING)
    yield _against(f"write from values, in plain Python: {sample.name}", octets, slowly, "pydifact", others)


def _repeat(times: int, work: Callable[[], object]) -> None:
    for _ in range(times):
        work()


def _checking(messages: int, most: int) -> Iterator[Figure]:
    """Read and validate, against pydifact that only reads; other messages in every round, for we remember segments."""
    rounds = []
    for seed in range(4):
        sample = fresh(messages, seed, most)
        ours, theirs = best(partial(conforming, sample.content), partial(read_with_pydifact, sample.content), rounds=1)
        rounds.append((ours / len(sample.content), theirs / len(sample.content)))
        _same(conforming(sample.content), 0, sample.name)
    ours, theirs = (min(column) for column in zip(*rounds, strict=True))
    yield _against(f"validate: {sample.name}", 1, ours, "pydifact's mere parsing", theirs, CHECKING)


def _faulty(sample: Sample) -> Iterator[Figure]:
    """The exact slow path: a wrong code in every message."""
    content = sample.content.replace(b"LOC+118+", b"LOC+XXX+")
    _same(conforming(content), sample.messages, "a fault in every message")
    (seconds,) = best(partial(conforming, content), rounds=3)
    yield Figure(name="edifact: validate, a fault in every message", value=len(content) / 1e6 / seconds, unit="MB/s")
    (compiling,) = best(_compile)
    yield Figure(name="edifact: make CUSDEC of D.96B ready for checking", value=compiling * 1000, unit="ms")


def _compile() -> None:
    directory = Directory("D.96B", "3")
    declaration = directory.message("CUSDEC")
    assert declaration is not None
    Conformance(directory, declaration)


def _bridge(sample: Sample) -> Iterator[Figure]:
    content = sample.content
    _same(use_pydifact(content, GatewayParser()), use_pydifact(content), "pydifact with our parser")
    ours, theirs = best(lambda: use_pydifact(content, GatewayParser()), lambda: use_pydifact(content), rounds=4)
    yield _against(f"code for pydifact, with our parser: {sample.name}", len(content), ours, "pydifact", theirs, BRIDGE)


def _road(sample: Sample) -> Iterator[Figure]:
    """What the road needs: our own message checked before it waits, an interchange of 500 messages judged."""
    (read,) = read_interchanges(sample.content)
    wires = [to_wire(message) for message in read.messages[:500]]
    whole = write_interchange(read.header, [(str(number), wire) for number, wire in enumerate(wires, 1)])
    alone, together = best(
        lambda: [(check_message(read_wire(wire)), foreign_characters(wire, "UNOC")) for wire in wires],
        partial(conforming, whole))
    yield Figure(name="edifact: check a message of ours", value=len(wires) / alone, unit="messages/s")
    yield Figure(name=f"edifact: judge an interchange of {len(wires)} messages", value=len(wires) / together,
                 unit="messages/s")


def _curve(scale: float, folder: Path) -> Iterator[Figure]:
    """What one message costs, streamed and validated, in interchanges of 1 to 100,000."""
    reference: float | None = None
    for step in STEPS:
        count = max(1, round(step * min(scale, 1)))
        cost = min(_cost(folder / "curve.edi", count, seed) for seed in range(7 if count < 5000 else 1))
        ratio = None if reference is None else cost / reference
        yield Figure(
            name=f"edifact: stream and validate {count} messages", value=cost, unit="us/message", ratio=ratio,
            against="" if reference is None else f"{reference:.0f} us among {round(FLAT * min(scale, 1))}",
            target="" if ratio is None else f"at most {STEEPEST:g} x", met=ratio is None or ratio <= STEEPEST)
        if step == FLAT:
            reference = cost


def _cost(path: Path, messages: int, seed: int) -> float:
    """Microseconds that one message takes, in messages that were not seen before."""
    (seconds,) = best(partial(_stream, long_file(path, messages=messages, seed=seed)), rounds=1)
    return seconds / messages * 1e6


def _stream(file: Path) -> None:
    for streamed in stream_interchanges(file):
        for _, found in streamed.messages():
            _same(found, [], "findings of a clean message")
        _same(streamed.findings, [], "findings of a clean stream")


def _streaming(scale: float, folder: Path) -> Iterator[Figure]:
    """Peak memory of a process of its own that streams and validates a long interchange."""
    file = long_file(folder / "long.edi", octets=round(STREAMED * scale))
    command = [sys.executable, "-m", "tests.bench.peers.streaming", str(file)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)
    _same(told["findings"], 0, "findings of a clean stream")
    size = file.stat().st_size / 1e6
    yield Figure(name=f"edifact: stream and validate {size:.0f} MB", value=size / told["seconds"], unit="MB/s")
    yield Figure(name=f"edifact: peak memory, {size:.0f} MB streamed", value=told["peak"], unit="MB",
                 target=f"under {MEGABYTES} MB", met=told["peak"] < MEGABYTES)
