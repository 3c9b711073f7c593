"""How a scalar is judged: the steps from which the types of `scalars` are put together."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import core_schema

from gateway.config.ambiguous import ambiguous
from gateway.config.model import Written, fault

T = TypeVar("T")


def single(value: object) -> object:
    if isinstance(value, (dict, tuple, list)):
        raise fault("S044")
    return value


def must_be_text(value: object) -> object:
    """Refuse an unquoted scalar that some YAML reader takes for something else."""
    single(value)
    if isinstance(value, Written) and not value.node.quoted and ambiguous(value):
        raise fault("S050", value=str(value))
    return value


def _plain(value: object) -> str | None:
    """The text of a number or a yes/no, which is written without quotes. None when it is no text at all."""
    single(value)
    if isinstance(value, Written) and value.node.quoted:
        raise fault("S062", value=str(value))
    return value if isinstance(value, str) else None


def one_line(value: str) -> str:
    if not value.strip():
        raise fault("S063")
    if value != value.strip() or "\n" in value:
        raise fault("S064")
    return value


def _pattern(pattern: str, code: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if compiled.fullmatch(value) is None:
            raise fault(code, value=value)
        return value

    return AfterValidator(check)


def read_as(pattern: str, code: str, make: Callable[[str], T], *, text: bool) -> BeforeValidator:
    """Read a text into a value of another type; `make` raises ValueError for what only looks right."""
    compiled = re.compile(pattern)

    def read(value: object) -> object:
        written = single(value) if text else _plain(value)  # what `make` accepts is a text to every reader
        if not isinstance(written, str):
            return value
        if compiled.fullmatch(written) is None:
            raise fault(code, value=written)
        try:
            return make(written)
        except ValueError:
            raise fault(code, value=written)

    return BeforeValidator(read)


def text_of(pattern: str, code: str) -> Any:
    """A text type that must match a whole pattern; `code` says what is wrong when it does not."""
    return Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^({pattern})$"}), QUOTED,
                     _pattern(pattern, code)]


Q = TypeVar("Q", int, timedelta, Decimal)


class between(Struct, Generic[Q], frozen=True):
    """Limits of an integer, a decimal or a duration, both included: ``Annotated[Integer,
    between(1, 500)]``. Raises fault S052.

    `render` writes a value as it stands in a file.
    """

    low: Q
    high: Q
    render: Callable[[Q], str] = str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema,
                                     handler: GetJsonSchemaHandler) -> dict[str, Any]:
        made = handler(schema)
        return {**made, "minimum": self.low, "maximum": self.high} if made.get("type") == "integer" else made

    def _check(self, value: Q) -> Q:
        if not self.low <= value <= self.high:
            raise fault("S052", value=self.render(value), low=self.render(self.low), high=self.render(self.high))
        return value


QUOTED = BeforeValidator(must_be_text)
"""For a ``Literal`` whose words some reader takes for something else: ``Annotated[Literal["1"], QUOTED]``."""
