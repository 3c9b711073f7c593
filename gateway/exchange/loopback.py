"""One exchange without a partner: national files to an interchange, judged and answered as its receiver would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.findings import Finding
from gateway.references import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What went and came back, in the order in which it happened; what was not reached is empty.

    records          the transit records that the sender's dialect read
    wire             the interchange, as it would travel
    contrl           the receiver's answer on syntax, as an interchange
    received         the records that the receiver read from `wire`
    national         the national files that the receiver's dialect wrote: name -> content
    answer           the receiver's answer on content (CUSRES ACCEPTED or REJECTED), as an interchange
    national_answer  the national files that the sender's dialect wrote of the answer
    accepted         every record was accepted
    findings         everything that was refused or announced on the way
    """

    records: Sequence[Tree] = ()
    wire: bytes = b""
    contrl: bytes = b""
    received: Sequence[Tree] = ()
    national: Mapping[str, bytes]
    answer: bytes = b""
    national_answer: Mapping[str, bytes]
    accepted: bool = False
    findings: Sequence[Finding] = ()
