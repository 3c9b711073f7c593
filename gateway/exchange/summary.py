"""What one run did, and the exit status it ends with.

Source of the codes and of their order: the command-line contract (EXPERIENCE 3.2): several at once give the first
that applies of 70, 3, 5, 1, 4, 0.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.errors import GatewayError, LinkError
from gateway.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from gateway.ledger.line_rows import Traffic


@enum.unique
class Exit(enum.IntEnum):
    """Exit statuses. An unknown one must be treated as failure; codes are only ever added."""

    DONE = 0
    PERSON = 1
    USAGE = 2
    SETTINGS = 3
    LATER = 4
    TRUST = 5
    DEFECT = 70
    BUSY = 75
    INTERRUPTED = 130
    TERMINATED = 143


_ORDER = (Exit.DEFECT, Exit.SETTINGS, Exit.TRUST, Exit.PERSON, Exit.LATER)

_LATER = {"L003", "L007", "L009", "L020", "L063", "B003", "X090", "X270"}
"""Codes of faults that pass by themselves: a row moved or a ledger held by another run, a full disk, a run past its
deadline. Nothing is lost, try again."""

_TRUST = {"L030", "L034"}
"""An older copy of our ledger, and objects that do not give back what we signed."""


def exit_for(error: GatewayError) -> Exit:
    """The exit status that one error asks for."""
    if isinstance(error, LinkError) or error.code in _LATER:
        return Exit.LATER
    if error.code in ("B001", "B071"):
        return Exit.BUSY
    if error.code in _TRUST or error.code.startswith("E_") or (error.code.startswith("K") and error.code != "K007"):
        return Exit.TRUST
    if error.code.startswith(("S", "M0", "M302", "D0", "X010", "C200", "L004", "L005")):
        return Exit.SETTINGS
    return Exit.PERSON


def worst(statuses: set[Exit]) -> Exit:
    """The one status that stands for several."""
    return next((status for status in _ORDER if status in statuses), Exit.DONE)


MORE = "X099"

TOLD = 100
"""Problems of one status, code and partner that a run tells one by one. All of them stand in the ledger or beside their
files."""


def _whose(finding: Finding) -> str:
    """The partner that a finding speaks of, as far as it says so; "" else."""
    file = finding.place.file or ""
    return finding.values.get("partner") or (file.partition("/")[0] if "/" in file else "")


@dataclass(slots=True)
class Summary:
    """Counts of one run and everything that needs somebody.

    Every count is of things that this run itself did; a run that repeats nothing counts nothing.
    """

    records_taken: int = 0
    records_refused: int = 0
    records_waiting: int = 0
    records_repeated: int = 0
    messages_queued: int = 0
    interchanges_prepared: int = 0
    objects_dispatched: int = 0
    objects_collected: int = 0
    objects_repeated: int = 0
    objects_quarantined: int = 0
    receipts_taken: int = 0
    interchanges_processed: int = 0
    messages_accepted: int = 0
    messages_rejected: int = 0
    answers_taken: int = 0
    deliveries_written: int = 0
    problems: list[tuple[Exit, Finding]] = field(default_factory=list)
    defects: list[Exception] = field(default_factory=list)
    """What nobody foresaw, with its traceback: the command line makes a report of each (exit status 70)."""

    links: dict[tuple[str, str], tuple[Finding, ...]] = field(default_factory=dict)
    """Mailboxes that this run asked for, by partner and direction: what the link failed with, nothing when it held."""

    news: list[Finding] = field(default_factory=list)
    """What is told beside the problems: how long a link has failed, or that it holds again."""

    asides: list[Finding] = field(default_factory=list)
    """What a watchdog or an alert could not be told: said only to a person who watches, and changing no status."""

    crossed: list[Traffic] = field(default_factory=list)
    """What crossed the lines, session by session: told to whoever asks twice (``-vv``)."""

    known: list[Finding] = field(default_factory=list)
    """Problems that were told before, and are not told again by a run that nobody watches."""

    told: Counter[tuple[Exit, str, str]] = field(default_factory=Counter)
    """How many problems there were of each status, code and partner: the first TOLD of them stand in `problems`."""

    stopping: Callable[[], bool] = bool
    """Asked before each step, and between files: whether the run is to come to its end. By itself it never is."""

    def link(self, partner: str, direction: str, error: GatewayError | None = None) -> None:
        """Note how a session ended; only a failure of the link counts, what else went wrong is no outage."""
        if error is None or isinstance(error, LinkError):
            self.links[partner, direction] = () if error is None else tuple(error.findings)

    def trouble(self, error: GatewayError, status: Exit | None = None) -> None:
        """Note an error and the exit status it asks for; the run goes on. Of what comes by the thousand the first are
        told, and how many more there were: neither memory nor a person's mail grows with a flood."""
        decided = exit_for(error) if status is None else status
        for finding in error.findings:
            if finding.severity is Severity.ERROR or len(error.findings) == 1:
                self.told[kind := (decided, finding.code, _whose(finding))] += 1
                if self.told[kind] <= TOLD:
                    self.problems.append((decided, finding))

    def more(self) -> list[tuple[Exit, Finding]]:
        """What says that there was more than was told."""
        return [(status, Finding(code=MORE, place=Place(interchange=whose or None),
                                 values={"code": code, "n": str(number - TOLD)}))
                for (status, code, whose), number in list(self.told.items()) if number > TOLD]

    def failed(self, error: Exception) -> None:
        """Note what nobody foresaw: a fault of the machine, wherever it hit, is none of ours and is said as such."""
        from gateway.spool import machine_fault  # not wanted by --help, which knows the exit statuses

        fault = machine_fault(error)
        if fault is None:
            self.defects.append(error)
        else:
            self.trouble(fault)

    @property
    def status(self) -> Exit:
        """The exit status of the run."""
        statuses = {status for status, _ in self.problems}
        return worst(statuses | {Exit.DEFECT} if self.defects else statuses)

    def counts(self) -> dict[str, int]:
        """The counts by name, for people and for --json."""
        return {name: value for name in self.__slots__ if isinstance(value := getattr(self, name), int)}
