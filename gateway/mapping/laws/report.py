"""What trying the laws and the samples gave, as data: `edi map test` says it in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from gateway.findings import Finding
from gateway.mapping.notation import Origin
from gateway.references import Tree

Law = Literal["record", "message", "writes", "reads"]
"""record   record to message to record gives the record, normalised
message  message to record to message gives the message
writes   a record within the declared types and limits can be written
reads    a message made from the lines of the mapping can be read"""


class Change(Struct, frozen=True, kw_only=True):
    """What normalising does to values of one term: ``before`` became ``after``, and how often in the records tried."""

    term: str
    before: str
    after: str
    times: int = 1


class Shrunk(Struct, frozen=True, kw_only=True):
    """The smallest counter-example found.

    law       which law it breaks
    function  message function of its plan, None for a layout without functions
    record    the record
    segments  its message, one text per segment; empty when it could not be written
    expected  what the law demands: lines of a record or segments
    found     what there was instead, in the same form; empty where `findings` say what was refused
    line      the line of the mapping at the first difference, where there is one
    seed      text that makes the same record again
    """

    law: Law
    function: str | None
    record: Tree
    segments: Sequence[str]
    expected: Sequence[str]
    found: Sequence[str]
    findings: Sequence[Finding] = ()
    line: Origin | None = None
    seed: str = ""


@dataclass(slots=True, kw_only=True)
class LawReport:
    """The laws of one mapping or dialect, tried.

    tried           records made and taken through both laws
    messages        messages made without a record and taken through both laws
    normalised      what normalising changed
    counterexample  None when both laws held
    """

    identifier: str
    tried: int = 0
    messages: int = 0
    normalised: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    counterexample: Shrunk | None = None

    @property
    def changes(self) -> list[Change]:
        """What normalising changed, most frequent first."""
        return [Change(term=term, before=before, after=after, times=times)
                for (term, before, after), times in self.normalised.most_common()]

    def add(self, other: LawReport) -> None:
        """Take in what another share of the records gave; the first counter-example stays."""
        self.tried += other.tried
        self.messages += other.messages
        self.normalised.update(other.normalised)
        self.counterexample = self.counterexample or other.counterexample


class SampleResult(Struct, frozen=True, kw_only=True):
    """One sample, tried.

    file      the sample, as it is shown
    records   how many records it holds
    written   files written because they were missing or differed, and were to be accepted
    findings  what differs from the expected files; empty when nothing does
    """

    file: str
    records: int
    written: Sequence[str] = ()
    findings: Sequence[Finding] = ()
