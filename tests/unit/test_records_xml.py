"""Does the XML reader keep values with their places, tolerate what is national, and refuse what is ambiguous?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.errors import LocalError
from gateway.findings import Place
from gateway.records.nodes import Values, leaf_texts
from gateway.records.xml import Wanted, read_xml, unread
from gateway.records.xml_write import Skeleton

WANTED = Wanted({"Type": Wanted({"Code": Wanted()}), "Delay": Wanted(),
                 "Item": Wanted({"Mark": Wanted(), "Packages": Wanted({"Kind": Wanted()}, repeats=True)},
                                repeats=True)})


def faults(content: bytes) -> Sequence[tuple[str, Place]]:
    with pytest.raises(LocalError) as caught:
        read_xml(content, "sad.xml", root="ASYCUDA", wanted=WANTED)
    return [(finding.code, finding.place) for finding in caught.value.findings]


def test_values_are_found_with_line_and_xpath_and_empty_elements_are_absent() -> None:
    root = read_xml(b"<ASYCUDA>\n<Type>\n<Code>T1</Code>\n</Type>\n<Delay />\n<Item><Mark><null /></Mark></Item>\n"
                    b"<Item><Mark> A\tB </Mark></Item></ASYCUDA>", "sad.xml", root="ASYCUDA", wanted=WANTED)
    assert list(leaf_texts(root)) == [("/ASYCUDA/Type/Code", "T1"), ("/ASYCUDA/Item[2]/Mark", "A\tB")]
    code = root.first(("Type", "Code"))
    assert code is not None
    assert code.place("sad.xml") == Place(file="sad.xml", line=3, column=1, locator="/ASYCUDA/Type/Code")
    assert root.first(("Delay",)) is None
    assert len(root.every(("Item",))) == 2


def test_the_column_of_a_value_is_that_of_its_element_whatever_stands_around_it() -> None:
    content = ("\ufeff<?xml version='1.0'?>\r\n<!-- <Delay>0</Delay> --><ASYCUDA a='>'><Delay><null /></Delay> "
               "<Delay/><Delay b=\"/>\">é</Delay><![CDATA[ ]]><Item/><Item><Mark/>\r\n\t<Mark>é</Mark></Item>"
               "</ASYCUDA>").encode()
    root = read_xml(content, "f", root="ASYCUDA", wanted=WANTED)
    delay, mark = root.first(("Delay",)), root.every(("Item",))[1].first(("Mark",))
    assert delay is not None
    assert mark is not None
    assert [(place.line, place.column, place.locator) for place in (delay.place("f"), mark.place("f"))] == [
        (2, 73, "/ASYCUDA/Delay"), (3, 2, "/ASYCUDA/Item[2]/Mark")]


@pytest.mark.parametrize(("content", "code", "line", "column"), [
    ("<?xml version='1.0'?>\n<!--é--> <SAD/>", "R005", 2, 10), ("é", "R004", 1, 1),
    ("<ASYCUDA>\n é<a></ASYCUDA>", "R004", 2, 16), ("<!-- é -->\n <!DOCTYPE ASYCUDA><ASYCUDA/>", "R002", 2, 2),
    ("<?xml version='1.0' encoding='UTF-7'?><ASYCUDA/>", "R003", 1, 1),
    ("<ASYCUDA>\n <Type>x<Code>1</Code></Type></ASYCUDA>", "R008", 2, 2)])
def test_every_refusal_of_a_document_has_its_line_and_column(content: str, code: str, line: int, column: int) -> None:
    (found, place), = faults(content.encode())
    assert (found, place.line, place.column) == (code, line, column)


def test_a_comment_inside_a_value_does_not_cut_it() -> None:
    root = read_xml(b"<ASYCUDA><Delay>12<!-- x -->34<?p?>5</Delay></ASYCUDA>", "f", root="ASYCUDA", wanted=WANTED)
    assert list(leaf_texts(root)) == [("/ASYCUDA/Delay", "12345")]


def test_unknown_elements_are_kept_out_of_the_record_and_told_on_demand() -> None:
    content = b"<ASYCUDA><Quota><Code>Q1</Code></Quota><Delay>3</Delay>\n<Item><UCR>9</UCR></Item></ASYCUDA>"
    places = [(node.text, node.place("f")) for node in unread(content, "f", root="ASYCUDA", wanted=WANTED)]
    assert places == [("Q1", Place(file="f", line=1, column=17, locator="/ASYCUDA/Quota/Code")),
                      ("9", Place(file="f", line=2, column=7, locator="/ASYCUDA/Item/UCR"))]
    assert dict(leaf_texts(read_xml(content, "f", root="ASYCUDA", wanted=WANTED))) == {"/ASYCUDA/Delay": "3"}


def test_an_element_that_stands_twice_is_refused_at_the_second() -> None:
    assert faults(b"<ASYCUDA><Delay>1</Delay>\n<Delay>2</Delay></ASYCUDA>") == [
        ("R009", Place(file="sad.xml", line=2, column=1, locator="/ASYCUDA/Delay[2]"))]


@pytest.mark.parametrize("content", [
    b"<ASYCUDA><Delay>1<b>2</b></Delay></ASYCUDA>", b"<ASYCUDA><Type>x<Code>1</Code></Type></ASYCUDA>",
    b"<ASYCUDA><Delay>1</Delay>stray</ASYCUDA>", b"<ASYCUDA><Delay><null>7</null></Delay></ASYCUDA>"])
def test_text_and_elements_mixed_are_refused_because_one_of_them_would_be_lost(content: bytes) -> None:
    assert [code for code, _ in faults(content)] == ["R008"]


@pytest.mark.parametrize(("content", "code"), [
    (b"<SAD/>", "R005"), (b"<x:ASYCUDA xmlns:x='urn:x'/>", "R005"), (b"<ASYCUDA><a></ASYCUDA>", "R004"),
    (b"", "R004"), (b"<ASYCUDA>\xff</ASYCUDA>", "R004"),
    (b"<?xml version='1.0' encoding='UTF-7'?><ASYCUDA/>", "R003"),
    (b"<?xml version='1.0' encoding='UTF-16'?><ASYCUDA/>", "R003"),
    (b"<?xml version='1.0' encoding='windows-1252'?><ASYCUDA><Delay>\x81</Delay></ASYCUDA>", "R006"),
    (b"\xef\xbb\xbf<?xml version='1.0' encoding='ISO-8859-1'?><ASYCUDA/>", "R003")])
def test_other_documents_are_refused_with_their_reason(content: bytes, code: str) -> None:
    assert [found for found, _ in faults(content)] == [code]


@pytest.mark.parametrize("content", [
    "<ASYCUDA><Delay>é</Delay></ASYCUDA>".encode(),
    b"\xef\xbb\xbf" + "<?xml version='1.0' encoding='utf-8'?><ASYCUDA><Delay>é</Delay></ASYCUDA>".encode(),
    "<?xml version='1.0' encoding='windows-1252'?><ASYCUDA><Delay>é</Delay></ASYCUDA>".encode("cp1252"),
    "<?xml version='1.0' encoding='ISO-8859-15'?>\r\n<ASYCUDA><Delay>é</Delay></ASYCUDA>".encode("iso-8859-15"),
    "<?xml version='1.0' encoding='utf-16'?><ASYCUDA><Delay>é</Delay></ASYCUDA>".encode("utf-16")])
def test_the_allowed_encodings_give_the_same_text(content: bytes) -> None:
    root = read_xml(content, "f", root="ASYCUDA", wanted=WANTED)
    assert list(leaf_texts(root)) == [("/ASYCUDA/Delay", "é")]


SKELETON = (b"<ASYCUDA><Type><Code>TR</Code></Type><Delay /><Item><Mark><null /></Mark>"
            b"<Packages><Kind><null /></Kind></Packages></Item></ASYCUDA>")


def test_a_skeleton_gives_the_order_the_constants_and_the_way_of_being_empty() -> None:
    skeleton = Skeleton(SKELETON, "s.xml", root="ASYCUDA", repeated={"Item", "Item/Packages"})
    written = skeleton.write({"Item": [{"Mark": "A & <B>"}, {"Packages": [{"Kind": "CT"}, {}]}]}, "UTF-8")
    assert written.decode() == (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        "<ASYCUDA>\n<Type>\n<Code>TR</Code>\n</Type>\n<Delay />\n"
        "<Item>\n<Mark>A &amp; &lt;B&gt;</Mark>\n</Item>\n"
        "<Item>\n<Mark>\n<null />\n</Mark>\n<Packages>\n<Kind>CT</Kind>\n</Packages>\n"
        "<Packages>\n<Kind>\n<null />\n</Kind>\n</Packages>\n</Item>\n</ASYCUDA>\n")
    assert list(leaf_texts(read_xml(written, "w", root="ASYCUDA", wanted=WANTED))) == [
        ("/ASYCUDA/Type/Code", "TR"), ("/ASYCUDA/Item[1]/Mark", "A & <B>"),
        ("/ASYCUDA/Item[2]/Packages[1]/Kind", "CT")]


def test_a_leaf_that_nobody_fills_stays_as_the_skeleton_has_it() -> None:
    skeleton, free = (Skeleton(SKELETON, "s.xml", root="ASYCUDA", repeated={"Item", "Item/Packages"}, filled=filled)
                      for filled in ({"Item", "Item/Mark"}, None))
    values: Values = {"Item": [{"Mark": "M"}, {"Packages": [{}]}, {}]}
    assert skeleton.write(values, "UTF-8") == free.write(values, "UTF-8")
    with pytest.raises(ValueError, match="Delay"):
        skeleton.write({"Delay": "x"}, "UTF-8")


def test_a_value_without_a_place_in_the_skeleton_is_our_own_fault() -> None:
    skeleton = Skeleton(SKELETON, "s.xml", root="ASYCUDA", repeated={"Item"})
    with pytest.raises(ValueError, match="Route"):
        skeleton.write({"Route": "x"}, "UTF-8")


def test_a_carriage_return_in_a_value_survives_the_line_end_rule_of_xml() -> None:
    skeleton = Skeleton(SKELETON, "s.xml", root="ASYCUDA", repeated={"Item"})
    root = read_xml(skeleton.write({"Delay": "a\r\nb"}, "UTF-8"), "w", root="ASYCUDA", wanted=WANTED)
    assert dict(leaf_texts(root))["/ASYCUDA/Delay"] == "a\r\nb"
