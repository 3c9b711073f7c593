"""A reader of fixed-width manifests, as a program of the eighties puts them out: an example to start from.

One line ``H`` for the declaration, one line ``I`` for each of its items, fields at fixed columns. The names are those
of the transit record, so that no dialect is needed: ``dialect: readers/manifest`` in the settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.records.readers import Fields, Unreadable, Value

HEADER = {"local_reference": (1, 13), "transit_type": (13, 15), "office_of_departure": (15, 20),
          "office_of_exit": (20, 25), "office_of_destination": (25, 30), "accepted": (30, 47), "time_limit": (47, 57),
          "principal": (57, 77), "total_gross_mass": (77, 87), "total_packages": (87, 92)}
"""Name -> first column and the one behind the last, from 0; column 0 says what kind of line it is."""

ITEM = {"number": (1, 4), "commodity": (4, 14), "description": (14, 40), "gross_mass": (40, 50), "count": (50, 55),
        "kind": (55, 57)}

CODED = ("office_of_departure", "office_of_exit", "office_of_destination")
NUMBERS = ("total_gross_mass", "total_packages", "number", "gross_mass", "count")


class Manifest:
    """One file, one declaration."""

    record = "declaration"

    def read(self, content: bytes, file: str) -> Iterator[Fields]:
        """The declaration of a manifest. Raises Unreadable with the line at fault."""
        try:
            lines = content.decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise Unreadable("not UTF-8", content.count(b"\n", 0, error.start) + 1) from None
        header: dict[str, Value] = {}
        items: list[Fields] = []
        for number, line in enumerate(lines, 1):
            kind = line[:1]
            if kind == "H" and not header:
                header = _cut(line, number, HEADER)
            elif kind == "I" and header:
                items.append(_item(_cut(line, number, ITEM)))
            elif line.strip():
                raise Unreadable(f"a line H, then lines I; not {line[:1]!r}", number, 1)
        if not header or not items:
            raise Unreadable("a line H and one line I at least", max(len(lines), 1), 1)
        yield _declaration(header, items)


def _cut(line: str, number: int, columns: dict[str, tuple[int, int]]) -> dict[str, Value]:
    """The fields of a line, each at its first character that is no blank; zeros in front of a number left out."""
    made = {}
    for name, (start, end) in columns.items():
        field = line[start:end]
        text = field.strip()
        if name in NUMBERS:
            text = text.lstrip("0") or text[-1:]
        if text:
            made[name] = Value(text, number, start + field.index(text) + 1)
    return made


def _declaration(header: dict[str, Value], items: list[Fields]) -> Fields:
    made: dict[str, Value | Fields | list[Fields]] = {}
    for name, value in header.items():
        made[name] = {"code": value} if name in CODED else {"name": value} if name == "principal" else value
    return {**made, "items": items}


def _item(fields: dict[str, Value]) -> Fields:
    packages: Fields = {name: fields[name] for name in ("count", "kind") if name in fields}
    kept: Fields = {name: value for name, value in fields.items() if name not in ("count", "kind")}
    return {**kept, "packages": [packages]} if packages else kept
