"""What can still be told when the settings are broken: whom to tell, by which ways, and where the state lies.

Each part is judged by itself: a fault elsewhere, or in one way of telling, takes none of the others away. Nothing of it
is used for an exchange.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from gateway.config.alerts import AlertSettings
from gateway.config.model import Model
from gateway.config.nodes import MappingNode, Node, SequenceNode
from gateway.config.scalars import GatewayName
from gateway.config.settings import Environment, Paths
from gateway.config.validation import folder_of, validate_node
from gateway.config.watch import Watch
from gateway.config.yaml import read_partly
from gateway.errors import LocalError

M = TypeVar("M", bound=Model)


class Salvaged(Struct, frozen=True, kw_only=True):
    """What is left of broken settings. What cannot be read has the value that it has where it is left out."""

    gateway: str
    environment: str
    language: str
    state: Path
    watch: Watch | None
    alerts: tuple[AlertSettings, ...]


class _Gateway(Model):
    gateway: GatewayName


class _Environment(Model):
    environment: Environment


class _Language(Model):
    language: str


class _Paths(Model):
    paths: Paths


class _Watch(Model):
    watch: Watch


class _Alerts(Model):
    alerts: tuple[AlertSettings, ...]


def salvaged(file: Path) -> Salvaged:
    """Read a settings file for what can still be used of it. Raises nothing for what is in it."""
    root = read_partly(file, str(file)).node
    who, where = _one(root, "gateway", _Gateway, file), _one(root, "environment", _Environment, file)
    spoken, paths = _one(root, "language", _Language, file), _one(root, "paths", _Paths, file)
    watch = _one(root, "watch", _Watch, file)
    written = root.get("alerts") if isinstance(root, MappingNode) else None
    alerts: list[AlertSettings] = []
    for item in written.items if isinstance(written, SequenceNode) else ():
        key = root.key("alerts") if isinstance(root, MappingNode) else None
        assert key is not None, "its value stands there"
        alone = SequenceNode([item], item.line, item.column)
        one = _read(MappingNode([(key, alone)], key.line, key.column), _Alerts, file)
        alerts += one.alerts if one is not None else ()
    return Salvaged(
        gateway=file.parent.name if who is None else who.gateway,
        environment="-" if where is None else where.environment,
        language=spoken.language if spoken is not None and spoken.language in ("fr", "en") else "fr",
        state=folder_of(file) / "state" if paths is None else paths.paths.state,
        watch=None if watch is None else watch.watch, alerts=tuple(alerts))


def _one(root: Node | None, name: str, model: type[M], file: Path) -> M | None:
    """One key of the file, judged alone."""
    key, value = (root.key(name), root.get(name)) if isinstance(root, MappingNode) else (None, None)
    if key is None or value is None:
        return None
    return _read(MappingNode([(key, value)], key.line, key.column), model, file)


def _read(node: MappingNode, model: type[M], file: Path) -> M | None:
    try:
        return validate_node(node, model, str(file))
    except LocalError:
        return None
