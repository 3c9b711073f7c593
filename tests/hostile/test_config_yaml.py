"""What can a hostile YAML file do to us? Mapping files and partner files arrive from others."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import yaml as reader
from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.config.yaml import Reading, read_partly

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from gateway.config import yaml as reader
if sys.argv[2] == "python":
    reader.PARSER = reader.PYTHON_PARSER
reading = reader.read_partly(Path(sys.argv[1]), "x.yaml")
print(" ".join(f"{one.code}@{one.place.line}:{one.place.column}" for one in reading.findings))
"""
BOMBS = {
    "200,000 opening brackets": (b"[" * 200_000, "S038@1:33"),
    "200,000 opening brackets behind a key": (b"a: " + b"[" * 200_000, "S038@1:35"),
    "200,000 opening braces": (b"{a: " * 200_000, "S038@1:129"),
    "100,000 nested dashes": (b"- " * 100_000, "S038@1:65"),
    "100,000 nested keys": (b"".join(b" " * depth + b"a:\n" for depth in range(1300)), "S038@33:33"),
    "100,000 question marks": (b"? " * 100_000, None),
    "an unclosed quote of a megabyte": (b"a: \"" + b"x\n " * 300_000, "S022@1:4"),
    "a key of a megabyte": (b"x" * 900_000 + b": y", None),
    "billion laughs": (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
                       "S030@1:4 S030@2:4 S031@2:8 S031@2:12 S031@3:5 S031@3:9"),
    "a python object": (b"a: !!python/object/apply:os.system ['true']\n", "S032@1:4"),
    "tabs only": (b"\t" * 999_999, None),
    "a syntax fault in front of 200,000 brackets": (b"a: b: c\n" + b"[" * 200_000, "S021@1:5"),
    "more than a megabyte": (b"a: b\n" * 200_001, "S003@None:None"),
    "half a character": (b"a: \xf0\x9f\x98", "S004@1:4"),
    "an overlong slash": (b"a: \xc0\xaf", "S004@1:4"),
    "a lone surrogate": (b"a: \xed\xa0\x80", "S004@1:4"),
}


@pytest.mark.parametrize("parser", ["c", "python"])
@pytest.mark.parametrize(("content", "expected"), BOMBS.values(), ids=BOMBS.keys())
def test_a_hostile_file_is_refused_and_never_kills_the_process(tmp_path: Path, content: bytes, expected: str | None,
                                                                   parser: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path), parser], cwd=ROOT, capture_output=True, text=True,
                          timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == expected if expected else done.stdout.startswith("S0")


def test_the_librarys_own_tree_builder_dies_or_gives_up_on_what_we_explain(tmp_path: Path) -> None:
    """Up to 6.0.3 the process is killed; later versions raise behind a thousand levels."""
    program = "import yaml; yaml.compose('[' * 200_000, Loader=yaml.CSafeLoader)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode != 0


def test_five_thousand_lines_are_read_in_a_fraction_of_a_second() -> None:
    content = "".join(f"key{number}:\n  - {{a: 'é', b: \"x\"}}\n  - text: |\n      l\n"
                      for number in range(1250)).encode()
    assert content.count(b"\n") == 5000
    started = time.perf_counter()
    assert read_partly(content, "x.yaml").findings == []
    assert time.perf_counter() - started < 2  # 0.1 s here; a shared machine gets its time


_PIECES = ["a", "b", "é", "😀", " ", "  ", "\n", "\n", "- ", ": ", ":", "? ", "[", "]", "{", "}", ", ", "'", '"', "|",
           ">", "&x", "*x", "!t", "#", " #", "%", "@", "`", "---", "...", "\\", "\t", "\r\n", "\u00a0", "~", "<<", "1",
           "|-\n", ">\n ", "key: ", "\n  ", "''", '\\"', "\\n", "\ufeff"]


def outline(node: Node | None) -> object:
    """A node with its places, for comparison."""
    if isinstance(node, MappingNode):
        return (node.line, node.column, [(outline(key), outline(value)) for key, value in node.items])
    if isinstance(node, SequenceNode):
        return (node.line, node.column, [outline(value) for value in node.items])
    if node is None or node.empty:  # a value that is missing has no place of its own; its key has
        return None
    return (node.line, node.column, node.text, node.style)


def read_with(parser: object, content: bytes) -> Reading:
    before = reader.PARSER
    reader.PARSER = parser
    try:
        return read_partly(content, "x.yaml")
    finally:
        reader.PARSER = before


def texts(node: Node | None) -> list[TextNode]:
    if isinstance(node, MappingNode):
        return [text for key, value in node.items for text in (key, *texts(value))]
    if isinstance(node, SequenceNode):
        return [text for value in node.items for text in texts(value)]
    return [] if node is None else [node]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=24).map("".join))
def test_any_text_is_read_alike_by_both_parsers_and_every_place_is_inside_the_file(text: str) -> None:
    with_c, with_python = (read_with(parser, text.encode()) for parser in (reader.PARSER, reader.PYTHON_PARSER))
    assert (with_c.whole, with_c.findings) == (with_python.whole, with_python.findings)
    if with_c.whole:
        assert outline(with_c.node) == outline(with_python.node)
    assert with_c.findings or with_c.node is not None
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for node in texts(with_c.node):
        for offset in range(len(node.text) + 1):
            line, column = node.place_of(offset)
            if with_c.findings:
                continue  # an anchor or a tag moves the start of its text; no exception is all that is asked
            assert 1 <= line <= len(lines) + 1
            written = f"{lines[line - 1]}\n" if line <= len(lines) else "\n"
            assert 1 <= column <= len(written)
            if offset < len(node.text):
                found, character = written[column - 1], node.text[offset]
                assert found == character or found == "\\" or (found in "\n " and character in "\n "), (node, offset)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    reading = read_partly(content, "x.yaml")
    assert reading.findings or reading.node is not None
