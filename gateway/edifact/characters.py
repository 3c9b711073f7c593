"""Service characters: which characters separate, release and terminate in one interchange.

Source: ISO 9735 version 3 sections 7 and 8 (UNA), version 4 part 1 section 8; the six characters of UNA stand at fixed
places and are never split. Version 1 to 3 have no repetition separator, whatever UNA says in its fifth place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

UNA_LENGTH = 9
EXCERPT = 40
"""Characters of received text that a finding shows."""
VERSIONS = ("1", "2", "3", "4")
"""Syntax versions (0002) that we read."""


def excerpt(text: str) -> str:
    """The beginning of a received text, fit to be shown: no control characters."""
    shown = text[:EXCERPT]
    if shown.isprintable():
        return shown
    return "".join(character if character.isprintable() else "\u00b7" for character in shown)


def known_version(text: str) -> str:
    """The syntax version whose facts judge an interchange: its own, or 3 for one that does not exist."""
    return text if text in VERSIONS else "3"


@dataclass(frozen=True, slots=True)
class ServiceCharacters:
    """The service characters in force in one interchange.

    decimal      decimal mark; None where nobody said it (no UNA): comma and point are both read
    release      None where there is no release character (a space in its place, or the separators of level B)
    repetition   None before syntax version 4
    special      the characters that a release character may have to protect, the release character itself first
    """

    component: str = ":"
    element: str = "+"
    decimal: str | None = None
    release: str | None = "?"
    repetition: str | None = None
    terminator: str = "'"
    special: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = (self.release, self.terminator, self.element, self.component, self.repetition)
        object.__setattr__(self, "special", tuple(character for character in found if character is not None))


DEFAULT = ServiceCharacters()
CANONICAL = ServiceCharacters(decimal=".")
"""What our writer announces with ``UNA:+.? '``; also the characters of a WireMessage."""
CANONICAL_4 = ServiceCharacters(repetition="*")
"""What our writer announces with ``UNA:+.?*'``, and the characters of a WireMessage of syntax version 4."""
INFORMATION_SEPARATORS = ServiceCharacters(component="\x1f", element="\x1d", release=None, terminator="\x1c")
"""Level B of versions 1 to 3 without UNA: IS1, IS3, IS4 and no release character (ISO 9735 section 5.2)."""


def without_una(version: str, byte_after_unb: str) -> ServiceCharacters:
    """Characters in force where no UNA stands; the byte after ``UNB`` decides, for traffic mostly uses ``+``."""
    if byte_after_unb == INFORMATION_SEPARATORS.element:
        return INFORMATION_SEPARATORS
    return ServiceCharacters(repetition="*") if version == "4" else DEFAULT


@lru_cache(maxsize=16)
def from_una(una: str, version: str) -> ServiceCharacters | None:
    """Characters of a service string advice of nine characters; None where they cannot work.

    They cannot work when two of the separators are the same, or one of them is a letter, a digit, a space or a tab, or
    a line break: only the terminator may be one, as some senders end every line. UNA stands before the character set is
    announced, so a separator is one of the characters that all sets share. A decimal mark that is neither comma nor
    point says nothing: both are read.
    """
    component, element, decimal, release, repetition, terminator = list(una[3:UNA_LENGTH])
    separators = [component, element, terminator]
    if release != " ":
        separators.append(release)
    repeats = version == "4" and repetition != " "
    if repeats:
        separators.append(repetition)
    if len(set(separators)) < len(separators) or any(
        not character.isascii()
        or character.isalnum()
        or character in " \t"
        or (character in "\r\n" and character != terminator)
        for character in separators
    ):
        return None
    return ServiceCharacters(
        component,
        element,
        decimal if version != "4" and decimal in ",." else None,
        None if release == " " else release,
        repetition if repeats else None,
        terminator,
    )
