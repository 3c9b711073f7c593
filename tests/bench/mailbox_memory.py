"""Put one file up or get it, in a process of its own, and tell the peak of its memory: ``python -m … up|down OCTETS``.

What the process had before, libraries and a session that was in use once, is not counted; the file is.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.envelope_memory import _peak, _peak_from_now
from tests.bench.sftp_ways import Ours, server_for
from tests.tools.sshd import make_client_key, running_sshd


def main(direction: str, size: int) -> None:
    """Print the growth of resident memory at its peak, in octets, as JSON."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edi-bench-")))
        key, line = make_client_key(root)
        sshd = stack.enter_context(running_sshd(root, [line]))
        server = server_for(sshd, key, sshd.port, "memory")
        way = Ours(server, stack)
        small, large = root / f"{0:032x}.p7m", root / f"{1:032x}.p7m"
        small.write_bytes(os.urandom(4000))
        way.put([small])
        way.get(root)
        (server.new / small.name).unlink()
        if os.fork() == 0:  # the file is made elsewhere: nothing of its making is left in this process
            (large if direction == "up" else server.new / large.name).write_bytes(os.urandom(size))
            os._exit(0)
        os.wait()
        base = _peak_from_now()
        if direction == "up":
            way.put([large])
        else:
            way.get(root)
        print(json.dumps({"peak": _peak() - base}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
