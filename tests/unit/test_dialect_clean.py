"""Does the clean path of reading national files give what the lines of the dialect give, whatever is in the files?"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mapping.dialect import Dialect, Reading, load_dialect
from gateway.mapping.laws.dialect_records import record_for
from gateway.records import flat
from gateway.records.flat import FlatXml, NotFlat
from gateway.records.xml import Wanted, read_xml
from tests.bench.load import declaration_of

MAPPINGS = Path(__file__).parents[2] / "mappings"
DECLARATIONS = ("tgotr/asycuda", "cidgd/sydam", "bfdgd/asycuda")


def both(identifier: str) -> tuple[Dialect, Dialect]:
    """The dialect as it is, and one that reads by its lines alone."""
    lines = load_dialect(identifier, [MAPPINGS])
    vars(lines)["_clean"] = None
    return load_dialect(identifier, [MAPPINGS]), lines


DIALECTS = {identifier: both(identifier) for identifier in DECLARATIONS}


def shown(reading: Reading) -> object:
    """All that a reading says; repr shows the order of terms and the scale of numbers."""
    return ([(repr(one.tree), one.files, one.key, one.findings) for one in reading.records], reading.waiting,
            reading.refused)


def same(identifier: str, files: dict[str, bytes]) -> Reading:
    clean, lines = DIALECTS[identifier]
    reading = clean.read(files)
    assert shown(reading) == shown(lines.read(files))
    return reading


@pytest.mark.parametrize("identifier", DECLARATIONS)
def test_records_made_for_a_dialect_are_read_alike(identifier: str) -> None:
    for number in range(25):
        record = record_for(DIALECTS[identifier][0], random.Random(number))
        assert len(same(identifier, DIALECTS[identifier][0].write(record, "x")).records) == 1


def test_where_a_value_stood_is_found_when_it_is_asked_for() -> None:
    files = DIALECTS["tgotr/asycuda"][0].write(declaration_of(1, 2), "x")
    clean, lines = (dialect.read(files).records[0] for dialect in DIALECTS["tgotr/asycuda"])
    assert dict(clean.origins) == dict(lines.origins)
    assert clean.put_back is not None
    assert clean.put_back(clean.tree, "x") == files


def _text(content: bytes, chances: random.Random, change: Callable[[re.Match[bytes]], bytes],
          pattern: bytes = rb"<(\w+)>([^<]*)</\1>") -> bytes:
    """A document with one of its leaf elements changed."""
    found = list(re.finditer(pattern, content))
    one = chances.choice(found)
    return content[:one.start()] + change(one) + content[one.end():]


CHANGES: dict[str, Callable[[re.Match[bytes], random.Random], bytes]] = {
    "comment": lambda one, _: b"<!-- <a> -->" + one[0],
    "comment in the text": lambda one, _: b"<%s>a<!-- b -->c</%s>" % (one[1], one[1]),
    "section": lambda one, _: b"<%s><![CDATA[<&>]]></%s>" % (one[1], one[1]),
    "instruction": lambda one, _: one[0] + b"<?php x > y ?>",
    "twice": lambda one, _: one[0] + one[0],
    "twice, empty first": lambda one, _: b"<%s />" % one[1] + one[0],
    "reference": lambda one, _: b"<%s>A&amp;B &#233;&#xE9;&lt;&gt;&quot;&apos;</%s>" % (one[1], one[1]),
    "blanks by reference": lambda one, _: b"<%s>&#32;&#9;</%s>" % (one[1], one[1]),
    "attribute": lambda one, _: b"<%s a='1' b=\"2>1\">%s</%s >" % (one[1], one[2], one[1]),
    "plain attribute": lambda one, _: b"<%s a='/'>%s</%s\n>" % (one[1], one[2], one[1]),
    "namespace": lambda one, _: b"<%s xmlns='urn:x'>%s</%s>" % (one[1], one[2], one[1]),
    "null": lambda one, _: b"<%s><null/></%s>" % (one[1], one[1]),
    "null beside a text": lambda one, _: b"<%s>a<null /></%s>" % (one[1], one[1]),
    "null, not bare": lambda one, _: b"<%s><null></null></%s>" % (one[1], one[1]),
    "null twice": lambda one, _: b"<%s><null /><null /></%s>" % (one[1], one[1]),
    "null with a text": lambda one, _: b"<%s><null>x</null></%s>" % (one[1], one[1]),
    "null and a tail": lambda one, _: b"<%s><null />x</%s>" % (one[1], one[1]),
    "element inside": lambda one, _: b"<%s>%s<b>x</b></%s>" % (one[1], one[2], one[1]),
    "text behind": lambda one, _: one[0] + b"x",
    "end of a tag in the text": lambda one, _: b"<%s>a>\n<null />\n</%s>" % (one[1], one[1]),
    "unknown": lambda one, _: b"<Own a='1'>x<Item>y</Item>z<Number/></Own>" + one[0],
    "unknown, bare": lambda one, _: b"<Own/>" + one[0],
    "empty": lambda one, _: b"<%s></%s>" % (one[1], one[1]),
    "bare": lambda one, _: b"<%s\t/>" % one[1],
    "blank": lambda one, _: b"<%s> \xc2\xa0 </%s>" % (one[1], one[1]),
    "carriage returns": lambda one, _: b"<%s>a\r\nb\rc</%s>\r\n" % (one[1], one[1]),
    "other word": lambda one, chances: b"<%s>%s</%s>" % (one[1], chances.choice(
        (b"1.0", b"007", b"-1", b"1E5", b"1e5", b"A", b"true", b"3/4/26", b"1 234.5", b"x" * 500)), one[1]),
    "not closed": lambda one, _: b"<%s>" % one[1] + one[0],
    "another end": lambda one, _: b"<%s>%s</X>" % (one[1], one[2]),
    "gone": lambda one, _: b"",
}


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), names=st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=2))
def test_a_document_with_something_unusual_in_it_is_read_alike(seed: int, names: list[str]) -> None:
    chances = random.Random(seed)
    files = DIALECTS["tgotr/asycuda"][0].write(declaration_of(chances.randint(1, 3), seed), "x")
    for name in names:
        files["x.xml"] = _text(files["x.xml"], chances, lambda one, name=name: CHANGES[name](one, chances))  # type: ignore[misc]
    same("tgotr/asycuda", files)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_each_unusual_thing_alone(name: str) -> None:
    """In the first declaration, at every tenth leaf."""
    files = DIALECTS["tgotr/asycuda"][0].write(declaration_of(1, 3), "x")
    leaves = len(re.findall(rb"<(\w+)>([^<]*)</\1>", files["x.xml"]))
    for number in range(0, leaves, 10):
        class One(random.Random):
            def choice(self, given: list[object], number: int = number) -> object:  # type: ignore[override]
                return given[number % len(given)]
        chances = One()
        same("tgotr/asycuda", {**files, "x.xml": _text(
            files["x.xml"], chances, lambda one, chances=chances: CHANGES[name](one, chances))})  # type: ignore[misc]


LINES = st.text(st.sampled_from("a;\"'=+1E. \r\n\té"), max_size=12)


@settings(deadline=None, max_examples=60)
@given(cells=st.lists(LINES, min_size=1, max_size=4), end=st.sampled_from(("\r\n", "\n", "", ";", "\r")),
       column=st.integers(0, 37))
def test_a_csv_file_with_something_unusual_in_it_is_read_alike(cells: list[str], end: str, column: int) -> None:
    files = DIALECTS["tgotr/asycuda"][0].write(declaration_of(1, 1), "x")
    headings, line = files["x-t1.csv"].decode("cp1252").split("\r\n")[:2]
    found = line.split(";")
    found[column:column + len(cells)] = cells
    same("tgotr/asycuda", {**files, "x-t1.csv": f"{headings}\r\n{';'.join(found)}{end}".encode("cp1252")})


def test_files_that_wait_or_come_twice_are_read_alike() -> None:
    clean, _ = DIALECTS["tgotr/asycuda"]
    first, second = (clean.write(declaration_of(1, seed), f"x{seed}") for seed in (1, 2))
    other = clean.write({**declaration_of(1, 3), "mrn": "26TGLPLT0000000129", "national_reference": "2026/TGLPL/T/12"},
                        "y")
    assert len(same("tgotr/asycuda", {**first, **other}).records) == 2
    assert len(same("tgotr/asycuda", {**first, **second}).refused) == 4
    assert [one.file for one in same("tgotr/asycuda", {**first, "y.xml": other["y.xml"]}).waiting] == ["y.xml"]
    assert [one.file for one in same("tgotr/asycuda", {**first, "y.txt": b"", "y.xml": b"<ASYCUDA>"}).refused] == [
        "y.txt", "y.xml"]


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_an_encoding_makes_no_difference(encoding: str) -> None:
    files = DIALECTS["tgotr/asycuda"][0].write(declaration_of(2, 5), "x")
    text = files["x.xml"].decode().replace('encoding="UTF-8"', f'encoding="{encoding}"' if encoding != "utf-16" else "")
    assert len(same("tgotr/asycuda", {**files, "x.xml": text.encode(encoding)}).records) == 1
    assert len(same("tgotr/asycuda", {**files, "x.xml": b"\xef\xbb\xbf" + files["x.xml"]}).records) == 1


def test_files_as_they_usually_are_need_no_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """That the clean path is what is taken, and not given up for every file in silence."""
    dialect = load_dialect("tgotr/asycuda", [MAPPINGS])
    files = dialect.write(declaration_of(9, 7), "x")

    def no_nodes(*_: object, **__: object) -> None:
        raise AssertionError("read by nodes")
    monkeypatch.setattr("gateway.mapping.dialect_parts.read_xml", no_nodes)
    monkeypatch.setattr("gateway.mapping.dialect_parts.read_csv", no_nodes)
    reading = dialect.read(files)
    assert [one.tree for one in reading.records] == [declaration_of(9, 7)]
    with pytest.raises(AssertionError, match="read by nodes"):
        reading.records[0].origins.nearest("mrn")


def test_what_is_remembered_of_documents_is_bounded() -> None:
    wanted = Wanted({"A": Wanted(), "B": Wanted({"C": Wanted()}, repeats=True)})
    reader = FlatXml("R", wanted, "p")
    long = f"<R>{' ' * 300}<{'U' * 300}/>{' ' * 300}<B>{' ' * 300}</B>{' ' * 300}</R>{' ' * 300}".encode()
    assert reader.read(long, "x", 10**6) == [{"": "", "p B": [{}]}]
    assert reader._room == flat._MEMO
    for number in range(flat._MEMO):
        content = f"<R><A>x</A>{' ' * (number % 50)}<U{number}> <V/> </U{number}><B><C>{number}</C></B></R>".encode()
        assert reader.read(content, "x", 10**6) == [{"": "", "p A": "x", "p B": [{"p C": str(number)}]}]
    assert reader._room == 0
    assert reader.read(b"<R><New>  </New><A>y</A></R>", "x", 10**6) == [{"": "", "p A": "y"}]


def test_a_repeated_text_is_left_to_others() -> None:
    with pytest.raises(NotFlat):
        FlatXml("R", Wanted({"A": Wanted(repeats=True)}), "p")
    assert read_xml(b"<R><A>x</A><A>y</A></R>", "x", root="R",
                    wanted=Wanted({"A": Wanted(repeats=True)})).children["A"][1].text == "y"
