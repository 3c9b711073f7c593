"""The national files of what came in: written by the run, or, where there are many, by workers ahead of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.exchange.assembly import Gateway
from gateway.exchange.workers import WorkerLost, Workers
from gateway.mapping.dialect import Dialect
from gateway.mapping.dialect_apart import can_be_read_apart, write_apart
from gateway.references import Tree

FIRST = 256
"""Records that a run writes by itself before it has workers: for fewer it does not pay to start one."""

Files = dict[str, bytes]


class NationalWriter:
    """Writes the records of one run in the dialect of the inbox.

    workers  None: the run writes by itself
    """

    def __init__(self, gateway: Gateway, workers: Workers | None = None) -> None:
        self._gateway = gateway
        self._workers = workers
        self._begun = 0

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
        result = self._workers.begin(write_apart, dialect.archive, tree, stem)
        return partial(dialect.write, tree, stem) if result is None else partial(_files, result, dialect, tree, stem)


def _files(result: Callable[[], Files | None], dialect: Dialect, tree: Tree, stem: str) -> Files:
    """What a worker wrote; where it could not, or died, the run writes, and says what is wrong."""
    try:
        files = result()
    except WorkerLost:
        files = None
    return dialect.write(tree, stem) if files is None else files
