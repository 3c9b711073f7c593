"""The records of files that somebody points at: national files by a dialect, messages by the mapping itself.

A corpus is what the bench tries a mapping on: nothing of it is kept, sent or numbered. A declaration without an MRN
gets one that cannot be taken for a real one: its gateway gives it one when it dispatches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from gateway.edifact import Message, read_interchanges
from gateway.errors import GatewayError, LocalError
from gateway.findings import Finding, Place
from gateway.mapping.bench.faults import dialects_named
from gateway.mapping.corridors import load_corridors
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_files import known_dialects
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.references import Path as RecordPath
from gateway.references import Tree

TRIAL_MRN = "99XX00000000000000"
"""No country is XX, and the year 99 is not ours."""

_EDIFACT = (b"UNA", b"UNB", b"UNH")


class Sample(Struct, frozen=True, kw_only=True):
    """One record of a corpus.

    name     the file, or files, it stands in, with its key or message reference
    tree     the record; `given` are the terms that the bench has put in
    places   where each value stands in the national files; empty for a message
    message  the message it was read from; None for a national record
    dialect  what read the national record; None for a message
    """

    name: str
    tree: Tree
    places: Mapping[RecordPath, Place] = field(default_factory=dict)
    message: Message | None = None
    dialect: Dialect | None = None
    given: tuple[str, ...] = ()


class Corpus(Struct, frozen=True):
    """Records, and the files that gave none, each with the reasons."""

    samples: tuple[Sample, ...]
    refused: tuple[tuple[str, tuple[Finding, ...]], ...] = ()


def gather(paths: Sequence[Path]) -> dict[str, bytes]:
    """The files that paths name, those of a folder in the order of their names, by the name that findings give them.

    Raises LocalError C001 for one that cannot be read.
    """
    found: dict[str, bytes] = {}
    for path in paths:
        for file in sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]:
            try:
                found[str(file)] = file.read_bytes()
            except OSError as error:
                raise LocalError(Finding(code="C001", values={"file": str(file),
                                                              "reason": error.strerror or str(error)})) from None
    return found


def read_corpus(files: Mapping[str, bytes], mapping: MessageMapping, dialect: Dialect | None) -> Corpus:
    """Read files.

    mapping  reads the messages of its own kind in EDIFACT files; others in them are passed over
    dialect  reads the other files; None: there are none. Raises LocalError M483 when there are.
    """
    samples: list[Sample] = []
    refused: list[tuple[str, tuple[Finding, ...]]] = []
    national: dict[str, bytes] = {}
    for name, content in files.items():
        if content.lstrip()[:3] in _EDIFACT:
            samples.extend(_messages(name, content, mapping, refused))
        else:
            national[name] = content
    if national and dialect is None:
        raise LocalError(_nobody(next(iter(national)), mapping))
    if dialect is not None and national:
        reading = dialect.read(national)
        samples.extend(_sample(", ".join(record.files), record.tree, record.origins, dialect)
                       for record in reading.records)
        refused.extend((one.file, one.findings) for one in reading.refused)
        refused.extend((one.file, (Finding(code="M480", place=Place(file=one.file), values={"part": one.lacks}),))
                       for one in reading.waiting)
    return Corpus(tuple(samples), tuple(refused))


def read_mixed(files: Mapping[str, bytes], mapping: MessageMapping, name: str | None,
               search: Sequence[Path]) -> Corpus:
    """Read files of several dialects.

    name  the dialect of all national files, as somebody gives it; None: each file by the first dialect that takes it,
          those of the corridor's administration of departure before the neutral ones
    Raises LocalError D011 for an unknown name. A file that no dialect takes is refused (M483).
    """
    national = {file: content for file, content in files.items() if content.lstrip()[:3] not in _EDIFACT}
    if name is not None:
        return read_corpus(files, mapping, load_dialect(name, search))
    found = read_corpus({file: content for file, content in files.items() if file not in national}, mapping, None)
    samples, refused = list(found.samples), list(found.refused)
    for dialect in _readers(mapping, search):
        taken = dialect.read(national).records if national else ()
        samples.extend(_sample(", ".join(one.files), one.tree, one.origins, dialect) for one in taken)
        read = {file for one in taken for file in one.files}
        national = {file: content for file, content in national.items() if file not in read}
    refused.extend((file, (_nobody(file, mapping),)) for file in national)
    return Corpus(tuple(samples), tuple(refused))


def dialect_for(name: str | None, files: Mapping[str, bytes], mapping: MessageMapping,
                search: Sequence[Path]) -> Dialect | None:
    """The one dialect that reads all the national files among some files; None when there are none.

    name  as somebody gives it; None: the first, in the order of `read_mixed`, that refuses none of them
    Raises LocalError: D011 an unknown name, M483 when none reads them all.
    """
    if name is not None:
        return load_dialect(name, search)
    national = {file: content for file, content in files.items() if content.lstrip()[:3] not in _EDIFACT}
    if not national:
        return None
    for dialect in _readers(mapping, search):
        reading = dialect.read(national)
        if reading.records and not reading.refused:
            return dialect
    raise LocalError(_nobody(next(iter(national)), mapping))


def _nobody(file: str, mapping: MessageMapping) -> Finding:
    return Finding(code="M483", values={"file": file, "mapping": mapping.identifier})


def _readers(mapping: MessageMapping, search: Sequence[Path]) -> Iterator[Dialect]:
    for identifier in _candidates(mapping, search):
        try:
            dialect = load_dialect(identifier, search)
        except GatewayError:
            continue  # lint tells
        if dialect.kind == mapping.record_kind:
            yield dialect


def _candidates(mapping: MessageMapping, search: Sequence[Path]) -> list[str]:
    corridor = mapping.identifier.split("/")[1]
    gateways = [one.administrations[0].gateway for one in load_corridors(search).all if one.identifier == corridor]
    own = [one for gateway in gateways for one in dialects_named(gateway.lower(), search)]
    neutral = [one for one in known_dialects(search) if one.startswith("neutral/")]
    return list(dict.fromkeys([*own, *neutral]))


def _sample(name: str, tree: Tree, places: Mapping[RecordPath, Place], dialect: Dialect) -> Sample:
    if "word" in tree or "mrn" in tree:
        return Sample(name=name, tree=tree, places=places, dialect=dialect)
    return Sample(name=name, tree={**tree, "mrn": TRIAL_MRN}, places=places, dialect=dialect, given=("mrn",))


def _messages(name: str, content: bytes, mapping: MessageMapping,
              refused: list[tuple[str, tuple[Finding, ...]]]) -> list[Sample]:
    found = []
    for interchange in read_interchanges(content):
        for message in interchange.messages:
            if message.identifier != mapping.message:
                continue
            where = f"{name} {message.reference}"
            try:
                found.append(Sample(name=where, tree=mapping.to_record(message), message=message))
            except GatewayError as error:
                refused.append((where, tuple(error.findings)))
    return found
