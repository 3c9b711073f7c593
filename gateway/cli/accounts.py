"""`edi accounts`: who may log in to the pages with a password of this gateway.

What a person may do there is said in the settings (``web.people``); here are only the passwords. None is ever an
argument: it is typed at a terminal, twice, or read from a file that nobody else can read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.cli.commands import Lazy
from gateway.cli.context import (
    acting,
    common,
    emit_json,
    json_option,
    may_ask,
    note,
    occasion,
    rehearsing,
    t,
    tell,
)
from gateway.cli.listing import tell_list
from gateway.cli.words import clock
from gateway.config import Settings, load_settings
from gateway.config.web import Person
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Place, Severity
from gateway.spool import read_private
from gateway.web.accounts import Account, add, change_password, close, read_accounts
from gateway.web.passwords import require_good, require_library

accounts_command = Lazy("accounts", {"add": "accounts", "password": "accounts", "list": "accounts",
                                     "close": "accounts"}, "accounts.", reads=("list",))

Command = TypeVar("Command", bound=Callable[..., Any])

_login = click.argument("login", metavar=t("cli.metavar.login"))


def _password_file(command: Command) -> Command:
    return click.option("--password-file", type=click.Path(path_type=Path, dir_okay=False),
                        metavar=t("cli.metavar.file"), help=t("cli.accounts.password_file"))(command)


@click.command(name="add", help=t("cli.accounts.add.help"))
@_login
@_password_file
@acting
def add_command(config: Path, login: str, password_file: Path | None, as_json: bool) -> int:
    """Give somebody whom the settings name an account, or open a closed one again."""
    settings = _served(config)
    standing = read_accounts(settings.paths.state).get(login.casefold())
    if standing is not None and standing.closed is None:
        raise LocalError(Finding(code="C203", values={"login": standing.login}))
    password = _password(login, password_file)
    if not rehearsing():
        add(settings.paths.state, login, password, occasion().now)
    return _done("added", settings, login, as_json)


@click.command(name="password", help=t("cli.accounts.password.help"))
@_login
@_password_file
@acting
def password_command(config: Path, login: str, password_file: Path | None, as_json: bool) -> int:
    """Set another password; whoever is logged in with the old one is so no more."""
    settings = _served(config)
    _standing(settings, login)
    password = _password(login, password_file)
    if not rehearsing():
        change_password(settings.paths.state, login, password, occasion().now)
    return _done("changed", settings, login, as_json)


@click.command(name="close", help=t("cli.accounts.close.help"))
@_login
@acting
def close_command(config: Path, login: str, as_json: bool) -> int:
    """Close an account; whoever is logged in with it is so no more."""
    settings = _served(config)
    _standing(settings, login)
    if not rehearsing():
        close(settings.paths.state, login, occasion().now)
    return _done("closed", settings, login, as_json)


@click.command(name="list", help=t("cli.accounts.list.help"))
@json_option
@common
def list_command(config: Path, as_json: bool) -> int:
    """Every account and every person of the settings, by login: who has both, who lacks one."""
    settings = _served(config)
    accounts = read_accounts(settings.paths.state)
    people = {one.login.casefold(): one for one in _people(settings)}
    rows = [(accounts.get(login), people.get(login)) for login in sorted({*accounts, *people})]
    tell_list(rows, as_json, item=lambda one: emit_json("account", _as_json(*one)), row=lambda one: _row(*one),
              headings=("column.login", "column.person", "column.account", "column.roles"), empty="accounts.none")
    return Exit.DONE


def _served(config: Path) -> Settings:
    """Settings with pages for people who log in here. Raises LocalError C205 without, C206 where a proxy asks them."""
    settings = load_settings(config)
    if settings.web is None:
        raise LocalError(Finding(code="C205", values={"file": str(settings.file)}))
    if settings.web.proxy is not None:
        raise LocalError(Finding(code="C206", values={"header": settings.web.proxy.header}))
    return settings


def _people(settings: Settings) -> tuple[Person, ...]:
    return () if settings.web is None else settings.web.people


def _standing(settings: Settings, login: str) -> Account:
    account = read_accounts(settings.paths.state).get(login.casefold())
    if account is None or account.closed is not None:
        raise LocalError(Finding(code="C204", values={"login": login}))
    return account


def _password(login: str, file: Path | None) -> str:
    """From a file, else from the terminal.

    Raises LocalError E_KEYFILE, C201, C211 (no UTF-8), C200; UsageError where nobody can be asked.
    """
    require_library()
    if file is not None:
        try:
            password = read_private(file).decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:  # a browser sends UTF-8: it would never fit
            raise LocalError(Finding(code="C211", place=Place(file=str(file)), values={"file": str(file)})) from None
    elif may_ask():
        password = click.prompt(t("accounts.ask", login=login), hide_input=True, err=True,
                                confirmation_prompt=t("accounts.again"))
    else:
        raise click.UsageError(t("cli.accounts.no_terminal"))
    require_good(password, login)
    return password


def _done(what: str, settings: Settings, login: str, as_json: bool) -> int:
    person = next((one for one in _people(settings) if one.login.casefold() == login.casefold()), None)
    if as_json:
        emit_json(what, {"login": login, "named": person is not None})
    else:
        note(t(f"accounts.{what}", login=login))
    if person is None and what != "closed":
        tell([Finding(code="C208", severity=Severity.WARNING, values={"login": login, "file": str(settings.file)})])
    return Exit.DONE


def _as_json(account: Account | None, person: Person | None) -> dict[str, object]:
    return {"login": _login_of(account, person), "name": None if person is None else person.name,
            "account": "none" if account is None else "open" if account.closed is None else "closed",
            "since": None if account is None else account.since, "closed": None if account is None else account.closed,
            "on": [] if person is None else [{"corridor": one.corridor, "roles": one.roles} for one in person.on]}


def _row(account: Account | None, person: Person | None) -> list[str]:
    return [_login_of(account, person), "" if person is None else person.name, _standing_words(account),
            t("accounts.no_role") if person is None else _roles(person)]


def _login_of(account: Account | None, person: Person | None) -> str:
    return person.login if person is not None else "" if account is None else account.login


def _standing_words(account: Account | None) -> str:
    if account is None:
        return t("accounts.state.none")
    if account.closed is not None:
        return t("accounts.state.closed", since=clock(account.closed))
    return t("accounts.state.open", since=clock(account.since))


def _roles(person: Person) -> str:
    return "; ".join(f"{one.corridor}: {', '.join(t(f'role.{role}') for role in one.roles)}" for one in person.on)
