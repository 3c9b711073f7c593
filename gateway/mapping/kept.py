"""What was made once and is kept, the least used forgotten first."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """At most `limit` values by key. What could not be made is not kept: the next asking tries again."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[K, V] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made now where there is none. Raises what `make` raises."""
        value = self._values.pop(key) if key in self._values else make()
        self[key] = value
        return value

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def __getitem__(self, key: K) -> V:
        """Raises KeyError where it is not kept."""
        return self._values[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._values.pop(key, None)
        self._values[key] = value  # the last asked for stands last
        if len(self._values) > self._limit:
            del self._values[next(iter(self._values))]
