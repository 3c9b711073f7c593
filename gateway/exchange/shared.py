"""Does one certificate stand for two administrations? Then nobody could tell which of them signed (THREATS row 25)."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.config import Settings
from gateway.errors import GatewayError
from gateway.findings import Finding, Place
from gateway.security import load_certificate


def shared_certificates(settings: Settings) -> Iterator[Finding]:
    """X109 for each certificate in a partner's list that is also another partner's, or our own, at its place.

    Partners may have the same authority; a certificate below it belongs to one alone.
    """
    holders = dict.fromkeys(_own(settings), str(settings.gateway))
    for name, partner in sorted(settings.partners.items()):
        for number, entry in enumerate(partner.certificates, 1):
            holder = holders.setdefault(entry.sha256, name)
            if holder != name:
                place = settings.origins.get(f"partners.{name}.certificates[{number}].sha256")
                yield Finding(code="X109", place=place or Place(), values={
                    "partner": name, "other": holder, "use": entry.use, "sha256": entry.sha256})


def _own(settings: Settings) -> Iterator[str]:
    """What can be read of our own; what cannot is told elsewhere."""
    for pair in (settings.keys.signing, *settings.keys.encryption):
        try:
            yield load_certificate(pair.certificate).sha256
        except GatewayError:
            continue
