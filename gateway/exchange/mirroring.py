"""Keep the verdict of the mirror, and what was seen of seals and containers, beside the movement they follow from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from gateway.ledger import Transaction
from gateway.ledger.mirror_rows import NewVerdict, Part, Seen
from gateway.transit.declaration import Declaration, Party
from gateway.transit.event import Event
from gateway.transit.facts import latest_of
from gateway.transit.mirror import Tolerances, Verdict, mirror
from gateway.transit.seals import sightings

_NAME = 255
_IDENTITY = 35
_HS = 6
"""Digits of a commodity that all countries share."""

Compared = tuple[str, str, Sequence[Declaration], Sequence[Event], Tolerances]
"""MRN, administration that declared, declarations, events, what the corridor lets differ."""


def keep_mirror(transaction: Transaction, movements: Sequence[Compared], now: datetime) -> None:
    """Compare both sides of movements of which the arrival side has spoken, and note every seal and container."""
    transaction.note_seen([
        Seen(identity=one.identity[:_IDENTITY], thing=one.thing, mrn=mrn, reference=one.reference, what=one.what,
             administration=one.administration, office=one.office, happened=one.happened, at=now)
        for mrn, administration, declarations, events, _ in movements
        for one in sightings(declarations, events, administration)])
    found = [(mrn, latest, verdict) for mrn, _, declarations, events, tolerances in movements
             if (latest := latest_of(declarations)) is not None
             and (verdict := mirror(declarations, events, tolerances)) is not None]
    transaction.set_verdicts([
        NewVerdict(mrn=mrn, score=verdict.score, declared=verdict.packages, found=verdict.found_packages,
                   reasons=" ".join(dict.fromkeys(reason.what for reason in verdict.reasons)),
                   parts=tuple(_parts(latest, verdict)))
        for mrn, latest, verdict in found], at=now)


def _parts(latest: Declaration, verdict: Verdict) -> Iterator[Part]:
    """What a movement gives to the sums by importer, declarant, office of destination and commodity."""
    found = verdict.packages if verdict.found_packages is None else verdict.found_packages
    office = latest.office_of_destination.code if latest.office_of_destination is not None else ""
    for by, name in (("importer", _party(latest.consignee)), ("declarant", _party(latest.declarant)),
                     ("office", office)):
        yield Part(by=by, name=name, points=verdict.score, declared=verdict.packages, found=found)
    points: dict[str, int] = defaultdict(int)
    packages: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in verdict.lines:
        hs = (line.commodity or "")[:_HS]
        points[hs] += sum(reason.points for reason in verdict.reasons if reason.item == line.item)
        packages[hs][0] += line.packages
        packages[hs][1] += line.packages if line.found_packages is None else line.found_packages
    for hs, (declared, seen) in packages.items():
        yield Part(by="hs", name=hs, points=points[hs], declared=declared, found=seen)


def _party(party: Party | None) -> str:
    return "" if party is None else " ".join(filter(None, (party.identifier, party.name)))[:_NAME]
