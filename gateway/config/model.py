"""What all our models share, and how a rule in a model says that it is broken.

Other packages build their own models from here and from `scalars`: pydantic is spoken in this package only.
Models are frozen and strict; lists arrive as tuples, so fields are ``tuple[X, ...]``; every value is one of `scalars`,
a ``Literal`` of words, another model, a tuple or a dictionary of these.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from gateway.config.nodes import TextNode

__all__ = ["Annotated", "Field", "Model", "Written", "fault", "section"]

M = TypeVar("M", bound="Model")


class Model(BaseModel):
    """Base of every model of a YAML file: unknown keys refused, nothing converted, nothing changed afterwards.

    A validator is made when a model first reads something: most models stand in another one, and few in each command.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True,
                              revalidate_instances="never", defer_build=True)


class Written(str):
    """The text of a scalar on its way into a model, with the node that it came from."""

    __slots__ = ("node",)
    node: TextNode

    def __new__(cls, node: TextNode) -> Written:
        """Take the text of the node."""
        made = super().__new__(cls, node.text)
        made.node = node
        return made


def fault(code: str, at: tuple[str | int, ...] = (), **values: str) -> PydanticCustomError:
    """The exception by which a validator refuses a value, or a model a combination of values.

    code    a finding code whose sentence stands in the catalogues, never a library's error type
    at      for a rule of a whole model: which value is to blame, as keys and indices from that model
    values  for the sentence
    """
    return PydanticCustomError(code, code, {"at": at, "values": values})


def section(model: type[M]) -> M:
    """Default of a field that is a model with nothing but defaults: the section may be left out of the file."""
    assert issubclass(model, Model)
    return cast(M, Field(default_factory=cast(Any, dict)))
