"""A part of a dialect that a plug-in reads (`gateway.records.readers`), and the dialect of one that needs none."""

from __future__ import annotations

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.dialect_files import Kept, file_name
from gateway.mapping.dialect_parts import strange_keys
from gateway.records.changes import Members
from gateway.records.nodes import Node, Values
from gateway.records.plugins import Plugin, find_reader
from gateway.records.readers import nodes_of
from gateway.records.xml import Wanted

SHELF = "readers/"
"""``readers/NAME`` is a dialect of its own: the reader NAME, which gives the record's own names."""


class ReaderCodec(Struct, frozen=True):
    """Files of a plug-in: read, never written.

    known  the names that the dialect reads, as a tree; None where another judges them (the record's own names)
    keep   whether names beyond them are passed over, or refused
    """

    plugin: Plugin
    known: Wanted | None = None
    keep: bool = False

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        nodes = nodes_of(self.plugin.reader, self.plugin.name, content, file, limit)
        if self.known is not None and not self.keep:
            findings = strange_keys(nodes, self.known, file)
            if findings:
                raise LocalError(*findings)
        return nodes, ()

    def unread(self, content: bytes, file: str) -> list[Place]:
        if self.known is None:
            return []
        nodes = nodes_of(self.plugin.reader, self.plugin.name, content, file)
        return [finding.place for finding in strange_keys(nodes, self.known, file)]

    def write(self, values: Values) -> bytes:
        raise LocalError(Finding(code="R047", values={"reader": self.plugin.name}))

    def patch(self, node: Node, members: Members, old: Values, new: Values) -> bytes:
        return self.write(new)


def dialect_of_reader(identifier: str) -> Kept:
    """The file of ``readers/NAME``, which nobody has to write. Raises LocalError R041 to R043."""
    plugin = find_reader(identifier.removeprefix(SHELF))
    text = (f'format: "1"\nid: {identifier}\nrecord: {plugin.reader.record}\nparts:\n'
            f'  record: {{kind: reader, reader: {plugin.name}, file: "{{stem}}"}}\nplaces: canonical\n')
    return Kept(file_name(identifier), f"{SHELF}{plugin.name}", text.encode())
