"""What a format of a dialect is: the two directions of one value, and what it takes from its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.mapping.offices import OfficeEntry
from gateway.references import Scalar

Read = Callable[[str], Scalar]
Write = Callable[[Scalar], str]
Echo = Callable[[Scalar], "str | None"]
Offices = Callable[[], Mapping[str, OfficeEntry]]


class Misfit(Exception):
    """A value that a format cannot take. `code` and `values` become a finding where the place is known."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class Format(Struct, frozen=True):
    """One format bound to its arguments.

    read    text, never empty, to value; raises Misfit
    write   value to text, exactly; raises Misfit
    echo    value to text as far as it goes; None when nothing can be written
    text    as a dialect writes it: ``date dd/MM/yyyy``
    words   code: our words; empty for every other format
    """

    name: str
    kinds: frozenset[str]
    read: Read
    write: Write
    echo: Echo
    text: str = ""
    words: tuple[str, ...] = ()


class Surroundings(Struct, frozen=True):
    """What formats take from their dialect and part: zone, decimal mark, code tables, and the pattern of ``dates`` that
    ``date``, ``day`` and ``moment`` without a pattern mean, the list of offices, read when it is asked for."""

    zone: ZoneInfo
    mark: str
    codes: Mapping[str, CodeTable]
    dates: str = ""
    offices: Offices | None = None


class CodeTable(Struct, frozen=True):
    """A crosswalk. Ours to the one national word that is written, national words to ours.

    keep  a word that stands in neither column goes through as it is
    """

    name: str
    ours: Mapping[str, str]
    theirs: Mapping[str, str]
    keep: bool = False


def exact(name: str, kinds: set[str], read: Read, write: Write, echo: Echo | None = None) -> Format:
    """A format that repeats what it can write exactly, unless `echo` says more."""
    def attempt(value: Scalar) -> str | None:
        try:
            return write(value)
        except Misfit:
            return None
    return Format(name, frozenset(kinds), read, write, echo or attempt)
