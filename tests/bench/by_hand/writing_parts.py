"""Segments of a record that come in more than one place."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.mapping import Mapping as MessageMapping
from gateway.mapping import Traced
from tests.bench.by_hand.values import (
    GROUPS,
    GUARANTEE_LISTS,
    ITEM_LISTS,
    LISTS,
    NAMES,
    OFFICE,
    PARTY,
    Line,
    Node,
    Refused,
    an,
    day,
    decimal,
    long,
    make_traced,
    released,
)


class WritingParts:
    """What comes in more than one place: offices, countries, parties, amounts, documents, long texts."""

    def __init__(self, mapping: MessageMapping) -> None:
        plan = mapping.plans["original"]
        self._lines: dict[str, Line] = {line.label: (line.origin.file, line.origin.line) for line in plan.walk()}
        words = {table: dict(mapping.tables.words(table)) for table in mapping.tables.names()}
        self._words = words
        self._read = {table: {code: word for word, code in entries.items()} for table, entries in words.items()}

    def _check(self, record: Node) -> None:
        """Every name has a place, groups are groups, lists are lists."""
        if not record.keys() <= NAMES or record.get("function") != "original":
            raise Refused("")
        for name, names in GROUPS.items():
            if name in record:
                group = record[name]
                if type(group) is not dict or not group.keys() <= names:
                    raise Refused(name)
        for name, names in LISTS.items():
            if name in record:
                self._members(record[name], names, name)
        if "guarantee" in record:
            guarantee = record["guarantee"]
            for name, names in GUARANTEE_LISTS.items():
                if name in guarantee:
                    self._members(guarantee[name], names, name)
            if "office" in guarantee and (type(guarantee["office"]) is not dict
                                          or not guarantee["office"].keys() <= OFFICE):
                raise Refused("guarantee.office")
        for item in record.get("items", ()):
            for name, names in ITEM_LISTS.items():
                if name in item:
                    self._members(item[name], names, name)
            if "consignee" in item and (type(item["consignee"]) is not dict or not item["consignee"].keys() <= PARTY):
                raise Refused("items.consignee")

    def _members(self, members: object, names: frozenset[str], path: str) -> None:
        if type(members) is not list:
            raise Refused(path)
        for member in members:
            if type(member) is not dict or not member or not member.keys() <= names:
                raise Refused(path)

    def _write_office(self, qualifier: str, office: Node, label: str, path: str, out: list[str],
                      trace: list[Traced]) -> None:
        file, line = self._lines[label]
        number = len(out) + 2
        text = f"LOC+{qualifier}+{an(office.get('code'), 25, path)}:113:ZZZ"
        trace.append(make_traced((number, "LOC", 2, 1, office["code"], file, line, f"{path}.code")))
        name = office.get("name")
        if name is not None:
            text += f":{an(name, 70, path)}"
            trace.append(make_traced((number, "LOC", 2, 4, name, file, line, f"{path}.name")))
        out.append(text)

    def _write_country(self, head: str, value: object, tail: str, label: str, path: str, out: list[str],
                       trace: list[Traced], most: int = 2, least: int = 2) -> None:
        out.append(f"{head}{an(value, most, path, least)}{tail}")
        trace.append(make_traced((len(out) + 1, "LOC", 2, 1, value, *self._lines[label], path)))

    def _write_countries(self, qualifier: str, node: Node, term: str, label: str, most: int, prefix: str,
                         out: list[str], trace: list[Traced]) -> None:
        members = node.get(term, ())
        if len(members) > most:
            raise Refused(term)
        for ordinal, member in enumerate(members, 1):
            self._write_country(f"LOC+{qualifier}+", member.get("country"), ":162:5", label,
                                f"{prefix}{term}[{ordinal}].country", out, trace)

    def _write_text(self, head: str, tag: str, element: int, value: object, width: int, size: int, place: Line,
                    path: str, out: list[str], trace: list[Traced]) -> None:
        pieces = long(value, 0, 9 * width, size, path)
        for start in range(0, len(pieces), width):
            group = pieces[start:start + width]
            out.append(f"{head}{released(group)}")
            for component, piece in enumerate(group, 1):
                trace.append(make_traced((len(out) + 1, tag, element, component, piece, *place, path)))

    def _write_dated(self, qualifier: str, label: str, date_qualifier: str, date_label: str, members: Sequence[Node],
                     most: int, path: str, out: list[str], trace: list[Traced]) -> None:
        if len(members) > most:
            raise Refused(path)
        for ordinal, member in enumerate(members, 1):
            at = f"{path}[{ordinal}]"
            out.append(f"RFF+{qualifier}:{an(member.get('number'), 35, at)}")
            trace.append(make_traced((len(out) + 1, "RFF", 1, 2, member["number"], *self._lines[label],
                                      f"{at}.number")))
            if member.get("date") is not None:
                self._write_day(date_qualifier, date_label, member["date"], f"{at}.date", out, trace)

    def _write_day(self, qualifier: str, label: str, value: object, path: str, out: list[str],
                   trace: list[Traced]) -> None:
        text = day(value, path)
        out.append(f"DTM+{qualifier}:{text}:102")
        trace.append(make_traced((len(out) + 1, "DTM", 1, 2, text, *self._lines[label], path)))

    def _write_documents(self, members: Sequence[Node], most: int, path: str, label: str, date_label: str,
                         out: list[str], trace: list[Traced]) -> None:
        if len(members) > most:
            raise Refused(path)
        for ordinal, member in enumerate(members, 1):
            at = f"{path}[{ordinal}]"
            file, line = self._lines[label]
            text = f"DOC+{an(member.get('type'), 3, at)}"
            trace.append(make_traced((len(out) + 2, "DOC", 1, 1, member["type"], file, line, f"{at}.type")))
            if member.get("number") is not None:
                text += f"+{an(member['number'], 35, at)}"
                trace.append(make_traced((len(out) + 2, "DOC", 2, 1, member["number"], file, line, f"{at}.number")))
            out.append(text)
            if member.get("date") is not None:
                self._write_day("137", date_label, member["date"], f"{at}.date", out, trace)

    def _write_reference(self, qualifier: str, label: str, record: Node, term: str, out: list[str],
                         trace: list[Traced]) -> None:
        value = record.get(term)
        if value is not None:
            out.append(f"RFF+{qualifier}:{an(value, 35, term)}")
            trace.append(make_traced((len(out) + 1, "RFF", 1, 2, value, *self._lines[label], term)))

    def _write_vehicle(self, qualifier: str, label: str, vehicle: Node, path: str, out: list[str],
                       trace: list[Traced]) -> None:
        file, line = self._lines[label]
        number = len(out) + 2
        texts = ["TDT", qualifier, "", "", "", "", "", "", ""]
        for place, term, most in ((3, "mode", 3), (4, "kind", 8)):
            value = vehicle.get(term)
            if value is not None:
                texts[place] = an(value, most, path)
                trace.append(make_traced((number, "TDT", place, 1, value, file, line, f"{path}.{term}")))
        identity, nationality = vehicle.get("identity"), vehicle.get("nationality")
        if identity is not None or nationality is not None:
            text = ":::"
            if identity is not None:
                text += an(identity, 35, path)
                trace.append(make_traced((number, "TDT", 8, 4, identity, file, line, f"{path}.identity")))
            if nationality is not None:
                text += f":{an(nationality, 2, path, 2)}"
                trace.append(make_traced((number, "TDT", 8, 5, nationality, file, line, f"{path}.nationality")))
            texts[8] = text
        while not texts[-1]:
            texts.pop()
        out.append("+".join(texts))

    def _write_party(self, qualifier: str, label: str, party: Node, path: str, out: list[str],
                     trace: list[Traced]) -> None:
        note = trace.append
        file, line = self._lines[label]
        number = len(out) + 2
        texts = ["NAD", qualifier, "", "", "", "", "", "", "", ""]
        value = party.get("identifier")
        if value is not None:
            texts[2] = f"{an(value, 35, path)}::ZZZ"
            note(make_traced((number, "NAD", 2, 1, value, file, line, f"{path}.identifier")))
        for place, term, most, width in ((4, "name", 175, 5), (5, "street", 140, 4)):
            value = party.get(term)
            if value is not None:
                pieces = long(value, most, width, 35, path)
                texts[place] = released(pieces)
                for component, piece in enumerate(pieces, 1):
                    note(make_traced((number, "NAD", place, component, piece, file, line, f"{path}.{term}")))
        for place, term, most, least in ((6, "city", 35, 1), (8, "postcode", 9, 1), (9, "country", 2, 2)):
            value = party.get(term)
            if value is not None:
                texts[place] = an(value, most, path, least)
                note(make_traced((number, "NAD", place, 1, value, file, line, f"{path}.{term}")))
        while not texts[-1]:
            texts.pop()
        out.append("+".join(texts))

    def _write_amount(self, qualifier: str, label: str, node: Node, term: str, currency: str, prefix: str,
                      out: list[str], trace: list[Traced]) -> None:
        value, money = node.get(term), node.get(currency)
        if value is None and money is None:
            return
        file, line = self._lines[label]
        number = decimal(value, 2, f"{prefix}{term}")
        text = f"MOA+{qualifier}:{number}"
        trace.append(make_traced((len(out) + 2, "MOA", 1, 2, number, file, line, f"{prefix}{term}")))
        if money is not None:
            text += f":{an(money, 3, f'{prefix}{currency}', 3)}"
            trace.append(make_traced((len(out) + 2, "MOA", 1, 3, money, file, line, f"{prefix}{currency}")))
        out.append(text)
