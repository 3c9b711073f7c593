"""The sample messages of the profile: a line break after each segment is for people and does not travel."""

from __future__ import annotations

from pathlib import Path

from gateway.edifact import Message, MessageIdentifier, WireMessage, read_wire

FOLDER = Path(__file__).parent
MAPPINGS = Path(__file__).parents[3] / "mappings"
DECLARATIONS = sorted(path.stem for path in FOLDER.glob("cusdec_*.edi"))
EVENTS = sorted(path.stem for path in FOLDER.glob("cusres_*.edi"))


def wire(name: str) -> WireMessage:
    """One sample without UNH and UNT."""
    lines = (FOLDER / f"{name}.edi").read_text("latin-1").split("'\n")
    segments = [line.strip("\r\n") for line in lines if line.strip("\r\n")]
    kind = name.partition("_")[0].upper()
    assert segments[0] == f"UNH+1+{kind}:D:96B:UN:COR10"
    assert segments[-1] == f"UNT+{len(segments)}+1"
    identifier = MessageIdentifier(kind, "D", "96B", "UN", "COR10")
    return WireMessage(identifier, "".join(f"{segment}'" for segment in segments[1:-1]), len(segments) - 2)


def message(name: str) -> Message:
    """One sample, read."""
    return read_wire(wire(name))
