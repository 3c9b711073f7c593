"""Which version of a mapping is in force: what was activated, each version from its instant on.

Without any activation the files in the folders rule, whatever they say today. Once a version of a mapping has been
activated, its files may be edited in peace: from the first start on, only what was activated counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.mapping.archive import Archive
from gateway.mapping.loading import load_archived
from gateway.mapping.mapping import Mapping


class Activated(Struct, frozen=True, kw_only=True):
    """A version of a mapping, in force from `starts` until another one of that mapping starts."""

    mapping: str
    version: str
    digest: str
    starts: datetime


class Versions:
    """The versions that were activated.

    archive   gives the kept archive of a digest; raises LocalError M401 where it cannot
    """

    def __init__(self, activated: Iterable[Activated], archive: Callable[[str], Archive]) -> None:
        self._activated: dict[str, list[Activated]] = {}
        for one in sorted(activated, key=lambda one: one.starts):
            self._activated.setdefault(one.mapping, []).append(one)
        self.archive = archive
        self._loaded: dict[str, Mapping] = {}

    def __bool__(self) -> bool:
        return bool(self._activated)

    def of(self, mapping: str) -> tuple[Activated, ...]:
        """Every version of a mapping, the earliest start first."""
        return tuple(self._activated.get(mapping, ()))

    def at(self, mapping: str, when: datetime) -> Activated | None:
        """The version in force at an instant; None where the files rule."""
        return next((one for one in reversed(self._activated.get(mapping, ())) if one.starts <= when), None)

    def load(self, digest: str) -> Mapping:
        """The mapping of a digest, from its archive, loaded once. Raises LocalError M401, or its faults."""
        mapping = self._loaded.get(digest)
        if mapping is None:
            mapping = self._loaded[digest] = load_archived(self.archive(digest))
        return mapping


def _no_archive(digest: str) -> Archive:
    raise LocalError(Finding(code="M401", values={"digest": digest}))


NOTHING_ACTIVATED = Versions((), _no_archive)
"""The files rule."""
