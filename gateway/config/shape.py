"""What a model looks like from outside: which keys may stand at a place, for suggestions and for hover texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """The keys of a model as they are written in a file, with the type of each value."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def known_keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The keys that may stand in the mapping at a location (pydantic's, alternatives' words included)."""
    candidates: list[Any] = [model]
    for part in location:
        candidates = [found for candidate in candidates for found in _step(candidate, part)]
    return sorted({key for one in _models(candidates) for key in keys_of(one)})


def models_in(model: type[BaseModel]) -> list[type[BaseModel]]:
    """A model and every model inside it, each once, the outermost first."""
    found = [model]
    for one in found:
        inner = _models(list(keys_of(one).values()))
        found.extend(other for other in inner if other not in found)
    return found


def _step(annotation: Any, part: str | int) -> list[Any]:
    """What a part of a location leads to; the word of an alternative leads to that alternative."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if part in _words_of(annotation):
            return [annotation]
        return [inner for key, inner in keys_of(annotation).items() if key == part]
    inner = get_args(annotation)
    if get_origin(annotation) in (tuple, list) and isinstance(part, int):
        return [inner[0]]
    if get_origin(annotation) is dict:
        return [inner[1]]
    return [found for one in inner for found in _step(one, part)]


def _words_of(model: type[BaseModel]) -> set[str]:
    """The words of the literal fields, one of which chooses this model among alternatives."""
    return {word for kind in keys_of(model).values() if get_origin(kind) is Literal for word in get_args(kind)}


def _models(annotations: Sequence[Any]) -> Iterator[type[BaseModel]]:
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        else:
            yield from _models([one for one in get_args(annotation) if one is not annotation])
