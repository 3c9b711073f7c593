"""What a process does before it reads a private key: no core file, no other process of ours may look inside.

THREATS section 5. Linux has both; where the second is missing the first still stands.
"""

from __future__ import annotations

import ctypes
import os
import resource

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def forbid_dumps() -> None:
    """Set the umask to 077, the core limit to nought and, on Linux, make the process undumpable. Cannot be undone."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
