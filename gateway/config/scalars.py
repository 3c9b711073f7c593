"""The strict scalar types: one way to write each thing, and what is not written that way is a fault.

pydantic's own conversions from text are generous (``1_000``, `` 22 ``, ``yes``, ``nan``); none of them is used.
A *text* must be quoted when a YAML 1.1 or 1.2 reader would see something else in it, so that an editor and the gateway
read the same file; numbers and yes/no must not be quoted. Values that are already of their type pass, for callers that
build a model in Python.
"""

from __future__ import annotations

import base64
import os
import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, InstanceOf, PlainSerializer, ValidationInfo, WithJsonSchema

from gateway.config.model import Written, fault
from gateway.config.reading import QUOTED, between, must_be_text, one_line, read_as, single, text_of

_INTEGER = r"-?(0|[1-9][0-9]*)"
_DECIMAL = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
_DURATION = r"(?:[1-9][0-9]{0,5}[smh]|[1-9][0-9]{0,4}d)"
_SIZE = r"[1-9][0-9]{0,8}(B|KiB|MiB|GiB)"
_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_CREDENTIAL, _CREDENTIAL_NAME = "credential:", "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
_PKCS11 = "pkcs11:"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}
_KEY_TYPES = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"}


Text = Annotated[str, WithJsonSchema({"type": "string", "minLength": 1}), QUOTED, AfterValidator(one_line)]
"""One line of text, not blank, without spaces around it."""

LongText = Annotated[str, WithJsonSchema({"type": "string"}), QUOTED]
"""Any text, several lines included."""


def _placed(value: object) -> object:
    if not isinstance(value, Written):
        raise fault("S044")
    return value


PlacedText = Annotated[InstanceOf[Written], WithJsonSchema({"type": "string"}), QUOTED, BeforeValidator(_placed)]
"""Any text, kept with its node (`Written.node`), for readers who must lead back into it. Only from a file."""

Integer = Annotated[int, read_as(_INTEGER, "S051", int, text=False)]
"""``-?(0|[1-9][0-9]*)``, not quoted."""

DecimalNumber = Annotated[Decimal, WithJsonSchema({"type": "number"}),
                          read_as(_DECIMAL, "S053", Decimal, text=False), PlainSerializer(str, return_type=str)]
"""Digits with a point, not quoted, no exponent."""

Flag = Annotated[bool, read_as("true|false", "S054", lambda text: text == "true", text=False)]
"""``true`` or ``false``, not quoted."""

YesNo = Annotated[bool, WithJsonSchema({"enum": ["yes", "no", True, False]}),
                  read_as("yes|no", "S100", lambda text: text == "yes", text=False),
                  PlainSerializer(lambda value: "yes" if value else "no", return_type=str)]
"""``yes`` or ``no``, not quoted: to editors these are words by YAML 1.2, and a truth value by YAML 1.1."""


