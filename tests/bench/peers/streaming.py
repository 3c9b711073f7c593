"""Stream and validate one file, in a process of its own, and tell what it took: ``python -m … FILE``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from gateway.edifact import stream_interchanges


def main(file: Path) -> None:
    """Print messages, findings, seconds and peak memory (MB) as JSON."""
    messages = findings = 0
    start = time.process_time()
    for streamed in stream_interchanges(file):
        for _, found in streamed.messages():
            messages += 1
            findings += len(found)
        findings += len(streamed.findings)
    seconds = time.process_time() - start
    print(json.dumps({"messages": messages, "findings": findings, "seconds": seconds, "peak": _peak()}))


def _peak() -> float:
    """Peak resident memory of this program alone: what `getrusage` tells includes the process that started it."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError("no VmHWM in /proc/self/status")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
