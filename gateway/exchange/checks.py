"""What a check of a partner answers, and how one is carried out: a failing one never hides the others."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from gateway.errors import GatewayError
from gateway.exchange.summary import Exit, exit_for
from gateway.findings import Finding


@enum.unique
class Verdict(enum.Enum):
    """OK; NOTED needs somebody before long; FAILED now; UNTRIED because what comes before it failed."""

    OK = "ok"
    NOTED = "noted"
    FAILED = "failed"
    UNTRIED = "untried"


class Check(Struct, frozen=True):
    """One line of a test.

    name      what was looked at; ``check.<name>`` is its sentence
    lane      outbound or inbound for what concerns a mailbox, else empty
    values    what was seen, for the sentence ``check.<name>.<word>``
    findings  what is wrong, each with what to do
    status    the exit status that this asks for
    """

    name: str
    verdict: Verdict
    lane: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    status: Exit = Exit.DONE
    word: str = "seen"


class Seen(Struct, frozen=True):
    """What a check saw, and what it noted about it."""

    values: Mapping[str, str] = field(default_factory=dict)
    noted: tuple[Finding, ...] = ()
    word: str = "seen"


def carry_out(name: str, work: Callable[[], Seen], lane: str = "") -> Check:
    """Do the work of one check; what it raises on purpose is its finding."""
    try:
        seen = work()
    except GatewayError as error:
        return failed(name, error, lane)
    if seen.noted:
        return Check(name, Verdict.NOTED, lane, seen.values, seen.noted, Exit.PERSON, seen.word)
    return Check(name, Verdict.OK, lane, seen.values, word=seen.word)


def passed(name: str, lane: str = "", **values: str) -> Check:
    """A check that went well, and what it saw."""
    return Check(name, Verdict.OK, lane, values)


def failed(name: str, error: GatewayError, lane: str = "") -> Check:
    """The check that an error ended."""
    return Check(name, Verdict.FAILED, lane, {}, tuple(error.findings), exit_for(error))


def untried(name: str, lane: str = "") -> Check:
    """A check for which the ground is missing."""
    return Check(name, Verdict.UNTRIED, lane)
