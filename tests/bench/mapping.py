"""Mapping: records to messages and back, against a program written by hand for one corridor.

Both make the same checks and keep the same trace; before anything is measured, messages, records and traces are
compared. Times are the best of several rounds in which both take turns, in processor time of this process. What one
item costs must be the same however many there are, and the largest declaration must fit into memory: that is measured
in a process of its own.
"""

from __future__ import annotations

import copy
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast

from gateway.edifact import read_wire
from gateway.mapping import Mapping, load_mapping, search_path
from gateway.references import Tree
from tests.bench import Figure
from tests.bench.by_hand import ByHand, ReadByHand
from tests.bench.edifact import best

ROOT = Path(__file__).parents[2]
MAPPING = "corridors/tg-ml/cusdec"
SIZES = (1, 7, 999)
"""Items of the declarations measured."""
MOST = 9999
"""Items of the largest declaration (profile, section 4)."""
RATIO = 1.5
"""How many times the time of the peer a mapping may take."""
STEEPEST = 1.25
"""One item among `MOST` may cost at most so many times what it costs among 999."""
MEGABYTES = 250
"""Peak memory that the largest declaration may need, both ways with traces."""
SEGMENTS = 40_000
"""Segments of one measurement at scale 1."""


def figures(scale: float) -> Iterator[Figure]:
    """All figures of this benchmark."""
    mapping = load_mapping(MAPPING, search_path())
    by_hand, read_by_hand = ByHand(mapping), ReadByHand(mapping)
    warm(mapping)
    costs: dict[tuple[str, int], float] = {}
    for items in SIZES:
        tree = record(items)
        compare(mapping, by_hand, read_by_hand, tree)
        for figure, seconds in _measured(mapping, by_hand, read_by_hand, tree, items, scale):
            costs[figure.name.split(",")[0], items] = seconds
            yield figure
    yield from _linear(mapping, scale)
    yield _memory()


def record(items: int) -> Tree:
    """A declaration from Lomé to Bamako that has everything such a declaration usually has."""
    tree = copy.deepcopy(_HEAD)
    made = [_item(number) for number in range(1, items + 1)]
    if made:
        tree["items"] = made
    return tree


def warm(mapping: Mapping) -> None:
    """Use a mapping until its functions are made, as any run with many records does."""
    tree = record(999)
    message = read_wire(mapping.to_message(tree))
    for _ in range(3):
        mapping.to_message(tree)
        mapping.to_record(message)


def compare(mapping: Mapping, by_hand: ByHand, read_by_hand: ReadByHand, tree: Tree) -> None:
    """Both give the same message, the same record and the same traces. Raises RuntimeError where they do not."""
    wire, written = mapping.to_message_traced(tree)
    segments, written_by_hand = by_hand.write(tree)
    message = read_wire(wire)
    found, seen = mapping.to_record_traced(message)
    found_by_hand, seen_by_hand = read_by_hand.read(message)
    for what, ours, theirs in (("message", wire.body, "'".join(segments) + "'"), ("trace", written, written_by_hand),
                               ("record", found, found_by_hand), ("trace of reading", seen, seen_by_hand)):
        if ours != theirs:
            raise RuntimeError(f"the peer gives another {what}")


