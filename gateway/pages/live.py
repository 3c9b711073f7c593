"""Pages that only a server has: login, search, quarantine, what was given up, decisions, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field

from gateway.ledger.rows import Movement
from gateway.pages.engine import printed
from gateway.pages.site import Site, framed
from gateway.texts import say


class Match(Struct, frozen=True, kw_only=True):
    """A movement that answers to a search. what: title, mrn, container, seal, vehicle."""

    movement: Movement
    what: tuple[str, ...]


class HeldRow(Struct, frozen=True, kw_only=True):
    """Something refused that is kept. asked: who wants it let in, and why; "" for nobody; mine: it was the reader."""

    name: str
    partner: str
    code: str
    at: datetime
    releasable: bool
    asked: str = ""
    mine: bool = False


class DeadRow(Struct, frozen=True, kw_only=True):
    """Something that nobody tries any more. Words as in `exchange.dead_matters.Dead`."""

    reference: str
    partner: str
    direction: str
    type: str
    since: datetime
    attempts: int
    detail: str


ROWS = 200
"""Rows of one list: how many there are is a partner's to decide, how long a page becomes is ours."""

ALSO = "also."
"""What the name of a ticked rule begins with in a form."""


class Question(Struct, frozen=True, kw_only=True):
    """What is asked before something is decided.

    act        chase, resend, close, revive, ask, confirm, reject
    facts      label (a key of the catalogue) -> what stands there
    reason     whether a reason has to be given
    fault      what is wrong with what was typed; "" for nothing
    also       further rules that a release may pass over -> whether it is ticked
    """

    act: str
    reference: str
    facts: Mapping[str, str]
    reason: bool
    fault: str = ""
    also: Mapping[str, bool] = field(default_factory=dict)


def login_page(site: Site, back: str, fault: str = "", login: str = "", wait: timedelta = timedelta(0)) -> str:
    """The form of local accounts. back: where to go afterwards; fault: wrong, slow, or "" for none."""
    return framed(site, "live_login.html", "login", "", title=_say(site, "login.title"), back=back, fault=fault,
                  typed=login, seconds=int(wait.total_seconds()) + 1)


def search_page(site: Site, words: str, found: Sequence[Match], *, more: bool) -> str:
    """What answers to a search. more: there is more than is shown."""
    return framed(site, "live_search.html", "search", words, words=words, found=found, more=more,
                  title=_say(site, "search.title", n=len(found), words=words))


def quarantine_page(site: Site, rows: Sequence[HeldRow], *, two: bool) -> str:
    """What was refused and is kept, the oldest first, at most `ROWS`. two: two people decide."""
    return framed(site, "live_quarantine.html", "quarantine", "", rows=rows[:ROWS], two=two, of=len(rows),
                  title=_say(site, "quarantine.title", n=len(rows)))


def dead_page(site: Site, rows: Sequence[DeadRow]) -> str:
    """What nobody tries any more, the oldest first, at most `ROWS`."""
    return framed(site, "live_dead.html", "dead", "", rows=rows[:ROWS], of=len(rows),
                  title=_say(site, "dead.title", n=len(rows)))


def question_page(site: Site, question: Question) -> str:
    """Ask before something is decided, with what it does and a place for the reason."""
    return framed(site, "live_question.html", "act", f"{question.act}/{question.reference}", question=question,
                  prefix=ALSO,
                  title=_say(site, f"{question.act}.title", reference=question.reference))


def done_page(site: Site, act: str, reference: str, back: str) -> str:
    """What was decided is done. back: the page it belongs to."""
    return framed(site, "live_done.html", "act", f"{act}/{reference}", act=act, about=reference, back=back,
                  title=_say(site, f"{act}.done", reference=reference))


def problem_page(site: Site, reason: str, sentences: Sequence[str], *, posted: bool) -> str:
    """Why something was not given, or not done.

    sentences  the gateway's own words; posted: somebody wanted to decide
    """
    return framed(site, "live_problem.html", "problem", "", reason=reason, sentences=sentences, posted=posted,
                  title=_say(site, f"problem.{reason}"))


def _say(site: Site, key: str, **values: object) -> str:
    return printed(say(f"site.live.{key}", site.language, **values), site.language)


__all__ = ["ALSO", "DeadRow", "HeldRow", "Match", "Question", "dead_page", "done_page", "login_page",
           "problem_page", "quarantine_page", "question_page", "search_page"]
