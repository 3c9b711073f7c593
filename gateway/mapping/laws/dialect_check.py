"""The two laws of a dialect, tried on records made for it.

For every record, reading the files that were written gives the record; for every set of files, writing what was read
gives the files, byte for byte, and so does putting the record back onto them. A dialect may say by default what a
record leaves open (a currency, a kind of vehicle): that is normalising, and is counted.
"""

from __future__ import annotations

from functools import partial

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.mapping.dialect import Dialect
from gateway.mapping.laws.chance import Chances
from gateway.mapping.laws.check import changes, flat
from gateway.mapping.laws.dialect_records import record_for
from gateway.mapping.laws.report import LawReport, Shrunk
from gateway.mapping.laws.shrink import TRIES, shrink
from gateway.references import Tree
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import from_tree

STEM = "essai"
"""Name of the files that are written: no national system gives it a meaning."""


def check_dialect_laws(dialect: Dialect, chances: Chances, seed: int, *, first: int = 0, records: int,
                       shrinking: bool = True) -> LawReport:
    """Try records number `first` to below ``first + records``; stop at a counter-example. As `check_laws`."""
    report = LawReport(identifier=f"dialects/{dialect.identifier}")
    for number in range(first, first + records):
        name = f"{seed}/{dialect.identifier}/{number}"
        record = record_for(dialect, chances(name))
        report.tried += 1
        report.messages += 1
        broken = dialect_breach(dialect, record, report)
        if broken is not None:
            small = shrink(broken, partial(_still, dialect), TRIES // 4 if shrinking else 0)
            report.counterexample = Shrunk(law=small.law, function=None, record=small.record, segments=small.segments,
                                           expected=small.expected, found=small.found, findings=small.findings,
                                           seed=name)
            return report
    return report


def _still(dialect: Dialect, record: Tree) -> Shrunk | None:
    model: type[Declaration] | type[Event] = Declaration if dialect.kind == "declaration" else Event
    try:
        from_tree(model, record)
    except LocalError:
        return None
    return dialect_breach(dialect, record)


def dialect_breach(dialect: Dialect, record: Tree, report: LawReport | None = None) -> Shrunk | None:
    """Which law a record breaks, and how; None when it breaks none. What normalising added is counted in `report`."""
    try:
        files = dialect.write(record, STEM)
    except LocalError as error:
        return Shrunk(law="writes", function=None, record=record, segments=(), expected=(), found=(),
                      findings=error.findings)
    read, findings = _read(dialect, files)
    if read is None:
        return Shrunk(law="reads", function=None, record=record, segments=_lines(files), expected=(), found=(),
                      findings=findings)
    if read != record:
        added = list(changes(record, read))
        if any(before != "-" for _, before, _ in added):
            return Shrunk(law="record", function=None, record=record, segments=_lines(files), expected=flat(record),
                          found=flat(read))
        if report is not None:
            report.normalised.update(added)
    for again in (dialect.write(read, STEM), dialect.write(read, STEM, onto=files)):
        if read == record and again != files:
            return Shrunk(law="message", function=None, record=record, segments=_lines(files), expected=_lines(files),
                          found=_lines(again))
    return None


def _read(dialect: Dialect, files: dict[str, bytes]) -> tuple[Tree | None, list[Finding]]:
    reading = dialect.read(files)
    findings = [finding for refused in reading.refused for finding in refused.findings]
    return (reading.records[0].tree if len(reading.records) == 1 and not findings else None), findings


def _lines(files: dict[str, bytes]) -> list[str]:
    """The files as lines to be shown; what is no UTF-8 is shown as ISO 8859-15."""
    shown: list[str] = []
    for name, content in files.items():
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = content.decode("iso8859-15")
        shown.extend(f"{name}: {line}" for line in text.splitlines())
    return shown
