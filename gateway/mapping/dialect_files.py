"""Where the files of a dialect come from: the folders people edit, or the files kept from an earlier day.

A dialect is several files: itself, its bases, the empty documents (skeletons) they name. `Shelf` hands them out by one
name each, ``dialects/tgotr/asycuda.yaml``; `Collected` remembers which were asked for: those files are the dialect, and
the digest of their archive is its identity.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.characters import SIZE_LIMIT
from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.archive import Archive


class Kept(Struct, frozen=True):
    """One file of a dialect.

    name     below the folder of mappings, with ``/``: ``dialects/asycuda/sad.xml``
    label    what findings call it: the path where it lies in a folder
    content  its bytes
    """

    name: str
    label: str
    content: bytes


class Shelf(Protocol):
    """A place that has files by name."""

    def find(self, name: str) -> Kept | None:
        """The file of a name, or None."""

    def every(self, name: str) -> list[Kept]:
        """The files of a name in every folder, the first of the search first: lists that add to each other. Those
        behind the first are named ``name~2``, ``name~3``."""


class Folders(Struct, frozen=True):
    """Folders in the order of the search: the first that has a file wins. Raises LocalError S002 for one that may not
    be read."""

    search: Sequence[Path]

    def find(self, name: str) -> Kept | None:
        return next(self._found(name), None)

    def every(self, name: str) -> list[Kept]:
        return [replace(kept, name=name if number == 1 else f"{name}~{number}")
                for number, kept in enumerate(self._found(name), 1)]

    def _found(self, name: str) -> Iterator[Kept]:
        for folder in self.search:
            path = folder / name
            if path.is_file():
                try:
                    with path.open("rb") as file:
                        yield Kept(name, str(path), file.read(SIZE_LIMIT + 1))
                except OSError as error:
                    raise LocalError(Finding(code="S002", place=Place(file=str(path)), values={
                        "reason": type(error).__name__, "number": str(error.errno), "path": str(path)}))


class Archived(Struct, frozen=True):
    """Files as they were kept, by name."""

    files: Mapping[str, bytes]

    def find(self, name: str) -> Kept | None:
        content = self.files.get(name)
        return None if content is None else Kept(name, name, content)

    def every(self, name: str) -> list[Kept]:
        names = [name, *(f"{name}~{number}" for number in range(2, len(self.files) + 1))]
        return [kept for one in names if (kept := self.find(one)) is not None]


@dataclass
class Collected:
    """A shelf that remembers what was taken from it."""

    shelf: Shelf
    taken: dict[str, bytes] = field(default_factory=dict)

    def find(self, name: str) -> Kept | None:
        found = self.shelf.find(name)
        if found is not None:
            self.taken[found.name] = found.content
        return found

    def every(self, name: str) -> list[Kept]:
        found = self.shelf.every(name)
        self.taken.update((kept.name, kept.content) for kept in found)
        return found

    def archive(self) -> Archive:
        """The files taken; the first asked for, which is the dialect itself, stands last."""
        return Archive(tuple(reversed(self.taken.items())))


def file_name(identifier: str) -> str:
    """The name of a dialect's file: ``tgotr/asycuda`` lies in ``dialects/tgotr/asycuda.yaml``."""
    return f"dialects/{identifier}.yaml"


def beside(name: str, relative: str) -> str | None:
    """The name of a file told relative to another one; None when it leads out of the folder of dialects."""
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))
    return joined if joined.startswith("dialects/") else None


def known_dialects(search: Iterable[Path]) -> list[str]:
    """Every dialect in some folders, sorted."""
    return sorted({str(file.relative_to(folder / "dialects").with_suffix("")) for folder in search
                   for file in (folder / "dialects").glob("*/*.yaml")})
