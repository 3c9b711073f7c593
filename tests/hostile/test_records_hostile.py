"""What can a hostile national file do to us? Nothing: no file read, no memory eaten, no value lost in silence."""

from __future__ import annotations

import random
import time
import tracemalloc
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping.dialect import load_dialect
from gateway.records.csv import Layout, read_csv
from gateway.records.json import read_json
from gateway.records.nodes import leaf_texts
from gateway.records.xml import Wanted, read_xml
from gateway.references import Tree

ROOT = Path(__file__).parents[2]
WANTED = Wanted({"Delay": Wanted()})
LAUGHS = b"<!DOCTYPE ASYCUDA [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;'>" % (n, *[n - 1] * 10) for n in range(1, 10)
) + b"]><ASYCUDA><Delay>&a9;</Delay></ASYCUDA>"


def codes(content: bytes) -> list[str]:
    with pytest.raises(LocalError) as caught:
        read_xml(content, "f.xml", root="ASYCUDA", wanted=WANTED)
    return [finding.code for finding in caught.value.findings]


def test_t21_a_document_that_names_a_file_is_refused_and_the_file_is_not_read(tmp_path: Path) -> None:
    """An external entity is refused and what it names is not read."""
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    content = f'<!DOCTYPE ASYCUDA [<!ENTITY x SYSTEM "{secret.as_uri()}">]><ASYCUDA><Delay>1&x;2</Delay></ASYCUDA>'
    assert codes(content.encode()) == ["R002"]


@pytest.mark.parametrize("doctype", [
    b"<!DOCTYPE ASYCUDA>", b'<!DOCTYPE ASYCUDA SYSTEM "http://127.0.0.1:9/x.dtd">',
    b'<!DOCTYPE ASYCUDA PUBLIC "-//X//Y" "x.dtd">', b"<!DOCTYPE ASYCUDA [<!ENTITY a 'b'>]>",
    b"<!DOCTYPE ASYCUDA [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]>"])
def test_t21_any_doctype_is_refused(doctype: bytes) -> None:
    """Any DOCTYPE is refused, internal, external and with parameter entities."""
    assert codes(doctype + b"<ASYCUDA><Delay>1</Delay></ASYCUDA>") == ["R002"]


def test_t21_a_billion_laughs_cost_no_memory() -> None:
    """Nested entities are refused before they cost memory."""
    tracemalloc.start()
    found = codes(LAUGHS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found in (["R002"], ["R004"])
    assert peak < 2_000_000


def test_t21_depth_length_count_and_size_have_limits() -> None:
    """Depth, length of texts, number of elements and size of a document have limits."""
    assert codes(b"<ASYCUDA>" + b"<a>" * 300 + b"</a>" * 300 + b"</ASYCUDA>") == ["R004"]
    assert codes(b"<ASYCUDA><Delay>" + b"x" * 11_000_000 + b"</Delay></ASYCUDA>") == ["R004"]
    assert codes(b"<ASYCUDA>" + b"<a/>" * 3_000_001 + b"</ASYCUDA>") == ["R007"]
    assert codes(b"<ASYCUDA>" + b" " * (32 * 1024 * 1024) + b"</ASYCUDA>") == ["R001"]


def test_t21_xinclude_is_an_unknown_element_and_nothing_else(tmp_path: Path) -> None:
    """XInclude is an unknown element: nothing is included."""
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    content = (f'<ASYCUDA xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{secret.as_uri()}" '
               'parse="text"/><Delay>3</Delay></ASYCUDA>')
    root = read_xml(content.encode(), "f", root="ASYCUDA", wanted=WANTED)
    assert list(leaf_texts(root)) == [("/ASYCUDA/Delay", "3")]


def test_t21_the_parser_is_made_in_one_place_only() -> None:
    """The parser of foreign XML is made in one place, with its options."""
    users = [path for path in (ROOT / "gateway").rglob("*.py")
             if "XMLParser(" in path.read_text("utf-8") or "iterparse" in path.read_text("utf-8")]
    assert [path.relative_to(ROOT).as_posix() for path in users] == ["gateway/records/xml.py"]


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 70 + b"]" * 70])
def test_deep_json_is_refused_before_it_costs_a_stack(content: bytes) -> None:
    with pytest.raises(LocalError) as caught:
        read_json(content, "f.json")
    assert caught.value.code == "R022"


