"""Questions to a whole text at once, each answered by one pass of a regular expression over it.

An answer that says all is well is certain; any other only says that somebody has to look segment by segment.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.edifact import core
from gateway.edifact.characters import ServiceCharacters
from gateway.edifact.wire import Wire


def is_orderly(wire: Wire) -> bool:
    """Whether every segment has a well-formed tag without nesting indication and no separator separates nothing.

    False: look at each.
    """
    service = wire.service
    if not wire.complete or not wire.count:
        return False
    tag, strange = _tags(service)
    if wire.spaced:
        text = f"{service.terminator.join(wire.raws)}{service.terminator}"
        tags = strange.search(text, 0, len(text) - 1) is None  # no tag stands behind the last terminator
    else:
        text = wire.text
        tags = all(tag.match(text, place) for place in wire.notable[:-1])
    return (
        tags
        and tag.match(text) is not None
        and not core.active.idle(text, service.component, service.element, service.terminator)
    )


@lru_cache(maxsize=16)
def _tags(service: ServiceCharacters) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A well-formed tag, and a terminator behind which none stands."""
    element, terminator = map(re.escape, (service.element, service.terminator))
    tag = f"[A-Z][A-Z0-9][A-Z0-9][{element}{terminator}]"
    return re.compile(tag), re.compile(f"{terminator}(?!{tag})")
