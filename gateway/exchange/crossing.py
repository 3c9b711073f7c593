"""Values on their way to another process and back, as octets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from multiprocessing.reduction import ForkingPickler
from operator import attrgetter
from typing import Any

_KINDS = 512
"""Classes of which a process keeps how they are taken apart."""


def packed(value: object) -> memoryview:
    """The octets of a value. Raises whatever pickle raises for one that cannot be sent."""
    octets: memoryview = _Packer.dumps(value)
    return octets


def unpacked(octets: bytes | memoryview) -> Any:
    """The value of octets that a process of this run has packed. Raises whatever a class raises that is built again."""
    return ForkingPickler.loads(octets)


class _Packer(ForkingPickler):
    """Packs frozen dataclasses with slots, of which records are made, by their values alone: the standard library looks
    up the fields of each single one, on both sides, and that took longer than all the rest."""

    def reducer_override(self, value: Any) -> Any:
        """How a value is made again; as ever for what is no such dataclass."""
        kind: Any = type(value)
        taken = _taken_apart(kind)
        return NotImplemented if taken is None else (_made, (kind, *taken(value)))


@lru_cache(_KINDS)
def _taken_apart(kind: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """What gives the values of a dataclass with slots; None for another class, or one with a way of its own."""
    state = kind.__dict__.get("__getstate__")
    if state is None or state.__module__ != "dataclasses":
        return None
    names = [one.name for one in fields(kind)]
    if not names:
        return None
    values = attrgetter(*names)
    return (lambda value: (values(value),)) if len(names) == 1 else values


def _made(kind: Any, *values: Any) -> Any:
    made = object.__new__(kind)
    for put, value in zip(_puts(kind), values, strict=True):
        put(made, value)
    return made


@lru_cache(_KINDS)
def _puts(kind: Any) -> tuple[Callable[[Any, Any], None], ...]:
    """What puts each value into its slot."""
    return tuple(getattr(kind, one.name).__set__ for one in fields(kind))
