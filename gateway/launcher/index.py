"""pip's own wheel from the configured package index: for computers that have no pip at all.

Version and SHA-256 are pinned here, so the index, its certificate and its proxy are trusted with nothing. Read are the
JSON form of the simple index (PEP 691) and the HTML form (PEP 503). Where to look is what pip would have been told:
--index-url, PIP_INDEX_URL, UV_DEFAULT_INDEX, UV_INDEX_URL, then pip's configuration files.
"""

from __future__ import annotations

import base64
import configparser
import contextlib
import hashlib
import html.parser
import json
import netrc
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from gateway.launcher.words import Stop

VERSION = "26.3"
SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
WHEEL = f"pip-{VERSION}-py3-none-any.whl"
REQUIREMENT = f"pip=={VERSION} --hash=sha256:{SHA256}\n"
ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
CONNECT, TRIES, LARGEST = 15, 3, 32 << 20
"""Seconds without an answer, attempts, bytes."""


class Settings:
    """What pip was told: environment first, then its configuration files; names with dashes, as in the files."""

    def __init__(self, environ: Mapping[str, str], given: Mapping[str, str]) -> None:
        self._environ, self._given = environ, given
        self._files = configparser.RawConfigParser(strict=False)  # raw: a % in a password is not a variable
        self._files.read(self._paths(), "utf-8")

    def _paths(self) -> list[Path]:
        named = self._environ.get("PIP_CONFIG_FILE", "")
        if named == os.devnull:
            return []
        home = Path(self._environ.get("HOME") or os.devnull)
        system = [Path(folder) / "pip" / "pip.conf" for folder in
                  reversed((self._environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep))]
        user = [home / ".pip" / "pip.conf",
                Path(self._environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"]
        if self._environ.get("APPDATA"):
            user.append(Path(self._environ["APPDATA"]) / "pip" / "pip.ini")
        return [*system, Path("/etc/pip.conf"), *([] if Path(named).is_file() else user), Path(named or os.devnull)]

    def get(self, name: str) -> str:
        """The value of one of pip's settings, "" when nobody set it."""
        value = self._environ.get("PIP_" + name.upper().replace("-", "_"), "")
        for section in ("global", "install"):
            for key in (name, name.replace("-", "_")):
                if not self._environ.get("PIP_" + name.upper().replace("-", "_")):
                    value = self._files.get(section, key, fallback=value)
        return value.strip()

    def indexes(self) -> list[str]:
        """Addresses of the simple indexes to ask, in order."""
        if self.get("no-index") not in ("", "0", "false", "no", "off"):
            return []
        main = self._given.get("--index-url") or self._environ.get("PIP_INDEX_URL") \
            or self._environ.get("UV_DEFAULT_INDEX") or self._environ.get("UV_INDEX_URL") or self.get("index-url")
        return [*main.split()[:1], *self.get("extra-index-url").split()]

    def opener(self) -> urllib.request.OpenerDirector:
        """How to fetch: the proxy and the certificates that pip was told of; verification is never off."""
        trusted = self.get("cert") or self._environ.get("REQUESTS_CA_BUNDLE") or None
        proxy = self.get("proxy")
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({"http": proxy, "https": proxy} if proxy else None),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=trusted)))


class Anchors(html.parser.HTMLParser):
    """The addresses of a page's anchors."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of an anchor."""
        self.found.extend(value for name, value in attrs if tag == "a" and name == "href" and value)


def wheel_address(page: bytes, content_type: str, base: str) -> str | None:
    """The address of the pinned wheel on a project page, by the type that the answer says it has."""
    if content_type.startswith("application/vnd.pypi.simple.v1+json"):
        links = [str(file.get("url")) for file in json.loads(page).get("files", ())]
    else:
        links = Anchors(page.decode("utf-8", "replace")).found
    for link in links:
        address = urljoin(base, link)
        if unquote(urlsplit(address).path).rsplit("/", 1)[-1] == WHEEL:
            return address.partition("#")[0]
    return None


def request_for(address: str, credentials: SplitResult) -> urllib.request.Request:
    """A request without credentials in its address: they travel in a header, to the index's own host only."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    request = urllib.request.Request(parts._replace(netloc=host).geturl(), headers={"Accept": ACCEPT})
    user, password = credentials.username, credentials.password
    if user is None:
        with contextlib.suppress(OSError, netrc.NetrcParseError):
            user, _, password = netrc.netrc().authenticators(credentials.hostname or "") or (None, None, None)
    if user and parts.hostname == credentials.hostname:
        word = base64.b64encode(f"{unquote(user)}:{unquote(password or '')}".encode()).decode("ascii")
        request.add_unredirected_header("Authorization", f"Basic {word}")
    return request


def get(opener: urllib.request.OpenerDirector, address: str, index: str) -> tuple[bytes, str, str]:
    """Content, type and final address. Raises OSError after three tries; an answer that says no is not asked again."""
    for attempt in range(TRIES):
        try:
            with opener.open(request_for(address, urlsplit(index)), timeout=CONNECT) as answer:
                return answer.read(LARGEST), answer.headers.get("Content-Type", ""), answer.url
        except OSError as error:
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if refused or attempt == TRIES - 1:
                raise
            time.sleep(attempt + 1)
    raise AssertionError("unreachable")


def fetch_pip(settings: Settings, folder: Path) -> tuple[Path | None, str]:
    """The pinned wheel, in `folder`; or none, and why in the words of the last error.

    Raises Stop 5 when an index gives other content under its name.
    """
    reason = ""
    for index in settings.indexes():
        page = index.rstrip("/") + "/pip/" + ("index.html" if index.startswith("file:") else "")
        try:
            content, kind, base = get(settings.opener(), page, index)
            address = wheel_address(content, kind, base)
            if address is None:
                continue
            wheel, _, _ = get(settings.opener(), address, index)
        except (OSError, ValueError) as error:  # one index that is missing or babbles is skipped
            reason = str(error)
            continue
        found = hashlib.sha256(wheel).hexdigest()
        if found != SHA256:
            raise Stop(5, "launcher.hash", file=WHEEL, expected=SHA256, found=found)
        path = folder / WHEEL
        path.write_bytes(wheel)
        return path, ""
    return None, reason