def render_duration(value: timedelta) -> str:
    """A duration as it is written in a file, in the largest unit that fits."""
    seconds = int(value.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def render_size(value: int) -> str:
    """A number of bytes as it is written in a file, in the largest unit that fits."""
    unit = next(unit for unit, factor in _BYTES.items() if value % factor == 0)
    return f"{value // _BYTES[unit]}{unit}"


def _duration(text: str) -> timedelta:
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def _size(text: str) -> int:
    unit = next(unit for unit in _BYTES if text.endswith(unit))
    return int(text.removesuffix(unit)) * _BYTES[unit]


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def render_instant(value: datetime) -> str:
    """An instant as it is written in a file."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Duration = Annotated[timedelta, WithJsonSchema({"type": "string", "pattern": f"^{_DURATION}$"}),
                     read_as(_DURATION, "S055", _duration, text=True),
                     PlainSerializer(render_duration, return_type=str)]
"""``30s``, ``15m``, ``24h``, ``7d``; up to ``99999d``, for whatever is so long ago still has a date."""

Size = Annotated[int, WithJsonSchema({"type": "string", "pattern": f"^{_SIZE}$"}),
                 read_as(_SIZE, "S056", _size, text=True), PlainSerializer(render_size, return_type=str)]
"""``512KiB``, ``32MiB``; a number of bytes."""

Instant = Annotated[datetime, WithJsonSchema({"type": "string", "pattern": f"^{_INSTANT}$"}),
                    BeforeValidator(lambda value: _read_instant(value)),
                    PlainSerializer(render_instant, return_type=str)]
"""``2026-11-01T00:00:00Z``, quoted or not; aware, UTC."""


def _read_instant(value: object) -> object:
    single(value)
    if not isinstance(value, str):
        return value
    try:
        if re.fullmatch(_INSTANT, value):
            return _instant(value)
    except ValueError:
        pass
    raise fault("S057", value=value)


Sha256 = text_of("[0-9a-f]{64}", "S058")
"""SHA-256 in 64 lower-case hexadecimal digits."""

GatewayName = text_of(r"[A-Z0-9][A-Z0-9.\-]{0,31}", "S059")
"""Name of a gateway (GW-1 section 2)."""

Country = text_of("[A-Z]{2}", "S060")
"""ISO 3166-1 alpha-2."""

Host = text_of(r"[A-Za-z0-9]([A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,39}", "S067")
"""A host name or an IP address."""

WebAddress = text_of(r"https?://[A-Za-z0-9.\-\[\]:]+(/[!-~]*)?", "S088")
"""An address that is fetched, without a name or password in it."""

RemoteFolder = text_of(r"/?[A-Za-z0-9_\-][A-Za-z0-9_.\-]*(/[A-Za-z0-9_\-][A-Za-z0-9_.\-]*)*", "S069")
"""A folder on a mailbox server, with ``/`` between its parts, none of which starts with a point."""

PackName = text_of(r"[A-Za-z][A-Za-z0-9]{0,31}(-[2-8])?\.(crt|crl|pub|txt)", "S090")
"""Name of a file in a partner's pack: ``signing.crt``."""

BucketName = text_of(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]", "S165")
"""Name of a bucket of S3."""

Identifier = text_of(r"[a-z0-9][a-z0-9_\-]*(/[a-z0-9][a-z0-9_\-]*)+", "S070")
"""Name of a dialect or a mapping: ``tgotr/asycuda``."""

Word = text_of(r"[A-Za-z0-9][A-Za-z0-9._@\-]{0,63}", "S065")
"""A short name without spaces: a user, an algorithm."""

MailAddress = text_of(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9.\-]{1,190}", "S160")
"""A mail address without a name beside it."""

DayTime = text_of(r"([01][0-9]|2[0-3]):[0-5][0-9]", "S161")
"""A time of the day in the gateway's own zone: ``06:30``."""

Commodity = text_of("[0-9]{2,10}", "S140")
"""The beginning of a commodity code: a chapter of the Harmonized System, or more."""

PartyIdentifier = text_of(r"[A-Za-z0-9.,\-/&() ]{1,35}", "S068")
"""Identification of a party in UNB, data element 0004 or 0010, an..35."""

PartyQualifier = text_of("[A-Z0-9]{1,4}", "S068")
"""Qualifier of that identification, data element 0007, an..4."""


def _time_zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise fault("S061", value=value)
    return value


TimeZone = Annotated[str, WithJsonSchema({"type": "string", "minLength": 1}), QUOTED, AfterValidator(_time_zone)]
"""A zone of the IANA database that this machine knows: ``Africa/Lome``."""


def _host_key(value: str) -> str:
    parts = value.split(" ")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (IndexError, ValueError):
        raise fault("S049", value=value[:40])
    length = int.from_bytes(blob[:4], "big")
    if parts[0] not in _KEY_TYPES or blob[4:4 + length] != parts[0].encode("ascii"):
        raise fault("S049", value=value[:40])
    return value


_HOST_KEY = "(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]+=*( .*)?"
HostKey = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^({_HOST_KEY})$"}), QUOTED,
                    AfterValidator(one_line), AfterValidator(_host_key)]
"""A server's public key as in ``known_hosts`` without the name: ``ssh-ed25519 AAAA…`` (RFC 4253 section 6.6)."""


def _path(value: object, info: ValidationInfo) -> object:
    """A path of this machine, made absolute against the folder of the file that names it."""
    must_be_text(value)
    if isinstance(value, str):
        if not value.strip() or "\0" in value or value.startswith("~"):
            raise fault("S066", value=value)
        value = Path(value)
    folder = (info.context or {}).get("folder")
    if isinstance(value, Path) and isinstance(folder, Path):
        return Path(os.path.normpath(folder / value))
    return value


def _secret(value: object, info: ValidationInfo) -> object:
    """A path, but for a credential, which stays as it is written."""
    if isinstance(value, str) and value.startswith(_CREDENTIAL):
        must_be_text(value)
        if not re.fullmatch(_CREDENTIAL + _CREDENTIAL_NAME, value):
            raise fault("S094", value=value)
        return Path(value)
    if isinstance(value, Path) and os.fspath(value).startswith(_CREDENTIAL):
        return value
    return _path(value, info)


SecretFile = Annotated[Path, WithJsonSchema({"type": "string", "minLength": 1}), BeforeValidator(_secret),
                       PlainSerializer(os.fspath, return_type=str)]
"""A file with a secret; or ``credential:NAME``, a secret that the service manager hands to the service: the only
relative path that ever stands in a model."""

def _key(value: object, info: ValidationInfo) -> object:
    """A path, but for the address of a key in a token, which stays as it is written."""
    if isinstance(value, str | Path) and os.fspath(value).startswith(_PKCS11):
        must_be_text(value)
        text = os.fspath(value)
        if not re.fullmatch(_PKCS11 + "[!-~]+", text) or "pin-value=" in text:
            raise fault("S092", value=text.partition("pin-value=")[0])
        return Path(text)
    return _path(value, info)


KeyFile = Annotated[Path, WithJsonSchema({"type": "string", "minLength": 1}), BeforeValidator(_key),
                    PlainSerializer(os.fspath, return_type=str)]
"""A file with a private key; or the address of a key in a token (RFC 7512): ``pkcs11:token=...;object=...?...``."""

FilePath = Annotated[Path, WithJsonSchema({"type": "string", "minLength": 1}), BeforeValidator(_path),
                     PlainSerializer(os.fspath, return_type=str)]
"""A file or a folder; relative to the file that names it, absolute once loaded."""

__all__ = ["QUOTED", "between", "text_of"]
