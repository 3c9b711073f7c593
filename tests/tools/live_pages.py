"""The live pages of a real gateway for tests: a server in a thread, and visitors with cookies who read what comes."""

from __future__ import annotations

import contextlib
import html
import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from argon2 import PasswordHasher

from gateway.cli.context import occasion
from gateway.config import load_settings
from gateway.exchange.assembled import Occasion
from gateway.web.accounts import add
from gateway.web.app import application
from gateway.web.desk import Desk
from gateway.web.server import CONNECTIONS, HEAD
from gateway.web.slow import ImpatientProtocol
from tests.tools.offices import Office

PASSWORD = "rivière tournevis goyave"
PEOPLE = """\
  people:
    - {login: a.mensah, name: Adjo Mensah, on: [{corridor: all, roles: [officer]}]}
    - {login: k.traore, name: Kadi Traoré, on: [{corridor: all, roles: [operator]}]}
    - {login: s.kone, name: Seydou Koné, on: [{corridor: all, roles: [operator]}]}
    - {login: m.lecteur, name: Marie Lecteur, on: [{corridor: tg-ml, roles: [reader]}]}
    - {login: r.lecteur, name: Rose Lecteur, on: [{corridor: tg-bf, roles: [reader]}]}
"""
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""What an account holds is checked with the cost that its hash names: tests log in often."""
LOGINS = ("a.mensah", "k.traore", "s.kone", "m.lecteur", "r.lecteur")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode("utf-8-sig")

    @property
    def said(self) -> str:
        """What a reader sees of it: without marks, blanks alike."""
        plain = html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.text, flags=re.DOTALL))
        return " ".join(plain.split())

    @property
    def token(self) -> str:
        """What its forms bring back."""
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.text)
        assert found is not None
        return found[1]


@dataclass
class Visitor:
    """Somebody at a browser."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str = ""

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, None, headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """Send a form."""
        return self.ask("POST", path, urlencode(fields).encode(),
                        {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request on a connection of its own; cookies are kept as a browser keeps them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            given = {"Host": self.host or f"127.0.0.1:{self.port}", **self.headers,
                     **{name.replace("_", "-"): value for name, value in headers.items()}}
            if self.cookies:
                given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, path, body, given)
            response = connection.getresponse()
            content = response.read()
            for line in response.headers.get_all("set-cookie", []):
                name, _, rest = line.partition("=")
                value = rest.partition(";")[0].strip('"')
                if "max-age=0" in rest.lower():
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = value
            return Answer(response.status, response.headers, content)
        finally:
            connection.close()

    def log_in(self, login: str, password: str = PASSWORD) -> Answer:
        """Fill in the form of the login page."""
        return self.post("/login", {"login": login, "password": password, "token": self.get("/login").token,
                                    "back": "/"})


def with_pages(office: Office, more: str = "", *, port: int | None = None, accounts: bool = True) -> int:
    """Give an office pages for some people, each with an account; the port. more: further lines of ``web:``."""
    port = port or free_port()
    text = office.settings.read_text("utf-8")
    office.settings.write_text(f'{text}web:\n  listen: "127.0.0.1:{port}"\n{more}{PEOPLE}', "utf-8")
    if accounts:
        state = load_settings(office.settings).paths.state
        made = add(state, LOGINS[0], PASSWORD, occasion().now)
        path = state / "web" / "accounts"
        line = path.read_text("utf-8").replace(made.hash, _QUICK)
        path.write_text("".join(line.replace(made.login, login) for login in LOGINS), "utf-8")
    return port


@contextlib.contextmanager
def served(settings: Path, port: int, moment: Callable[[], Occasion] = occasion) -> Iterator[Desk]:
    """A server of these settings while the block lasts."""
    desk = Desk(settings, moment)
    server = uvicorn.Server(uvicorn.Config(
        application(desk), host="127.0.0.1", port=port, http=ImpatientProtocol, ws="none", lifespan="off",
        log_config=None, access_log=False, server_header=False, proxy_headers=False, limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD, timeout_keep_alive=5, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield desk
    finally:
        server.should_exit = True
        thread.join(10)
        desk.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        number: int = one.getsockname()[1]
        return number
