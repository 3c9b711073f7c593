"""Codes of the ledger in the reader's words: states, next actions, events, times."""

from __future__ import annotations

from datetime import datetime

from gateway.cli.context import language, t
from gateway.texts import known

_ENDED = ("CLOSED", "DISCHARGED", "CANCELLED", "ELSEWHERE")


def next_step(code: str, reference: str) -> str:
    """What to do next about a reference."""
    return t(f"next.{code or 'none'}", reference=reference)


def standing(state: str, flags: str) -> str:
    """A movement's state for people: a rejection or a delay that waits for somebody comes before how far it got."""
    shown = state_words(state)
    held = {flag.partition(":")[0] for flag in flags.split()}
    if state not in _ENDED:
        shown = next((f"{state_words(flag)} ({shown})" for flag in ("REJECTED-BY", "OVERDUE") if flag in held), shown)
    return shown


def state_words(state: str) -> str:
    """A movement's state or flag in words; one without words stays as it is."""
    return t(f"state.{state}") if known(f"state.{state}", language()) else state


def word(code: str) -> str:
    """An event word or message function, or several joined by a plus, in words; a reference stays as it is."""
    return " + ".join(t(f"word.{part}") if known(f"word.{part}", language()) else part for part in code.split("+"))


def life(state: str) -> str:
    """An interchange's or message's state in words."""
    return t(f"life.{state}")


def clock(instant: object) -> str:
    """An instant to the minute, UTC; a day as it is; nothing for none."""
    if isinstance(instant, datetime):
        return f"{instant:%Y-%m-%d %H:%M}"
    return "" if instant is None else str(instant)
