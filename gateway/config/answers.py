"""The answers file of ``edi init``: what would be asked at a terminal, written down; nothing is asked then."""

from __future__ import annotations

from typing import Literal

from gateway.config.model import Model
from gateway.config.scalars import Country, FilePath, GatewayName, Identifier, Text, TimeZone


class InitAnswers(Model):
    """Every key may be left out: an option of the command line gives it, or the default of the command holds."""

    gateway: GatewayName | None = None
    country: Country | None = None
    time_zone: TimeZone | None = None
    environment: Literal["test", "production"] | None = None
    national: Identifier | None = None
    acceptance: Literal["automatic", "national"] | None = None
    approvals: Literal["one", "two"] | None = None
    data: FilePath | None = None
    services: FilePath | None = None
    user: Text | None = None
