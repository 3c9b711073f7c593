"""A sight as a monitoring plug-in says it: one line of ASCII, measurements behind a bar, four exit statuses. Pure.

Source: Monitoring Plugins Development Guidelines, sections "Plugin Output for Nagios", "Threshold and Ranges",
"Performance data" (https://www.monitoring-plugins.org/doc/guidelines.html).
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from math import inf

from msgspec import Struct

from gateway.reports.sight import Disk, PartnerSight, Sight
from gateway.security.expiry import LIST

_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?P<inside>@)?(?:(?P<start>{_NUMBER}|~)?(?P<colon>:))?(?P<end>{_NUMBER})?")


@enum.unique
class State(enum.IntEnum):
    """What a plug-in ends with."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


class Range(Struct, frozen=True):
    """Where a value may lie, both ends included; with `inside` where it may not lie.

    written  as it was given, for the measurements
    """

    written: str
    start: float = 0.0
    end: float = inf
    inside: bool = False

    def alerts(self, value: float) -> bool:
        """Whether this value is to be told."""
        return (self.start <= value <= self.end) is self.inside


def read_range(text: str) -> Range:
    """A range as the guidelines write it: ``10``, ``10:``, ``~:10``, ``10:20``, ``@10:20``. Raises ValueError."""
    match = _RANGE.fullmatch(text)
    if match is None or not text.strip("@") or (match["end"] is None and match["colon"] is None):
        raise ValueError(text)
    start = -inf if match["start"] == "~" else float(match["start"] or 0)
    end = inf if match["end"] is None else float(match["end"])
    if start > end:
        raise ValueError(text)
    return Range(text, start, end, match["inside"] is not None)


class Measure(Struct, frozen=True):
    """One value. unit: as the guidelines have them (``s``, ``MB``, or none for a count)."""

    label: str
    value: float
    unit: str = ""
    warning: Range | None = None
    critical: Range | None = None

    @property
    def state(self) -> State:
        """How bad this is."""
        if self.critical is not None and self.critical.alerts(self.value):
            return State.CRITICAL
        return State.WARNING if self.warning is not None and self.warning.alerts(self.value) else State.OK

    def __str__(self) -> str:
        warning = "" if self.warning is None else self.warning.written
        critical = "" if self.critical is None else self.critical.written
        return f"{self.label}={self.value:.0f}{self.unit};{warning};{critical}"


DEFAULTS: Mapping[str, tuple[str, str]] = {
    "late": ("0", ""), "overdue": ("0", ""), "quarantine": ("0", ""), "dead": ("", "0"), "silent": ("", "0"),
    "halted": ("", "0"), "unreachable": ("1800", "14400"), "waiting": ("7200", "43200"), "run_age": ("1800", "7200"),
    "run_failures": ("3", "12"), "certificate": ("30:", "7:"), "disk": ("256:", "64:"), "faults": ("", "0"),
}
"""Every label with its ranges for a warning and for a critical state; "" for none."""


def measures(sight: Sight, warning: Mapping[str, Range], critical: Mapping[str, Range]) -> list[Measure]:
    """Everything that the plug-in measures. warning, critical: by label, in place of those of `DEFAULTS`."""
    def ranges(label: str) -> tuple[Range | None, Range | None]:
        given = [read_range(text) if text else None for text in DEFAULTS[label]]
        return warning.get(label, given[0]), critical.get(label, given[1])

    return [Measure(label, value, unit, *ranges(label)) for label, value, unit in _values(sight)]


def _values(sight: Sight) -> Iterator[tuple[str, float, str]]:
    partners, now = sight.partners, sight.now
    yield "late", sum(len(one.late) for one in partners), ""
    yield "overdue", sum(one.overdue.count for one in sight.corridors), ""
    yield "quarantine", sum(one.quarantined.count for one in partners), ""
    yield "dead", sum(one.dead.count for one in partners), ""
    yield "silent", sum(one.silent for one in partners), ""
    yield "halted", sum(bool(one.halted) for one in partners), ""
    yield "unreachable", _age(now, _failing(partners)), "s"
    yield "waiting", _age(now, [sight.waiting.oldest] if sight.waiting.oldest else []), "s"
    if sight.runs:  # none ever ran: there is nothing to measure, and no run to blame
        yield "run_age", _age(now, [run.succeeded or run.since or run.began for run in sight.runs]), "s"
        yield "run_failures", max(run.failures for run in sight.runs), ""
    ends = [term.ends for term in sight.terms if term.ends is not None and term.use != LIST]
    if ends:  # a list lives days, and is renewed all the time: `edi keys check` judges it
        yield "certificate", (min(ends) - now).days, ""
    if sight.disks:
        yield "disk", min(_megabytes(disk) for disk in sight.disks), "MB"
    yield "faults", len(sight.faults), ""


def _failing(partners: Iterable[PartnerSight]) -> list[datetime]:
    return [outage.since for one in partners for outage in one.outages]


def _age(now: datetime, instants: Iterable[datetime]) -> float:
    """Seconds since the oldest; none where there is none."""
    return max((max(0.0, (now - instant).total_seconds()) for instant in instants), default=0.0)


def _megabytes(disk: Disk) -> float:
    return disk.free / (1 << 20)


def line(gateway: str, found: list[Measure], words: Mapping[str, str], fine: str) -> tuple[State, str]:
    """The worst state and the line that says it.

    words  for each label what is said of it, its value in it; fine: what is said when nothing is wrong
    """
    state = max(measure.state for measure in found)
    bad = sorted((one for one in found if one.state is not State.OK), key=lambda one: -one.state)
    said = "; ".join(words[one.label] for one in bad) or fine
    return state, f"{headline(state, gateway, said)} | {' '.join(map(str, found))}"


def headline(state: State, gateway: str, said: str) -> str:
    """What stands before the bar, in ASCII and on one line: consoles of monitoring show nothing else."""
    plain = unicodedata.normalize("NFKD", f"EDI {state.name} - {gateway}: {said}".replace("|", "/"))
    return " ".join("".join(one for one in word if "!" <= one <= "~") for word in plain.split()).replace("  ", " ")
