"""The national files of what came in: written by the run, or, where there are many, by workers ahead of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.exchange.assembly import Gateway
from gateway.exchange.worker import WorkerLost
from gateway.exchange.workers import Workers
from gateway.mapping.archive import Archive
from gateway.mapping.dialect import Dialect
from gateway.mapping.dialect_apart import can_be_read_apart, write_apart
from gateway.references import Tree

FIRST = 256
"""Records that a run writes by itself before it has workers: for fewer it does not pay to start one."""

TOGETHER = 16
"""Records that a worker is given at once: the files that the dialect is made of go with each of its tasks."""

Files = dict[str, bytes]


class _Lot:
    """Records that one worker writes together: given to it when there are enough, or when the first one is wanted."""

    def __init__(self, workers: Workers, archive: Archive) -> None:
        self._workers = workers
        self._archive = archive
        self._records: list[tuple[Tree, str]] = []
        self._given = False
        self._result: Callable[[], list[Files | None]] | None = None

    def add(self, tree: Tree, stem: str) -> int | None:
        """The number of a record among the others; None where they are with the worker already."""
        if self._given:
            return None
        self._records.append((tree, stem))
        if len(self._records) == TOGETHER:
            self._give()
        return len(self._records) - 1

    def files(self, number: int) -> Files | None:
        """What the worker wrote of a record; None where it could not, or there is none. Raises WorkerLost."""
        if not self._given:
            self._give()
        return self._result()[number] if self._result is not None else None

    def _give(self) -> None:
        self._given = True
        self._result = self._workers.begin(write_apart, self._archive, self._records)


class NationalWriter:
    """Writes the records of one run in the dialect of the inbox.

    workers  None: the run writes by itself
    """

    def __init__(self, gateway: Gateway, workers: Workers | None = None) -> None:
        self._gateway = gateway
        self._workers = workers
        self._begun = 0
        self._lot: _Lot | None = None

    def go_alone(self) -> None:
        """From here on write without workers: they have other things to do."""
        self._workers = None

    def begin(self, tree: Tree, stem: str) -> Callable[[], Files]:
        """What gives the files of a record when they are wanted, name -> content.

        Raises LocalError as `Dialect.write`, at once or where the files are asked for.
        """
        dialect = self._gateway.dialect(self._gateway.settings.national.inbox.declarations)
        self._begun += 1
        if self._workers is None or self._begun <= FIRST:
            files = dialect.write(tree, stem)
            return lambda: files
        if self._begun == FIRST + 1 and not can_be_read_apart(dialect):
            self._workers = None
            return partial(dialect.write, tree, stem)
        number = self._lot.add(tree, stem) if self._lot is not None else None
        if self._lot is None or number is None:
            self._lot = _Lot(self._workers, dialect.archive)
            number = self._lot.add(tree, stem)
        assert number is not None
        return partial(_files, partial(self._lot.files, number), dialect, tree, stem)


def _files(written: Callable[[], Files | None], dialect: Dialect, tree: Tree, stem: str) -> Files:
    """What a worker wrote; where it could not, or died, the run writes, and says what is wrong."""
    try:
        files = written()
    except WorkerLost:
        files = None
    return dialect.write(tree, stem) if files is None else files
