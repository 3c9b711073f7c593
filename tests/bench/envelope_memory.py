"""Seal or open one payload in a process of its own, and tell the peak of its memory: ``python -m … seal|open OCTETS``.

What the process had before, libraries and keys that were in use once, is not counted; the payload or the file is.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from gateway.security import Sealed, file_name
from tests.bench.envelope import Bench, payload_of
from tests.tools.security_world import world


def main(what: str, size: int) -> None:
    """Print the growth of resident memory at its peak, in octets, as JSON."""
    bench = Bench(world().ec, world().ours_ec)
    bench.opener(bench.sealer(payload_of(1024))())()
    with tempfile.TemporaryDirectory(prefix="edi-bench-") as folder:
        path = Path(folder) / "input"
        if os.fork() == 0:  # the input is made elsewhere: nothing of its making is left in this process
            path.write_bytes(payload_of(size) if what == "seal" else bench.sealer(payload_of(size))().content)
            os._exit(0)
        os.wait()
        base = _peak_from_now()
        content = path.read_bytes()
        if what == "seal":
            bench.sealer(content)()
        else:
            bench.opener(Sealed(file_name(content), content, b"", "", ""))()
        print(json.dumps({"peak": _peak() - base}))


def _peak_from_now() -> int:
    """Forget the peak so far (proc(5), clear_refs); resident memory now."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return _peak()


def _peak() -> int:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmHWM in /proc/self/status")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
