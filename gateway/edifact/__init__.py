"""UN/EDIFACT on the wire: bytes to interchanges and back, envelope, character sets, directories, conformance, CONTRL.

Knows no customs: what a code means for a transit is the mapping's business. `read_interchanges` never raises for bad
content; everything wrong is a Finding with a place and, where a partner is told, a fault code (0085).
"""

from gateway.edifact.conformance import SEGMENTS, check_message, validate
from gateway.edifact.contrl import (
    Contrl,
    ContrlElement,
    ContrlGroup,
    ContrlMessage,
    ContrlSegment,
    read_contrl,
)
from gateway.edifact.contrl_making import make_contrl, rejected, rejected_messages, wants_contrl
from gateway.edifact.describe import SegmentDescription, code_name, describe, tree
from gateway.edifact.directory import load_directory
from gateway.edifact.form import Form, rewrite, rewrite_file
from gateway.edifact.interchange import Interchange
from gateway.edifact.model import (
    Group,
    InterchangeHeader,
    Message,
    MessageIdentifier,
    Segment,
    WireMessage,
)
from gateway.edifact.plain import escape
from gateway.edifact.reader import read_interchanges, read_wire
from gateway.edifact.reported import reported_findings
from gateway.edifact.streaming import StreamedInterchange, stream_interchanges, validate_stream
from gateway.edifact.tree_form import content_of
from gateway.edifact.wire import Element, Repeated
from gateway.edifact.writer import compose_message, foreign_characters, to_wire, write_interchange

__all__ = [
    "SEGMENTS",
    "Contrl",
    "ContrlElement",
    "ContrlGroup",
    "ContrlMessage",
    "ContrlSegment",
    "Element",
    "Form",
    "Group",
    "Interchange",
    "InterchangeHeader",
    "Message",
    "MessageIdentifier",
    "Repeated",
    "Segment",
    "SegmentDescription",
    "StreamedInterchange",
    "WireMessage",
    "check_message",
    "code_name",
    "compose_message",
    "content_of",
    "describe",
    "escape",
    "foreign_characters",
    "load_directory",
    "make_contrl",
    "read_contrl",
    "read_interchanges",
    "read_wire",
    "rejected",
    "rejected_messages",
    "reported_findings",
    "rewrite",
    "rewrite_file",
    "stream_interchanges",
    "to_wire",
    "tree",
    "validate",
    "validate_stream",
    "wants_contrl",
    "write_interchange",
]
