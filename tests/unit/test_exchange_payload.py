"""Does a look at the beginning of an interchange say what all of it says, however large it is?"""

from __future__ import annotations

import tracemalloc

import pytest

from gateway.edifact import read_interchanges
from gateway.exchange.payload import look_at

UNB = b"UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711'"
MESSAGE = b"UNH+1+CUSRES:D:96B:UN:COR10'BGM+962+26TGLPLT0000182338+29'UNT+3+1'"
UNZ = b"UNZ+1+TG0000004711'"
LARGE = UNB + MESSAGE + MESSAGE.replace(b"CUSRES", b"CUSDEC") * 30_000 + UNZ


@pytest.mark.parametrize("payload", [
    UNB + MESSAGE + UNZ,
    LARGE,
    b"UNA:+.? '" + LARGE,
    LARGE.replace(b"'", b"'\r\n"),
    UNB + UNZ,
    UNB + UNB + MESSAGE + UNZ,
    UNB + b"UNG+CUSRES+A+B+260310:1016+1+UN+D:96B'" + MESSAGE + b"UNE+1+1'" + UNZ,
    *(UNB + b"FTX+" + b"X" * many + b"'" + LARGE[len(UNB):] for many in (900, 930, 955, 960, 963, 970, 5000)),
])
def test_header_and_type_are_those_of_the_whole(payload: bytes) -> None:
    whole = next(read_interchanges(payload))
    first = next((message.identifier.type for message in whole.messages), "")
    glance = look_at(payload)
    assert glance is not None
    assert (glance.header, glance.message_type) == (whole.header, first)


def test_what_is_no_interchange_gives_nothing() -> None:
    assert look_at(b"rubbish") is None


def test_a_large_one_takes_no_memory() -> None:
    tracemalloc.start()
    look_at(LARGE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(LARGE) > 1 << 20 > 1 << 16 > peak
