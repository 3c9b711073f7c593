"""One part of a layout on its own: what it writes, what it reads, without a mapping around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.edifact import MessageIdentifier, WireMessage, read_wire
from gateway.mapping.parts import Access, Fault, Node, Scopes
from gateway.references import Scalar


class OneWriter:
    """Takes refusals, and shows what was written as a partner receives it."""

    def __init__(self) -> None:
        self.ordinals: list[int] = []
        self.notes: dict[object, Any] = {}
        self.refused: list[tuple[str, str]] = []

    def refuse(self, access: Access, code: str, values: Mapping[str, str]) -> None:
        self.refused.append((code, access.term))

    @staticmethod
    def components(text: str) -> list[str]:
        """The components of one element, release characters taken out."""
        message = read_wire(WireMessage(MessageIdentifier("CUSDEC", "D", "96B", "UN"), f"FTX+{text}'", 1))
        return [str(component) for component in message.segments[1].elements[0]]


class OneReader:
    """Takes values into a record, and faults."""

    def __init__(self) -> None:
        self.ordinals: list[int] = []
        self.notes: dict[object, Any] = {}
        self.record: Node = {}
        self._faults: list[tuple[str, Mapping[str, str]]] = []
        self._judgements: list[Callable[[], Fault | None]] = []

    def fault(self, code: str, element: int, component: int, values: Mapping[str, str]) -> None:
        self._faults.append((code, values))

    def put(self, access: Access, scopes: Scopes, value: Scalar, element: int, component: int, text: str) -> None:
        access.put(scopes, value)

    def append(self, access: Access, scopes: Scopes, text: str, element: int, component: int) -> None:
        access.put(scopes, (access.get(scopes) or "") + text)

    def later(self, judge: Callable[[], Fault | None], element: int, component: int, text: str | None,
              access: Access | None = None) -> None:
        self._judgements.append(judge)

    def faults(self) -> list[tuple[str, Mapping[str, str]]]:
        """Everything that was wrong, what is judged at the end included."""
        return self._faults + [fault for judge in self._judgements if (fault := judge()) is not None]
