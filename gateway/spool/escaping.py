"""Foreign text made safe to show."""

from __future__ import annotations


def escaped(text: str, longest: int = 120) -> str:
    """Foreign text as printable ASCII of bounded length, safe in a terminal, a log or a note.

    Everything outside ``space..~`` and the backslash itself become Python escapes; what is cut is counted.
    """
    shown = "".join(character if " " <= character <= "~" and character != "\\" else _escape(character)
                    for character in text[:longest])
    return shown if len(text) <= longest else f"{shown}...({len(text)})"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
