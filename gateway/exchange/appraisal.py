"""What is found of a partner's declaration without looking into a ledger: syntax, record, rules, national files. Pure.

The run asks this of each message itself, or has it from workers, which are given interchanges ahead (`foresight`). A
worker that finds anything wrong says nothing of it: the run finds it again and tells it. By which mapping a record was
read stands in it; the run reads it anew where it should have been another.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import Message, check_message, read_interchanges, to_wire
from gateway.exchange.conversion import unpacked
from gateway.ledger.codec import TreeText, decode_tree, tree_text
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
    received  None where the run has to read it
    """

    sound: bool
    glance: Peek
    body: str
    received: Received | None


def ready() -> None:
    """What a worker is asked for ahead of its work: to have loaded this module."""


def appraise(ground: bytes, inbox: Archive | None, octets: bytes) -> list[Appraisal]:
    """Appraise every message of some octets.

    ground  as `ground_of` gives it
    inbox   the dialect in which national files are written; None where that is left to the run
    octets  header and messages of an interchange
    """
    interchange = next(read_interchanges(octets))
    header = interchange.header
    found = []
    for message in interchange.messages:
        sound = not check_message(message, header.syntax_version or None, header.control_reference or None)
        glance = peek(message) if sound else Peek()
        found.append(Appraisal(sound=sound, glance=glance, body=body_of(message),
                               received=_received(ground, inbox, message, glance) if sound else None))
        message.forget()
    return found


def _received(ground: bytes, inbox: Archive | None, message: Message, glance: Peek) -> Received | None:
    if message.identifier.type != "CUSDEC" or glance.departure is None or glance.destination is None:
        return None
    try:
        mapping = unpacked(ground).corridors.between(glance.departure, glance.destination).cusdec
        received = receive(message, mapping)
        declaration = received.declaration
        if received.failures or declaration.mrn is None or declaration.function not in WHOLE:
            return None
        return replace(
            received, declaration=replace(declaration, items=()), given=None, text=tree_text(received.tree),
            annex=mapping.annex(message),
            files=None if inbox is None else write_apart(inbox, [(received.tree, stem_of(declaration))])[0])
    except Exception:  # the run finds it again, and says of which message
        return None
