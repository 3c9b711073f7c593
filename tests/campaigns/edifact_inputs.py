"""What the campaigns feed to EDIFACT: published and golden interchanges, altered; pieces of syntax; random bytes.

Everything is drawn from one `random.Random`: the same seed makes the same input again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
MOST = 8192
"""Bytes an input may have."""

PIECES = (
    b"UNA:+.? '", b"UNA:+.?*'", b"UNA:+,? '", b"UNA=*.? ~", b"UNA:+.  '", b"UNA", b"UNB+UNOC:3+S+R+260310:1016+1'",
    b"UNB+UNOW:4+S+R+20260310:1016+1'", b"UNB+UNOB:1+S+R+260310:1016+1'", b"UNB\x1dUNOB\x1f1\x1dS\x1dR\x1c", b"UNB",
    b"UNG+CUSRES+S+R+260310:1016+7+UN+D:96B'", b"UNE+1+7'", b"UNH+1+CUSRES:D:96B:UN'", b"UNH+1+CUSDEC:D:96B:UN'",
    b"UNH+1+CONTRL:D:3:UN'", b"UNH+1+CONTRL:4:1:UN'", b"UNH+2+AUTACK:4:1:UN'", b"UNT+3+1'", b"UNZ+1+1'", b"UNZ+1+1",
    b"BGM+962'", b"UNS+D'", b"UNS+S'", b"CST+1'", b"FTX+AAA+++A:B'", b"GIS+1'", b"UCI+1+S+R+7'", b"UCM+1+X:D:96B:UN+4'",
    b"UCS+2+13'", b"UCD+12+2:1'", b"'", b"''", b"+", b"++", b":", b"?", b"??", b"?'", b"*", b"\r\n", b"\n", b" ", b"\t",
    b"\x00", b"\x1a", b"\x1c", b"\x1d", b"\x1f", b"\x92", b"\xc3\xa9", b"\xef\xbb\xbf", b"\xa0", b"9" * 40, b"A" * 600,
)


def seeds() -> list[bytes]:
    """The interchanges that are altered; messages on their own are put into an interchange first."""
    found = [file.read_bytes()[:MOST] for file in sorted(GOLDEN.glob("**/*.edi"))]
    return [_wrapped(content) if content.startswith(b"UNH") else content for content in found]


class Samples:
    """Interchanges to draw from. A short one is drawn more often than a long one: each gets about the same share of the
    bytes that are read, not of the inputs, for a fault is as often near the beginning of a short one."""

    def __init__(self, contents: Sequence[bytes]) -> None:
        self._contents = contents
        self._weights = list(accumulate(1 / (len(content) + 64) for content in contents))

    def draw(self, chance: random.Random) -> bytes:
        """One of them."""
        return chance.choices(self._contents, cum_weights=self._weights)[0]


def _wrapped(message: bytes) -> bytes:
    return b"UNA:+.? '\nUNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG1++CUSDEC++1'\n" + message + b"UNZ+1+TG1'\n"


def _overwrite(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.randbytes(chance.randint(1, 3)) + content[at + chance.randint(0, 3) :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.choice(PIECES) + content[at:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + content[at + chance.choice((1, 2, 9, 60, 600)) :]


def _truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _double(content: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(content) + 1), chance.choice((1, 5, 40, 200))
    return content[:at] + content[at : at + length] * chance.randint(2, 5) + content[at + length :]


def _swap_segments(content: bytes, chance: random.Random) -> bytes:
    parts = content.split(b"'")
    one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return b"'".join(parts)


def _exchange(content: bytes, chance: random.Random) -> bytes:
    """One byte value for another, everywhere: other separators, other letters."""
    return content.replace(chance.choice((b"+", b":", b"'", b"?", b"1", b"U", b"\n")), chance.randbytes(1))


def _number(content: bytes, chance: random.Random) -> bytes:
    found = list(re.finditer(rb"\d+", content))
    if not found:
        return content
    one = chance.choice(found)
    return content[: one.start()] + str(chance.choice((0, 1, 99, 10**9, 10**30))).encode() + content[one.end() :]


ALTERATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _overwrite, _overwrite, _insert, _insert, _cut, _truncate, _double, _swap_segments, _exchange, _number,
)


def make(chance: random.Random, samples: Samples) -> bytes:
    """One input."""
    kind = chance.randrange(20)
    if kind == 0:
        return chance.randbytes(chance.randrange(300))
    if kind < 4:
        return b"".join(chance.choice(PIECES) for _ in range(chance.randrange(40)))[:MOST]
    content = samples.draw(chance)
    if kind == 4:
        other = samples.draw(chance)
        content = content[: chance.randrange(len(content) + 1)] + other[chance.randrange(len(other) + 1) :]
    for _ in range(chance.randint(1, 8)):
        content = chance.choice(ALTERATIONS)(content, chance)
    return content[:MOST]
