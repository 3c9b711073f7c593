"""Whose move is it? The exceptions that we raise on purpose, and nothing else.

    GatewayError
    ├── LocalError     we must act: settings, mapping, our record, our key; the input is parked
    ├── PartnerError   they must act: the findings become a CONTRL, a CUSRES or a quarantine
    └── LinkError      nobody must act: the link failed; it will be tried again

The runs catch these three and nothing wider. Misuse by our own code is a RuntimeError or a ValueError,
keeps its traceback and ends in exit status 70.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.findings import Finding


class GatewayError(Exception):
    """Anything raised on purpose. Carries at least one finding; the sentence is made by `gateway.texts`."""

    def __init__(self, *findings: Finding) -> None:
        if not findings:
            raise ValueError("a GatewayError needs a finding")
        super().__init__(", ".join(finding.code for finding in findings))
        self.findings: Sequence[Finding] = findings

    @property
    def code(self) -> str:
        """The code of the first finding."""
        return self.findings[0].code


class LocalError(GatewayError):
    """We must act: our settings, mapping, record, key or machine."""


class PartnerError(GatewayError):
    """The partner must act: what came from there is not acceptable."""


class LinkError(GatewayError):
    """Nobody must act: the link, or the partner's server, failed. Try again later."""
