"""Are the directory facts whole, small, and the same as the profile quotes them?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.edifact import MessageIdentifier, load_directory
from gateway.edifact import directory as module
from gateway.edifact.directory import RELEASES, Directory, Node, directory_of, known_messages
from gateway.edifact.rules import compile_segment
from gateway.edifact.structure import Structure

FOLDER = Path(module.__file__).parent / "directories"


def leaves(nodes: tuple[Node, ...]) -> list[str]:
    return [tag for node in nodes for tag in (leaves(node.children) if node.children else [node.id])]


def test_all_releases_together_stay_small_and_every_file_names_its_source() -> None:
    files = sorted(FOLDER.glob("*.txt"))
    assert len(files) == len(RELEASES) + 5
    assert sum(file.stat().st_size for file in files) < 700_000
    for file in files:
        assert file.read_text("utf-8").startswith(
            "# Facts from the UN/EDIFACT directories, (c) United Nations; not the UN/EDIFACT directory itself."
        )


@pytest.mark.parametrize("version", ["1", "2", "3", "4"])
@pytest.mark.parametrize("release", [None, *RELEASES])
def test_every_message_segment_and_element_of_every_release_is_complete(release: str | None, version: str) -> None:
    directory = load_directory(release, version)
    for message_type in directory.messages:
        message = directory.message(message_type)
        assert message is not None
        assert Structure(message).positions[-1].tag == "UNT"
        for tag in leaves(message.structure):
            segment = directory.segment(tag)
            assert segment is not None, (message_type, tag)
            assert compile_segment(segment, directory).tag == tag


def test_the_structure_of_the_response_message_is_that_of_d96b() -> None:
    message = load_directory("D.96B").message("CUSRES")
    assert message is not None
    assert message.name == "Customs response message"
    assert [(node.id, node.mandatory, node.maximum, node.trigger) for node in message.structure] == [
        ("UNH", True, 1, "UNH"),
        ("BGM", True, 1, "BGM"),
        ("DTM", False, 9, "DTM"),
        ("FTX", False, 9, "FTX"),
        ("TDT", False, 9, "TDT"),
        ("LOC", False, 99, "LOC"),
        ("GIS", False, 10, "GIS"),
        ("EQD", False, 999, "EQD"),
        ("SG1", False, 9, "NAD"),
        ("SG3", False, 999, "RFF"),
        ("SG4", False, 99, "ERP"),
        ("SG5", False, 99, "TAX"),
        ("SG6", False, 9999, "DOC"),
        ("CNT", False, 9, "CNT"),
        ("SG13", False, 9, "AUT"),
        ("UNT", True, 1, "UNT"),
    ]


@pytest.mark.parametrize(
    ("release", "element", "form"),
    [
        ("D.96B", "9308", "an..10"),
        ("D.04A", "9308", "an..35"),
        ("D.96B", "1154", "an..35"),
        ("D.96B", "4440", "an..70"),
        ("D.04A", "4440", "an..512"),
        ("D.96B", "3225", "an..25"),
        ("D.96B", "6314", "an..18"),
        ("D.96B", "7224", "n..8"),
        ("D.96B", "9280", "an..35"),
        ("D.96B", "1496", "n..5"),
        (None, "0035", "n1"),
        (None, "0020", "an..14"),
    ],
)
def test_the_limits_that_bite_are_there(release: str | None, element: str, form: str) -> None:
    found = load_directory(release).element(element)
    assert found is not None
    assert found.format == form


def test_codes_belong_to_their_release() -> None:
    assert load_directory("D.96B").codes("3227")["118"] == load_directory("D.04A").codes("3227")["118"]
    assert "950" in load_directory("D.96B").codes("1001")
    assert load_directory("D.96B").codes("3207") == {}
    assert len(load_directory("D.95B").codes("1001")) < len(load_directory("D.16B").codes("1001"))
    assert load_directory(None, "3").codes("0083")["8"] == "Interchange received"
    assert load_directory(None, "4").codes("0035").keys() >= {"1", "2", "3", "4", "5"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CUSDEC:D:96B:UN", "D.96B"),
        ("CUSRES:D:04A:UN", "D.04A"),
        ("CONTRL:D:3:UN", "service"),
        ("CONTRL:4:1:UN", "service"),
        ("CUSDEC:D:96B:EC", None),
        ("CUSDEC:D:97A:UN", None),
        ("ORDERS:D:96B:UN", None),
        ("CONTRL:2:2:UN", None),
    ],
)
def test_a_message_finds_its_directory_or_none(text: str, name: str | None) -> None:
    found = directory_of(MessageIdentifier(*text.split(":")), "3")
    assert (found.name if found else None) == name


def test_what_is_known_is_named_to_who_asks_for_something_else() -> None:
    assert known_messages(MessageIdentifier("ORDERS", "D", "97A")) == RELEASES
    assert "CUSDEC" in known_messages(MessageIdentifier("ORDERS", "D", "96B"))


def test_an_unknown_release_or_version_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"D\.97A"):
        Directory("D.97A", "3")
    with pytest.raises(ValueError, match="version 7"):
        Directory("D.96B", "7")


def test_unknown_names_give_none() -> None:
    directory = load_directory("D.96B")
    assert (
        directory.message("XXXXXX"),
        directory.segment("XXX"),
        directory.composite("C999"),
        directory.element("9999"),
    ) == (None,) * 4
    assert directory.codes("9999") == {}
