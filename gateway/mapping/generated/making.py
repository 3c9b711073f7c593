"""From source to functions, made once and kept: the same source is compiled once, whatever plan it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TypeAlias, cast

from gateway.edifact import Message, Segment
from gateway.mapping.generated.code import Code
from gateway.mapping.generated.reader import reader_code
from gateway.mapping.generated.support import SUPPORT
from gateway.mapping.generated.writer import writer_code
from gateway.mapping.parts import Node
from gateway.mapping.plan import Plan
from gateway.mapping.traced import Traced

Write: TypeAlias = Callable[[Node], list[str]]
WriteTraced: TypeAlias = Callable[[Node, list[Traced]], list[str]]
Read: TypeAlias = "Callable[[Sequence[Segment | End]], Node]"
ReadTraced: TypeAlias = "Callable[[Sequence[Segment | End], list[Traced]], Node]"


class End:
    """What stands behind the last segment."""

    tag = ""
    elements = ()


_END = End()


def between(message: Message) -> list[Segment | End]:
    """The segments of a message between UNH and UNT, and the end."""
    segments = message.segments
    last = len(segments) - (1 if segments and segments[-1].tag == "UNT" else 0)
    return [*segments[1:last], _END]


def writer(plan: Plan) -> Write:
    """A function that gives the segments of a record, or raises."""
    code = writer_code(plan, False)
    assert code is not None
    return cast(Write, _function(code, "record"))


def traced_writer(plan: Plan) -> WriteTraced | None:
    """A function that also notes where each value comes from; None where a part cannot tell it."""
    code = writer_code(plan, True)
    return None if code is None else cast(WriteTraced, _function(code, "record, trace"))


def reader(plan: Plan) -> Read:
    """A function that gives the record of some segments and an `End`, or raises."""
    return cast(Read, _function(reader_code(plan, False), "segments"))


def traced_reader(plan: Plan) -> ReadTraced:
    """A function that also notes where each value goes."""
    return cast(ReadTraced, _function(reader_code(plan, True), "segments, trace"))


def _function(code: Code, arguments: str) -> FunctionType:
    names: dict[str, object] = {**SUPPORT, **code.bound, "__builtins__": __builtins__}
    return FunctionType(_compiled(code.source(f"def run({arguments})")), names)


@lru_cache(maxsize=256)
def _compiled(source: str) -> CodeType:
    """The code of the one function in a source. Raises SyntaxError where it nests deeper than Python can."""
    whole = compile(source, "<mapping>", "exec")
    return next(part for part in whole.co_consts if isinstance(part, CodeType))
