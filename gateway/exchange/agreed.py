"""Are the mappings in force those that were agreed upon with each partner?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from gateway.config.partner import AgreedMapping
from gateway.errors import LocalError
from gateway.exchange.assembly import Assembly
from gateway.findings import Finding, Place


def differing(assembly: Assembly) -> Iterator[Finding]:
    """M402 for each mapping that is in force here in another version than a partner's agreement says, M407 for one
    that there is not: each at its place in the partner's file."""
    for name, partner in assembly.settings.partners.items():
        agreed = partner.agreement.mappings
        for number, one in enumerate(agreed):
            also = [other for other in agreed if other.mapping == one.mapping]
            if also[0] is one and (finding := _judged(assembly, name, also)) is not None:
                place = assembly.settings.origins.get(f"partners.{name}.agreement.mappings[{number + 1}].mapping")
                yield replace(finding, place=place or Place())


def _judged(assembly: Assembly, partner: str, agreed: Sequence[AgreedMapping]) -> Finding | None:
    """What is wrong with one mapping, which may be agreed upon in two versions, now and next."""
    identifier = agreed[0].mapping
    corridors = assembly.corridors.all
    try:
        used = corridors[0].layouts.get(identifier) if corridors else None
    except LocalError as error:
        if any(finding.code != "M006" for finding in error.findings):
            return None  # a faulty mapping has its own findings
        used = None
    if used is None:
        return Finding(code="M407", values={"partner": partner, "mapping": identifier})
    if any(one.sha256 == used.digest for one in agreed):
        return None
    return Finding(code="M402", values={
        "partner": partner, "mapping": identifier, "version": used.version, "digest": used.digest[:12],
        "agreed": ", ".join(one.version for one in agreed),
        "agreed_digest": ", ".join(one.sha256[:12] for one in agreed)})
