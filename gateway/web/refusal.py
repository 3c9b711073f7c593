"""Why something is not given or not done, on its way to the page that says so."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gateway.findings import Finding

Reason: TypeAlias = Literal["absent", "forbidden", "stale", "slow-down", "too-large", "not-a-form", "method", "host",
                            "proxy", "fault", "refused", "unavailable"]

STATUS: dict[Reason, int] = {
    "absent": 404, "forbidden": 403, "stale": 403, "slow-down": 429, "too-large": 413, "not-a-form": 415, "method": 405,
    "host": 421, "proxy": 403, "fault": 500, "refused": 409, "unavailable": 503}
"""Why -> the status of HTTP, which people never see."""


class Refusal(Exception):
    """A request that is not answered with what it asked for.

    seconds   after which it may be tried again
    findings  what the gateway itself says of it
    """

    def __init__(self, reason: Reason, *findings: Finding, seconds: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.findings = findings
        self.seconds = seconds
