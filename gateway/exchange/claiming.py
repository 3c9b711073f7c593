"""Which national files a run takes: those claimed already, then new ones; and whose they are, by their names."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from gateway.config import NationalSource
from gateway.errors import GatewayError
from gateway.exchange.filing import Filing, Folder, Refusal, unfinished
from gateway.exchange.summary import Summary
from gateway.findings import Finding, Place
from gateway.spool import claim, sync_folder


def claim_all(folder: Folder, limit: int | None, summary: Summary, seen: Callable[[int], None]) -> list[str]:
    """Names of claimed files: those left by an earlier run, then new ones. What is no file is noted and left there.

    seen  told how many there are before the first new one is claimed
    """
    found = {name: None for name in _names(folder.claimed)
             if not unfinished(name) and (folder.claimed / name).is_file()}
    most = None if limit is None else len(found) + limit
    new = False
    out = _names(folder.out)
    seen(len(found) + (len(out) if limit is None else min(limit, len(out))))
    for name in out:
        if most is not None and len(found) >= most:
            break
        if unfinished(name) or name in found:
            continue  # or its namesake is still claimed
        try:
            taken = claim(folder.out / name, folder.claimed)
        except GatewayError as error:
            summary.trouble(error)
            continue
        if taken is not None:
            found[taken.name] = None
            new = True
    for changed in (folder.claimed, folder.out) if new else ():  # else, after a power cut, one of twins may come back
        sync_folder(changed)
    return list(found)


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


class Source(Struct, frozen=True):
    """Files that are taken in one turn: those of a dialect, the urgent ones apart."""

    dialect: str
    urgent: bool


def by_source(claimed: Iterable[str], sources: Sequence[NationalSource], filing: Filing) -> dict[Source, list[str]]:
    """Names by source, urgent ones first."""
    grouped: dict[Source, list[str]] = {}
    strange: list[Refusal] = []
    for name in claimed:
        source = source_of(name, sources)
        if source is None:
            strange.append(([name], [Finding(code="X001", place=Place(file=name))]))
        else:
            grouped.setdefault(Source(source.dialect, source.urgent), []).append(name)
    filing.refuse(strange)
    return dict(sorted(grouped.items(), key=lambda one: not one[0].urgent))


def source_of(name: str, sources: Sequence[NationalSource]) -> NationalSource | None:
    """The source of a file by its name: the first pattern that fits, whatever the case."""
    return next((source for source in sources if fnmatch.fnmatchcase(name.lower(), source.match.lower())), None)


def dialect_for(name: str, sources: Sequence[NationalSource]) -> str | None:
    """The dialect of a file by its name."""
    source = source_of(name, sources)
    return None if source is None else source.dialect
