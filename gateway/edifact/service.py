"""The format of service segments (UNB, UNZ, UNG, UNE) by the facts of their syntax version."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from msgspec.structs import replace

from gateway.edifact.characters import known_version
from gateway.edifact.directory import load_directory
from gateway.edifact.formats import faults
from gateway.edifact.model import Segment
from gateway.edifact.rules import AGREED, SegmentRule, compile_segment, fits
from gateway.findings import Finding, Place

_JUDGED_ELSEWHERE = frozenset(("0001", "0002", *AGREED))
"""Syntax identifier and version have their own findings."""


@cache
def rule_of(tag: str, version: str) -> SegmentRule:
    """The rule of a service segment in a syntax version, one of VERSIONS."""
    directory = load_directory(None, version)
    definition = directory.segment(tag)
    if definition is None:
        raise ValueError(f"no service segment {tag} in syntax version {version}")
    return compile_segment(definition, directory, without_lists=_JUDGED_ELSEWHERE)


def check_service_segment(segment: Segment, version: str, place: Place) -> Iterator[Finding]:
    """Every fault of format of a service segment; `place` names it, elements and components are added."""
    rule = rule_of(segment.tag, known_version(version))
    if fits(rule, segment.elements, None):
        return
    for fault in faults(rule, segment.elements, None):
        if fault.code in ("F041", "F042") and fault.values["element"] == "0017":
            continue  # six or eight digits: envelope.check weighs it
        yield Finding(
            code=fault.code,
            fault=fault.fault,
            values=fault.values,
            place=replace(place, element=fault.element, component=fault.component),
        )
