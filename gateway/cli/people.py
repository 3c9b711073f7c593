"""Who stands behind a decision: people named on the command line, and the account that typed it."""

from __future__ import annotations

import os
import pwd
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.cli.context import t
from gateway.errors import LocalError
from gateway.findings import Finding

_LONGEST = 80
_LETTER = re.compile(r"[^\W\d_]")
_NOBODY_LOGGED_IN = 0xffffffff

Command = TypeVar("Command", bound=Callable[..., Any])


def by_option(command: Command) -> Command:
    """``--by NAME``, once for each person."""
    return click.option("--by", "people", multiple=True, metavar=t("cli.metavar.person"), help=t("cli.by"))(command)


def named_people(names: tuple[str, ...], needed: int) -> tuple[str, ...]:
    """The people who answer for this, spaces and case aside all different.

    Raises LocalError C012 {needed, found} for fewer than `needed`, C014 for a name that is none.
    """
    found: dict[str, str] = {}
    for name in names:
        clean = " ".join(unicodedata.normalize("NFC", name).split())
        if not _LETTER.search(clean) or len(clean) > _LONGEST or not clean.isprintable():
            raise LocalError(Finding(code="C014", values={"name": clean[:_LONGEST]}))
        found.setdefault(clean.casefold(), clean)
    if len(found) < needed:
        raise LocalError(Finding(code="C012", values={"needed": str(needed), "found": str(len(found))}))
    return tuple(found.values())


def answers_for(people: tuple[str, ...], reason: str) -> str:
    """Who acts, and why, on one line for the history: names where they are given, and always the account.

    Raises LocalError C014 as `named_people`.
    """
    names = ", ".join(named_people(people, 0))
    words = " ".join(reason.split())
    who = f"{names} ({login()})" if names else login()
    return f"{who}: {words}" if words else who


def login() -> str:
    """The account that runs this command, and behind it the one that became it by sudo; for the record."""
    user = _account(os.getuid())
    behind = os.environ.get("SUDO_UID", "")
    return f"{user} ({_account(int(behind))})" if behind.isdecimal() and int(behind) != os.getuid() else user


def person() -> str:
    """The one account that stands for the person at the keyboard: that of the login, as the kernel keeps it, else the
    one that became this by sudo, else this one."""
    try:
        kept = int(Path("/proc/self/loginuid").read_text("ascii"))
    except (OSError, ValueError):
        kept = _NOBODY_LOGGED_IN
    behind = os.environ.get("SUDO_UID", "")
    if kept != _NOBODY_LOGGED_IN:
        return _account(kept)
    return _account(int(behind) if behind.isdecimal() else os.getuid())


def person_apart(state: Path) -> str:
    """The same, where a decision wants two people: the account that the gateway runs as stands for none.

    state  the gateway's own folder, which that account owns. Raises LocalError C031 {account}.
    """
    found = person()
    if found == _account(state.stat().st_uid):
        raise LocalError(Finding(code="C031", values={"account": found}))
    return found


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
