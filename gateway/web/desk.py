"""What the server works with: settings, accounts and ledger as they are at this moment, and its own few secrets.

Settings and accounts are read anew when their files change, so that a role that is taken away is gone at once; settings
that cannot be read leave those that held before. The ledger is opened once, to read, and again when another file is in
its place (after a restore).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from gateway.config import Settings, ledger_file, load_settings
from gateway.config.web import Web
from gateway.errors import GatewayError, LocalError
from gateway.exchange.assembled import Occasion
from gateway.exchange.assembly import Gateway
from gateway.exchange.content_store import content_store
from gateway.findings import Finding
from gateway.ledger import Ledger
from gateway.security import read_passphrase
from gateway.web.accounts import Account, file_of, read_accounts
from gateway.web.sessions import Keyring
from gateway.web.throttle import Throttle

_Stamp = tuple[tuple[int, int, int], ...]


class Desk:
    """Everything behind the pages."""

    def __init__(self, config: Path, occasion: Callable[[], Occasion]) -> None:
        """Raises LocalError for settings, keys or accounts that cannot be read, C205 for settings without pages."""
        self.occasion = occasion
        self.throttle = Throttle()
        self._config, self._lock = config, threading.Lock()
        self._ledger: tuple[_Stamp, Ledger] | None = None
        self._settings = load_settings(config)
        self._stamp = self._files()
        web_of(self._settings)
        self.proxy_secret()
        self.keyring = Keyring(self._settings.paths.state, occasion().identifier)
        self._accounts: tuple[_Stamp, dict[str, Account]] = ((), {})
        self.accounts()

    @property
    def now(self) -> datetime:
        """This moment."""
        return self.occasion().now

    @property
    def settings(self) -> Settings:
        """As their files say now; where these cannot be read, as they said before."""
        with self._lock:
            if (stamp := self._files()) != self._stamp:
                self._stamp = stamp
                try:
                    read = load_settings(self._config)
                    web_of(read)
                except GatewayError:
                    return self._settings
                self._settings = read
            return self._settings

    @property
    def web(self) -> Web:
        """What the settings say of the pages."""
        return web_of(self.settings)

    def proxy_secret(self) -> bytes:
        """What the proxy of the settings says beside a name, as its file has it now; b"" where there is no proxy.

        Raises LocalError E_KEYFILE, K060.
        """
        proxy = self.web.proxy
        return b"" if proxy is None else read_passphrase(proxy.secret)

    def accounts(self) -> dict[str, Account]:
        """Login in small letters -> account. Raises LocalError as `read_accounts`: then nobody is logged in."""
        state = self._settings.paths.state
        with self._lock:
            stamp = _stamp_of([file_of(state)])
            if stamp != self._accounts[0]:
                self._accounts = (stamp, read_accounts(state))
            return self._accounts[1]

    @contextmanager
    def reading(self) -> Iterator[Gateway]:
        """A gateway to ask, at this moment; it changes nothing. Raises LocalError as `Ledger.open`: there may be no
        ledger yet, or one that has to be brought to a new schema first."""
        settings, now = self.settings, self.now
        with self._lock:
            file = ledger_file(settings.ledger)  # it may be replaced; a server's is always the same
            stamp = _stamp_of([] if file is None else [file], content=False)
            if self._ledger is None or self._ledger[0] != stamp:
                self.close()
                self._ledger = (stamp, Ledger.open(settings.ledger, now=now, create=False,
                                                   contents=content_store(settings)))
            ledger = self._ledger[1]
        yield Gateway(settings, ledger, now)

    def close(self) -> None:
        """Let go of the ledger."""
        if self._ledger is not None:
            self._ledger[1].close()
            self._ledger = None

    def _files(self) -> _Stamp:
        partners = self._settings.paths.partners if hasattr(self, "_settings") else self._config.parent
        return _stamp_of([self._config, partners, *sorted(partners.glob("*.yaml"))])


def web_of(settings: Settings) -> Web:
    """What the settings say of the pages. Raises LocalError C205 where they say nothing."""
    if settings.web is None:
        raise LocalError(Finding(code="C205", values={"file": str(settings.file)}))
    return settings.web


def _stamp_of(paths: list[Path], *, content: bool = True) -> _Stamp:
    """Another one when one of the files is another, or where its content counts, was written to."""
    found = []
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 a follower of links, as the readers are
        except FileNotFoundError:
            found.append((0, 0, 0))
            continue
        found.append((status.st_ino, status.st_mtime_ns, status.st_size) if content else (status.st_ino, 0, 0))
    return tuple(found)
