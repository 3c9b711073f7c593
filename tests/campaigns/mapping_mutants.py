"""Spoil every line and code of each corridor's mappings in turn: does `edi map lint` or `edi map test` notice?

    python -m tests.campaigns.mapping_mutants [CORRIDOR...] [--jobs N] [--limit N] [--seed S] [--json] [--list]

A mutant is caught by lint when it does not load, by the samples when one differs, by the laws when one breaks on the
records drawn. What is left is compared with the original on records and messages drawn from both: a mutant that behaves
otherwise survives. The share of those caught among all that behave otherwise must be 95 in 100 for each corridor. Files
that several corridors share are spoilt once for each set of mappings that they are seen through.

--limit draws so many mutants for each corridor; --list prints every survivor.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from gateway.edifact import read_wire
from gateway.errors import GatewayError
from gateway.findings import Finding
from gateway.mapping import Corridor, Mapping, load_corridors, load_mapping
from gateway.mapping.document import Document, parse_mapping
from gateway.mapping.inherit import Folders
from gateway.mapping.laws.check import check_laws
from gateway.mapping.laws.proposals import propose
from gateway.mapping.laws.records import drawn
from gateway.mapping.laws.sample_files import Files, expected, read_records, sample_folder, samples_in
from gateway.mapping.laws.samples import judge_sample
from gateway.mapping.loading import load_from
from gateway.references import Tree
from tests.campaigns.mapping_alterations import Alteration, alterations

MAPPINGS = Path(__file__).parents[2] / "mappings"
TARGET = 0.95
LAW_RECORDS = 18
COMPARED = 60
"""Records drawn from each side to see whether a mutant behaves otherwise."""

Fate = Literal["lint", "samples", "laws", "survives", "no difference seen"]


@dataclass(frozen=True)
class Mutant:
    """An alteration, seen through the mappings that are made of its file."""

    alteration: Alteration
    seen_through: tuple[str, ...]


@dataclass(frozen=True)
class Shelf:
    """The folder of mappings with one file in another form."""

    search: tuple[Path, ...]
    altered: Alteration

    def take(self, identifier: str | Path) -> tuple[Document, list[Finding]] | None:
        if f"{identifier}.yaml" == self.altered.file:
            return parse_mapping(self.altered.content, self.altered.file)
        return Folders(self.search).take(identifier)

    def known(self) -> list[str]:
        return []

    def __str__(self) -> str:
        return str(self.search[0])


@dataclass(frozen=True)
class Original:
    """A mapping as it is, and its samples: file, records, expected files; the small ones first."""

    mapping: Mapping
    samples: tuple[tuple[str, list[Tree], Files], ...]


@cache
def original(identifier: str, folder: Path) -> Original:
    """Load a mapping and its samples."""
    mapping = load_mapping(identifier, [folder])
    place = sample_folder(identifier, [folder])
    paths = sorted(samples_in(place), key=lambda path: path.stat().st_size) if place is not None else []
    return Original(mapping, tuple((path.name, read_records(path.read_bytes(), path.name, mapping), expected(path))
                                   for path in paths))


def fate(mutant: Mutant, folder: Path = MAPPINGS) -> Fate:
    """What becomes of a mutant."""
    mappings = []
    for identifier in mutant.seen_through:
        try:
            mappings.append((original(identifier, folder), load_from(Shelf((folder,), mutant.alteration), identifier)))
        except GatewayError:
            return "lint"
    for known, mapping in mappings:
        for file, records, kept in known.samples:
            if judge_sample(mapping, records, kept, file):
                return "samples"
    for _, mapping in mappings:
        if check_laws(mapping, random.Random, 1, records=LAW_RECORDS, shrinking=False).counterexample is not None:
            return "laws"
    if any(differs(known.mapping, mapping) for known, mapping in mappings) or _long_list(mutant.alteration):
        return "survives"
    return "no difference seen"


def _long_list(alteration: Alteration) -> bool:
    """A limit that no record of the comparison reaches, but a partner's may."""
    return alteration.kind in ("record:narrow", "record:widen") and "list(" in alteration.shown


