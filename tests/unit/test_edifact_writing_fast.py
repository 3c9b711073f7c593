"""Is what is written as one text what would be written segment by segment?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edifact import Message, MessageIdentifier, Repeated, WireMessage, compose_message, escape, to_wire
from gateway.edifact.characters import CANONICAL, CANONICAL_4, INFORMATION_SEPARATORS, ServiceCharacters
from gateway.edifact.wire import Wire

CUSRES = MessageIdentifier("CUSRES", "D", "96B")
values = st.text("Aa1 ?'+:*\u00c9\x1c\x1d\x1f", max_size=5)
elements = st.lists(st.lists(values, max_size=3).map(tuple), max_size=4).map(tuple)
segments = st.lists(st.tuples(st.sampled_from(["BGM", "FTX"]), elements), max_size=5)


def one_by_one(listed: list[tuple[str, tuple[tuple[str, ...], ...]]], version: str) -> str:
    def text(value: str) -> str:
        return escape(value).replace("*", "?*") if version == "4" else escape(value)

    return "".join("+".join([tag, *(":".join(map(text, one)) for one in found)]) + "'" for tag, found in listed)


@given(segments, st.sampled_from(["3", "4"]))
def test_a_message_composed_from_values_is_written_as_value_by_value(
    listed: list[tuple[str, tuple[tuple[str, ...], ...]]], version: str
) -> None:
    assert compose_message(CUSRES, listed, "ref", syntax_version=version) == WireMessage(
        CUSRES, one_by_one(listed, version), len(listed), "ref", version)


def test_repeated_elements_are_composed_for_version_4_alone() -> None:
    listed = [("COM", (Repeated([("1", "TE"), ("2*", "F+")]),))]
    assert compose_message(CUSRES, listed, syntax_version="4").body == "COM+1:TE*2?*:F?+'"
    with pytest.raises(ValueError, match="repeated"):
        compose_message(CUSRES, listed)


@given(
    st.lists(st.sampled_from(["?", "'", "+", ":", "*", "A", " ", "\u00c9", "\x01", "FTX"]), max_size=16).map("".join),
    st.sampled_from([CANONICAL, CANONICAL_4, ServiceCharacters(release=None), ServiceCharacters(component=";"),
                     INFORMATION_SEPARATORS]),
    st.sampled_from([None, "utf-8"]),
    st.sampled_from(["3", "4"]),
)
def test_a_message_written_again_is_written_as_segment_by_segment(
    text: str, service: ServiceCharacters, codec: str | None, version: str
) -> None:
    wire = Wire(f"UNH+1+CUSRES:D:96B:UN'BGM+1'{text}", service, codec)
    message = Message(wire, 0, len(wire.raws), False)
    inner = message.segments[1:]
    if version == "3" and any(isinstance(element, Repeated) for one in inner for element in one.elements):
        with pytest.raises(ValueError, match="repeated"):
            to_wire(message, syntax_version=version)
        return
    written = to_wire(message, syntax_version=version)
    again = Wire(written.body, CANONICAL_4 if version == "4" else CANONICAL)
    assert written.segments == len(inner)
    assert again.raws == [] or again.complete
    assert [(again.tag(raw), again.elements(raw)) for raw in again.raws] == [
        ((one.tag, one.nesting), tuple(() if element == ("",) else element for element in one.elements))
        for one in inner]  # a release character that ends an unfinished text is no value
    headed = Wire(f"UNH'{written.body}", again.service)
    assert to_wire(Message(headed, 0, len(headed.raws), False), syntax_version=version).body == written.body
