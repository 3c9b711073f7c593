"""Does pydifact, which is not ours, read what we write as we do, and can its users have our reading?"""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydifact.parser import Parser
from pydifact.segmentcollection import Interchange as PydifactsOwn
from pydifact.segments import Segment as StockSegment

from gateway.edifact import (
    InterchangeHeader,
    MessageIdentifier,
    WireMessage,
    escape,
    read_interchanges,
    to_wire,
    write_interchange,
)
from gateway.edifact.pydifact_bridge import GatewayParser, RepeatedElement

GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
HEADER = InterchangeHeader(
    sender="TGOTR",
    sender_qualifier="ZZZ",
    recipient="BFDGD",
    recipient_qualifier="ZZZ",
    prepared=datetime(2026, 3, 10, 10, 16, tzinfo=UTC),
    control_reference="TG0000004711",
)
CUSRES = MessageIdentifier("CUSRES", "D", "96B", "UN", "COR10")


@pytest.fixture(autouse=True)
def _without_the_data_its_wheel_lacks() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stock pydifact warns for each service segment it cannot validate
        yield


def stock(content: bytes) -> list[tuple[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [(segment.tag, segment.elements) for segment in Parser().parse(content.decode("iso8859-1"))][1:]


def ours(content: bytes) -> list[tuple[str, Any]]:
    (interchange,) = read_interchanges(content)
    return [(segment.tag, segment.elements) for segment in interchange.to_pydifact().segments]


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.edi")), ids=lambda file: file.stem)
def test_stock_pydifact_reads_every_sample_we_write_as_we_do(file: Path) -> None:
    (interchange,) = read_interchanges(file)
    content = write_interchange(HEADER, [(message.reference, to_wire(message)) for message in interchange.messages])
    assert stock(content) == ours(content)


texts = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from("\u00c9\u00e9\u00f4\u00ff?'+:"),
    min_size=1,
    max_size=8,
)
components = st.lists(texts, min_size=1, max_size=4)
segments = st.tuples(st.sampled_from(["BGM", "FTX", "LOC"]), st.lists(components, min_size=1, max_size=5))


@given(st.lists(segments, min_size=1, max_size=8))
def test_stock_pydifact_reads_whatever_we_write_as_we_do(message: list[tuple[str, list[list[str]]]]) -> None:
    body = "".join(
        "+".join([tag, *(":".join(map(escape, element)) for element in elements)]) + "'" for tag, elements in message
    )
    content = write_interchange(HEADER, [("1", WireMessage(CUSRES, body, len(message)))])
    assert stock(content) == ours(content)
    assert [elements for _, elements in ours(content)[2:-2]] == [
        [element if len(element) > 1 else element[0] for element in elements] for _, elements in message
    ]


def test_our_parser_plugs_into_pydifact() -> None:
    text = (GOLDEN / "interchange_cusdec_tg_bf.edi").read_bytes().decode("iso8859-1")
    theirs = PydifactsOwn.from_str(text, parser=GatewayParser())
    assert (theirs.sender, theirs.recipient, theirs.control_reference) == (
        ["TGOTR", "ZZZ"],
        ["BFDGD", "ZZZ"],
        "TG0000004711",
    )
    (message,) = theirs.get_messages()
    assert len(message.segments) == 82
    bgm = message.get_segment("BGM")
    assert bgm is not None
    assert bgm.elements == [["950", "", "", "T1"], ["26TGLPLT0000182338", "0"], "9"]


def test_what_pydifact_does_not_know_comes_through_the_bridge() -> None:
    text = (
        b"UNB+UNOC:4+S+R+20260310:1016+1'UNG+CUSRES+S+R+20260310:1016+7+UN+D:16B'UNH+1+CUSRES:D:16B:UN++1:C'COM+1:TE*2:F?*X'UNT+3+1'"
        b"UNE+1+7'UNZ+1+1'"
    )
    (interchange,) = read_interchanges(text)
    theirs = interchange.to_pydifact()
    assert theirs.una is None
    assert [segment.tag for segment in theirs.segments] == ["UNB", "UNG", "UNH", "COM", "UNT", "UNE", "UNZ"]
    assert theirs.segments[3].elements == [RepeatedElement([["1", "TE"], ["2", "F*X"]])]
    assert [[segment.tag for segment in message] for message in theirs.messages] == [["UNH", "COM", "UNT"]]
    assert theirs.messages[0][0].elements == ["1", ["CUSRES", "D", "16B", "UN"], "", ["1", "C"]]


def test_a_segment_of_ours_is_as_good_as_one_of_theirs() -> None:
    text = (GOLDEN / "interchange_cusdec_tg_bf.edi").read_bytes().decode("iso8859-1")
    mine = list(GatewayParser().parse(text))[1:]
    stocks = list(Parser().parse(text))[1:]
    assert mine == stocks
    assert stocks == mine
    copied = [copy.deepcopy(list(GatewayParser().parse(text)))[1:], pickle.loads(pickle.dumps(mine))]
    assert copied == [stocks, stocks]
    assert {type(segment) for segment in copied[1]} == {StockSegment}
    changed = next(iter(GatewayParser().parse("BGM+950:::T1+X+9'")))
    changed[1] = "Y"
    assert changed.elements == [["950", "", "", "T1"], "Y", "9"]
    changed.elements = ["Z"]
    assert (changed[0], changed[1], str(changed)) == ("Z", None, "'BGM' EDI segment: ['Z']")


def test_what_pydifact_writes_from_our_reading_is_what_it_writes_from_its_own() -> None:
    text = (GOLDEN / "interchange_cusdec_tg_bf.edi").read_bytes().decode("iso8859-1")
    assert PydifactsOwn.from_str(text, parser=GatewayParser()).serialize() == PydifactsOwn.from_str(text).serialize()
