"""What a corridor's implementation guide is made of: its messages as their files say today, the samples of each, and
what it was in the version before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.mapping import Mapping, Versions
from gateway.mapping.bench.flatten import Flat, flat_of, flatten
from gateway.mapping.corridors import Corridor
from gateway.mapping.laws.proposals import NAMES
from gateway.mapping.laws.sample_files import expected, sample_folder, samples_in
from gateway.pages import Example, GuideMessage


def guide_messages(corridor: Corridor, search: Sequence[Path], known: Versions,
                   since: Path | None = None) -> list[GuideMessage]:
    """The messages of a corridor's guide, each with its samples and the version before. Raises the faults of a mapping.

    since  a folder of mappings that holds the versions before; None for what the ledger activated
    """
    return [GuideMessage(mapping=mapping, examples=_examples(mapping, search),
                         previous=in_force_before(known, mapping) if since is None else _in(since, mapping))
            for mapping in corridor.mappings()]


def _examples(mapping: Mapping, search: Sequence[Path]) -> list[Example]:
    """The samples of a mapping that have an expected message."""
    folder = sample_folder(mapping.identifier, search)
    made = []
    for sample in samples_in(folder) if folder is not None else ():
        files = expected(sample)
        if ".edi" in files:
            made.append(Example(name=sample.stem, file=f"{mapping.identifier}: {sample.name}", text=files[".edi"],
                                rules=_rules(files.get(".rules", "")), made=sample.stem in NAMES))
    return made


def _rules(text: str) -> tuple[str, ...]:
    """The rules that a file of broken rules names, each once; its lines say which record, rule and term."""
    return tuple(dict.fromkeys(line.split()[1] for line in text.splitlines()))


def _in(since: Path, mapping: Mapping) -> Flat | None:
    """The mapping as it was, in a folder of mappings of then; None when it is not in it."""
    there = (since / f"{mapping.identifier}.yaml").is_file()
    return flatten(mapping.identifier, [since]) if there else None


def in_force_before(versions: Versions, mapping: Mapping) -> Flat | None:
    """The version that was activated last before this one, or last of all when this one never was; None without one."""
    earlier = []
    for one in versions.of(mapping.identifier):
        if one.digest == mapping.digest:
            break
        earlier.append(one)
    return flat_of(versions.load(earlier[-1].digest).definition) if earlier else None
