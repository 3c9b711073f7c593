"""Packages whose names are fetched when they are first asked for (PEP 562), so that a command loads what it uses.

Such a package has its names three times: imported under ``TYPE_CHECKING`` for whoever checks types, in ``__all__``, and
by their modules for `lazily`. `tests/unit/test_lazily.py` holds the three to each other, and lets no name be that of a
module: importing the module would put itself in the name's place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lazily(package: str, modules: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """The ``__getattr__`` of a package. What it has fetched stands in the package from then on.

    package  its ``__name__``
    modules  a module below it, ``reading.audit`` -> the names that it gives
    """
    homes = {name: home for home, names in modules.items() for name in names}

    def fetch(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
        value: object = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return fetch
