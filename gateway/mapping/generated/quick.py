"""The generated functions of one plan, used as soon as they are worth their making."""

from __future__ import annotations

from functools import cached_property

from gateway.edifact import Message
from gateway.mapping.generated.making import (
    Read,
    ReadTraced,
    Write,
    WriteTraced,
    between,
    reader,
    traced_reader,
    traced_writer,
    writer,
)
from gateway.mapping.parts import Node
from gateway.mapping.plan import Plan
from gateway.mapping.traced import Traced

WORTH = 10_000
"""Segments after which a function is made: making takes as long as interpreting about so many more would cost. A run
that sends one declaration never waits for it."""


class Quick:
    """The clean path of one plan. Every method gives None when the interpreter has to do the work.

    after  how many segments the interpreter does first, in each direction; a message that is so long by itself is
           not left to it
    """

    def __init__(self, plan: Plan, after: int = WORTH) -> None:
        self._plan = plan
        self._after = after
        self._written = self._read_so_far = 0

    def write(self, record: Node) -> list[str] | None:
        """The segments of a record."""
        if self._written + expected(record) < self._after:
            return None
        try:
            return self._write(record)
        except Exception:  # whatever it is, the interpreter says it with its place
            return None

    def write_traced(self, record: Node) -> tuple[list[str], list[Traced]] | None:
        """The segments of a record, and where each value comes from."""
        if self._written + expected(record) < self._after or self._write_traced is None:
            return None
        trace: list[Traced] = []
        try:
            return self._write_traced(record, trace), trace
        except Exception:
            return None

    def read(self, message: Message) -> Node | None:
        """The record of a message."""
        if self._read_so_far + message.count < self._after:
            return None
        try:
            return self._read(between(message))
        except Exception:
            return None

    def read_traced(self, message: Message) -> tuple[Node, list[Traced]] | None:
        """The record of a message, and where each of its values goes."""
        if self._read_so_far + message.count < self._after:
            return None
        trace: list[Traced] = []
        try:
            return self._read_traced(between(message), trace), trace
        except Exception:
            return None

    def wrote(self, segments: int) -> None:
        """The interpreter has written so many segments."""
        self._written += segments

    def has_read(self, segments: int) -> None:
        """The interpreter has read so many segments."""
        self._read_so_far += segments

    @cached_property
    def _write(self) -> Write:
        return writer(self._plan)

    @cached_property
    def _write_traced(self) -> WriteTraced | None:
        return traced_writer(self._plan)

    @cached_property
    def _read(self) -> Read:
        return reader(self._plan)

    @cached_property
    def _read_traced(self) -> ReadTraced:
        return traced_reader(self._plan)


def expected(record: Node) -> int:
    """About how many segments a record will give."""
    return sum(_EACH * len(value) for value in record.values() if type(value) is list)


_EACH = 8
"""Segments of one item, more or less."""
