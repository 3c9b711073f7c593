"""The one large leaf of a sealed file or a signed object, without a copy of it for every structure round it.

The library copies each content as often as it lies nested, and large contents are what opening spends its time on. So
the leaf is taken out first: what is left, lengths put right, is read by the library as ever, and only by it. What does
not lie exactly on the path, each length definite and minimal (X.690 sections 8.1.3 and 10.1), is not touched: the
library reads the whole, with the same outcome.
"""

from __future__ import annotations

from collections.abc import Sequence

LARGE = 1 << 16
"""Octets below which a copy costs less than this detour."""
LARGEST_STRUCTURE = 1 << 17
"""Octets that everything round a leaf may have: eight recipients, or eight certificates and the attributes, have a few
thousand. Each element costs the library an object: millions of empty ones in a file would cost gigabytes."""

_LONGEST_LENGTH = 4  # octets

Path = Sequence[tuple[int, bool]]
"""Tags from the outside in, and whether the path goes on inside that element or behind it; the last is the leaf."""

SEALED: Path = ((0x30, True), (0x06, False), (0xA0, True), (0x30, True), (0x02, False), (0x31, False), (0x30, True),
                (0x06, False), (0x30, False), (0x80, True))
"""encryptedContent of AuthEnvelopedData and EnvelopedData (RFC 5083 section 2.1, RFC 5652 section 6.1)."""
SIGNED: Path = ((0x30, True), (0x06, False), (0xA0, True), (0x30, True), (0x02, False), (0x31, False), (0x30, True),
                (0x06, False), (0xA0, True), (0x04, True))
"""eContent of SignedData (RFC 5652 section 5.1)."""


def without_leaf(content: bytes, path: Path) -> tuple[bytes, memoryview | None]:
    """The content with its leaf emptied, and the leaf; the content as it is, and None, where there is no such path."""
    at, end, frames = 0, len(content), list[tuple[int, int, int]]()  # an element: where it begins, its content, its end
    for tag, inside in path:
        bounds = _bounds(content, at, end)
        if bounds is None or content[at] != tag:
            return content, None
        start, stop = bounds
        if inside:
            frames.append((at, start, stop))
            at, end = start, stop
        else:
            at = stop
    if frames[0][2] != len(content):
        return content, None
    leaf_at, leaf_start, leaf_stop = frames.pop()
    left = content[leaf_at:leaf_at + 1] + length(0)
    child_at, child_stop = leaf_at, leaf_stop
    for frame_at, start, stop in reversed(frames):
        body = content[start:child_at] + left + content[child_stop:stop]
        left = content[frame_at:frame_at + 1] + length(len(body)) + body
        child_at, child_stop = frame_at, stop
    return left, memoryview(content)[leaf_start:leaf_stop]


def spans(content: bytes, size: int) -> bool:
    """Tell whether the first `size` octets are one element, by its length alone."""
    bounds = _bounds(content, 0, len(content))
    return bounds is not None and bounds[1] == size


def length(size: int) -> bytes:
    """Definite, minimal length octets."""
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def _bounds(content: bytes, at: int, end: int) -> tuple[int, int] | None:
    """Where the content of the element at `at` begins and ends; None unless it is whole and its length minimal."""
    if at + 2 > end:
        return None
    first, start = content[at + 1], at + 2
    size = first
    if first >= 0x80:
        start += first - 0x80
        octets = content[at + 2:start]
        size = int.from_bytes(octets, "big")
        if not 1 <= len(octets) <= _LONGEST_LENGTH or length(size) != content[at + 1:start]:
            return None
    return (start, start + size) if start + size <= end else None
