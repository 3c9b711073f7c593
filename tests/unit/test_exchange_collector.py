"""Is what hangs together in a circle gone as soon as the collector is told to look?"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from gateway.exchange.collector import look_now


class Circle:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def fixture_seldom() -> Iterator[None]:
    """The collector does not look by itself."""
    gc.disable()
    yield
    gc.enable()


def test_a_look_takes_what_was_made_since_the_last_one() -> None:
    made = weakref.ref(Circle())
    assert made() is not None
    look_now()
    assert made() is None