def test_a_quote_that_never_closes_costs_one_finding_and_no_time() -> None:
    layout = Layout("utf-8", ";", {"a": ["A"]})
    with pytest.raises(LocalError) as caught:
        read_csv(b"A\r\n" + b'"x""' * 500_000, "f.csv", layout)
    assert [finding.code for finding in caught.value.findings] == ["R013"]


def test_t34_a_formula_from_a_partner_is_not_run_by_the_spreadsheet_and_comes_back_as_it_was() -> None:
    """A CSV cell that a spreadsheet would run gets a quote in front, and comes back as it was."""
    dialect = load_dialect("tgotr/csv", [ROOT / "mappings"])
    tree: Tree = {"function": "original", "amendment": 0, "local_reference": "=HYPERLINK(1)", "mrn": "+1",
                  "location_of_goods": "'=A1", "itinerary": "1,23457E+14"}
    files = dialect.write(tree, "x")
    assert b";=" not in files["x.csv"]
    assert files["x.csv"].startswith("N° RÉPERTOIRE".encode("cp1252"))
    assert b"\r\n'=HYPERLINK(1);'+1;" in files["x.csv"]
    assert dialect.read(files).records[0].tree == tree


@pytest.mark.parametrize("identifier", ["tgotr/asycuda", "tgotr/csv", "neutral/json", "neutral/event-json"])
def test_damaged_files_are_refused_with_findings_and_never_raise(identifier: str) -> None:
    dialect = load_dialect(identifier, [ROOT / "mappings"])
    story = ROOT / "samples" / "story"
    sound = {"tgotr/asycuda": story / "tgotr" / "declaration-1.xml", "tgotr/csv": story / "tgotr" / "declaration-2.csv",
             "neutral/json": story / "tgotr" / "declaration-3.json",
             "neutral/event-json": story / "mldgd" / "2-arrivee-MLBKO.json"}[identifier]
    twin = {"declaration-1-t1.csv": (story / "tgotr" / "declaration-1-t1.csv").read_bytes()} \
        if identifier == "tgotr/asycuda" else {}
    content, chance = sound.read_bytes(), random.Random(7)
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            position = chance.randrange(len(damaged))
            action = chance.randrange(3)
            if action == 0:
                damaged[position] = chance.randrange(256)
            elif action == 1:
                del damaged[position:position + chance.randint(1, 40)]
            else:
                damaged[position:position] = bytes(chance.randrange(256) for _ in range(3))
        reading = dialect.read({sound.name: bytes(damaged), **twin})
        named = {file for record in reading.records for file in record.files}
        named |= {one.file for one in reading.waiting}
        named |= {one.file for one in reading.refused}
        assert named == {sound.name, *twin}
        assert all(one.findings for one in reading.refused)


@pytest.mark.parametrize(("identifier", "name"), [
    ("cidgd/sydam", "d.xml"), ("sndgd/gainde-csv", "d.csv"), ("sndgd/gainde-json", "d.jsonl"),
    ("sndgd/gainde-sql", "d.rows.json")])
def test_damaged_files_of_every_form_are_refused_or_can_be_written_back(identifier: str, name: str) -> None:
    story = ROOT / "samples" / "story" / "tgotr"
    source = load_dialect("tgotr/csv", [ROOT / "mappings"])
    record, = source.read({"d.csv": (story / "declaration-2.csv").read_bytes()}).records
    dialect, chance = load_dialect(identifier, [ROOT / "mappings"]), random.Random(7)
    content = dialect.write(record.tree, "d")[name]
    taken = 0
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 3)):
            position = chance.randrange(len(damaged))
            damaged[position:position + chance.randint(0, 2)] = bytes([chance.choice(b'<>"{}[],;:/\\ 0aA\n\x00\xc3')])
        reading = dialect.read({name: bytes(damaged)})
        assert all(one.findings and one.file == name for one in reading.refused)
        assert bool(reading.records) != bool(reading.refused)
        if len(reading.records) == 1:
            taken += 1
            assert dialect.write(reading.records[0].tree, "d", {name: bytes(damaged)}) == {name: bytes(damaged)}
    assert taken > 5


