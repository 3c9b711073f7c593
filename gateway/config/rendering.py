"""Values to a commented YAML file, in the order of a model, every scalar written so that every reader agrees on it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, get_args

from pydantic import BaseModel

from gateway.config.ambiguous import ambiguous
from gateway.config.shape import keys_of
from gateway.config.validation import validate_node
from gateway.config.yaml import read_document
from gateway.texts import Language, known, say

Value: TypeAlias = "str | int | Mapping[str, Value] | Sequence[Value]"

_WIDTH = 110
_SAFE = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+@-]*")
_TO_ESCAPE = re.compile("[\x7f-\xa0\xad\u2028-\u202f\u2066-\u2069\ufeff\ufffe\uffff]|[^\x00-\uffff]")


def document(values: Mapping[str, Value], model: type[BaseModel], name: str, language: Language, schema: str) -> str:
    """The text of a file with these values, read again before it is given out.

    name    what findings call the file
    schema  path of its JSON Schema for the editor's modeline

    Raises LocalError with findings for values that do not fit the model.
    """
    lines = [f"# yaml-language-server: $schema={schema}", *_mapping(values, model, "", language, True)]
    text = "\n".join(lines) + "\n"
    validate_node(read_document(text.encode("utf-8"), name), model, name)
    return text


def section(key: str, value: Value, model: type[BaseModel], language: Language) -> list[str]:
    """The lines of one key of a file, comments inside it included, those above it not."""
    lines = list(_mapping({key: value}, model, "", language, True))
    return lines[next(number for number, line in enumerate(lines) if line.startswith(f"{key}:")):]


def quoted(text: str) -> str:
    """A text as a YAML scalar on one line: plain where every reader agrees that it is text, else in double quotes."""
    if _SAFE.fullmatch(text) and not ambiguous(text):
        return text
    return _TO_ESCAPE.sub(lambda match: f"\\U{ord(match.group()):08X}", json.dumps(text, ensure_ascii=False))


def _mapping(values: Mapping[str, Value], model: type[BaseModel], indent: str, language: Language,
             commented: bool) -> Iterator[str]:
    """The lines of a mapping in the order of its model, each key under its comment."""
    kinds = keys_of(model)
    order = [*kinds, *(key for key in values if key not in kinds)]  # what does not belong there is found on reading
    for key in sorted(values, key=order.index):
        value = values[key]
        if commented:
            if not indent:
                yield ""
            yield from _comment(f"config.{model.__name__}.{key}", indent, language)
        inner = _model_for(kinds.get(key), value)
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _mapping(value, inner or model, f"{indent}  ", language, commented)
        elif isinstance(value, (str, int)):
            yield f"{indent}{key}: {_scalar(value)}"
        else:
            yield f"{indent}{key}:"
            for ordinal, one in enumerate(value):
                yield from _item(one, _model_for(kinds.get(key), one), f"{indent}  ", language,
                                 commented and ordinal == 0)


def _item(value: Value, model: type[BaseModel] | None, indent: str, language: Language,
          commented: bool) -> Iterator[str]:
    """One member of a list; only the first is commented."""
    if isinstance(value, Mapping) and model is not None:
        lines = list(_mapping(value, model, f"{indent}  ", language, False))
        if commented:
            for key in value:
                yield from _comment(f"config.{model.__name__}.{key}", indent, language, f"{key}: ")
        yield f"{indent}- {lines[0].strip()}"
        yield from lines[1:]
    else:
        assert isinstance(value, (str, int))
        yield f"{indent}- {_scalar(value)}"


def _scalar(value: str | int) -> str:
    """A text, a number, or yes and no, as they stand on a line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return quoted(value) if isinstance(value, str) else str(value)


def _comment(key: str, indent: str, language: Language, start: str = "") -> Iterator[str]:
    if known(key, language):
        yield from textwrap.wrap(start + say(key, language), _WIDTH, initial_indent=f"{indent}# ",
                                 subsequent_indent=f"{indent}# ", break_long_words=False, break_on_hyphens=False)


def _model_for(kind: object, value: Value) -> type[BaseModel] | None:
    """The model inside a type that fits a mapping: among alternatives, the one that knows all its keys."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind if isinstance(value, Mapping) and set(value) <= set(keys_of(kind)) else None
    found = [_model_for(one, value) for one in get_args(kind)]
    return next((one for one in found if one is not None), None)
