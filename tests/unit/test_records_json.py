"""Does the JSON reader know where each value stands, and refuse what other readers lose?"""

from __future__ import annotations

import pytest

from gateway.errors import LocalError
from gateway.findings import Place
from gateway.records.json import read_json, write_json
from gateway.records.nodes import Kind


def test_every_value_has_line_column_and_pointer_and_numbers_keep_their_digits() -> None:
    root = read_json('{"a": [\n  {"b/c": 12.500},\n "d"], "é": "x", "n": null}'.encode(), "f.json")
    number = root.children["a"][0].children[""][0].children["b/c"][0]
    assert (number.text, number.kind, number.place("f.json")) == (
        "12.500", Kind.NUMBER, Place(file="f.json", line=2, column=11, locator="/a/0/b~1c"))
    text = root.children["a"][0].children[""][1]
    assert (text.text, text.place("f.json")) == ("d", Place(file="f.json", line=3, column=2, locator="/a/1"))
    assert root.children["n"][0].kind is Kind.NULL


@pytest.mark.parametrize(("text", "line", "column"), [
    ('{"a": 1,}', 1, 9), ('{"a" 1}', 1, 6), ("[1 2]", 1, 4), ("{\n 'a': 1}", 2, 2), ("NaN", 1, 1), ("[01]", 1, 3),
    ('"a\nb"', 1, 1), ("", 1, 1), ("{} x", 1, 4), ('"\\ud800"', 1, 9), ("+1", 1, 1)])
def test_what_is_not_json_is_refused_where_it_stops_being_json(text: str, line: int, column: int) -> None:
    with pytest.raises(LocalError) as caught:
        read_json(text.encode(), "f")
    place = caught.value.findings[0].place
    assert (caught.value.code, place.line, place.column) == ("R020", line, column)


def test_a_key_that_stands_twice_is_refused_at_the_second() -> None:
    with pytest.raises(LocalError) as caught:
        read_json(b'{"a": 1,\n "a": 2}', "f")
    assert [(finding.code, finding.place) for finding in caught.value.findings] == [
        ("R021", Place(file="f", line=2, column=2))]


def test_bytes_that_are_not_utf_8_are_refused_with_their_place() -> None:
    with pytest.raises(LocalError) as caught:
        read_json(b'\xef\xbb\xbf{\n"a": "\xe9"}', "f")
    assert [(finding.code, finding.place) for finding in caught.value.findings] == [
        ("R006", Place(file="f", line=2, column=7))]


def test_what_is_written_is_read_again() -> None:
    content = write_json({"a": [{"b": "é\"\\\n"}, {}], "n": 3, "t": True})
    assert content == b'{\n "a": [\n  {\n   "b": "\xc3\xa9\\"\\\\\\n"\n  },\n  {}\n ],\n "n": 3,\n "t": true\n}\n'
    assert read_json(content, "f").children["a"][0].children[""][0].children["b"][0].text == "é\"\\\n"
