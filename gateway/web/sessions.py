"""Signed cookies, tokens of forms, and sessions that were ended. Standard library: HMAC-SHA-256 over what is said.

A cookie says who logged in, when, with the password of which moment, and in which session; its signature says that this
server wrote it. So there is nothing to look up but what ends a session early: the account is closed or has another
password (`accounts`), or the person has logged out (kept here until the session would have ended by itself).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from msgspec import Struct

from gateway.spool import make_folder, read_private, read_whole, write_whole
from gateway.web.accounts import folder_of

_AHEAD = timedelta(minutes=5)
"""How far a clock may have been set back since a session began."""

_KEPT = 5_000


class Session(Struct, frozen=True, kw_only=True):
    """One login. account: the stamp of its account at that time (`Account.stamp`); begun: when."""

    login: str
    account: str
    begun: datetime
    id: str


class Keyring:
    """The key that signs, in ``state/web/key`` (0600), made once; and the sessions that were ended."""

    def __init__(self, state: Path, fresh: Callable[[], str]) -> None:
        """fresh: gives 32 hex digits that nobody can foresee. Raises LocalError E_KEYFILE for a key that others could
        have read."""
        folder = make_folder(folder_of(state))
        path = folder / "key"
        if not path.exists():
            write_whole(path, (fresh() + fresh()).encode("ascii"))
        self._key = read_private(path)
        self._ended_file, self._ending = folder / "ended", Lock()
        self._ended = self._read_ended()

    def cookie(self, session: Session) -> str:
        """What the browser keeps of a session."""
        said = json.dumps([session.login, session.account, session.begun.timestamp(), session.id],
                          ensure_ascii=False).encode("utf-8")
        body = base64.urlsafe_b64encode(said).decode("ascii").rstrip("=")
        return f"{body}.{self._sign('session', body)}"

    def session(self, cookie: str, lasting: timedelta, now: datetime) -> Session | None:
        """The session of a cookie; None where it is not ours, is over, or was ended."""
        body, _, signature = cookie.rpartition(".")
        if not body or not hmac.compare_digest(self._sign("session", body).encode(), signature.encode("utf-8")):
            return None
        login, account, begun, identity = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        session = Session(login=login, account=account, begun=datetime.fromtimestamp(begun, UTC), id=identity)
        over = not session.begun - _AHEAD <= now < session.begun + lasting
        return None if over or session.id in self._ended else session

    def end(self, session: Session, lasting: timedelta, now: datetime) -> None:
        """End a session before its time, also for a server that is started anew."""
        with self._ending:  # two people may log out at once
            ended = {**self._ended, session.id: session.begun + lasting}
            standing = sorted(((until, one) for one, until in ended.items() if until > now), reverse=True)[:_KEPT]
            self._ended = {one: until for until, one in standing}
            write_whole(self._ended_file, "".join(f"{one} {until.isoformat()}\n"
                                                  for one, until in self._ended.items()).encode("ascii"))

    def token(self, visit: str, login: str) -> str:
        """What a form must bring back: of this visit and of this login, so that no other page can have written it.

        visit  the cookie that every visitor has; "" gives a token that fits nothing
        """
        return self._sign("form", f"{visit}|{login}")

    def knows(self, token: str, visit: str, login: str) -> bool:
        """Whether a form was ours, of this visit and this login."""
        return bool(visit) and hmac.compare_digest(self.token(visit, login).encode(), token.encode("utf-8"))

    def _sign(self, what: str, said: str) -> str:
        return hmac.new(self._key, f"{what}|{said}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _read_ended(self) -> dict[str, datetime]:
        try:
            lines = read_whole(self._ended_file, 1 << 20).decode("ascii").splitlines()
            return {one: datetime.fromisoformat(until) for one, _, until in (line.partition(" ") for line in lines)}
        except FileNotFoundError:
            return {}

