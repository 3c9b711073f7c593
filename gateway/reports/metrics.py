"""A sight as measurements in the text format of Prometheus, for the node exporter's folder of text files.

Labels are gateways, corridors, and words of closed lists (``command``, ``direction``, ``answer``, ``use``). A reference
or the name of a trader is never a label: such a series would be new each time, and would say what is nobody's business.
Where nothing waits there is no age: the series is absent, which is not the same as an age of nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.reports.sight import Pile, Sight
from gateway.texts import Language, say

Row: TypeAlias = tuple[Sequence[str], float]

ANSWERS = ("receipt", "contrl", "cusres")
DIRECTIONS = ("inbound", "outbound")


def metrics(sight: Sight, language: Language) -> bytes:
    """The sight as one text, every series of one moment; the help lines in `language`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Sight(sight, language))
    return generate_latest(registry)


class _Sight(Collector):
    """What the library asks for measurements."""

    def __init__(self, sight: Sight, language: Language) -> None:
        self._sight, self._language = sight, language

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every family, whether it has rows or not: what is not measured is seen not to be."""
        for name, (labels, rows) in _FAMILIES.items():
            family = GaugeMetricFamily(f"edi_{name}", say(f"metric.{name}", self._language), labels=list(labels))
            for values, value in rows(self._sight):
                family.add_metric(list(values), value)
            yield family


def _instants(*pairs: tuple[Sequence[str], datetime | None]) -> Iterator[Row]:
    """Those that are there, as Unix seconds."""
    return ((labels, instant.timestamp()) for labels, instant in pairs if instant is not None)


def _unreachable(sight: Sight) -> Iterator[Row]:
    for partner in sight.partners:
        since = {one.direction: one.since for one in partner.outages}
        for direction in DIRECTIONS:
            lasting = sight.now - since[direction] if direction in since else None
            yield (partner.partner, direction), 0 if lasting is None else lasting.total_seconds()


def _late(sight: Sight) -> Iterator[Row]:
    for partner in sight.partners:
        kinds = Counter(line.kind for line in partner.late)
        yield from (((partner.partner, kind), kinds[kind]) for kind in ANSWERS)


def _halted(sight: Sight) -> Iterator[Row]:
    for partner in sight.partners:
        halted = dict(partner.halted)
        yield from (((partner.partner, direction), float(direction in halted)) for direction in ("in", "out"))


def _ends(sight: Sight) -> Iterator[Row]:
    """Of each use the first that ends: the one that somebody has to act on."""
    ends: dict[tuple[str, str], datetime] = {}
    for term in sight.terms:
        if term.ends is not None:
            key = (term.owner, term.use)
            ends[key] = min(term.ends, ends.get(key, term.ends))
    return _instants(*ends.items())


def _piles(of: Callable[[Sight], Iterator[tuple[str, Pile]]]) -> tuple[Callable[[Sight], Iterator[Row]],
                                                                     Callable[[Sight], Iterator[Row]]]:
    """The counts of piles, and the ages of the oldest in them."""
    return (lambda sight: (((whose,), pile.count) for whose, pile in of(sight)),
            lambda sight: _instants(*(((whose,), pile.oldest) for whose, pile in of(sight))))


_unanswered = _piles(lambda sight: ((one.partner, one.unanswered) for one in sight.partners))
_quarantined = _piles(lambda sight: ((one.partner, one.quarantined) for one in sight.partners))
_dead = _piles(lambda sight: ((one.partner, one.dead) for one in sight.partners))
_overdue = _piles(lambda sight: ((one.corridor, one.overdue) for one in sight.corridors))

_PARTNER, _CORRIDOR = ("partner",), ("corridor",)
_FAMILIES: dict[str, tuple[tuple[str, ...], Callable[[Sight], Iterator[Row]]]] = {
    "run_last_success_timestamp_seconds": (("command",), lambda sight: _instants(
        *(((run.command,), run.succeeded) for run in sight.runs))),
    "run_last_end_timestamp_seconds": (("command",), lambda sight: _instants(
        *(((run.command,), run.ended) for run in sight.runs))),
    "run_failures": (("command",), lambda sight: (((run.command,), run.failures) for run in sight.runs)),
    "partner_heard_timestamp_seconds": (_PARTNER, lambda sight: _instants(
        *(((one.partner,), one.heard) for one in sight.partners))),
    "partner_silent": (_PARTNER, lambda sight: (((one.partner,), float(one.silent)) for one in sight.partners)),
    "partner_unreachable_seconds": (("partner", "direction"), _unreachable),
    "unanswered": (_PARTNER, _unanswered[0]),
    "unanswered_oldest_timestamp_seconds": (_PARTNER, _unanswered[1]),
    "answers_late": (("partner", "answer"), _late),
    "quarantined": (_PARTNER, _quarantined[0]),
    "quarantined_oldest_timestamp_seconds": (_PARTNER, _quarantined[1]),
    "dead_letters": (_PARTNER, _dead[0]),
    "dead_letters_oldest_timestamp_seconds": (_PARTNER, _dead[1]),
    "movements_overdue": (_CORRIDOR, _overdue[0]),
    "movements_overdue_oldest_timestamp_seconds": (_CORRIDOR, _overdue[1]),
    "messages_waiting": ((), lambda sight: iter([((), sight.waiting.count)])),
    "messages_waiting_oldest_timestamp_seconds": ((), lambda sight: _instants(((), sight.waiting.oldest))),
    "link_sequence": (("partner", "direction"), lambda sight: (
        ((one.partner, direction), number) for one in sight.partners for direction, number in one.sequences)),
    "link_missing": (_PARTNER, lambda sight: (((one.partner,), one.missing) for one in sight.partners)),
    "link_halted": (("partner", "direction"), _halted),
    "certificate_end_timestamp_seconds": (("partner", "use"), _ends),
    "disk_free_bytes": ((), lambda sight: (((), min(disk.free for disk in sight.disks)) for _ in sight.disks[:1])),
    "disk_needed_bytes": ((), lambda sight: (((), max(disk.needed for disk in sight.disks)) for _ in sight.disks[:1])),
    "sight_faults": ((), lambda sight: iter([((), len(sight.faults))])),
    "sight_timestamp_seconds": ((), lambda sight: _instants(((), sight.now))),
}
"""Name behind ``edi_``, labels, and what there is to measure; ``metric.<name>`` in the catalogues says what it is."""
