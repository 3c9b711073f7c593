"""The clean path of reading national files: texts to a tree, without nodes and places (decision 0007).

Each line of a dialect becomes one function over the texts of a record; whatever would be a finding is a doubt, and the
lines themselves (`dialect_level`, `dialect_lists`, `dialect_rules`) then read again and say what is wrong and where.
They are the reference: what is read here is what they would read. A line that is not known here leaves its whole
dialect to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from gateway.mapping import dialect_equipment
from gateway.mapping.dialect_clean_lines import Doubt, key_of, level_of
from gateway.mapping.dialect_level import Cell, Reading
from gateway.mapping.dialect_load import Spec
from gateway.mapping.dialect_parts import CsvCodec, Part, XmlCodec
from gateway.records.flat import Flat, FlatCsv, FlatXml, NotFlat
from gateway.records.xml import Wanted
from gateway.references import Tree


class CleanReader:
    """Reads the records of one dialect as long as nothing is wrong.

    Raises NotFlat for a dialect that it cannot read.
    """

    def __init__(self, spec: Spec) -> None:
        if spec.canonical or spec.record == "event":
            raise NotFlat
        self._spec = spec
        self._files = {part.name: _file_reader(part) for part in spec.parts}
        shapes = {part.name: _shape(part) for part in spec.parts}
        self._keys = {part.name: [[(key_of(shapes, Cell(part.name, path, "/".join(path))), template, formats)
                                   for path, template, formats in source.cells] for source in part.keys]
                      for part in spec.parts}
        self._rest = key_of(shapes, spec.rest) if spec.rest is not None else ""
        self._level = level_of(spec.root, shapes)

    def pieces(self, part: Part, content: bytes, file: str, limit: int) -> list[tuple[Flat, str | None]] | None:
        """The records' shares of one file, each with its key; None where the file has to be read otherwise.

        Raises LocalError for what nobody can read.
        """
        flats = self._files[part.name].read(content, file, limit)
        if flats is None:
            return None
        made = [(flat, self._key_of(part, flat)) for flat in flats]
        return None if part.keys and any(key is None for _, key in made) else made

    def tree(self, values: Flat) -> Tree | None:
        """The tree of a record from the texts of all its parts; None where the lines have to judge."""
        if values.get(self._rest):
            return None
        try:
            tree = self._level(values)
            if self._spec.equipment:
                dialect_equipment.merge(tree, Reading(files={}))
            _complete(self._spec.required, tree, "")
        except Exception:  # whatever it is, the lines say it with its place
            return None
        return tree

    def _key_of(self, part: Part, flat: Flat) -> str | None:
        if part.key is None:
            return None
        for cells in self._keys[part.name]:
            parts: dict[str, str] = {}
            for key, template, formats in cells:
                text = flat.get(key)
                taken = template.read(text) if text else None
                if taken is None:
                    break
                try:
                    parts.update({name: str(formats[name].read(one)) if name in formats else one
                                  for name, one in taken.items()} if formats else taken)
                except Exception:
                    break
            else:
                return part.key.echo(parts)
        return None


def _file_reader(part: Part) -> FlatXml | FlatCsv:
    codec = part.codec
    if isinstance(codec, XmlCodec):
        return FlatXml(codec.root, codec.wanted, part.name)
    if isinstance(codec, CsvCodec) and not codec.group:
        return FlatCsv(codec.layout, part.name)
    raise NotFlat


def _shape(part: Part) -> Wanted:
    codec = part.codec
    if isinstance(codec, XmlCodec):
        return codec.wanted
    assert isinstance(codec, CsvCodec)
    return Wanted({column: Wanted() for column in codec.layout.columns})


def _complete(required: Mapping[str, Sequence[str]], tree: Tree, term: str) -> None:
    """Raises Doubt for a group or member without a compulsory term."""
    for name in required.get(term, ()):
        if name not in tree:
            raise Doubt
    for name, value in tree.items():
        if value.__class__ is list:
            inner = f"{term}{name}."
            for member in value:
                _complete(required, member, inner)
        elif value.__class__ is dict:
            _complete(required, value, f"{term}{name}.")


def merged(shares: Sequence[Flat]) -> Flat:
    """The texts of all parts of a record."""
    return shares[0] if len(shares) == 1 else dict(chain.from_iterable(share.items() for share in shares))
