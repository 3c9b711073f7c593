"""What processes of a daemon do in its tests. Imports nothing of the gateway: each of them would load it."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path


def job(out: Connection, program: str, words: tuple[str, ...]) -> None:
    """say: one word, exit status 4; die: be killed; sleep: until told to end; deaf: not even then.

    words  what is said; for those that sleep a file that is there as soon as they do
    """
    os.dup2(out.fileno(), 1)
    out.close()
    if program == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, words[0].encode())
    if program == "say":
        os._exit(4)
    if program == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    Path(words[0]).touch()
    time.sleep(60)
