"""The peer of `tests.bench.mapping`: the CUSDEC of the corridor Lomé – Bamako (function original), written by hand.

It makes the checks the mapping makes (names, kinds, lengths, codes, dates, decimals, counts, what is mandatory, how
many of each, order, nothing untaken) and keeps the trace the mapping keeps, so that the times can be compared. It is
what a careful author would write for speed who must keep it readable: a function for each kind of value and of segment.
What is wrong it only says with the path; the mapping says it with line, column and a sentence.

`tests.bench.mapping` compares messages, records and traces before it measures, so the peer cannot do less.
"""

from __future__ import annotations

from tests.bench.by_hand.reading import ReadByHand
from tests.bench.by_hand.values import Refused
from tests.bench.by_hand.writing import ByHand

__all__ = ["ByHand", "ReadByHand", "Refused"]
