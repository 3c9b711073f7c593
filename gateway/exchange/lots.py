"""National files in portions: few enough to be held in memory together, twins never apart where they are known."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

FILES = 128
"""National files read at once: two files to a declaration, as many declarations as one transaction takes."""

OCTETS = 64 << 20
"""Octets read at once, unless a single set of files has more."""


def lots(sets: Iterable[Sequence[str]], size: Callable[[str], int]) -> Iterator[list[str]]:
    """Files in portions of at most FILES files and OCTETS octets; a set that has more is a portion by itself."""
    lot: list[str] = []
    octets = 0
    for names in sets:
        more = sum(map(size, names))
        if lot and (len(lot) + len(names) > FILES or octets + more > OCTETS):
            yield lot
            lot, octets = [], 0
        lot.extend(names)
        octets += more
    if lot:
        yield lot


def joined(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Files that are joined, directly or by others between them, by a key they have in common.

    pairs  file and key; a file may have several keys, and stand in several pairs
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while (above := parent.setdefault(node, node)) != node:
            parent[node] = parent[above]
            node = above
        return node

    files: dict[str, None] = {}
    for file, key in pairs:
        files[file] = None
        parent[root(("file", file))] = root(("key", key))
    sets: dict[tuple[str, str], list[str]] = {}
    for file in files:
        sets.setdefault(root(("file", file)), []).append(file)
    return list(sets.values())


def in_turn(streams: Iterable[Iterator[T]]) -> Iterator[T]:
    """One of each stream, then the next of each, until all have ended: a long one keeps no other waiting."""
    waiting = deque(streams)
    while waiting:
        stream = waiting.popleft()
        for one in stream:
            waiting.append(stream)
            yield one
            break
