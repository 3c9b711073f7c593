"""The ways of telling, as the settings have them: mail, a signed request, a program of this machine.

A mail tells all that is new at once; a request and a program are called once for each cause, under its identifier.
Requests are signed as Standard Webhooks 1.0.0 has it (https://www.standardwebhooks.com): HMAC-SHA256 over
``id.timestamp.body``; who verifies it knows who sent it, and the identifier tells a repetition.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.config.alerts import AlertSettings, CommandAlert, MailAlert, WebhookAlert
from gateway.errors import GatewayError, LocalError
from gateway.exchange.alert_text import Digest, Told, as_json, subject, text
from gateway.exchange.assembled import Occasion
from gateway.exchange.own_secrets import read_secret
from gateway.exchange.pings import read_address
from gateway.findings import Finding, Place
from gateway.texts import Language
from gateway.transport.posting import MailServer, mail, post, send_mail

_SECONDS = 10.0
"""One mail, one request, one program."""


class Channel(Struct, frozen=True, kw_only=True):
    """One way of telling.

    name   its kind and a digest of where it leads: another address is another way, that has been told nothing
    shown  the same for people, without any secret
    """

    name: str
    shown: str
    settings: MailAlert | WebhookAlert | CommandAlert


class Telling(Protocol):
    """What of the settings says how people are told."""

    @property
    def language(self) -> str:
        """``fr`` or ``en``, where a way of telling has no other."""

    @property
    def alerts(self) -> tuple[AlertSettings, ...]:
        """The ways."""


def channels(settings: Telling) -> list[Channel]:
    """Those of the settings, in their order; the same way twice is one."""
    found: dict[str, Channel] = {}
    for one in settings.alerts:
        if isinstance(one, MailAlert):
            shown, leads = ", ".join(one.to), " ".join([one.server, str(one.port), *sorted(one.to)])
        elif isinstance(one, WebhookAlert):
            shown = leads = str(one.address)  # the name of the file: what it holds is a secret
        else:
            shown, leads = one.command.name, " ".join([str(one.command), *one.arguments])
        name = f"{one.by}:{hashlib.sha256(leads.encode('utf-8')).hexdigest()[:16]}"
        found.setdefault(name, Channel(name=name, shown=f"{one.by} {shown}", settings=one))
    return list(found.values())


def deliver(settings: Telling, channel: Channel, due: Sequence[Told], digest: Digest, occasion: Occasion,
            seconds: float) -> tuple[list[Told], Finding | None]:
    """Tell it, and what of it was taken; the first fault ends it, for the next would be the same.

    seconds  what all of it may take
    """
    begun, told = occasion.clock(), list[Told]()
    try:
        for part, work in _parts(settings, channel, due, digest, occasion):
            left = min(_SECONDS, seconds - (occasion.clock() - begun))
            if left <= 0:
                break
            work(left)
            told += part
    except GatewayError as error:
        return told, error.findings[0]
    return told, None


def _parts(settings: Telling, channel: Channel, due: Sequence[Told], digest: Digest, occasion: Occasion
           ) -> Iterator[tuple[Sequence[Told], Callable[[float], None]]]:
    one = channel.settings
    language = Language(one.language or settings.language)
    if isinstance(one, MailAlert):
        yield due, lambda seconds: _mail(one, due, digest, occasion, language, seconds)
        return
    for told in due:
        content = as_json(told, digest, language, occasion.now)
        if isinstance(one, WebhookAlert):
            yield [told], lambda seconds, told=told, content=content: _post(  # type: ignore[misc]
                one, told, content, occasion, seconds)
        else:
            yield [told], lambda seconds, told=told, content=content: _call(  # type: ignore[misc]
                one, told, content, seconds)


def _mail(one: MailAlert, due: Sequence[Told], digest: Digest, occasion: Occasion, language: Language,
          seconds: float) -> None:
    identifier = hashlib.sha256(" ".join(sorted(told.identifier for told in due)).encode("ascii")).hexdigest()[:32]
    secret = None if one.password is None else read_secret(one.password).decode("utf-8", "replace").strip()
    server = MailServer(host=one.server, port=one.port, security=one.security, authority=one.authority, user=one.user,
                        secret=secret)
    send_mail(server, mail(sender=one.from_, recipients=one.to, subject=subject(due, digest, language),
                           body=text(due, digest, language), identifier=identifier, at=occasion.now),
              recipients=one.to, seconds=seconds)


def _post(one: WebhookAlert, told: Told, content: bytes, occasion: Occasion, seconds: float) -> None:
    stamp = str(int(occasion.now.timestamp()))
    signature = sign(read_secret(one.key).strip(), told.identifier, stamp, content)
    post(read_address(one.address), content, {
        "Content-Type": "application/json; charset=utf-8", "User-Agent": "corridor-gateway",
        "Idempotency-Key": told.identifier, "webhook-id": told.identifier, "webhook-timestamp": stamp,
        "webhook-signature": signature}, seconds=seconds, shown=str(one.address))


def sign(key: bytes, identifier: str, stamp: str, content: bytes) -> str:
    """The header ``webhook-signature``. key: as it stands in its file."""
    signed = f"{identifier}.{stamp}.".encode("ascii") + content
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")


def _call(one: CommandAlert, told: Told, content: bytes, seconds: float) -> None:
    """Raises LocalError X359 {reason}."""
    try:
        done = subprocess.run(  # noqa: S603 - the program is the settings', its arguments too; nothing is a partner's
            [str(one.command), *one.arguments], input=content, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=seconds, check=False)
        reason = "" if done.returncode == 0 else f"exit {done.returncode}"
    except subprocess.TimeoutExpired:
        reason = f"> {seconds:g} s"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise LocalError(Finding(code="X359", place=Place(file=str(one.command)), values={"reason": reason}))
