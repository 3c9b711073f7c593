"""Between the transit record and messages, both ways, by mapping files that show the message as it looks.

    mapping = load_mapping("corridors/tg-ml/cusdec")
    wire = mapping.to_message(record)
    record = mapping.to_record(message)

The language is described in ``mappings/README.md``; the national side is `gateway.mapping.dialect`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lazily import lazily

if TYPE_CHECKING:
    from gateway.mapping.corridors import Administration, Corridor, Corridors, load_corridors
    from gateway.mapping.dialect import Dialect, load_archived_dialect, load_dialect
    from gateway.mapping.loading import lint_mapping, load_mapping
    from gateway.mapping.losses import Loss
    from gateway.mapping.mapping import Mapping
    from gateway.mapping.offices import OfficeEntry
    from gateway.mapping.peeking import Peek, peek
    from gateway.mapping.requirements import Failure
    from gateway.mapping.search import search_path
    from gateway.mapping.traced import Traced
    from gateway.mapping.versions import NOTHING_ACTIVATED, Activated, Versions
else:
    __getattr__ = lazily(__name__, {
        "corridors": ["Administration", "Corridor", "Corridors", "load_corridors"],
        "dialect": ["Dialect", "load_archived_dialect", "load_dialect"],
        "loading": ["lint_mapping", "load_mapping"],
        "losses": ["Loss"],
        "mapping": ["Mapping"],
        "offices": ["OfficeEntry"],
        "peeking": ["Peek", "peek"],
        "requirements": ["Failure"],
        "search": ["search_path"],
        "traced": ["Traced"],
        "versions": ["NOTHING_ACTIVATED", "Activated", "Versions"],
    })

__all__ = [
    "NOTHING_ACTIVATED", "Activated", "Administration", "Corridor", "Corridors", "Dialect", "Failure", "Loss",
    "Mapping", "OfficeEntry", "Peek", "Traced", "Versions", "lint_mapping", "load_archived_dialect",
    "load_corridors", "load_dialect", "load_mapping", "peek", "search_path",
]
