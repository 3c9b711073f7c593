"""Folders with one file more, or another text for one: for trying what nobody has written yet."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from gateway.findings import Finding
from gateway.mapping import dialect_files
from gateway.mapping.document import Document, parse_mapping
from gateway.mapping.inherit import Folders


class Beside(Struct, frozen=True):
    """A source of mappings (`gateway.mapping.inherit.Source`).

    identifier  of the mapping that is taken from `content` and not from the folders
    """

    identifier: str
    content: bytes
    folders: Folders

    def take(self, identifier: str | Path) -> tuple[Document, list[Finding]] | None:
        """The file of a mapping and its faults; None when there is none."""
        if identifier == self.identifier:
            return parse_mapping(self.content, f"{self.identifier}.yaml")
        return self.folders.take(identifier)

    def known(self) -> list[str]:
        """Every identifier, for suggestions."""
        return self.folders.known()

    def __str__(self) -> str:
        return str(self.folders)


class BesideShelf(Struct, frozen=True):
    """A source of dialects (`gateway.mapping.dialect_files.Shelf`): `own` is taken instead of the file of that name."""

    own: dialect_files.Kept
    shelf: dialect_files.Shelf

    def find(self, name: str) -> dialect_files.Kept | None:
        """The file of a name, or None."""
        return self.own if name == self.own.name else self.shelf.find(name)

    def every(self, name: str) -> list[dialect_files.Kept]:
        """The files of a name in every folder."""
        return [self.own] if name == self.own.name else self.shelf.every(name)
