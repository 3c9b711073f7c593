"""Local accounts: one file of the state folder, readable by the gateway's own user alone.

``state/web/accounts``: one line of JSON for each account, with login, hash, since when the password holds, and when the
account was closed. Written whole, by one command at a time; the server reads it anew when it has changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool import make_folder, read_private, run_lock, write_whole
from gateway.web.passwords import hashed, require_good

_NAMES = ("login", "hash", "since", "closed")
_PATIENCE = 10.0
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@\-]{0,63}")
"""What the settings take for a login (`config.scalars.Word`)."""


class Account(Struct, frozen=True, kw_only=True):
    """One account.

    since   when its password was set
    closed  when it was closed; None while it is open
    """

    login: str
    hash: str
    since: datetime
    closed: datetime | None = None

    @property
    def stamp(self) -> str:
        """Another one with every password: what was begun with an older one is over."""
        return sha256(self.hash.encode("utf-8")).hexdigest()[:32]


def folder_of(state: Path) -> Path:
    """Where the server keeps what it must remember."""
    return state / "web"


def file_of(state: Path) -> Path:
    """The file of accounts."""
    return folder_of(state) / "accounts"


def read_accounts(state: Path) -> dict[str, Account]:
    """Login in small letters -> account; none where there is no file yet.

    Raises LocalError E_KEYFILE for a file that others could have written, C202 for one that cannot be understood.
    """
    path = file_of(state)
    if not path.exists():
        return {}
    found: dict[str, Account] = {}
    for number, line in enumerate(read_private(path).decode("utf-8", "replace").splitlines(), 1):
        try:
            account = _read(json.loads(line))
        except (ValueError, TypeError, KeyError) as error:
            raise LocalError(Finding(code="C202", place=Place(file=str(path), line=number),
                                     values={"reason": type(error).__name__})) from error
        found[account.login.casefold()] = account
    return found


def add(state: Path, login: str, password: str, now: datetime) -> Account:
    """Make an account, or open a closed one again with a new password. Raises LocalError C203 for one that is open,
    C210 for what is no login, C201 for a bad password, C200 without the extra."""
    if _LOGIN.fullmatch(login) is None:
        raise LocalError(Finding(code="C210", values={"login": login}))
    require_good(password, login)
    made = Account(login=login, hash=hashed(password), since=now)
    with _changing(state, now) as accounts:
        standing = accounts.get(login.casefold())
        if standing is not None and standing.closed is None:
            raise LocalError(Finding(code="C203", values={"login": standing.login}))
        accounts[login.casefold()] = made
    return made


def change_password(state: Path, login: str, password: str, now: datetime) -> Account:
    """Give an open account another password; every session that began with the old one is over.

    Raises LocalError C204 for no such account, C201, C200.
    """
    require_good(password, login)
    new = hashed(password)
    with _changing(state, now) as accounts:
        changed = replace(_open(accounts, login), hash=new, since=now)
        accounts[login.casefold()] = changed
    return changed


def close(state: Path, login: str, now: datetime) -> Account:
    """Close an account: its sessions are over at once. Raises LocalError C204 for no open one of that login."""
    with _changing(state, now) as accounts:
        closed = replace(_open(accounts, login), closed=now)
        accounts[login.casefold()] = closed
    return closed


def _open(accounts: dict[str, Account], login: str) -> Account:
    account = accounts.get(login.casefold())
    if account is None or account.closed is not None:
        raise LocalError(Finding(code="C204", values={"login": login}))
    return account


@contextmanager
def _changing(state: Path, now: datetime) -> Iterator[dict[str, Account]]:
    make_folder(folder_of(state))
    with run_lock(folder_of(state) / "accounts.lock", at=now, wait=_PATIENCE):
        accounts = read_accounts(state)
        yield accounts
        write_whole(file_of(state), "".join(f"{json.dumps(_written(one), ensure_ascii=False)}\n"
                                            for _, one in sorted(accounts.items())).encode("utf-8"))


def _written(account: Account) -> dict[str, str | None]:
    return {"login": account.login, "hash": account.hash, "since": account.since.isoformat(),
            "closed": None if account.closed is None else account.closed.isoformat()}


def _read(line: dict[str, str | None]) -> Account:
    login, stored, since, closed = (line[name] for name in _NAMES)
    if not login or not stored or not since:
        raise ValueError(login)
    return Account(login=login, hash=stored, since=datetime.fromisoformat(since),
                   closed=None if closed is None else datetime.fromisoformat(closed))
