"""The programs as a shell runs them: processes of their own, in one language, with their streams apart."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """How a process ended, and what it said."""

    exit: int
    out: str
    err: str


def command(*words: object, lang: str | None = "en", cwd: Path = ROOT, stdin: bytes = b"",
            environment: Mapping[str, str] | None = None) -> Answer:
    """Run `edi`, or one of the programs of cron when its name is the first word. lang None: nothing says which."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("EDI_", "LC_")) and name not in ("LANG", "LANGUAGE")}
    chosen = {} if lang is None else {"EDI_LANG": lang}
    done = subprocess.run([sys.executable, "-m", "gateway.cli", *map(str, words)], input=stdin, capture_output=True,
                          cwd=cwd, timeout=120, check=False, env={**clean, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8",
                                                                  **chosen, **(environment or {})})
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
