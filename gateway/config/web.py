"""The section ``web:`` of the settings: where the pages are served, how people are known, what each may do.

One way in: either the ministry's proxy says who somebody is, or local accounts do. Both at once would leave open which
of them is believed.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, model_validator

from gateway.config.model import Field, Model, fault
from gateway.config.reading import between
from gateway.config.scalars import QUOTED, Duration, SecretFile, Text, Word, render_duration

Role = Literal["reader", "officer", "operator", "auditor"]
"""What a person is on a corridor; what each may do stands in `gateway.web.rights`."""

EVERY = "all"
"""In place of a corridor: all of them, and what belongs to none."""

_ADDRESS = re.compile(r"(?P<kept>https?://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[1-9][0-9]{0,4})?)/?")
_PORTS = range(1, 65536)
_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:]+\]|[0-9.]+):(?P<port>[1-9][0-9]{0,4})")


def _listen(value: str) -> str:
    match = _LISTEN.fullmatch(value)
    try:
        if match is None or int(match["port"]) not in _PORTS:
            raise ValueError
        ipaddress.ip_address(match["host"].strip("[]"))
    except ValueError:
        raise fault("S200", value=value)
    return value


def _address(value: str) -> str:
    match = _ADDRESS.fullmatch(value)
    if match is None:
        raise fault("S201", value=value)
    return _as_browsers(match["kept"].lower())


def _as_browsers(address: str) -> str:
    """Without the port that goes without saying: browsers never send it, as Host or as Origin (RFC 6454 section 4)."""
    return address.removesuffix(":443" if address.startswith("https:") else ":80")


def _client(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise fault("S202", value=value)


def _header(value: str) -> str:
    if not re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,63}", value):
        raise fault("S203", value=value)
    return value


Listen = Annotated[Text, AfterValidator(_listen)]
"""An address of this machine and a port: ``127.0.0.1:8080``, ``[::1]:8080``."""

PublicAddress = Annotated[Text, AfterValidator(_address)]
"""What stands in the browser's address line, without a path: ``https://edi.douanes.example``."""

ClientAddress = Annotated[Text, AfterValidator(_client)]
"""The IP address of a proxy."""

HeaderName = Annotated[Text, AfterValidator(_header)]
"""The name of a header field of HTTP (RFC 9110 section 5.1), as far as proxies use it."""


class Proxy(Model):
    """A proxy in front of the server that has asked people who they are.

    header  holds the login name of the person; from_  the addresses that may say so
    secret  what the proxy says beside it, in ``X-Edi-Secret``: whoever else reaches the port cannot pretend
    """

    header: HeaderName
    from_: Annotated[tuple[ClientAddress, ...], Field(alias="from", min_length=1)]
    secret: SecretFile


class RoleOn(Model):
    """What a person is on one corridor, or with ``all`` on every one."""

    corridor: Text
    roles: Annotated[tuple[Annotated[Role, QUOTED], ...], Field(min_length=1)]


class Person(Model):
    """Somebody who may log in.

    login    as the proxy or the local account has it
    name     as it stands in the history of what the person decides
    account  the account on this machine, where its name is another one: who asks here cannot confirm there
    """

    login: Word
    name: Text
    account: Word | None = None
    on: Annotated[tuple[RoleOn, ...], Field(min_length=1)]


class Web(Model):
    """The live pages (``edi serve``). help: whom to call, as it stands on every page."""

    listen: Listen = "127.0.0.1:8080"
    address: PublicAddress | None = None
    proxy: Proxy | None = None
    session: Annotated[Duration, between(timedelta(minutes=5), timedelta(hours=24), render_duration)] = timedelta(
        hours=8)
    help: Text | None = None
    people: tuple[Person, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Web:
        """Raises S204 for a login that stands twice, S205 for pages that others reach without TLS."""
        logins: set[str] = set()
        for number, one in enumerate(self.people):
            if one.login.casefold() in logins:
                raise fault("S204", ("people", number, "login"), login=one.login)
            logins.add(one.login.casefold())
        if not self.secure and not _loopback(urlsplit(self.public).hostname or ""):
            raise fault("S205", ("address",) if self.address is not None else ("listen",), address=self.public)
        return self

    @property
    def public(self) -> str:
        """What stands in the browser's address line: scheme, host, and port where it is not the usual one."""
        return self.address or _as_browsers(f"http://{self.listen}")

    @property
    def secure(self) -> bool:
        """Whether browsers reach the pages over TLS, as the proxy's address says."""
        return self.public.startswith("https://")

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to listen."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
