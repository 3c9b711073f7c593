"""Real national files through dialect, mapping, conformance and the receiver's rules: what would become of them.

Nothing is sent and nothing is kept; the files are not moved. What only a ledger knows (an MRN already given, a movement
already known) is answered as on the first day.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from gateway.edifact import read_wire
from gateway.errors import GatewayError, LocalError
from gateway.exchange.conversion import check
from gateway.exchange.judgement import whole_minute
from gateway.exchange.loopback import completed, judged
from gateway.exchange.outbound import placed
from gateway.findings import Finding, Place, has_errors
from gateway.mapping import Corridor, Corridors
from gateway.mapping.dialect import Dialect, NationalRecord
from gateway.references import Tree
from gateway.transit.event import Event
from gateway.transit.terms import from_tree, to_tree

PROBE = 40
"""Files on which the dialect is chosen that reads a folder."""
_NATIONAL = ("container_lines", "trailer")
"""Terms that dialects have for themselves: in the record they are equipment."""
_ORDINAL = re.compile(r"\[\d+\]")


class Rehearsed(Struct, frozen=True, kw_only=True):
    """What would become of one record: its corridor ("" where none was found), and why it would be refused.

    accepted  the receiver would accept it
    """

    key: str
    files: Sequence[str]
    corridor: str
    accepted: bool
    findings: Sequence[Finding] = ()


class Reason(Struct, frozen=True, kw_only=True):
    """Why records would be refused: a code, how many records have it, the first finding that says it."""

    code: str
    records: int
    example: Finding


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """A folder of national files, gone through.

    files     how many there were
    dialects  which dialects read them, each with its number of records
    records   each record that could be read
    refused   files that no dialect takes, with the findings of the one that comes nearest
    waiting   files whose other half is not there
    unseen    terms for which a dialect has a place and which no record has
    unread    fields that hold something and that no dialect reads: field -> how many files
    """

    files: int = 0
    dialects: dict[str, int] = field(default_factory=dict)
    records: list[Rehearsed] = field(default_factory=list)
    refused: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """Records that would be accepted."""
        return sum(record.accepted for record in self.records)

    @property
    def rate(self) -> float:
        """Share of the records that would be accepted, from 0 to 1; files that nobody can read count as one each."""
        whole = len(self.records) + len(self.refused)
        return self.accepted / whole if whole else 0.0

    @property
    def reasons(self) -> list[Reason]:
        """Why records and files would be refused, the most frequent first."""
        counts: Counter[str] = Counter()
        examples: dict[str, Finding] = {}
        for findings in [*(record.findings for record in self.records if not record.accepted), *self.refused.values()]:
            for code in dict.fromkeys(finding.code for finding in findings):
                counts[code] += 1
            for finding in findings:
                examples.setdefault(finding.code, finding)
        return [Reason(code=code, records=number, example=examples[code]) for code, number in counts.most_common()]


def rehearse(corridors: Corridors, dialects: Sequence[Dialect], files: Mapping[str, bytes], now: datetime) -> Rehearsal:
    """Go through national files.

    dialects  those that may read them; of several that can, the one of the administration whose office registered the
              records reads them
    """
    told = Rehearsal(files=len(files))
    left = dict(files)
    seen: dict[str, str] = {}
    used: list[Dialect] = []
    trees: list[Tree] = []
    events: list[NationalRecord] = []
    while left:
        dialect = _best(corridors, [one for one in dialects if one not in used], left)
        if dialect is None:
            break
        used.append(dialect)
        reading = dialect.read(left)
        told.dialects[dialect.identifier] = len(reading.records)
        told.waiting.update({one.file: one.lacks for one in reading.waiting})
        told.refused.update({one.file: one.findings for one in reading.refused
                             if one.file not in told.refused or one.findings[0].code != "D119"})
        for number, record in enumerate(reading.records, len(told.records) + 1):
            trees.append(record.tree)
            if dialect.kind == "declaration":
                told.records.append(_declared(corridors, record, number, now, seen))
            else:
                events.append(record)
            for name in record.files:
                told.unread.update({_plain(place) for place in dialect.unread(name, left[name])})
        done = {name for record in reading.records for name in record.files}
        left = {name: content for name, content in left.items() if name not in done and name not in told.waiting}
        told.refused = {name: findings for name, findings in told.refused.items() if name in left}
    told.records.extend(_said(corridors, record, now, seen) for record in events)  # when all declarations are known
    for name in left:
        told.refused.setdefault(name, (Finding(code="M453", place=Place(file=name), values={
            "dialects": ", ".join(one.identifier for one in dialects) or "-"}),))
    held = {term for tree in trees for term in _terms(tree, "")}
    places = {term for one in used for term, place in one.terms.items() if place.kind not in ("group", "list")}
    told.unseen = sorted(term for term in places - held if not term.startswith(_NATIONAL))
    return told


def _best(corridors: Corridors, dialects: Sequence[Dialect], files: Mapping[str, bytes]) -> Dialect | None:
    """The dialect that reads most records of its own administration, then most records at all; None when none does."""
    probe = dict(list(files.items())[:PROBE])
    ranked = []
    for number, dialect in enumerate(dialects):
        records = dialect.read(probe).records
        own = dialect.identifier.partition("/")[0]
        ranked.append((sum(_registered_by(corridors, record.tree).lower() == own for record in records), len(records),
                       -number))
    best = max(ranked, default=(0, 0, 0))
    return dialects[-best[2]] if best[1] else None


def _registered_by(corridors: Corridors, tree: Tree) -> str:
    """The administration whose office a record was made by."""
    office = tree.get("office_of_departure", tree.get("office"))
    entry = corridors.offices.get(str(office.get("code"))) if isinstance(office, dict) else None
    return entry.administration if entry is not None else ""


def _declared(corridors: Corridors, record: NationalRecord, number: int, now: datetime,
              seen: dict[str, str]) -> Rehearsed:
    corridor: Corridor | None = None
    try:
        corridor, tree = completed(corridors, record, number, now)
        wire = corridor.cusdec.to_message(tree)
        check(wire, corridor.cusdec, tree)
        seen[str(tree.get("mrn"))] = corridor.identifier
        verdict = judged(corridor, read_wire(wire))
        findings = [*record.findings, *(placed(finding, record) for finding in verdict.findings)]
        accepted = not verdict.reasons
    except LocalError as error:
        findings, accepted = [placed(finding, record) for finding in error.findings], False
    return Rehearsed(key=record.key, files=record.files, corridor=corridor.identifier if corridor else "",
                     accepted=accepted, findings=findings)


def _said(corridors: Corridors, record: NationalRecord, now: datetime, seen: Mapping[str, str]) -> Rehearsed:
    """An event: its movement's corridor where the declaration was among the files, else one that its office is on."""
    administration = _registered_by(corridors, record.tree)
    known = seen.get(str(record.tree.get("mrn")))
    corridor = next((one for one in corridors.all if one.identifier == known),
                    next((one for one in corridors.all if one.role(administration) is not None), None))
    try:
        if corridor is None:
            raise LocalError(Finding(code="X005", values={"mrn": str(record.tree.get("mrn", "?"))}))
        event = from_tree(Event, {"administration": administration, "reference": f"{administration}-{now:%Y%m%d}-1",
                                  "happened": whole_minute(now), **record.tree})
        check(corridor.write([to_tree(event)]))
    except GatewayError as error:
        findings = [placed(finding, record) for finding in error.findings]
        return Rehearsed(key=record.key, files=record.files, corridor=corridor.identifier if corridor else "",
                         accepted=False, findings=findings)
    return Rehearsed(key=record.key, files=record.files, corridor=corridor.identifier,
                     accepted=not has_errors(record.findings), findings=record.findings)


def _plain(place: Place) -> str:
    return _ORDINAL.sub("", place.locator or "-")


def _terms(node: object, prefix: str) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _terms(value, f"{prefix}.{name}" if prefix else name)
    elif isinstance(node, list):
        for member in node:
            yield from _terms(member, prefix)
    else:
        yield prefix
