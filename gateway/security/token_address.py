"""How settings name a key in a token: the part of RFC 7512 that says where it lies and how to open it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place

SCHEME = "pkcs11:"


class Address(Struct, frozen=True):
    """Where a key lies in a token: module, token label, and the label or the id of the key; where the PIN is."""

    module: str
    token: str
    label: str | None
    identifier: bytes | None
    pin: Path


def is_token_key(path: Path) -> bool:
    """Tell whether a setting names a key in a token instead of a file."""
    return os.fspath(path).startswith(SCHEME)


def read_address(path: Path) -> Address:
    """The parts of an address. Raises LocalError K092 for one that lacks something, or holds a PIN itself."""
    body, _, query = os.fspath(path).removeprefix(SCHEME).partition("?")
    parts = dict(one.partition("=")[::2] for text, mark in ((body, ";"), (query, "&")) for one in text.split(mark))
    label, identifier = parts.get("object"), parts.get("id")
    missing = [name for name in ("token", "module-path", "pin-source") if not parts.get(name)]
    if not label and not identifier:
        missing.append("object")
    if missing or "pin-value" in parts:
        raise LocalError(Finding(code="K092", place=Place(file=shown(path)), values={
            "missing": ", ".join(missing) or "-", "path": shown(path)}))
    pin = re.sub("^file:/*", "/", unquote(parts["pin-source"]))
    return Address(unquote(parts["module-path"]), unquote(parts["token"]), unquote(label) if label else None,
                   _octets(identifier) if identifier else None, Path(pin))


def _octets(text: str) -> bytes:
    return unquote(text, "latin-1").encode("latin-1")


def shown(path: Path) -> str:
    """An address for people; a PIN that somebody wrote into it is not repeated."""
    return re.sub(r"(pin-value=)[^&;]*", r"\1...", os.fspath(path))