def test_a_long_document_is_put_back_in_time_in_proportion() -> None:
    dialect = load_dialect("tgotr/asycuda", [ROOT / "mappings"])
    items: list[Tree] = [{"number": number, "description": f"PIECE {number}", "gross_mass": Decimal(number)}
                         for number in range(1, 3001)]
    tree: Tree = {"function": "original", "amendment": 0, "mrn": "26TGLPLT0000000017",
                  "national_reference": "2026/TGLPL/T/1", "national_reference_date": date(2026, 3, 10),
                  "office_of_departure": {"code": "TGLPL"}, "items": items}
    files = dialect.write(tree, "x")
    changed: Tree = {**tree, "items": [*items[:1499], {**items[1499], "description": "X"}, *items[1500:]]}
    started = time.monotonic()
    made = dialect.write(changed, "x", files)
    assert time.monotonic() - started < 20
    assert len(made["x.xml"].splitlines()) == len(files["x.xml"].splitlines())
    assert sum(one != other for one, other in zip(made["x.xml"].splitlines(), files["x.xml"].splitlines(),
                                                  strict=True)) == 1


def test_a_refusal_deep_in_a_long_document_costs_little_more_than_its_text() -> None:
    wanted = Wanted({"Item": Wanted({"Mark": Wanted()}, repeats=True)})
    content = b"<ASYCUDA>" + b"<Item><Mark>x</Mark><Own/></Item>" * 20_000 + b"</ASYCUDA>"
    root = read_xml(content, "f.xml", root="ASYCUDA", wanted=wanted)
    mark = root.every(("Item",))[-1].first(("Mark",))
    assert mark is not None
    tracemalloc.start()
    place = mark.place("f.xml")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (place.line, place.column) == (1, len(content) - len(b"<Mark>x</Mark><Own/></Item></ASYCUDA>") + 1)
    assert peak < 12 * len(content)


HIDDEN = "+ADwAIQ-DOCTYPE a+AD4-"


@pytest.mark.parametrize(("content", "code"), [
    (f'<?xml version="1.0" encoding="UTF-7"?>{HIDDEN}<ASYCUDA/>'.encode("ascii"), "R003"),
    (b'<?xml version="1.0" encoding="EBCDIC-CP-BE"?><ASYCUDA/>', "R003"),
    (b'<?xml version="1.0" encoding="UTF-32"?><ASYCUDA/>', "R003"),
    (b'<?xml version="1.0" encoding="UTF-16"?><ASYCUDA/>', "R003"),
    (b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?><ASYCUDA/>', "R003"),
    ('<?xml version="1.0" encoding="UTF-8"?><ASYCUDA><Delay>é</Delay></ASYCUDA>'.encode("latin-1"), "R006"),
    ('<?xml version="1.0" encoding="US-ASCII"?><ASYCUDA><Delay>é</Delay></ASYCUDA>'.encode(), "R006"),
    ("<ASYCUDA/>".encode("utf-32"), "R004"),
    ("<ASYCUDA/>".encode("utf-16-le"), "R004"),
    (b"\xff\xfe" + b"<ASYCUDA/>", "R006")], ids=[
        "UTF-7", "EBCDIC", "UTF-32", "UTF-16 of single bytes", "a mark of UTF-8 and another name", "Latin-1 as UTF-8",
        "UTF-8 as ASCII", "UTF-32 with its mark", "UTF-16 without a mark", "a mark of UTF-16 before single bytes"])
def test_t21_an_encoding_that_is_not_allowed_or_that_the_bytes_contradict_is_refused(content: bytes, code: str) -> None:
    """Encodings outside the list, UTF-7 first, are refused, and so are bytes that contradict what is declared."""
    found = codes(content)
    assert found in ([code], ["R004"], ["R006"]), found
    if code == "R003":
        assert found == ["R003"]


def test_t21_a_doctype_is_found_in_every_encoding_that_is_allowed() -> None:
    """A DOCTYPE is refused in whatever allowed encoding it is written."""
    text = '<?xml version="1.0" encoding="{}"?><!DOCTYPE ASYCUDA [<!ENTITY a "é">]><ASYCUDA><Delay>1</Delay></ASYCUDA>'
    for name, codec in (("UTF-8", "utf-8"), ("ISO-8859-1", "latin-1"), ("ISO-8859-15", "iso-8859-15"),
                        ("windows-1252", "cp1252"), ("UTF-16", "utf-16")):
        assert codes(text.format(name).encode(codec)) == ["R002"], name
