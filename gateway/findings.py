"""What is wrong and where: one Finding, many readers.

A checker returns all its findings; it never prints, never decides, never stops at the first.
The sentence is made in one place only (`gateway.texts`), from the code and the values.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

from msgspec import Struct, field


@enum.unique
class Severity(enum.Enum):
    """How much a finding weighs. Only an error refuses anything."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Place(Struct, frozen=True, kw_only=True):
    """Where a finding stands. Every part may be absent; those given are printed in this order.

    file, line, column   a file of people's; line and column count from 1, column in characters
    locator              XPath, JSON pointer or cell of the national file: ``/ASYCUDA/Item[3]/Valuation_item``
    path                 path in the transit record: ``items[3].gross_mass``
    interchange          control reference (0020)
    group                functional group reference (0048), where the interchange has groups
    message              message reference (0062)
    occurrence           from 2: which use of that message reference it is, or of the group's, where one is used twice
    segment, tag         segment position in its message (UNH is 1; what UCS 0096 counts) and its tag
    element, component   ordinals from 1; the tag is not counted here (UCD 0098 counts it: add one)
    missing              True: the thing named is absent, and `segment` is the last good one before the gap
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    locator: str | None = None
    path: str | None = None
    interchange: str | None = None
    group: str | None = None
    message: str | None = None
    occurrence: int | None = None
    segment: int | None = None
    tag: str | None = None
    element: int | None = None
    component: int | None = None
    missing: bool = False


NOWHERE = Place()


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong.

    code      stable, never reused: one letter and three digits, ``COR0nnn``, or a code of GW-1 section 6 (``E_...``)
    place     where
    values    what the sentence needs: the value found, the limit, the rule; texts, never whole documents
    severity  an error refuses; a warning is shown; a note is kept
    fault     code of data element 0085 for a CONTRL, where the finding is one a partner is told about
    """

    code: str
    place: Place = NOWHERE
    values: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
    fault: str | None = None


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether one of the findings refuses."""
    return any(finding.severity is Severity.ERROR for finding in findings)
