"""How often the gateway has failed at a national file by a defect of its own, counted before each attempt.

A file that brings the gateway down, once it even ends the process, must not do so for ever: after some attempts it is
set aside. The count stands on disk before the work begins, so that a process that dies has counted too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.spool import read_whole, write_whole

TRIES = 3
"""Attempts at a file before it is set aside."""


class Attempts:
    """Counts by name of claimed file."""

    def __init__(self, path: Path, claimed: Iterable[str]) -> None:
        """path: where the counts stand. claimed: the files that are there; the counts of others are forgotten."""
        self._path = path
        try:
            held: dict[str, int] = json.loads(read_whole(path))
        except FileNotFoundError:
            held = {}
        self._counts = {name: held[name] for name in claimed if name in held}
        if held and not self._counts:
            path.unlink(missing_ok=True)

    def of(self, names: Sequence[str]) -> int:
        """Failed attempts at files that are taken together."""
        return max(self._counts.get(name, 0) for name in names)

    def begin(self, names: Sequence[str]) -> int:
        """Count an attempt, on disk, before it is made. Returns the how-manieth it is. Raises LocalError B003, B006."""
        number = self.of(names) + 1
        self._counts.update(dict.fromkeys(names, number))
        self._write()
        return number

    def passed(self, names: Sequence[str]) -> None:
        """Take back the last attempt: it did not fail by a defect."""
        number = self.of(names) - 1
        for name in names:
            self._counts[name] = number
            if not number:
                del self._counts[name]
        self._write()

    def forget(self, names: Sequence[str]) -> None:
        """Files that are set aside are counted from nothing when they come again."""
        for name in names:
            self._counts.pop(name, None)
        self._write()

    def _write(self) -> None:
        if self._counts:
            write_whole(self._path, json.dumps(self._counts).encode())
        else:
            self._path.unlink(missing_ok=True)
