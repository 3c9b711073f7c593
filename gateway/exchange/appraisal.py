"""What is found of a partner's message without looking into a ledger: syntax, record, rules, national files. Pure.

The run asks this of each message itself, or has it from workers, which are given interchanges ahead (`foresight`). A
worker that finds anything wrong says nothing of it: the run finds it again and tells it. By which mappings a record was
read stands in it; the run reads it anew where they should have been others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import Message, check_message, read_interchanges, to_wire
from gateway.errors import LocalError, PartnerError
from gateway.exchange.conversion import unpacked
from gateway.ledger.codec import TreeText, decode_tree, tree_text
from gateway.mapping import Corridor
from gateway.mapping.archive import Archive
from gateway.mapping.dialect_apart import write_apart
from gateway.mapping.losses import Loss
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.peeking import Peek, peek
from gateway.mapping.requirements import Failure
from gateway.references import Tree
from gateway.spool import plain_name
from gateway.transit.checks import check_declaration
from gateway.transit.declaration import WHOLE, Declaration
from gateway.transit.event import Event
from gateway.transit.terms import from_tree


class Received(Struct, frozen=True, kw_only=True):
    """A partner's declaration as its message gives it.

    declaration  perhaps without its goods items, where a worker has read it
    given        its record, where it is at hand
    text         the same as the ledger keeps it, where that is made already
    failures     rules of the corridor that it breaks, and what does not add up in it
    mapping      digest of the mapping that read it
    annex        what no line of the mapping takes, where that is known already
    files        its national files, where they are written already
    """

    declaration: Declaration
    given: Tree | None = None
    text: TreeText | None = None
    failures: tuple[Failure, ...] = ()
    mapping: str
    annex: tuple[Loss, ...] | None = None
    files: Mapping[str, bytes] | None = None

    @property
    def tree(self) -> Tree:
        """The record."""
        if self.given is not None:
            return self.given
        assert self.text is not None
        return decode_tree(self.text.text)

    @property
    def kept(self) -> Tree | TreeText:
        """The record for the ledger."""
        return self.tree if self.text is None else self.text


class Told(Struct, frozen=True, kw_only=True):
    """The events of a partner as its message gives them.

    events  in the order of the message
    given   their records, where they are at hand
    texts   the same as the ledger keeps them, where that is made already
    tried   digests of the layouts that the corridor tried, in its order: the last one reads the message
    annex   what no line of that layout takes
    files   the national files, where they are written already
    """

    events: tuple[Event, ...]
    given: tuple[Tree, ...] | None = None
    texts: tuple[TreeText, ...] = ()
    tried: tuple[str, ...]
    annex: tuple[Loss, ...]
    files: Mapping[str, bytes] | None = None

    @property
    def trees(self) -> Sequence[Tree]:
        """The records."""
        return [decode_tree(one.text) for one in self.texts] if self.given is None else self.given

    @property
    def named(self) -> Sequence[tuple[Tree, str]]:
        """The records, and what the names of their national files begin with."""
        return [(tree, plain_name(event.administration, event.reference, event.word.value))
                for event, tree in zip(self.events, self.trees, strict=True)]

    @property
    def kept(self) -> Sequence[Tree | TreeText]:
        """The records for the ledger."""
        return self.texts or self.trees


def listen(message: Message, corridor: Corridor) -> Told:
    """Read the events of a message. Raises PartnerError for one that says nothing that the corridor has words for,
    LocalError where a layout cannot be loaded."""
    tried = corridor.tried(message)
    trees = tried[-1].split(tried[-1].to_record(message))
    try:
        events = tuple(from_tree(Event, tree) for tree in trees)
    except LocalError as error:
        raise PartnerError(*error.findings) from error
    return Told(events=events, given=tuple(trees), tried=tuple(one.digest for one in tried),
                annex=tried[-1].annex(message))


def receive(message: Message, mapping: MessageMapping) -> Received:
    """Read a declaration and judge it by the rules. Raises PartnerError or LocalError for one that cannot be read."""
    tree = mapping.to_record(message)
    declaration = from_tree(Declaration, tree)
    failures = () if declaration.function == "request" else (
        *mapping.requirements(tree), *(check_declaration(declaration) if declaration.function in WHOLE else ()))
    return Received(declaration=declaration, given=tree, failures=failures, mapping=mapping.digest)


def stem_of(declaration: Declaration) -> str:
    """What the names of the national files of a version begin with."""
    amendment = declaration.amendment or 0
    version = [] if amendment == 0 else [str(amendment)]
    return plain_name(declaration.mrn or "", *(["cancellation"] if declaration.function == "cancellation" else version))


def body_of(message: Message) -> str:
    """The message as text to be judged again; "" where it cannot be one (syntax 4), its interchange keeps the bytes."""
    try:
        return to_wire(message).body
    except ValueError:
        return ""


class Appraisal(Struct, frozen=True, kw_only=True):
    """What was found of a message ahead.

    sound     nothing is wrong with its syntax
    received  the declaration; None where there is none, or the run has to read it
    told      the events, likewise
    """

    sound: bool
    glance: Peek
    body: str
    received: Received | None = None
    told: Told | None = None


class Upon(Struct, frozen=True, kw_only=True):
    """Upon what messages of a partner are appraised.

    ground        as `ground_of` gives it
    declarations  the dialect in which national files of declarations are written; None where that is left to the run
    events        the same for events
    corridor      by which events are read: one shared with the partner; None where there is none
    """

    ground: bytes
    declarations: Archive | None
    events: Archive | None
    corridor: str | None


def ready() -> None:
    """What a worker is asked for ahead of its work: to have loaded this module."""


def appraise(upon: Upon, octets: bytes) -> list[Appraisal]:
    """Appraise every message of some octets: header and messages of an interchange."""
    interchange = next(read_interchanges(octets))
    header = interchange.header
    found = []
    for message in interchange.messages:
        sound = not check_message(message, header.syntax_version or None, header.control_reference or None)
        glance = peek(message) if sound else Peek()
        found.append(Appraisal(sound=sound, glance=glance, body=body_of(message),
                               received=_received(upon, message, glance) if sound else None,
                               told=_told(upon, message) if sound else None))
        message.forget()
    return found


def _received(upon: Upon, message: Message, glance: Peek) -> Received | None:
    if message.identifier.type != "CUSDEC" or glance.departure is None or glance.destination is None:
        return None
    try:
        mapping = unpacked(upon.ground).corridors.between(glance.departure, glance.destination).cusdec
        received = receive(message, mapping)
        declaration = received.declaration
        if received.failures or declaration.mrn is None or declaration.function not in WHOLE:
            return None
        return replace(
            received, declaration=replace(declaration, items=()), given=None, text=tree_text(received.tree),
            annex=mapping.annex(message),
            files=_files(upon.declarations, [(received.tree, stem_of(declaration))]))
    except Exception:  # the run finds it again, and says of which message
        return None


def _told(upon: Upon, message: Message) -> Told | None:
    if message.identifier.type != "CUSRES" or upon.corridor is None:
        return None
    try:
        told = listen(message, unpacked(upon.ground).corridors.named(upon.corridor))
        return replace(told, given=None, texts=tuple(tree_text(tree) for tree in told.trees),
                       files=_files(upon.events, told.named))
    except Exception:  # as above
        return None


def _files(inbox: Archive | None, records: Sequence[tuple[Tree, str]]) -> Mapping[str, bytes] | None:
    """The national files of a message; None where the run has to write them."""
    found: dict[str, bytes] = {}
    for files in [None] if inbox is None else write_apart(inbox, records):
        if files is None:
            return None
        found.update(files)
    return found
