"""Data element 0085: the faults a partner is told about in a CONTRL, and where each may stand.

Which code is valid in which CONTRL: UN service code lists for D:3 (syntax 3) and 4:1. Which segment may hold it: our
narrow choice, the places on which every source we saw agrees (ISO 9735-4 annex A by way of a secondary source).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

UNSPECIFIED = "18"
_ALL = ("UCI", "UCF", "UCM", "UCS", "UCD")
_HEADS = ("UCI", "UCF", "UCM")
PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "2": ("UCI",),
        "7": ("UCI",),
        "12": (*_HEADS, "UCD"),
        "13": _ALL,
        "14": (*_HEADS, "UCD"),
        "15": _ALL,
        "16": _ALL,
        "17": _HEADS,
        "18": _ALL,
        "20": ("UCI",),
        "21": _ALL,
        "22": _ALL,
        "23": ("UCI",),
        "24": ("UCI",),
        "25": _HEADS,
        "26": _HEADS,
        "28": _HEADS,
        "29": _HEADS,
        "30": ("UCI",),
        "32": ("UCI", "UCF"),
        "33": ("UCI", "UCF"),
        "35": ("UCS",),
        "36": ("UCS",),
        "37": ("UCD",),
        "39": ("UCD",),
        "40": ("UCD",),
        "45": ("UCS",),
        "46": ("UCI",),
        "47": ("UCM",),
    }
)
"""0085 -> the CONTRL segments that may hold it."""
_ONLY_D3 = frozenset(("19", "31", "34", "38", "41", "42", "43"))
_ONLY_41 = frozenset(("45", "46", "47", "48"))
_WIDER = MappingProxyType({"19": "37", "37": "12", "39": "12", "40": "12", "45": "22", "46": "2"})
"""What to say instead where a precise code may not stand: the nearest one that may."""


def code_for(fault: str, segment: str, *, version: str) -> str:
    """The 0085 code to write for a fault in a CONTRL segment (``UCI``, ``UCF``, ``UCM``, ``UCS``, ``UCD``).

    version   "3" for CONTRL D:3, "4" for 4:1
    """
    refused = _ONLY_D3 if version == "4" else _ONLY_41
    seen = set()
    while fault not in seen:
        seen.add(fault)
        if fault not in refused and segment in PLACES.get(fault, ()):
            return fault
        fault = _WIDER.get(fault, UNSPECIFIED)
    return UNSPECIFIED


def may_stand(fault: str, segment: str) -> bool:
    """Whether a code may stand in a CONTRL segment at all."""
    return segment in PLACES.get(fault, ())
