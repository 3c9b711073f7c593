"""Work that every run begins with, done once for all runs of a process: a process of its own per run, as cron has it,
does it once anyhow; a process that plays hundreds of runs spends most of its time with it.

    with statements_compiled_once(), documents_read_once():
        ...                                  programs run in this process

Of a run as short as those of tests, the statements are half and the packaged mappings half of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import create_engine
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.util import LRUCache

from gateway.config import yaml
from tests.tools.offices import ROOT

_STATEMENTS = 5000


@contextmanager
def statements_compiled_once() -> Iterator[None]:
    """Every ledger in a file uses the statements that were compiled for another."""
    compiled: LRUCache[Any, Any] = LRUCache(_STATEMENTS)

    def sharing(*arguments: Any, **options: Any) -> Any:
        made = create_engine(*arguments, **options)
        made._compiled_cache = compiled
        return made

    dialect: Any = pysqlite.dialect
    with mock.patch.multiple(dialect, __hash__=lambda self: hash(type(self)),  # it is kept under its dialect
                             __eq__=lambda self, other: type(self) is type(other)), \
            mock.patch("gateway.ledger.sqlite.create_engine", sharing):
        yield


@contextmanager
def documents_read_once() -> Iterator[None]:
    """Each YAML file of the checkout is read once, as long as it is the same file; those that a test writes are not."""
    honest = yaml.read_partly
    kept: dict[tuple[Path, int, int, int, str], yaml.Reading] = {}

    def remembered(source: Path | bytes, name: str) -> yaml.Reading:
        if not isinstance(source, Path) or not source.is_relative_to(ROOT) or not source.is_file():
            return honest(source, name)
        status = source.stat()
        key = (source, status.st_ino, status.st_mtime_ns, status.st_size, name)
        if key in kept:
            return yaml.Reading(kept[key].node, [], True)
        reading = honest(source, name)
        if reading.whole and not reading.findings:
            kept[key] = reading
        return reading

    with mock.patch("gateway.config.yaml.read_partly", remembered), \
            mock.patch("gateway.config.validation.read_partly", remembered):
        yield
