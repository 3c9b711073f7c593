"""Samples of a mapping, tried: each record written, compared with the expected message, read back, judged by the rules.

An expected message says what the laws cannot: that two lines were swapped, or a code put in place of another, keeps
both laws and still changes what the partner receives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.edifact import WireMessage, read_wire
from gateway.errors import LocalError, PartnerError
from gateway.findings import Finding, Place
from gateway.mapping.laws.proposals import propose
from gateway.mapping.laws.report import SampleResult
from gateway.mapping.laws.sample_files import (
    KINDS,
    Files,
    expected,
    read_messages,
    read_records,
    sample_folder,
    samples_in,
    write_messages,
    write_records,
)
from gateway.mapping.mapping import Mapping
from gateway.references import Tree
from gateway.spool import write_whole

_CODES = {".edi": ("M430", "M431"), ".rules": ("M432", "M432"), ".refused": ("M433", "M433")}
"""What to say of an expected file that is not there, and of one that differs."""


def run_samples(mapping: Mapping, search: Sequence[Path], *, accept: bool = False) -> list[SampleResult]:
    """Try every sample of a mapping. accept: write the expected files that are missing or differ."""
    folder = sample_folder(mapping.identifier, search)
    return [] if folder is None else [_run(mapping, path, folder.parents[1], accept) for path in samples_in(folder)]


def load_samples(mapping: Mapping, search: Sequence[Path]) -> list[Tree]:
    """The records of every sample that can be read, in the order of the files."""
    folder = sample_folder(mapping.identifier, search)
    found: list[Tree] = []
    for path in samples_in(folder) if folder is not None else ():
        try:
            found.extend(read_records(path.read_bytes(), path.name, mapping))
        except LocalError:
            continue  # `run_samples` says why
    return found


def judge_sample(mapping: Mapping, records: Sequence[Tree], kept: Files, file: str) -> list[Finding]:
    """What differs between the records of a sample and its expected files; `file` is the sample as people see it."""
    actual = outcome(mapping, records)
    findings = [finding for suffix in KINDS
                for finding in _differences(suffix, kept.get(suffix), actual.get(suffix), file)]
    findings.extend(_read_back(mapping, records, kept if ".edi" in kept else actual, file))
    return findings


def outcome(mapping: Mapping, records: Sequence[Tree]) -> Files:
    """What a mapping makes of records, as the files that stand beside a sample; none of them empty."""
    wires: list[WireMessage] = []
    refused: list[str] = []
    rules: list[str] = []
    for number, record in enumerate(records, 1):
        try:
            wires.append(mapping.to_message(record))
        except LocalError as error:
            refused.extend(f"{number} {finding.code} {finding.place.path or '-'}\n" for finding in error.findings)
            continue
        normal = mapping.normal(record)
        rules.extend(f"{number} {failure.rule} {failure.path}\n" for failure in mapping.requirements(normal))
    made = {".edi": write_messages(wires), ".rules": "".join(rules), ".refused": "".join(refused)}
    return {suffix: text for suffix, text in made.items() if text}


def _run(mapping: Mapping, path: Path, root: Path, accept: bool) -> SampleResult:
    file = path.relative_to(root).as_posix()
    try:
        records = read_records(path.read_bytes(), file, mapping)
    except LocalError as error:
        return SampleResult(file=file, records=0, findings=error.findings)
    written = list(_accept(path, outcome(mapping, records))) if accept else []
    findings = judge_sample(mapping, records, expected(path), file)
    return SampleResult(file=file, records=len(records), written=written, findings=findings)


def _accept(sample: Path, files: Files) -> Iterator[str]:
    """Make the expected files what the mapping gives; names of those that changed."""
    for suffix in KINDS:
        path = sample.with_suffix(suffix)
        before = path.read_text("utf-8") if path.is_file() else None
        after = files.get(suffix)
        if before == after:
            continue
        if after is None:
            path.unlink()
        else:
            write_whole(path, after.encode("utf-8"))
            path.chmod(0o644)  # beside mappings, for everybody: nothing of a movement is in it
        yield path.name


def _differences(suffix: str, wanted: str | None, found: str | None, file: str) -> Iterator[Finding]:
    """The first line that differs: what follows is mostly its consequence."""
    if wanted == found:
        return
    shown = str(Path(file).with_suffix(suffix))
    missing, differs = _CODES[suffix]
    old, new = (wanted or "").splitlines(), (found or "").splitlines()
    number = next((number for number, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
                  min(len(old), len(new)))
    values = {"sample": file, "expected": old[number] if number < len(old) else "-",
              "found": new[number] if number < len(new) else "-",
              "mapping": "/".join(Path(file).parent.parts)}
    place = Place(file=shown) if wanted is None else Place(file=shown, line=number + 1)
    yield Finding(code=missing if wanted is None else differs, place=place, values=values)


def _read_back(mapping: Mapping, records: Sequence[Tree], kept: Files, file: str) -> Iterator[Finding]:
    """The expected messages must give the records: a test of reading that owes nothing to writing."""
    shown = str(Path(file).with_suffix(".edi"))
    refused = {int(line.split()[0]) for line in kept.get(".refused", "").splitlines() if line.split()[0].isdecimal()}
    written = [record for number, record in enumerate(records, 1) if number not in refused]
    for (line, wire), record in zip(read_messages(kept.get(".edi", ""), mapping.message), written, strict=False):
        try:
            normal = mapping.normal(record)
        except LocalError:
            continue  # a function that is not carried any more: told by what is refused
        try:
            read = mapping.to_record(read_wire(wire))
        except PartnerError as error:
            for finding in error.findings[:3]:
                yield Finding(code="M435", place=Place(file=shown, line=line + (finding.place.segment or 1) - 1),
                              values={"sample": file, "reason": finding.code, **{
                                  key: value for key, value in finding.values.items() if key in ("value", "line")}})
            continue
        if read != normal:
            path, wanted, found = first_difference(normal, read, "") or ("-", "-", "-")
            yield Finding(code="M434", place=Place(file=shown, line=line, path=path),
                          values={"sample": file, "expected": wanted, "found": found})


def first_difference(one: object, other: object, path: str) -> tuple[str, str, str] | None:
    """Path and both values at the first difference of two records; a value that is not there is a hyphen."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in [*one, *(name for name in other if name not in one)]:
            found = first_difference(one.get(name), other.get(name), f"{path}.{name}" if path else name)
            if found is not None:
                return found
        return None
    if isinstance(one, list) and isinstance(other, list):
        for number in range(max(len(one), len(other))):
            found = first_difference(one[number] if number < len(one) else None,
                                     other[number] if number < len(other) else None, f"{path}[{number + 1}]")
            if found is not None:
                return found
        return None
    if type(one) is type(other) and one == other:
        return None
    return path, "-" if one is None else str(one), "-" if other is None else str(other)


def write_proposals(mapping: Mapping, search: Sequence[Path]) -> list[str]:
    """Write the samples that the mapping itself proposes; names of the files that changed. Others stay as they are."""
    folder = sample_folder(mapping.identifier, search)
    if folder is None:
        return []
    for one in (folder.parent, folder):
        if not one.is_dir():
            one.mkdir()
            one.chmod(0o755)  # beside mappings, for everybody
    changed = []
    for name, records in propose(mapping).items():
        path, content = folder / f"{name}.json", write_records(records)
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
            path.chmod(0o644)
            changed.append(path.relative_to(folder.parents[1]).as_posix())
    return changed
