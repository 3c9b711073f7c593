"""What is a sample written in? Settled where the sample settles it, told as a guess where it does not."""

from __future__ import annotations

import pytest

from gateway.errors import LocalError
from gateway.mapping.bench.detect import Detected, date_patterns, detect


def csv(text: str, encoding: str = "utf-8") -> Detected:
    return detect(text.encode(encoding), "sample.csv")


def guesses(found: Detected) -> list[tuple[str, dict[str, str]]]:
    return [(one.code, dict(one.values)) for one in found.guesses]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_the_one_under_which_every_line_is_as_wide_as_the_headings(delimiter: str) -> None:
    rows = [["DÉSIGNATION", "MASSE"], ["riz; long, blanc | \"A\"".replace(delimiter, " "), "12 500.5"]]
    text = "\n".join(delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows)
    found = csv(text)
    assert (found.kind, found.delimiter, found.headings) == ("csv", delimiter, ("DÉSIGNATION", "MASSE"))
    assert [list(row) for row in found.rows] == [rows[1]]


@pytest.mark.parametrize(("encoding", "text", "wanted", "guess"), [
    ("utf-8", "DÉSIGNATION;N\nx;1,5\n", ("utf-8", False), []),
    ("utf-8-sig", "A;N\nx;1,5\n", ("utf-8", True), []),
    ("cp1252", "DÉSIGNATION;N\nl’œuf;1,5\n", ("windows-1252", False), []),
    ("cp1252", "DÉSIGNATION;N\nx;1,5\n", ("windows-1252", False), [("M464", {"encoding": "windows-1252"})]),
    ("latin-1", "DÉSIGNATION;N\nx\x81;1,5\n", ("iso-8859-1", False), []),
    ("ascii", "A;N\nx;1,5\n", ("utf-8", False), [("M463", {"encoding": "utf-8"})]),
])
def test_the_encoding_is_told_and_a_guess_where_nothing_settles_it(
        encoding: str, text: str, wanted: tuple[str, bool], guess: list[tuple[str, dict[str, str]]]) -> None:
    found = csv(text, encoding)
    assert (found.encoding, found.mark) == wanted
    assert guesses(found) == guess


@pytest.mark.parametrize(("numbers", "delimiter", "mark", "guess"), [
    (["1,5", "2"], ";", ",", []),
    (["1.5", "2"], ";", ".", []),
    (["24 310,750"], ";", ",", []),
    (["24\u00a0310,750"], ";", ",", []),
    (["12"], ";", ",", [("M465", {"mark": ","})]),
    (["12"], ",", ".", [("M465", {"mark": "."})]),
    (["12.500"], ";", ".", [("M466", {"value": "12.500"})]),
    (["12.500", "0.5"], ";", ".", []),
    (["1,5", "2,5", "3.5"], ";", ",", [("M467", {"mark": ",", "other": "."})]),
    (["1.234,56", "0,5"], ";", ",", [("M466", {"value": "1.234,56"})]),
])
def test_the_decimal_mark_is_the_one_of_the_numbers(numbers: list[str], delimiter: str, mark: str,
                                                    guess: list[tuple[str, dict[str, str]]]) -> None:
    found = csv("".join(f"{one}{delimiter}é\n" for one in ["A", *numbers]))
    assert found.delimiter == delimiter
    assert (found.decimal, guesses(found)) == (mark, guess)


def test_a_line_of_totals_and_columns_without_heading_are_set_apart() -> None:
    found = csv("RÉF;MASSE;;\nA;1,5;;\nB;2,5;;\nTOTAL;4,0\n")
    assert (found.totals, found.headings, found.column("MASSE")) == ("TOTAL", ("RÉF", "MASSE"), ["1,5", "2,5"])


def test_xml_tells_its_root_and_the_encoding_it_declares() -> None:
    found = detect(b'<?xml version="1.0" encoding="windows-1252"?>\n<!-- <X> -->\n<ASYCUDA>\xe9</ASYCUDA>', "x.xml")
    assert (found.kind, found.root, found.encoding) == ("xml", "ASYCUDA", "windows-1252")
    assert detect("\ufeff<a:Decl xmlns:a='u'/>".encode(), "x.xml").root == "Decl"


@pytest.mark.parametrize("text", ['{"mrn": "X"}', '[{"mrn": "X"}]', '{"mrn": "X"}\n{"mrn": "Y"}\n'])
def test_json_whole_and_by_lines_is_json(text: str) -> None:
    assert detect(text.encode(), "x.json").kind == "json"


@pytest.mark.parametrize("content", [
    b"", b"  \n", b"PK\x03\x04\0\0", "A;B\n".encode("utf-16"), b"one column\nonly\n", b"{not json", b"<",
    b"a;b\n1\n2;3;4\n5;6\n",
])
def test_what_is_none_of_these_is_refused(content: bytes) -> None:
    with pytest.raises(LocalError) as caught:
        detect(content, "sample")
    assert [(one.code, one.place.file) for one in caught.value.findings] == [("M462", "sample")]


@pytest.mark.parametrize(("texts", "patterns"), [
    (["10/03/2026"], ["dd/MM/yyyy", "MM/dd/yyyy"]), (["10/03/2026", "13/03/2026"], ["dd/MM/yyyy"]),
    (["03/13/2026"], ["MM/dd/yyyy"]), (["2026-03-10"], ["yyyy-MM-dd"]), (["20260310"], ["yyyyMMdd"]),
    (["10.03.2026"], ["dd.MM.yyyy"]), (["10/03/26"], ["dd/MM/yy"]), (["10/03/2026", "2026-03-10"], []), ([], []),
    (["1/3/2026"], []),
])
def test_the_patterns_of_days_are_those_that_every_cell_fits(texts: list[str], patterns: list[str]) -> None:
    assert date_patterns(texts) == patterns
