"""Which twin of the inner loops runs: the compiled one where it was built, else the one in plain Python.

The compiled one is `_core.c`, a module of its own name beside the packages, built by ``python3 -m gateway`` where
there is a C compiler, and never needed: with the same arguments both return the same (tests/contract).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from importlib.machinery import ExtensionFileLoader
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from gateway.edifact import plain

if TYPE_CHECKING:
    from gateway.edifact.model import Segment
    from gateway.edifact.wire import Element, Wire

NAME = "_corridor_edifact"
"""The compiled module."""
SOURCE = Path(__file__).with_name("_core.c")

class Core(Protocol):
    """The inner loops; their contracts stand in `plain`."""

    def places(self, text: str, start: int, terminator: str, element: str, to_edge: bool, /) -> list[int]: ...

    def exchanged(self, text: str, release: str, markers: Mapping[str, str], /) -> str: ...

    def services(self, text: str, terminator: str, places: Sequence[int], /) -> tuple[dict[int, str], int]: ...

    def idle(self, text: str, component: str, element: str, terminator: str, /) -> bool: ...

    def joined(self, segments: Sequence[tuple[str, Sequence[Element]]], repeats: bool, /) -> str | None: ...

    def cut(
        self, kind: type[Segment], wire: Wire, raws: list[str], start: int, positions: Sequence[int], element: str,
        component: str, odd: tuple[str | None, str | None, bool], /,
    ) -> Iterator[Segment]: ...


PLAIN: Core = plain


def _compiled() -> Core | None:
    """The compiled module, if there is one that was made from the sources that lie here.

    It is never needed, so nothing that is wrong with it may keep the gateway from starting; and nothing but a compiled
    module is run under its name.
    """
    try:
        spec = find_spec(NAME)
        if spec is None or not isinstance(spec.loader, ExtensionFileLoader):
            return None
        found = import_module(NAME)
        made_from = sha256(SOURCE.read_bytes()).hexdigest()
    except Exception:
        return None
    return cast(Core, found) if getattr(found, "SOURCE", None) == made_from else None


COMPILED: Core | None = _compiled()
active: Core = COMPILED or PLAIN
"""What reading and writing use; a benchmark or a test may put the other one here."""
