"""What a declaration becomes on its way out, as far as no ledger is needed for it: message, text, losses. Pure.

The run calls `convert` itself; where national files are read by workers, they call it as well, for the declarations
that say all it takes. A worker that finds anything wrong says nothing: the run finds it again and tells it. Which
mapping was used stands in the result, and the run converts anew where it should have been another one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import WireMessage, check_message, foreign_characters, read_wire
from gateway.errors import LocalError
from gateway.findings import has_errors
from gateway.ledger.codec import TreeText, decode_tree, tree_text
from gateway.mapping.archive import Archive
from gateway.mapping.corridors import Corridors, Layouts
from gateway.mapping.dialect import Dialect, NationalRecord, Reading
from gateway.mapping.dialect_apart import ReadApart, read_apart, whole
from gateway.mapping.kept import Kept
from gateway.mapping.losses import Loss
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.versions import Versions
from gateway.references import Tree
from gateway.transit.declaration import WHOLE, Declaration
from gateway.transit.terms import from_tree, to_tree

if TYPE_CHECKING:
    from gateway.exchange.assembly import Assembly

SYNTAX = "UNOC"
"""The character set of everything we send (PROFILE section 1): ISO 8859-1."""


class Converted(Struct, frozen=True, kw_only=True):
    """A complete declaration as it is sent and kept.

    declaration  perhaps without its goods items, where a worker has converted it
    mapping      digest of the mapping that wrote the message
    """

    declaration: Declaration
    tree: TreeText
    mapping: str
    wire: WireMessage
    losses: tuple[Loss, ...]

    def whole(self) -> Declaration:
        """The declaration with everything."""
        return from_tree(Declaration, decode_tree(self.tree.text))


@dataclass(frozen=True)
class ConvertedRecord(NationalRecord):
    """A national record that was converted where it was read."""

    converted: Converted = field(kw_only=True)


def with_conversion(record: NationalRecord, made: Converted) -> ConvertedRecord:
    """The record with what it was converted to."""
    return ConvertedRecord(record.given, record.origins, record.files, record.key, record.findings, record.put_back,
                           converted=made)


def mrn_of(record: NationalRecord) -> object:
    """The MRN that a record names; None where it leaves it to the gateway."""
    return record.converted.declaration.mrn if isinstance(record, ConvertedRecord) else record.tree.get("mrn")


def completed(declaration: Declaration, mrn: str, now: datetime) -> Declaration:
    """The declaration with what the national system leaves to the gateway: MRN, version, time of the message."""
    return replace(declaration, mrn=mrn, prepared=declaration.prepared or now.replace(second=0, microsecond=0),
                   amendment=declaration.amendment or 0 if declaration.function in WHOLE else declaration.amendment)


def convert(declaration: Declaration, mapping: MessageMapping) -> Converted:
    """Convert a complete declaration. Raises LocalError with the findings, each with its path in the record."""
    tree = to_tree(declaration)
    wire = mapping.to_message(tree)
    check(wire, mapping, tree)
    return Converted(declaration=declaration, tree=tree_text(tree), mapping=mapping.digest, wire=wire,
                     losses=mapping.losses(tree))


def converted_ahead(corridors: Corridors, tree: Tree, now: datetime) -> Converted | None:
    """A declaration converted as far as its record says everything, by what is in force; None where the ledger has to
    be asked first, and where anything is wrong: the run finds it again, and says of which file."""
    try:
        declaration = from_tree(Declaration, tree)
        departure, destination = declaration.office_of_departure, declaration.office_of_destination
        if declaration.mrn is None or declaration.function not in WHOLE or departure is None or destination is None:
            return None
        corridor = corridors.between(departure.code, destination.code)
        return convert(completed(declaration, declaration.mrn, now), corridor.cusdec)
    except Exception:
        return None


def check(wire: WireMessage, mapping: MessageMapping | None = None, tree: Tree | None = None) -> None:
    """Judge our own message by directory and character set before anybody else does, and before others wait beside it.

    mapping, tree  what made it: then a finding also names the path in the record
    Raises LocalError with the findings.
    """
    findings = [*check_message(read_wire(wire)), *foreign_characters(wire, SYNTAX)]
    if not has_errors(findings):
        return
    if mapping is not None and tree is not None:
        paths = {(one.segment, one.element, one.component): one.path for one in mapping.trace(tree)}
        findings = [replace(finding, place=replace(finding.place, path=paths.get(
            (finding.place.segment or 0, finding.place.element or 0, finding.place.component or 1))))
            for finding in findings]
    raise LocalError(*findings)


# --- in another process


class Ground(Struct, frozen=True, kw_only=True):
    """What the conversions of one run stand upon.

    now  the instant of the run
    """

    now: datetime
    corridors: Corridors


_GROUNDS: Kept[bytes, Ground] = Kept(2)
"""Those that this process has, by their octets; with each stand the mappings that were loaded."""


def ground_of(gateway: Assembly, now: datetime) -> bytes | None:
    """What conversions of this gateway stand upon, for other processes: of the mappings those that were activated, and
    where the others lie. None where the ledger cannot give one of them."""
    versions = gateway.versions
    names = {identifier: None for corridor in gateway.corridors.all for identifier in corridor.identifiers()}
    active = [one for one in (versions.at(identifier, now) for identifier in names) if one is not None]
    try:
        archives = {one.digest: versions.archive(one.digest) for one in active}
    except LocalError:  # told where a declaration needs it
        return None
    layouts = Layouts(gateway.search, Versions(active, archives.__getitem__), now)
    corridors = Corridors([dataclasses.replace(one, layouts=layouts) for one in gateway.corridors.all],
                          gateway.corridors.offices, {})
    octets = bytes(ForkingPickler.dumps(Ground(now=now, corridors=corridors)))
    _GROUNDS.get(octets, lambda: Ground(now=now, corridors=gateway.corridors))  # what is loaded here need not be again
    return octets


def unpacked(octets: bytes) -> Ground:
    """What `ground_of` has packed, kept by this process."""
    return _GROUNDS.get(octets, lambda: ForkingPickler.loads(octets))


def ready() -> None:
    """Nothing: a process that is asked for it has loaded what conversions need."""


class ConvertedApart(Struct, frozen=True):
    """National files that were read, and what became of each record; None where the run has to convert it."""

    read: ReadApart
    made: tuple[Converted | None, ...]


def convert_apart(ground: bytes | None, archive: Archive, files: Mapping[str, bytes]) -> ConvertedApart:
    """Read national files with the dialect of an archive, and convert the declarations in them.

    ground  packed; None where nothing is to be converted
    Raises LocalError as `read_apart`.
    """
    read = read_apart(archive, files)
    if ground is None:
        return ConvertedApart(read, (None,) * len(read.records))
    stands = unpacked(ground)
    made = tuple(_try(stands, tree) for tree in read.trees())
    return ConvertedApart(read.without([number for number, one in enumerate(made) if one is not None]), made)


def whole_records(apart: ConvertedApart, dialect: Dialect, files: Mapping[str, bytes]) -> Reading:
    """The reading, as if these files had been read here; converted records say so.

    dialect  that of the archive
    """
    reading = whole(apart.read, dialect, files)
    return replace(reading, records=tuple(
        one if made is None else with_conversion(one, made)
        for one, made in zip(reading.records, apart.made, strict=True)))


def _try(ground: Ground, tree: Tree) -> Converted | None:
    made = converted_ahead(ground.corridors, tree, ground.now)
    return None if made is None else replace(made, declaration=replace(made.declaration, items=()))
