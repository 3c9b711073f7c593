"""How long each step of a movement may take on a corridor, as its file says it."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from gateway.config.model import Model
from gateway.config.scalars import Duration
from gateway.transit.timers import Rule, Timers

FIRST = Timers()
"""How long each step may take where a corridor does not say it."""


class _Timer(Model):
    lasting: Duration
    time: Literal["calendar", "working"] = "calendar"


class _Timers(Model):
    first_passage: _Timer | None = None
    exit: _Timer | None = None
    control: _Timer | None = None
    discharge: _Timer | None = None
    enquiry: _Timer | None = None
    enquiry_answer: _Timer | None = None
    settlement: _Timer | None = None

    def made(self) -> Timers:
        """The timers, those that the file does not name with their first values."""
        named = {name: Rule(lasting=timer.lasting, working=timer.time == "working")
                 for name in type(self).model_fields if (timer := getattr(self, name)) is not None}
        return replace(FIRST, **named)
