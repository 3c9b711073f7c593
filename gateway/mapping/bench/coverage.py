"""Which fields of national files a dialect and a mapping carry, which are left out on purpose, which are forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.findings import Finding, Place

State = Literal["mapped", "ignored", "forgotten"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageField:
    """One field of the national files, over the whole corpus.

    field    XPath, JSON pointer or heading without ordinals: ``/ASYCUDA/Item/Tarification/HScode``
    state    mapped (stands in the message), ignored (left out, `reason` says why), forgotten (nobody has thought of it)
    terms    where it goes in the record, ordinals left out
    files    in how many files it holds something
    example  the first place
    """

    field: str
    state: State
    terms: tuple[str, ...]
    reason: str
    files: int
    example: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A corpus through a dialect and a mapping.

    files, records  how many were read
    refused         files that could not be read, with their findings
    fields          forgotten first, then ignored, then mapped; by name
    extras          extras that the mapping declares and no record of the corpus has
    """

    dialect: str
    mapping: str
    files: int
    records: int
    refused: tuple[tuple[str, tuple[Finding, ...]], ...]
    fields: tuple[CoverageField, ...]
    extras: tuple[str, ...]
