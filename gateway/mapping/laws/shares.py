"""Many records, tried in shares by several processes. What is found does not depend on how many there are."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from msgspec import Struct

from gateway.mapping.dialect import load_dialect
from gateway.mapping.laws.chance import Chances
from gateway.mapping.laws.check import check_laws
from gateway.mapping.laws.dialect_check import check_dialect_laws
from gateway.mapping.laws.report import LawReport
from gateway.mapping.loading import load_mapping

DIALECTS = "dialects/"
"""Begins the identifier of a dialect where mappings stand beside it."""

SHARE = 500
"""Records of one share: a second or two."""


class Share(Struct, frozen=True):
    """Some records of one mapping, or of one dialect (``dialects/tgotr/csv``)."""

    identifier: str
    search: tuple[Path, ...]
    chances: Chances
    seed: int
    first: int
    records: int

    def tried(self) -> LawReport:
        """Try them, wherever this runs."""
        if self.identifier.startswith(DIALECTS):
            dialect = load_dialect(self.identifier.removeprefix(DIALECTS), self.search)
            return check_dialect_laws(dialect, self.chances, self.seed, first=self.first, records=self.records)
        return check_laws(load_mapping(self.identifier, self.search), self.chances, self.seed, first=self.first,
                          records=self.records)


def shares(identifier: str, search: Sequence[Path], chances: Chances, seed: int, records: int) -> list[Share]:
    """The records 0 to below `records` of a mapping, in shares."""
    return [Share(identifier, tuple(search), chances, seed, first, min(SHARE, records - first))
            for first in range(0, records, SHARE)]


def try_all(wanted: Sequence[Share], jobs: int) -> Iterator[LawReport]:
    """One report for each identifier, in the order in which they stand in `wanted`, as soon as it is complete.

    jobs   processes at once; 1 tries everything here
    """
    if jobs == 1 or len(wanted) == 1:
        yield from _merged(wanted, map(Share.tried, wanted))
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from _merged(wanted, pool.map(Share.tried, wanted))


def _merged(wanted: Sequence[Share], reports: Iterator[LawReport]) -> Iterator[LawReport]:
    whole: LawReport | None = None
    for share, report in zip(wanted, reports, strict=True):
        if whole is not None and whole.identifier != share.identifier:
            yield whole
            whole = None
        if whole is None:
            whole = LawReport(identifier=share.identifier)
        whole.add(report)
    if whole is not None:
        yield whole