def _measured(mapping: Mapping, by_hand: ByHand, read_by_hand: ReadByHand, tree: Tree, items: int,
              scale: float) -> Iterator[tuple[Figure, float]]:
    wire = mapping.to_message(tree)
    message = read_wire(wire)
    times = max(1, int(SEGMENTS * scale) // wire.segments)
    ours, theirs, untraced = best(partial(_repeat, times, mapping.to_message_traced, tree),
                                  partial(_repeat, times, partial(_write_by_hand, by_hand), tree),
                                  partial(_repeat, times, mapping.to_message, tree))
    yield _figure("record to message", items, times, ours, theirs, untraced), ours / times
    ours, theirs, untraced = best(partial(_repeat, times, mapping.to_record_traced, message),
                                  partial(_repeat, times, read_by_hand.read, message),
                                  partial(_repeat, times, mapping.to_record, message))
    yield _figure("message to record", items, times, ours, theirs, untraced), ours / times


def _figure(way: str, items: int, times: int, ours: float, theirs: float, untraced: float) -> Figure:
    ratio = ours / theirs
    return Figure(name=f"mapping: {way}, {items} items", value=times / ours, unit="records/s",
                  against=f"by hand {times / theirs:,.4g}/s; without trace {times / untraced:,.4g}/s", ratio=ratio,
                  target=f"at most {RATIO:g} x the time by hand", met=ratio <= RATIO)


def _write_by_hand(by_hand: ByHand, tree: dict[str, Any]) -> object:
    segments, trace = by_hand.write(tree)
    return "'".join(segments) + "'", len(segments), trace


def _repeat(times: int, function: Any, argument: object) -> None:
    for _ in range(times):
        function(argument)


def _linear(mapping: Mapping, scale: float) -> Iterator[Figure]:
    """What one item costs in a large declaration against one in a declaration of a tenth."""
    many = max(100, int(MOST * min(scale, 1)))
    few = many // 10
    large, small = record(many), record(few)
    messages = read_wire(mapping.to_message(large)), read_wire(mapping.to_message(small))
    for way, function, arguments in (("record to message", mapping.to_message, (large, small)),
                                     ("message to record", mapping.to_record, messages)):
        one, ten = best(partial(_repeat, 1, function, arguments[0]), partial(_repeat, 10, function, arguments[1]))
        ratio = one / many / (ten / 10 / few)
        yield Figure(name=f"mapping: one item of {many}, {way}", value=one / many * 1e6, unit="µs",
                     against=f"one of {few}: {ten / 10 / few * 1e6:.3g} µs", ratio=ratio,
                     target=f"at most {STEEPEST:g} x", met=ratio <= STEEPEST)


def _memory() -> Figure:
    done = subprocess.run([sys.executable, "-m", "tests.bench.mapping"], cwd=ROOT, check=True, capture_output=True,
                          text=True)
    peak = int(done.stdout) / 1e6
    return Figure(name=f"mapping: peak memory, {MOST} full items, both ways with traces", value=peak, unit="MB",
                  target=f"under {MEGABYTES} MB", met=peak < MEGABYTES)


def _largest() -> int:
    """Peak memory, in octets, of writing and then reading the largest declaration, each with its trace."""
    mapping = load_mapping(MAPPING, search_path())
    wire = mapping.to_message_traced(_fullest())[0]
    found = mapping.to_record_traced(read_wire(wire))[0]
    if mapping.to_message(found) != wire:
        raise RuntimeError("the largest declaration does not come back")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _fullest() -> Tree:
    """The largest declaration, in whose items every group and list stands."""
    tree = record(MOST)
    for number, item in enumerate(cast("list[Tree]", tree["items"]), 1):
        item.update({
            "consignee": {"identifier": f"ML{number}", "name": "ÉTABLISSEMENTS N'GOLO ET FILS", "street": "RUE 1",
                         "city": "BAMAKO", "country": "ML"},
            "statistical_value": Decimal(f"{15400500 + number}"), "statistical_value_currency": "XOF",
            "documents": [{"type": "380", "number": f"F{number}"}]})
    return tree


def _item(number: int) -> Tree:
    packages: list[Tree] = [{"count": 1500 + number % 7, "kind": "CT", "marks": f"N'GOLO BKO {number}-1"},
                            {"count": 3, "kind": "PX"}]
    return {
        "number": number, "commodity": f"{1806310000 + number}", "procedure": "8000", "origin": "CI",
        "description": f"CHOCOLAT FOURRÉ, TABLETTES DE 100 G, BARRES DE 35 G, BOÎTES DE 24 : LOT {number:05} 'SOLEIL'",
        "gross_mass": Decimal(f"{20125 + number}.125"), "net_mass": Decimal(f"{18900 + number}.5"),
        "packages": packages[:1 + number % 2],
        "customs_value": Decimal(f"{15400500 + number}"), "customs_value_currency": "XOF",
        "containers": [{"number": f"TGHU{7654314 + number % 9}"}],
        "previous_documents": [{"number": f"2026/TGLPL/C/{number:05}", "date": date(2026, 3, 1 + number % 28)}],
    }


_HEAD: Tree = {
    "function": "original", "mrn": "26TGLPLT0000182402", "amendment": 0, "transit_type": "T1", "procedure": "8000",
    "local_reference": "TG26-DECL-000802", "national_reference": "2026/TGLPL/T/18240",
    "national_reference_date": date(2026, 3, 10), "office_of_departure": {"code": "TGLPL", "name": "LOMÉ PORT"},
    "office_of_destination": {"code": "MLBKO", "name": "BAMAKO"},
    "office_of_exit": {"code": "TGCKS", "name": "CINKASSÉ"},
    "offices_of_transit": [{"code": "BFCKS", "name": "CINKANSÉ", "order": 1},
                           {"code": "MLKRY", "name": "KOURY", "order": 2}],
    "country_of_dispatch": "CI", "country_of_destination": "ML", "countries_of_transit": [{"country": "BF"}],
    "place_of_loading": {"code": "TGLFW"}, "itinerary": "LOMÉ - ATAKPAMÉ - KARA - CINKASSÉ - KOURY - BAMAKO",
    "accepted": datetime(2026, 3, 10, 16, 15, tzinfo=UTC), "prepared": datetime(2026, 3, 11, 0, 1, tzinfo=UTC),
    "time_limit": date(2026, 3, 24), "containerised": True, "control_result": "A2",
    "equipment": [{"kind": "container", "number": "TGHU7654314", "size": "22G1", "filling": "full"},
                  {"kind": "trailer", "number": "TG 0042 R"}],
    "seals": [{"equipment": 1, "number": 1, "identity": "TGCUS0012345690", "party": "customs", "condition": "right"}],
    "guarantee": {"type": "T", "amount": Decimal("6850125"), "currency": "XOF",
                  "references": [{"number": "TRIE-CCIT-2026-004518", "date": date(2026, 3, 10)}],
                  "valid_in": [{"country": "TG"}, {"country": "BF"}, {"country": "ML"}]},
    "vehicle_at_departure": {"mode": "3", "kind": "31", "identity": "TG 0042 BK", "nationality": "TG"},
    "principal": {"identifier": "TG1000047", "name": "SOCIÉTÉ INVENTÉE DE TRANSIT ET D'ENTREPOSAGE DU GOLFE",
                  "street": "ANGLE RUE DE L'ÉGLISE / BOULEVARD CIRCULAIRE", "city": "LOMÉ", "country": "TG"},
    "consignor": {"name": "CACAO ET BEURRE DE CÔTE D'IVOIRE", "city": "ABIDJAN", "country": "CI"},
    "consignee": {"identifier": "ML33010", "name": "ÉTABLISSEMENTS N'GOLO ET FILS", "city": "BAMAKO", "country": "ML"},
    "declarant": {"identifier": "TG0451", "name": "DÉCLARANT EXEMPLE"},
    "total_gross_mass": Decimal("41250.375"), "total_packages": 2300, "customs_value": Decimal("27400500"),
    "customs_value_currency": "XOF",
    "authentication": {"digest": "b9Kx2mQv7Rt4Zp1Wc8Ld5Hs0", "key": "TGOTR-2026-01",
                       "at": datetime(2026, 3, 11, 0, 1, tzinfo=UTC)},
}


if __name__ == "__main__":
    print(_largest())
