"""Every effective value of the settings and where it came from, for ``edi config show``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from gateway.config.loading import Settings
from gateway.findings import Place

_OWN = {"partners", "broken_partners", "file", "origins"}


class Resolved(Struct, frozen=True):
    """One value.

    key     path as in the file, lists counted from 1: ``national.declarations[1].dialect``,
            ``partners.BFDGD.agreement.deadlines.receipt``
    text    as it would be written in a file, paths absolute: ``15m``, ``32MiB``, ``/srv/edi/state``
    origin  ``file:line`` where it is written, or None when nobody wrote it and the default holds
    """

    key: str
    text: str
    origin: str | None


def resolved(settings: Settings) -> list[Resolved]:
    """Every value of the settings, then of each partner, in the order of the models. No value is a secret."""
    values = list(_flat(_without_absent(settings.model_dump(mode="json", by_alias=True, exclude=_OWN)), ""))
    for name, partner in settings.partners.items():
        values += _flat(_without_absent(partner.model_dump(mode="json", by_alias=True)), f"partners.{name}")
    return [Resolved(key, text, _origin(settings.origins.get(key))) for key, text in values]


def _origin(place: Place | None) -> str | None:
    return None if place is None else f"{place.file}:{place.line}"


def _without_absent(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _without_absent(inner) for key, inner in value.items() if inner is not None}
    return [_without_absent(inner) for inner in value] if isinstance(value, list) else value


def _flat(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        if not value:
            yield path, "[]"
        for ordinal, inner in enumerate(value, 1):
            yield from _flat(inner, f"{path}[{ordinal}]")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
