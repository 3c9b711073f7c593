"""The segment at hand, and segments of a message that come in more than one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import cast

from gateway.edifact import Message
from gateway.mapping import Traced
from tests.bench.by_hand.texts import Components, an, day, decimal, joined, minute, shape, within
from tests.bench.by_hand.values import Line, Node, Refused, make_traced


class ReadingParts:
    """One message.

    tag, e, at   of the segment at hand: tag, elements, position
    seen         what has come that may come once
    texts        the long texts so far, an entry for each segment
    """

    def __init__(self, message: Message, lines: Mapping[str, Line], words: Mapping[str, Mapping[str, str]]) -> None:
        self.segments = message.segments
        self.last = len(self.segments) - 1
        self.lines, self.words = lines, words
        self.record: Node = {}
        self.trace: list[Traced] = []
        self.seen: set[str] = set()
        self.texts: list[str] = []
        self.at = 1
        self.tag = ""
        self.e: Sequence[Components] = ()
        self.next()

    def next(self) -> None:
        """Go to the next segment."""
        if self.at < self.last:
            segment = self.segments[self.at]
            self.tag = segment.tag
            self.e = cast("Sequence[Components]", segment.elements)  # a repeated element fails in every check below
        else:
            self.tag, self.e = "", ()
        self.at += 1

    def note(self, element: int, component: int, text: str, place: Line, path: str | None) -> None:
        """Remember where a value goes."""
        self.trace.append(make_traced((self.at, self.tag, element, component, text, *place, path)))

    def once(self, name: str) -> None:
        """Something that comes at most once."""
        if name in self.seen:
            raise Refused(name)
        self.seen.add(name)

    def code(self, table: str, text: str) -> str:
        """The word of a code."""
        word = self.words[table].get(text)
        if word is None:
            raise Refused(text)
        return word

    def guarantee(self) -> Node:
        """The guarantee, which several segments speak of."""
        found: Node = self.record.setdefault("guarantee", {})
        return found

    def run(self, tag: str, readers: Mapping[str, Callable[[str], None]]) -> None:
        """Segments of one tag in any order."""
        while self.tag == tag:
            qualifier = self.e[0][0]
            if qualifier not in readers:
                raise Refused(f"{tag}+{qualifier}")
            readers[qualifier](qualifier)

    def separator(self, section: str) -> None:
        """UNS."""
        if self.tag != "UNS" or self.e[0] != (section,):
            raise Refused("UNS")
        shape(self.e, 1, 1)
        self.next()

    def qualified(self, components: Sequence[str], table: str) -> str:
        """``code:table:ZZZ``."""
        within(components, 3, 3)
        if components[1] != table or components[2] != "ZZZ":
            raise Refused(table)
        return an(components[0], 18)

    def office(self, label: str, path: str) -> Node:
        """Code and name of an office, in the second element."""
        components, place = self.e[1], self.lines[label]
        within(self.e[0], 1, 1)
        count = within(components, 3, 4)
        if components[1] != "113" or components[2] != "ZZZ":
            raise Refused(path)
        found: Node = {"code": an(components[0], 25)}
        self.note(2, 1, components[0], place, f"{path}.code")
        if count > 3 and components[3]:
            found["name"] = an(components[3], 70)
            self.note(2, 4, components[3], place, f"{path}.name")
        return found

    def country(self, label: str, path: str) -> str:
        """``code:162:5`` in the second element."""
        components = self.e[1]
        shape(self.e, 2, 2)
        within(self.e[0], 1, 1)
        within(components, 3, 3)
        if components[1] != "162" or components[2] != "5":
            raise Refused(path)
        text = an(components[0], 2, 2)
        self.note(2, 1, text, self.lines[label], path)
        self.next()
        return text

    def countries(self, label: str, node: Node, term: str, most: int, prefix: str) -> None:
        members = node.setdefault(term, [])
        if len(members) == most:
            raise Refused(term)
        members.append({"country": self.country(label, f"{prefix}{term}[{len(members) + 1}].country")})

    def stamp(self, label: str, path: str, qualifier: str) -> datetime:
        """``qualifier:...:203``."""
        shape(self.e, 1, 1)
        components = self.e[0]
        within(components, 3, 3)
        if components[0] != qualifier or components[2] != "203":
            raise Refused(path)
        value = minute(components[1])
        self.note(1, 2, components[1], self.lines[label], path)
        self.next()
        return value

    def dated(self, label: str, path: str, qualifier: str) -> date:
        """``qualifier:...:102``."""
        shape(self.e, 1, 1)
        components = self.e[0]
        within(components, 3, 3)
        if components[0] != qualifier or components[2] != "102":
            raise Refused(path)
        value = day(components[1])
        self.note(1, 2, components[1], self.lines[label], path)
        self.next()
        return value

    def mass(self, qualifier: str, label: str, node: Node, term: str, prefix: str) -> None:
        e = self.e
        shape(e, 3, 3)
        if e[0] != ("WT",) or e[1] != (qualifier,) or within(e[2], 2, 2) != 2 or e[2][0] != "KGM":
            raise Refused("MEA")
        node[term] = decimal(e[2][1], 6)
        if not prefix:
            self.seen.add("weight1")
        self.note(3, 2, e[2][1], self.lines[label], f"{prefix}{term}")
        self.next()

    def long(self, head: Sequence[Components], element: int, width: int, size: int, node: Node, term: str, label: str,
             path: str) -> None:
        """One segment of a long text, behind what the segments before have brought."""
        e = self.e
        shape(e, element, element)
        if any(found != wanted for found, wanted in zip(e[:element - 1], head, strict=True)):
            raise Refused(path)
        components = e[element - 1]
        node[term] = node.get(term, "") + joined(components, width, size)
        for number, text in enumerate(components, 1):
            self.note(element, number, text, self.lines[label], path)
        self.next()

    def numbered(self, label: str, qualifier: str, date_label: str, members: list[Node], most: int, path: str) -> None:
        """A reference with its date."""
        if len(members) == most:
            raise Refused(path)
        place = f"{path}[{len(members) + 1}]"
        member: Node = {"number": an(self.e[0][1], 35)}
        self.note(1, 2, self.e[0][1], self.lines[label], f"{place}.number")
        self.next()
        if self.tag == "DTM":
            member["date"] = self.dated(date_label, f"{place}.date", qualifier)
        members.append(member)

    def documents(self, node: Node, most: int, path: str, label: str, date_label: str) -> None:
        place = self.lines[label]
        while self.tag == "DOC":
            e = self.e
            members = node.setdefault("documents", [])
            if len(members) == most:
                raise Refused(path)
            at = f"{path}[{len(members) + 1}]"
            shape(e, 1, 2)
            within(e[0], 1, 1)
            member: Node = {"type": an(e[0][0], 3)}
            self.note(1, 1, e[0][0], place, f"{at}.type")
            if len(e) > 1 and any(e[1]):
                within(e[1], 1, 1)
                member["number"] = an(e[1][0], 35)
                self.note(2, 1, e[1][0], place, f"{at}.number")
            self.next()
            if self.tag == "DTM":
                member["date"] = self.dated(date_label, f"{at}.date", "137")
            members.append(member)

    def party(self, label: str, node: Node, term: str, prefix: str) -> None:
        e = self.e
        if not term or term in node:
            raise Refused("NAD")
        place, path = self.lines[label], f"{prefix}{term}"
        shape(e, 1, 9)
        within(e[0], 1, 1)
        count = len(e)
        found: Node = {}
        if count > 1 and any(e[1]):
            within(e[1], 3, 3)
            if e[1][1] or e[1][2] != "ZZZ":
                raise Refused(path)
            found["identifier"] = an(e[1][0], 35)
            self.note(2, 1, e[1][0], place, f"{path}.identifier")
        if (count > 2 and any(e[2])) or (count > 6 and any(e[6])):
            raise Refused(path)
        for number, name, most, width in ((3, "name", 175, 5), (4, "street", 140, 4)):
            if count > number and any(e[number]):
                text = joined(e[number], width, 35)
                if len(text) > most:
                    raise Refused(path)
                found[name] = text
                for component, piece in enumerate(e[number], 1):
                    self.note(number + 1, component, piece, place, f"{path}.{name}")
        for number, name, most, least in ((5, "city", 35, 1), (7, "postcode", 9, 1), (8, "country", 2, 2)):
            if count > number and any(e[number]):
                within(e[number], 1, 1)
                found[name] = an(e[number][0], most, least)
                self.note(number + 1, 1, e[number][0], place, f"{path}.{name}")
        if not found:
            raise Refused(path)
        node[term] = found
        self.next()

    def amount(self, label: str, node: Node, term: str, currency: str, prefix: str) -> None:
        place = self.lines[label]
        shape(self.e, 1, 1)
        components = self.e[0]
        count = within(components, 2, 3)
        node[term] = decimal(components[1], 2)
        self.note(1, 2, components[1], place, f"{prefix}{term}")
        if count > 2 and components[2]:
            node[currency] = an(components[2], 3, 3)
            self.note(1, 3, components[2], place, f"{prefix}{currency}")
        self.next()
