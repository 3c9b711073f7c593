"""Does the YAML reader see exactly what stands in the file, and where?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import yaml as reader
from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.config.yaml import language_of, read_document, read_partly
from gateway.errors import LocalError

PARSERS = {"c": reader.PARSER, "python": reader.PYTHON_PARSER}


@pytest.fixture(params=PARSERS, autouse=True)
def _each_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PARSER", PARSERS[request.param])


def plain(node: Node) -> object:
    """A node as plain Python values, without places."""
    if isinstance(node, MappingNode):
        return {key.text: plain(value) for key, value in node.items}
    if isinstance(node, SequenceNode):
        return [plain(value) for value in node.items]
    return node.text


def texts(node: Node) -> Iterator[TextNode]:
    if isinstance(node, MappingNode):
        for key, value in node.items:
            yield key
            yield from texts(value)
    elif isinstance(node, SequenceNode):
        for value in node.items:
            yield from texts(value)
    else:
        yield node


def faults(text: str | bytes) -> list[tuple[str, int | None, int | None, dict[str, str]]]:
    content = text.encode() if isinstance(text, str) else text
    findings = read_partly(content, "x.yaml").findings
    assert all(one.place.file == "x.yaml" for one in findings)
    return [(one.code, one.place.line, one.place.column, dict(one.values)) for one in findings]


def test_both_parsers_are_there() -> None:
    assert PARSERS["c"] is not PARSERS["python"]


def test_a_document_becomes_texts_with_places_that_count_from_one_in_characters() -> None:
    node = read_document("é: [à, {b: 'c'}]\nliste:\n  - x\n".encode(), "x.yaml")
    assert plain(node) == {"é": ["à", {"b": "c"}], "liste": ["x"]}
    assert [(one.text, one.line, one.column, one.quoted) for one in texts(node)] == [
        ("é", 1, 1, False), ("à", 1, 5, False), ("b", 1, 9, False), ("c", 1, 12, True),
        ("liste", 2, 1, False), ("x", 3, 5, False)]
    assert isinstance(node, MappingNode)
    sequence = node.get("liste")
    assert isinstance(sequence, SequenceNode)
    assert (sequence.line, sequence.column) == (3, 3)
    assert (node.get("absent"), node.key("absent")) == (None, None)


def test_a_byte_order_mark_and_windows_line_ends_move_no_place() -> None:
    node = read_document(b"\xef\xbb\xbfa: |\r\n  x\r\n  yz\r\nb: c\r\n", "x.yaml")
    assert plain(node) == {"a": "x\nyz\n", "b": "c"}
    assert isinstance(node, MappingNode)
    block = node.get("a")
    assert isinstance(block, TextNode)
    assert [block.place_of(offset) for offset in (0, 2, 3, 5)] == [(2, 3), (3, 3), (3, 4), (4, 1)]


BLOCKS = {
    "literal": "a: |\n  LOC+118+é{x}'\n\n    NAD\n",
    "literal stripped": "a: |-\n  x\n  y\n",
    "literal kept": "a: |+\n  x\n\n\nb: y\n",
    "literal with announced indentation": "a: |2\n    two more\n  é\n",
    "literal with both, and a comment": "a: |+1  # why\n  one more\n é\n\n",
    "literal that begins with blank lines": "a: |\n\n\n  x\n",
    "literal in a list": "a:\n- |\n x\n y\n- - b: |2-\n       é\n      y\n",
    "literal of blanks only": "a: |+\n\n\n",
    "literal with a line of blanks": "a: |\n  x\n     \n  y\n",
    "folded": "a: >\n  l'été\n  est\n\n  là\n    retrait\n    deux\n  fin\n\n",
    "folded stripped": "a: >-\n  x\n\n\n  y\n",
    "folded kept": "a: >+\n  x\n  y\n\n\nb: c\n",
    "folded with announced indentation": "a: >1\n   ink\n é\n à\n",
    "folded that begins with blank lines": "a: >\n\n\n  x\n  y\n",
    "plain": "a: un  deux é\n",
    "plain over lines": "a: un\n  deux\n\n\n  trois\n",
    "single quotes": "a: 'l''été'\nb: ' x\n  y\n\n  z '\n",
    "double quotes": 'a: "\\u00e9\\x41\\U0001F600b\\"\\\\ c"\nb: " x \\\n   \\ y\n\n  z "\n',
    "after an emoji": "a: [😀, '😀x', y]\n",
}


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS.keys())
def test_every_character_of_every_text_is_found_again_in_the_file(text: str) -> None:
    lines = [line + "\n" for line in text.split("\n")]
    for node in texts(read_document(text.encode(), "x.yaml")):
        for offset, character in enumerate(node.text):
            line, column = node.place_of(offset)
            found = lines[line - 1][column - 1]
            if node.style in ("|", "'", "plain", ">"):
                folded = character == " " and found == "\n"
                assert found == character or folded, (node, offset)
            else:
                assert found in (character, "\\", "\n"), (node, offset)
        for offset in (-1, len(node.text) + 1):
            with pytest.raises(IndexError):
                node.place_of(offset)


def test_the_end_of_a_text_has_a_place_too() -> None:
    node = read_document(b"a: |\n  x\n  y\nb: |-\n  x\nc: 'd'\ne: fg\nh: ''\ni: >\n  j\n", "x.yaml")
    assert isinstance(node, MappingNode)
    ends = {key.text: value.place_of(len(value.text)) for key, value in node.items if isinstance(value, TextNode)}
    assert ends == {"a": (4, 1), "b": (5, 4), "c": (6, 6), "e": (7, 6), "h": (8, 5), "i": (11, 1)}


_INK = st.text("abé😀 '{}+:", min_size=1, max_size=12).filter(lambda line: line.strip(" ") != "")


@given(lines=st.lists(st.one_of(_INK, st.just("")), min_size=1, max_size=8), indent=st.integers(1, 6),
       chomping=st.sampled_from(["", "-", "+"]))
def test_any_literal_block_leads_back_to_its_characters(lines: list[str], indent: int, chomping: str) -> None:
    if not any(lines):
        return
    document = "\n".join([f"k: |{indent}{chomping}", *(" " * indent + line if line else "" for line in lines), ""])
    node = read_document(document.encode(), "x.yaml")
    assert isinstance(node, MappingNode)
    block = node.get("k")
    assert isinstance(block, TextNode)
    written = [line + "\n" for line in document.split("\n")]
    found = "".join(written[line - 1][column - 1]
                    for line, column in (block.place_of(offset) for offset in range(len(block.text))))
    assert found == block.text


def test_a_missing_value_is_a_fault_at_its_key_and_an_empty_text_is_none() -> None:
    assert faults("a:\n  b: ''\n  c:\nd:\n- \n- \"\"\n") == [("S039", 3, 3, {"key": "c"}), ("S039", 5, 2, {"key": "-"})]


def test_t2_a_key_that_stands_twice_is_a_fault_with_both_places() -> None:
    assert faults("a: 1\nb: {c: 1, c: 2}\na: 3\n\"a\": 4\n") == [
        ("S034", 2, 11, {"key": "c", "line": "2", "column": "5"}),
        ("S034", 3, 1, {"key": "a", "line": "1", "column": "1"}),
        ("S034", 4, 1, {"key": "a", "line": "1", "column": "1"})]


@pytest.mark.parametrize(("text", "expected"), [
    ("a: &x 1\n", [("S030", 1, 4, {"value": "&x"})]),
    ("a: *x\n", [("S031", 1, 4, {"value": "*x"})]),
    ("a: !!int 1\nb: ! x\n", [("S032", 1, 4, {"value": "tag:yaml.org,2002:int"}), ("S032", 2, 4, {"value": "!"})]),
    ("a:\n  <<: {b: c}\n", [("S033", 2, 3, {})]),
    ("%YAML 1.2\n---\na: b\n", [("S008", 1, 1, {"value": "%YAML"})]),
    ("# x\n%UNKNOWN\n---\na: b\n", [("S008", 2, 1, {"value": "%UNKNOWN"})]),
    ("a: b\n---\nc: d\n", [("S035", 2, 1, {})]),
    ("", [("S036", 1, 1, {})]),
    ("# only a comment\n", [("S036", 1, 1, {})]),
    ("---\n", [("S036", 1, 1, {})]),
    ("? [a]\n: b\n", [("S037", 1, 3, {})]),
    ("*x : b\n", [("S031", 1, 1, {"value": "*x"})]),
    ("'': b\n", [("S037", 1, 1, {})]),
    ("? |\n  a\n: b\n", [("S037", 1, 3, {})]),
    ("[" * 33, [("S038", 1, 33, {"limit": "32"})]),
    ("a:\tb\n", [("S006", 1, 3, {})]),
    ("a: x\x07y\x0cz\n", [("S007", 1, 5, {"character": "U+0007"}), ("S007", 1, 7, {"character": "U+000C"})]),
    ("a: x\u2028y\u202e\n", [("S007", 1, 5, {"character": "U+2028"}), ("S007", 1, 7, {"character": "U+202E"})]),
    ("a: b\rc: d\n", [("S007", 1, 5, {"character": "U+000D"})]),
    ("a: x\u00a0y\n", [("S010", 1, 5, {"character": "U+00A0"})]),
    ("a:\u00a0y\n", [("S010", 1, 3, {"character": "U+00A0"}), ]),
    ("a: b\n\u00a0\u00a0c: d\n", [("S010", 2, 1, {"character": "U+00A0"})]),
    ("a: ’BF’\n", [("S011", 1, 4, {"character": "’"})]),
    (b"a: \xe9\n", [("S004", 1, 4, {"byte": "E9"})]),
    ("a: é\n".encode("utf-16"), [("S005", 1, 1, {})]),
    ("a: é\n".encode("utf-32"), [("S005", 1, 1, {})]),
    (b"#" * 1_000_001, [("S003", None, None, {"limit": "1000000"})]),
    ("a: b: c\n", [("S021", 1, 5, {})]),
    ("a: 'b\nc: d\n", [("S022", 1, 4, {})]),
    ("a: [b, c\nd: e\n", [("S023", 1, 4, {})]),
    ("a: @b\n", [("S024", 1, 4, {})]),
    ("a: b\n c: d\n", [("S021", 2, 3, {})]),
    ("a:\n  b: c\n d: e\n", [("S025", 3, 2, {})]),
    ("a: b\nc\nd: e\n", [("S026", 2, 1, {})]),
    ("a: \"\\q\"\n", [("S027", 1, 6, {})]),
    ("a: |x\n  y\n", [("S020", 1, 5, {})]),
])
def test_everything_surprising_is_a_fault_with_its_place(text: str | bytes,
                                                         expected: list[tuple[str, int, int, dict[str, str]]]) -> None:
    assert faults(text) == expected


def test_no_break_spaces_are_welcome_where_the_writing_says_text() -> None:
    node = read_document("a: 'x\u00a0: y'\nb: |\n  «\u00a0z\u00a0»\nc: l’été  # \u00a0\n".encode(), "x.yaml")
    assert plain(node) == {"a": "x\u00a0: y", "b": "«\u00a0z\u00a0»\n", "c": "l’été"}


def test_all_faults_of_a_file_come_at_once_in_the_order_of_the_file() -> None:
    assert [fault[:3] for fault in faults("a: &x 1\nb:\na: !t 2\nc:\u00a0d\ne: *x\n")] == [
        ("S030", 1, 4), ("S039", 2, 1), ("S034", 3, 1), ("S032", 3, 4), ("S010", 4, 3)]


def test_a_tab_hides_the_syntax_fault_it_causes() -> None:
    assert faults("a:\n\tb: c\n  d: e\n f: g\n") == [("S006", 2, 1, {})]


def test_more_faults_than_a_person_reads_are_counted() -> None:
    found = faults("a: 1\n" * 150)
    assert len(found) == 101
    assert found[-1] == ("S009", None, None, {"count": "49"})


def test_a_file_that_is_not_there_or_no_file_is_a_fault(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "absent.yaml", "S001"), (tmp_path, "S002")):
        with pytest.raises(LocalError) as error:
            read_document(path)
        assert [(one.code, one.place.file) for one in error.value.findings] == [(code, str(path))]


def test_the_language_can_be_peeked_at_before_anything_else_is_right(tmp_path: Path) -> None:
    path = tmp_path / "edi.yaml"
    assert language_of(path) is None
    path.write_text("language: en\nunknown: &x\n", "utf-8")
    assert language_of(path) == "en"
    path.write_text("- language\n", "utf-8")
    assert language_of(path) is None
