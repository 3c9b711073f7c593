"""Questions to a whole text at once, each answered by one pass of a regular expression over it.

An answer that says all is well is certain; any other only says that somebody has to look segment by segment.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.edifact.characters import ServiceCharacters
from gateway.edifact.wire import Wire


def service_segments(wire: Wire) -> list[int]:
    """The numbers (from 0) of the segments that begin with UN, in order."""
    if wire.spaced:
        return [number for number, raw in enumerate(wire.raws) if raw.startswith("UN")]
    text, terminator = wire.text, wire.service.terminator
    found = [0] if text.startswith("UN") else []
    number = before = 0
    for place in wire.notable:
        if text.startswith("UN", place):
            number += text.count(terminator, before, place)
            before = place
            found.append(number)
    return found


def is_orderly(wire: Wire) -> bool:
    """Whether every segment has a well-formed tag without nesting indication and no separator separates nothing.

    False: look at each.
    """
    service = wire.service
    if not wire.complete or not wire.raws:
        return False
    tag, strange, *idle = _patterns(service)
    if wire.spaced:
        text = f"{service.terminator.join(wire.raws)}{service.terminator}"
        tags = strange.search(text, 0, len(text) - 1) is None  # no tag stands behind the last terminator
    else:
        text = wire.text
        tags = all(tag.match(text, place) for place in wire.notable[:-1])
    return tags and tag.match(text) is not None and not any(pattern.search(text) for pattern in idle)


@lru_cache(maxsize=16)
def _patterns(service: ServiceCharacters) -> tuple[re.Pattern[str], ...]:
    """For two characters in a row a pattern is quicker than ``in``, where each is frequent on its own."""
    component, element, terminator = map(re.escape, (service.component, service.element, service.terminator))
    tag = f"[A-Z][A-Z0-9][A-Z0-9][{element}{terminator}]"
    return (
        re.compile(tag),
        re.compile(f"{terminator}(?!{tag})"),
        re.compile(f"{component}{element}"),
        re.compile(f"{terminator}(?<=[{component}{element}]{terminator})"),
    )
