"""The interpreter's collector in a process that works through many records: it finds hardly anything there."""

from __future__ import annotations

import gc

_NEW, _YOUNG, _OLD = 20_000, 5, 5
"""Containers made since the collector last looked, and rounds over the younger ones before it looks at older ones."""


def look_seldom() -> None:
    """Leave what is loaded by now alone, and look at what comes seldom: records are trees, which hold no circles, and
    looking through each batch of them took a tenth of the time of reading them."""
    gc.freeze()
    gc.set_threshold(_NEW, _YOUNG, _OLD)


def look_now() -> None:
    """Look at what was made of late, where a portion of records has just gone and little of it lives.

    Statements that SQLAlchemy has made hang together in circles, each with all the values that were asked for: some
    thousand of them are few to the collector, and 10 MB.
    """
    gc.collect(0)
