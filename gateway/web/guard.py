"""What holds for every request before anybody looks at it, and for every answer before it leaves.

The name in the request must be ours (else somebody's page could reach us through a name of its own: DNS rebinding);
bodies are small; answers are not kept by anybody in between, framed, sniffed, or told which software gave them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.web.refusal import Reason

BODY = 64 << 10
"""Octets of a request's body at most: a reason has 500 characters, a password 200."""

_METHODS = ("GET", "HEAD", "POST")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"), (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_NOTHING_BUT_TEXT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")

Refuse = Callable[[Scope, Reason], ASGIApp]
"""Makes the answer that says why not."""


class Guard:
    """Around the application. public: scheme, host and port of the settings (``Web.public``)."""

    def __init__(self, app: ASGIApp, public: Callable[[], str], refuse: Refuse) -> None:
        self._app, self._public, self._refuse = app, public, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            return
        public = urlsplit(self._public())
        headers = scope["headers"]
        app, body = self._app, _Body(receive)
        reason = _refused(scope["method"], headers, public.netloc, public.scheme)
        if reason is not None:
            app = self._refuse(scope, reason)
        await app(scope, body, _dressed(send, secure=public.scheme == "https"))


def _refused(method: str, headers: list[tuple[bytes, bytes]], netloc: str, scheme: str) -> Reason | None:
    hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
    default = ":443" if scheme == "https" else ":80"
    if hosts not in ([netloc], [netloc + default]):
        return "host"
    if method not in _METHODS:
        return "method"
    length = next((value for name, value in headers if name == b"content-length"), b"0")
    return "too-large" if not length.isdigit() or int(length[:12]) > BODY else None


class TooLarge(Exception):
    """A body went on beyond what it may be, or beyond what it said that it is."""


class _Body:
    """What comes in, counted."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._seen = receive, 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > BODY:
            raise TooLarge
        return message


def _dressed(send: Send, *, secure: bool) -> Callable[[Message], Awaitable[None]]:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers", [])
            names = {name.lower() for name, _ in given}
            more = [*_HEADERS, *([_STRICT_TRANSPORT] if secure else [])]
            if b"content-security-policy" not in names and message["status"] != 304:
                more.append(_NOTHING_BUT_TEXT)
            if b"cache-control" not in names:
                more.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*given, *more]}
        await send(message)
    return sending