def differs(one: Mapping, other: Mapping) -> bool:
    """Tell whether two mappings behave otherwise on some record or message."""
    seen = (outcome(one, record) != outcome(other, record) for record in _compared(one, other))
    return any(seen)


def _compared(one: Mapping, other: Mapping) -> Iterator[Tree]:
    for mapping in (one, other):
        for records in propose(mapping).values():
            yield from records
        plans = list(mapping.plans.values())
        for number in range(COMPARED):
            chance = random.Random(f"{number}/{mapping.identifier}")
            yield drawn(mapping, chance, edges=number % 3 == 2).record(plans[number % len(plans)])


def outcome(mapping: Mapping, record: Tree) -> object:
    """Everything that a mapping does with a record: its message and what is read of it, rules, or why it is refused."""
    try:
        wire = mapping.to_message(record)
    except GatewayError as error:
        return [(finding.code, finding.place.path) for finding in error.findings]
    try:
        back: object = mapping.to_record(read_wire(wire))
    except GatewayError as error:
        back = [finding.code for finding in error.findings]
    rules = [(failure.rule, failure.path, failure.segment) for failure in mapping.requirements(mapping.normal(record))]
    return wire.body, back, rules


def mutants_of(corridor: Corridor, folder: Path = MAPPINGS) -> list[Mutant]:
    """Every mutant of every file that a corridor's mappings are made of."""
    made_of: dict[str, list[str]] = {}
    for mapping in corridor.mappings():
        for name, _ in mapping.definition.files:
            made_of.setdefault(name, []).append(mapping.identifier)
    return [Mutant(alteration, tuple(identifiers)) for file, identifiers in made_of.items()
            for alteration in alterations(file, (folder / file).read_bytes())]


def _fates(mutants: Sequence[Mutant], jobs: int) -> list[Fate]:
    if jobs == 1:
        return [fate(mutant) for mutant in mutants]
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(fate, mutants, chunksize=20))


def campaign(names: Sequence[str], *, jobs: int, limit: int | None, seed: int,
             show: Callable[[str, Counter[str], list[Mutant]], None]) -> bool:
    """Spoil the mappings of each corridor; tell whether the target is met for all of them."""
    known: dict[Mutant, Fate] = {}
    met = True
    for corridor in load_corridors([MAPPINGS]).all:
        if names and corridor.identifier not in names:
            continue
        mutants = mutants_of(corridor)
        if limit is not None:
            mutants = random.Random(f"{seed}/{corridor.identifier}").sample(mutants, min(limit, len(mutants)))
        fresh = [mutant for mutant in mutants if mutant not in known]
        known.update(zip(fresh, _fates(fresh, jobs), strict=True))
        counts: Counter[str] = Counter(known[mutant] for mutant in mutants)
        show(corridor.identifier, counts, [mutant for mutant in mutants if known[mutant] == "survives"])
        met = met and share(counts) >= TARGET
    return met


def share(counts: Counter[str]) -> float:
    """How many of those that behave otherwise are caught, from 0 to 1."""
    caught = counts["lint"] + counts["samples"] + counts["laws"]
    return caught / (caught + counts["survives"]) if caught else 0.0


def main() -> int:
    """Run; exit 1 when a corridor misses the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corridors", nargs="*")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()

    def show(corridor: str, counts: Counter[str], survivors: list[Mutant]) -> None:
        if options.json:
            print(json.dumps({"schema": 1, "kind": "campaign", "name": "mapping_mutants", "corridor": corridor,
                              "fates": dict(sorted(counts.items())), "share": round(share(counts), 4),
                              "target": TARGET, "ok": share(counts) >= TARGET, "survivors": [
                                  {"file": one.alteration.file, "line": one.alteration.line,
                                   "kind": one.alteration.kind, "text": one.alteration.shown}
                                  for one in survivors]}), flush=True)
            return
        told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        print(f"{corridor}: {100 * share(counts):.1f} % ({told})", flush=True)
        for one in survivors if options.list else ():
            print(f"  {one.alteration.file}:{one.alteration.line}: {one.alteration.kind}: {one.alteration.shown}")

    return 0 if campaign(options.corridors, jobs=options.jobs, limit=options.limit, seed=options.seed,
                         show=show) else 1


if __name__ == "__main__":
    raise SystemExit(main())
