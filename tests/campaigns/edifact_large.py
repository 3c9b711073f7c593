"""An interchange of any size, read and judged message by message in bounded memory.

    python -m tests.campaigns.edifact_large [--megabytes N] [--json]

The interchange is made while it is read: transit declarations by the thousand, a known share of them with a planted
fault. The outcome is good when every message came, exactly the planted faults were found, and the process never held
more than LIMIT bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from gateway.edifact import stream_interchanges

LIMIT = 100 << 20
FAULTY = 500
"""One message in so many has a fault: a code that is in no list."""
_SAMPLE = Path(__file__).parents[1] / "golden" / "edifact" / "cusdec_transit_original.edi"


class Made(io.RawIOBase):
    """A binary stream that is made while it is read: UNB, messages until `size` is reached, UNZ."""

    def __init__(self, size: int) -> None:
        self.messages = 0
        self.faults = 0
        self._made = self._parts(size)
        self._held = b""

    def readable(self) -> bool:
        return True

    def _parts(self, size: int) -> Iterator[bytes]:
        yield b"UNA:+.? '\nUNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711++CUSDEC++1'\n"
        lines = _SAMPLE.read_bytes().splitlines()
        body = b"\n".join(lines[1:-1])
        wrong = body.replace(b"\nLOC+118+", b"\nLOC+QQQ+", 1)
        assert wrong != body
        made = 0
        while made < size:
            self.messages += 1
            faulty = self.messages % FAULTY == 0
            self.faults += faulty
            unh = lines[0].replace(b"UNH+1+", b"UNH+%d+" % self.messages)
            unt = lines[-1].replace(b"+1'", b"+%d'" % self.messages)
            part = b"\n".join((unh, wrong if faulty else body, unt, b""))
            made += len(part)
            yield part
        yield b"UNZ+%d+TG0000004711'\n" % self.messages

    def read(self, size: int = -1) -> bytes:
        parts, length = [self._held], len(self._held)
        while size < 0 or length < size:
            part = next(self._made, None)
            if part is None:
                break
            parts.append(part)
            length += len(part)
        whole = b"".join(parts)
        size = length if size < 0 else size
        self._held = whole[size:]
        return whole[:size]


def run(size: int) -> tuple[Made, Counter[str], int]:
    """Read a made interchange of `size` bytes: what was made, findings by code, messages that came."""
    source = Made(size)
    (streamed,) = _each(source)
    return source, streamed[0], streamed[1]


def _each(source: Made) -> Iterator[tuple[Counter[str], int]]:
    for interchange in stream_interchanges(cast(BinaryIO, source)):
        codes: Counter[str] = Counter()
        for _, findings in interchange.messages():
            codes.update(finding.code for finding in findings)
        codes.update(finding.code for finding in interchange.findings)
        yield codes, interchange.count


def held() -> int:
    """The most bytes this process ever held; what its parent held before is not counted."""
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def main() -> int:
    """Run; exit 1 when something was lost, found or held that should not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.perf_counter()
    source, codes, count = run(options.megabytes << 20)
    took = time.perf_counter() - began
    peak = held()
    ok = count == source.messages and codes == Counter({"F046": source.faults}) and peak < LIMIT
    result = {"megabytes": options.megabytes, "messages": count, "faults": dict(codes), "seconds": round(took, 1),
              "megabytes_per_second": round(options.megabytes / took, 2), "peak_bytes": peak, "ok": ok}
    if options.json:
        print(json.dumps({"schema": 1, "kind": "campaign", "name": "edifact_large", **result}))
    else:
        for name, value in result.items():
            print(f"{name:22} {value}")
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
