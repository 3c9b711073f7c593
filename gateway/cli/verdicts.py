"""What `edi validate` says of one file, finding by finding, however many there are."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import SpooledTemporaryFile

from gateway.cli.context import emit, language, t, to_json, visible
from gateway.findings import Finding, Severity
from gateway.texts import sentence, where


class Verdict:
    """What a person reads of one file: each finding as it comes, and one verdict.

    ok      whether no error came so far
    count   findings so far, warnings and notes too
    """

    def __init__(self, path: Path) -> None:
        self.path, self.ok, self.count = path, True, 0

    def finding(self, finding: Finding) -> None:
        """One more finding."""
        self.count += 1
        self.ok = self.ok and finding.severity is not Severity.ERROR
        self._show(finding)

    def _show(self, finding: Finding) -> None:
        fault = f" [0085={finding.fault}]" if finding.fault else ""
        emit(visible(f"{self.path}: {_sentence(finding)}{fault}"))

    def end(self) -> None:
        """There are no more: the verdict."""
        emit(visible(t("validate.ok" if self.ok else "validate.not_ok", file=self.path, n=self.count)))


class JsonVerdict(Verdict):
    """What a program reads of one file: one line, in which the verdict comes before the findings. They wait for it as
    text, in memory as long as they are few."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._waiting = SpooledTemporaryFile(max_size=1 << 20, mode="w+", encoding="utf-8", newline="\n")  # noqa: SIM115

    def _show(self, finding: Finding) -> None:
        self._waiting.write(f"{'' if self.count == 1 else ', '}{to_json(_plain(finding))}")

    def end(self) -> None:
        head = to_json({"schema": 1, "kind": "validation", "file": str(self.path), "ok": self.ok, "findings": []})
        with self._waiting as waiting:
            waiting.seek(0)
            sys.stdout.write(head.removesuffix("]}"))
            shutil.copyfileobj(waiting, sys.stdout)
            sys.stdout.write("]}\n")


def _plain(finding: Finding) -> dict[str, object]:
    place = finding.place
    return {"severity": finding.severity.value, "code": finding.code, "fault": finding.fault,
            "interchange": place.interchange, "message": place.message, "segment": place.segment, "tag": place.tag,
            "element": place.element, "component": place.component, "text": _sentence(finding)}


def _sentence(finding: Finding) -> str:
    """A rule of a corridor brings its own sentences; all others stand in the catalogue."""
    own = finding.values.get(language().value)
    if own is None or not finding.code.startswith("COR"):
        return sentence(finding, language())
    place = where(finding.place, language())
    return f"{place}: {finding.code}: {own}" if place else f"{finding.code}: {own}"
