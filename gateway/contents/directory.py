"""Contents in a folder: each a file of its own, whole or absent, flushed with the folder that names it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool import is_partial, make_folder, read_whole, sync_folder, write_together


class Directory:
    """A folder that people made: one that is not there is a disk that is not mounted, and is never made anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = str(folder)

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Write contents under their keys, flushed. Raises LocalError L063, B003 (disk full), B006."""
        self._require()
        for parent in sorted({(self._folder / key).parent for key in contents} - {self._folder}):
            make_folder(parent)
        write_together({self._folder / key: octets for key, octets in contents.items()})

    def get(self, key: str) -> bytes | None:
        """The octets under a key; None where there are none. Raises LocalError L063, B002, B006."""
        self._require()
        try:
            return read_whole(self._folder / key)
        except FileNotFoundError:
            return None

    def remove(self, keys: Sequence[str]) -> None:
        """Take contents away, flushed; those that are not there are gone already. Raises LocalError L063, B006."""
        self._require()
        parents: dict[Path, None] = {}
        for key in keys:
            path = self._folder / key
            if os.path.lexists(path):
                path.unlink(missing_ok=True)
                parents[path.parent] = None
        for parent in parents:
            sync_folder(parent)

    def every_key(self) -> Iterator[str]:
        """Every key there is, sorted, without what an interrupted writing left. Raises LocalError L063."""
        self._require()
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not is_partial(path.name):
                yield path.relative_to(self._folder).as_posix()

    def _require(self) -> None:
        if not self._folder.is_dir():
            raise LocalError(Finding(code="L063", place=Place(file=self.name), values={
                "store": self.name, "reason": "no folder"}))
