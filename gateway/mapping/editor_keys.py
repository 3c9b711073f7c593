"""What editors know of mappings and dialects: every key, what may stand there, what may stand inside it.

This is the one table from which `gateway.mapping.editor_schema` makes the JSON Schemas. It says the shape; the hover
texts are the catalogue's, one for each property, under ``edit.<file>.<way of keys>``. Only what drafts 7 and 2020-12
both understand is used. ``wrong`` is a word of our own: it names the sentence an editor shows where a value is not of
this shape, and becomes ``errorMessage``, which editors know and validators ignore.

A schema takes whatever the gateway takes: what is more than shape (inheritance, terms, the directory) the gateway
judges, with `edi config check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from gateway.mapping.dialect_kinds import KEYS

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
Shape: TypeAlias = "dict[str, Json]"

_NAME = r"[a-z][a-z0-9_]*"
_LABEL = rf"^{_NAME}$"
_TERM = rf"^{_NAME}(\.{_NAME})*$"
_OVERRIDDEN = rf"^({_NAME}|codes\.{_NAME}\..+)$"
_TYPE = (r"^((an|a|n)(\.\.)?[1-9][0-9]{0,3}|decimal\([0-9]\)|code\([a-z][a-z0-9_]*\)|list\([1-9][0-9]{0,5}\)"
         r"|datetime\([A-Za-z0-9_+/-]+\)|text|date|datetime|moment|boolean|group)$")

_TEXT: Shape = {"type": "string", "wrong": "text"}
_SCALAR: Shape = {"type": ["string", "number", "boolean"]}
_TEXTS: Shape = {"type": "array", "items": _TEXT}
_SOME: Shape = {"anyOf": [_TEXT, _TEXTS]}
_FORMAT: Shape = {"enum": ["1", 1]}
_YES: Shape = {"enum": ["yes", "no", True, False]}


def _map(value: Shape, keys: str | None = None) -> Shape:
    """A mapping with free keys."""
    made: Shape = {"type": "object", "additionalProperties": value}
    if keys is not None:
        made["propertyNames"] = {"pattern": keys}
    return made


def _closed(properties: Mapping[str, Shape], *required: str) -> Shape:
    """A mapping whose keys are known."""
    made: Shape = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    if required:
        made["required"] = list(required)
    return made


_RULE: Shape = {**_closed({"when": _SOME, "every": _TEXT, "need": _SOME, "fr": _TEXT, "en": _TEXT}, "need", "fr", "en"),
                "wrong": "rule"}

MAPPING: Shape = _closed({
    "format": _FORMAT,
    "id": _TEXT,
    "version": _SCALAR,
    "title": _closed({"fr": _TEXT, "en": _TEXT}),
    "message": {**_TEXT, "pattern": "^(CUSDEC|CUSRES):[^:]+:[^:]+:[^:]+(:[^:]+)?$", "wrong": "message",
                "examples": ["CUSDEC:D:96B:UN:COR10", "CUSRES:D:96B:UN:COR10"]},
    "extends": {**_TEXT, "examples": ["base/cusdec-d96b@1"]},
    "base": _YES,
    "unmapped": {"enum": ["refuse", "keep"]},
    "record": _map({**_TEXT, "pattern": _TYPE, "wrong": "type", "examples": [
        "an..35", "a..35", "n..8", "decimal(3)", "text", "date", "datetime", "moment", "boolean", "group", "list(99)",
    ]}, _TERM),
    "codes": _map(_map(_SCALAR), _LABEL),
    "many_to_one": _map({**_map(_SCALAR), "required": ["answer"], "wrong": "answer", "properties": {"answer": _TEXT}}),
    "fixed": _map(_SCALAR),
    "events": _TEXTS,
    "segments": _TEXT,
    "carries": _TEXTS,
    "override": _map(_SCALAR, _OVERRIDDEN),
    "remove": _map({**_TEXT, "minLength": 1}),
    "after": _map(_TEXT, _LABEL),
    "functions": _map({"anyOf": [{"const": "whole"}, _TEXTS, _closed({"without": _TEXTS}, "without")]}),
    "require": _map(_RULE, "^COR0[0-9]{3}$"),
    "extras": _map({**_TEXT, "pattern": r"^(an|a)(\.\.)?[1-9][0-9]?$", "wrong": "extra",
                    "examples": ["an..35", "a..35"]}, _LABEL),
}, "format", "id")
"""A file of ``base/`` or ``corridors/``: `gateway.mapping.document.SECTIONS`."""

_REF_PLACE: Shape = {"$ref": "#/$defs/place"}
_REF_RULES: Shape = {"$ref": "#/$defs/rules"}
_DEFAULTS: dict[str, Shape] = {"defaults": _map(_SCALAR), "implied": _map(_TEXT)}

_LIST = _closed({"list": _TEXT, "between": _TEXT, "text": _TEXT, "fixed": _map(_SCALAR), "ordinal": _TEXT,
                 "also": {"type": "array", "items": _closed({"list": _TEXT, "fixed": _map(_SCALAR)}, "list")},
                 "read": {"const": "only"}}, "list", "text")
_EACH = _closed({"each": _TEXT, "ordinal": _TEXT, "places": _map(_REF_PLACE), "rules": _REF_RULES,
                 "counts": _map(_TEXT), **_DEFAULTS})  # without "each" it adds to the base's
_ONE = _closed({"one": _map(_REF_PLACE)}, "one")
_EVERYWHERE = _closed({"everywhere": _TEXT, "of": _TEXT, "term": _TEXT}, "everywhere", "of", "term")

_TEXT_MAP = _map(_TEXT)

_PART: dict[str, Shape] = {
    "kind": {"enum": list(KEYS)},
    "file": {**_TEXT, "pattern": r"\{stem\}", "wrong": "stem", "examples": ["{stem}.xml", "{stem}.csv", "{stem}.json"]},
    "match": _TEXT,
    "key": {"anyOf": [_TEXT_MAP, {"type": "array", "items": _TEXT_MAP}]},
    "root": _TEXT,
    "encoding": {**_TEXT, "examples": ["UTF-8", "windows-1252"]},
    "skeleton": _TEXT,
    "mark": _YES,
    "delimiter": {**_TEXT, "examples": [";", ",", "tab"]},
    "decimal": {"enum": [",", "."]},
    "columns": _map(_SOME),
    "totals": _TEXT,
    "guard": _YES,
    "group": _SOME,
    "others": {"enum": ["refuse", "keep"]},
    "lines": _YES,
    "reader": _TEXT,
    "header": _TEXT,
    "items": _TEXT,
    "join": _TEXT,
    "growing": _TEXT,
    "order": _TEXT,
}

DIALECT: Shape = {
    **_closed({
        "format": _FORMAT,
        "id": _TEXT,
        "version": _SCALAR,
        "extends": _TEXT,
        "record": {"enum": ["declaration", "event"]},
        "zone": {**_TEXT, "examples": ["Africa/Lome", "Africa/Niamey", "Africa/Bamako", "UTC"]},
        "dates": {**_TEXT, "examples": ["dd/MM/yyyy", "M/d/yy"]},
        "key": _TEXT,
        "parts": _map(_closed(_PART), _LABEL),
        "codes": _map(_map({"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]})),
        "places": {"anyOf": [{"const": "canonical"}, _map(_REF_PLACE)]},
        "rules": _REF_RULES,
        "counts": _map(_TEXT),
        **_DEFAULTS,
        "rest": _TEXT,
        "remove": _map({**_TEXT, "minLength": 1}),
        "coded": _map(_TEXT),
    }, "format", "id"),
    "$defs": {
        "place": {"anyOf": [_TEXT, {"type": "array", "items": {"anyOf": [_TEXT, _LIST]}},
                            _LIST, _EACH, _ONE, _EVERYWHERE]},
        "rules": {"type": "array", "items": {"anyOf": [
            _closed({"terms": _TEXT_MAP, "given": _TEXT_MAP, "cells": _TEXT_MAP}, "terms", "cells"),
            _closed({"at": _TEXT, "of": _TEXT, "form": _TEXT}, "at", "of", "form")]}},
    },
}
"""A file of ``dialects/``."""

WAYS: Mapping[str, str] = {"place": "places", "rules": "rules"}
"""Shapes that stand in several places -> the way of keys under which their hover texts are found."""
