"""The gateway's parts for other Python programs: read, map, build, parse, validate, explain.

    from gateway.api import Header, Workbench, explain

    bench = Workbench()                                                    the mappings of the project
    read = bench.read("neutral/json", {"d1.json": content})                national files -> records
    message = bench.map(read.records[0], "tg-bf")                          record -> message
    sent = bench.build([message], header)                                  messages -> interchange, bytes
    for finding in bench.validate(sent, "tg-bf"):                          what is wrong, and where
        print(explain(finding).sentence)
    records = bench.parse(sent, "tg-bf")[0].records                        interchange -> records

Nothing here touches settings, keys, mailboxes or a ledger, and importing it brings no library for them. A `Workbench`
keeps the mappings it has loaded, is not changed by any call, and may be used by several threads. What is wrong with
content comes as `Finding`, never as text; what stops everything is a `GatewayError` that carries findings.

Promise: names and signatures that stand here stay; what is added is optional.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.edifact import (
    InterchangeHeader,
    WireMessage,
    content_of,
    read_interchanges,
    tree,
    write_interchange,
)
from gateway.edifact import validate as validate_interchange
from gateway.errors import GatewayError, LinkError, LocalError, PartnerError
from gateway.exchange.corridor_judgement import judge_by_corridor
from gateway.findings import Finding, Place, Severity
from gateway.mapping import Corridors, load_corridors, search_path
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.record_json import record_from_json, record_to_json
from gateway.references import Scalar, Tree
from gateway.texts import Language, explanation, hint, known, say, sentence, where
from gateway.transit.mrn import make_mrn

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

Kind = Literal["declaration", "event"]


class Record(Struct, frozen=True, kw_only=True):
    """One transit record: a declaration, or an event of a movement.

    tree      its terms as plain nested values; an absent value has no key (`gateway.references.Tree`)
    key       how the national side names it; "" for one that came from a message
    files     the national files it was read from
    places    path in the record -> file, line, column; empty for one that came from a message
    findings  what is announced and refuses nothing
    """

    kind: Kind
    tree: Tree
    key: str = ""
    files: tuple[str, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def having(self, **terms: Scalar) -> Record:
        """The record with some of its own terms set: what the gateway gives, say (mrn, prepared, reference)."""
        return replace(self, tree={**self.tree, **terms})

    def to_json(self) -> dict[str, Json]:
        """The record for `json.dumps`, as ``gateway/schema/record.json`` describes it: masses and amounts as texts,
        days as ``2026-03-10``, instants as ``2026-03-10T10:15Z``."""
        made: dict[str, Json] = json.loads(json.dumps(record_to_json(self.tree)))
        return {"schema": 1, "kind": self.kind, "record": made}

    @classmethod
    def from_json(cls, document: object) -> Record:
        """The record of such an object. Raises LocalError: F080 another form, D110 and D111 a key or a value that is
        none, T001 to T003, each with its path."""
        kind = document.get("kind") if isinstance(document, dict) else None
        if not isinstance(document, dict) or document.get("schema") != 1 or kind not in ("declaration", "event"):
            raise LocalError(Finding(code="F080", place=Place(locator=""), values={"wanted": "{schema, kind, record}"}))
        return cls(kind=kind, tree=record_from_json(kind, document.get("record")))


class Read(Struct, frozen=True, kw_only=True):
    """What national files gave; each file is in one of the three only.

    records   in the order of the files
    waiting   files whose record is not complete -> the part that is not there
    refused   files that cannot be taken -> every reason
    """

    records: tuple[Record, ...]
    waiting: Mapping[str, str]
    refused: Mapping[str, tuple[Finding, ...]]


class Header(Struct, frozen=True, kw_only=True):
    """Who sends what to whom: UNB. `prepared` is an aware instant; a test is never taken for the real thing."""

    sender: str
    recipient: str
    control_reference: str
    prepared: datetime
    test: bool
    sender_qualifier: str = "ZZZ"
    recipient_qualifier: str = "ZZZ"
    syntax_identifier: str = "UNOC"


class Parsed(Struct, frozen=True, kw_only=True):
    """One message of an interchange.

    interchange, reference  its control reference (0020) and its own (0062)
    type                    S009 as it stands there: ``CUSDEC:D:96B:UN``
    records                 empty where no corridor was named, or it cannot be read
    findings                what kept it from being read
    """

    interchange: str
    reference: str
    type: str
    records: tuple[Record, ...] = ()
    findings: tuple[Finding, ...] = ()


class Explanation(Struct, frozen=True, kw_only=True):
    """What is said of a code: the sentence, what to do next, the long text; "" where there is none."""

    code: str
    sentence: str
    hint: str = ""
    text: str = ""


class Workbench:
    """The corridors, mappings and dialects of some folders.

    mappings   folders of your own, which win over those of the project
    """

    def __init__(self, mappings: Sequence[Path] = ()) -> None:
        self._search = search_path(mappings)
        self._dialects: dict[str, Dialect] = {}

    @cached_property
    def _corridors(self) -> Corridors:
        return load_corridors(self._search)

    @property
    def corridors(self) -> tuple[str, ...]:
        """The corridors there are."""
        return tuple(corridor.identifier for corridor in self._corridors.all)

    def read(self, dialect: str, files: Mapping[str, bytes]) -> Read:
        """Read national files (name -> content) by a dialect, all that is there of it at once.

        Raises LocalError D011 for a dialect that there is not, and for one with faults; never for what files hold.
        """
        speaks = self._dialect(dialect)
        reading = speaks.read(files)
        kind: Kind = "event" if speaks.kind == "event" else "declaration"
        return Read(
            records=tuple(Record(kind=kind, tree=record.tree, key=record.key, files=record.files,
                                 places=record.origins, findings=record.findings) for record in reading.records),
            waiting={one.file: one.lacks for one in reading.waiting},
            refused={one.file: one.findings for one in reading.refused})

    def write(self, dialect: str, record: Record, stem: str) -> dict[str, bytes]:
        """The national files of a record: name -> content; `stem` is what the names are made of.

        Raises LocalError D201 to D206 for what these files cannot carry.
        """
        return self._dialect(dialect).write(record.tree, stem)

    def map(self, record: Record, corridor: str) -> WireMessage:
        """Write a record as the message of a corridor: a CUSDEC for a declaration, a CUSRES for an event.

        Raises LocalError with every finding, each with its path in the record, and its place in the national file
        where the record came from one; M302 for a corridor that there is not.
        """
        found = self._corridors.named(corridor)
        try:
            return found.cusdec.to_message(record.tree) if record.kind == "declaration" else found.write([record.tree])
        except LocalError as error:
            raise LocalError(*(_placed(finding, record) for finding in error.findings)) from error

    def build(self, messages: Sequence[WireMessage], header: Header) -> bytes:
        """One interchange of messages, whose references are 1, 2, 3, … Raises LocalError F060, F061, F062; ValueError
        without a message."""
        unb = InterchangeHeader(
            syntax_identifier=header.syntax_identifier, sender=header.sender, sender_qualifier=header.sender_qualifier,
            recipient=header.recipient, recipient_qualifier=header.recipient_qualifier, prepared=header.prepared,
            control_reference=header.control_reference, test="1" if header.test else None)
        return write_interchange(unb, [(str(number), message) for number, message in enumerate(messages, 1)])

    def validate(self, content: bytes, corridor: str | None = None) -> list[Finding]:
        """Everything that is wrong with a file: envelope, syntax and directory, and what a corridor says of each
        message. Never raises for content; LocalError M302 for a corridor that there is not."""
        judge = None if corridor is None else self._corridors.named(corridor)
        findings: list[Finding] = []
        for interchange in read_interchanges(content):
            findings.extend(validate_interchange(interchange))
            reference = interchange.header.control_reference
            for message in interchange.messages if judge is not None else ():
                assert judge is not None
                findings.extend(judge_by_corridor(reference, message, judge))
        return findings

    def parse(self, content: bytes, corridor: str | None = None) -> list[Parsed]:
        """The messages of a file in their order, and what a corridor reads in each. Never raises for content;
        LocalError M302 for a corridor that there is not. A message without fault in `Parsed` may still have broken a
        rule: `validate` tells."""
        return list(self._parsed(content, corridor))

    def _parsed(self, content: bytes, corridor: str | None) -> Iterator[Parsed]:
        reads = None if corridor is None else self._corridors.named(corridor)
        for interchange in read_interchanges(content):
            for message in interchange.messages:
                kind: Kind = "declaration" if message.identifier.type == "CUSDEC" else "event"
                records: tuple[Record, ...] = ()
                findings: tuple[Finding, ...] = ()
                if reads is not None and message.identifier.type in ("CUSDEC", "CUSRES"):
                    try:
                        records = tuple(Record(kind=kind, tree=found) for found in reads.read(message))
                    except GatewayError as error:
                        findings = tuple(error.findings)
                yield Parsed(interchange=interchange.header.control_reference, reference=message.reference,
                             type=str(message.identifier), records=records, findings=findings)

    def _dialect(self, identifier: str) -> Dialect:
        found = self._dialects.get(identifier)
        if found is None:
            found = self._dialects[identifier] = load_dialect(identifier, self._search)
        return found


def to_json(content: bytes) -> dict[str, Json]:
    """Exactly what stands in a file, for `json.dumps`: every interchange, segment, element and component
    (``gateway/schema/output/inspect.json``). Never raises for content."""
    document: dict[str, Json] = json.loads(json.dumps(
        {"schema": 1, "kind": "interchange-file", "interchanges": [tree(one) for one in read_interchanges(content)]}))
    return document


def from_json(document: object) -> bytes:
    """The file that `to_json` shows: the same bytes, but for line breaks between segments. Raises LocalError F080 for
    another form, F063 for a text that its separators or its set cannot carry."""
    if not isinstance(document, dict) or document.get("schema") != 1:
        raise LocalError(Finding(code="F080", place=Place(locator=""), values={"wanted": "{schema, interchanges}"}))
    return content_of(document.get("interchanges"))


def explain(about: Finding | str, language: Literal["fr", "en"] = "fr") -> Explanation:
    """The words for a finding, with its place and values; or for a code alone, with its values left open.

    Raises LocalError C002 for a code that the catalogue does not have.
    """
    spoken = Language(language)
    finding = about if isinstance(about, Finding) else Finding(code=about.strip().upper())
    code = finding.code
    ruled = finding.values.get(language, "") if code.startswith("COR") else ""  # a rule brings its own sentences
    if not ruled and not known(code, spoken):
        raise LocalError(Finding(code="C002", values={"code": code}))
    place = where(finding.place, spoken)
    if ruled:
        told = f"{place}: {code}: {ruled}" if place else f"{code}: {ruled}"
    else:
        told = sentence(finding, spoken) if isinstance(about, Finding) else say(code, spoken)
    return Explanation(code=code, sentence=told, hint=hint(finding, spoken) or "",
                       text=explanation(code, spoken))


def _placed(finding: Finding, record: Record) -> Finding:
    """A finding of the mapping at the place in the national file that its value came from, or one around it."""
    path = finding.place.path or ""
    while path:
        place = record.places.get(path)
        if place is not None:
            return replace(finding, place=replace(place, path=finding.place.path, missing=finding.place.missing))
        path = path.rpartition(".")[0]
    return replace(finding, place=replace(finding.place, file=", ".join(record.files) or None))


__all__ = ["Explanation", "Finding", "GatewayError", "Header", "Json", "Kind", "LinkError", "LocalError", "Parsed",
           "PartnerError", "Place", "Read", "Record", "Scalar", "Severity", "Tree", "WireMessage", "Workbench",
           "explain", "from_json", "make_mrn", "to_json"]
