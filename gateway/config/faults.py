"""Faults of one file while it is being read: collected, counted, sorted by place."""

from __future__ import annotations

from gateway.findings import Finding, Place

LIMIT = 100


class Faults:
    """Collects the findings of one file.

    at_characters  True once a character that YAML must not hold was found
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.at_characters = False
        self._findings: list[Finding] = []
        self._surplus = 0

    def __bool__(self) -> bool:
        return bool(self._findings)

    def copy(self) -> Faults:
        """The same faults, to go on collecting apart."""
        other = Faults(self.file)
        other.at_characters = self.at_characters
        other._findings, other._surplus = list(self._findings), self._surplus
        return other

    def add(self, code: str, line: int | None = None, column: int | None = None, /, **values: str) -> None:
        """Add one finding at a line and column of the file. Beyond LIMIT they are only counted."""
        if len(self._findings) >= LIMIT:
            self._surplus += 1
            return
        self._findings.append(Finding(code=code, place=Place(file=self.file, line=line, column=column), values=values))

    def sorted(self) -> list[Finding]:
        """The findings by place; the last one says how many more there are."""
        findings = by_place(self._findings)
        if self._surplus:
            findings.append(Finding(code="S009", place=Place(file=self.file), values={"count": str(self._surplus)}))
        return findings


def by_place(findings: list[Finding]) -> list[Finding]:
    """Findings in the order of file, line and column; those at one place keep their order."""
    return sorted(findings, key=lambda one: (one.place.file or "", one.place.line or 0, one.place.column or 0))
