"""The scalars of a file of reference data, beside those of `scalars`."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from gateway.config.model import fault
from gateway.config.reading import single, text_of

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SPAN = r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9])"


def _read_day(value: object) -> object:
    single(value)
    try:
        if isinstance(value, str) and re.fullmatch(_DAY, value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    if isinstance(value, str):
        raise fault("S130", value=value)
    return value


Day = Annotated[date, WithJsonSchema({"type": "string", "pattern": f"^{_DAY}$"}), BeforeValidator(_read_day),
                PlainSerializer(date.isoformat, return_type=str)]
"""``2026-12-18``, quoted or not."""

Span = text_of(_SPAN, "S131")
"""``08:00-12:00``; until ``00:00`` is the end of the day."""

OfficeCode = text_of("[A-Z]{2}[A-Z0-9]{3}", "S132")
"""Code of an office, the country first."""

ListName = text_of("[a-z][a-z0-9-]{0,31}", "S133")
"""Name of a list of codes."""
