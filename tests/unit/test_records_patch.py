"""Does a document that goes back change only where its values changed?"""

from __future__ import annotations

import pytest

from gateway.records.changes import steps
from gateway.records.json import Json, read_json, read_json_lines
from gateway.records.json_patch import patch_json
from gateway.records.nodes import Node, Values
from gateway.records.xml import Wanted, read_xml
from gateway.records.xml_patch import patch
from gateway.records.xml_write import Skeleton

SKELETON = Skeleton(
    b"<SAD><Head><Code><null /></Code><Day /></Head><Sign><Place><null /></Place><Day /></Sign><Note><null /></Note>"
    b"<Item><Mark><null /></Mark><Box><Kind><null /></Kind><Count /></Box></Item></SAD>",
    "s.xml", root="SAD", repeated={"Item", "Item/Box"})
WANTED = Wanted({
    "Head": Wanted({"Code": Wanted(), "Day": Wanted()}), "Sign": Wanted({"Place": Wanted(), "Day": Wanted()}),
    "Note": Wanted(), "Item": Wanted({"Mark": Wanted(), "Box": Wanted({"Kind": Wanted(), "Count": Wanted()},
                                                                       repeats=True)}, repeats=True)})


def values_of(node: Node) -> Values:
    """All that a dialect with a place for every element would write for what it read."""
    made: Values = {}
    for name, children in node.children.items():
        for child in children:
            if name in ("Item", "Box"):
                made.setdefault(name, []).append(values_of(child))  # type: ignore[union-attr]
            elif child.text:
                made[name] = child.text
            else:
                made.update({f"{name}/{path}": value for path, value in values_of(child).items()})
    return made


def put(content: str, **changes: str | list[Values] | None) -> str:
    """The document with some values changed; two underscores stand for a slash, None takes a value away."""
    document = read_xml(content.encode(), "f", root="SAD", wanted=WANTED)
    members: dict[tuple[Node, str], list[Node]] = {(document, "Item"): document.children.get("Item", [])}
    for item in document.children.get("Item", []):
        members[item, "Box"] = item.children.get("Box", [])
    old = values_of(document)
    new = {**old, **{name.replace("__", "/"): value for name, value in changes.items()}}
    return patch(document, members, old, {name: value for name, value in new.items() if value is not None},
                 SKELETON).decode()


FILE = ("<?xml version='1.0' encoding=\"UTF-8\"?>\r\n<!-- v7 -->\r\n<SAD id='x'>\r\n"
        "  <Quota y=\"&quot;1\"><A/></Quota>\r\n"
        "  <Head>\r\n    <Code >  TG&amp;1 <!-- c --></Code>\r\n    <Day/><New>&#233;</New>\r\n  </Head>\r\n"
        "  <Note><null/></Note>\r\n  <Item>\r\n    <Mark>a</Mark><Own>1</Own>\r\n  </Item>\r\n"
        "  <Item>\r\n    <Mark>b</Mark><Own>2</Own>\r\n  </Item>\r\n  <Item>\r\n    <Mark>c</Mark><Own>3</Own>\r\n"
        "  </Item>\r\n  <Seen>t<b/>t</Seen>\r\n</SAD>\r\n<?end?>")


def test_nothing_changed_is_nothing_written() -> None:
    assert put(FILE.replace("t<b/>t", "t")) == FILE.replace("t<b/>t", "t")


@pytest.mark.parametrize(("changes", "before", "after"), [
    ({"Head__Code": "ML<2"}, "  TG&amp;1 <!-- c -->", "  ML&lt;2"),
    ({"Head__Code": None}, "<Code >  TG&amp;1 <!-- c --></Code>", "<Code ><null/></Code>"),
    ({"Head__Day": "3/10/26"}, "<Day/>", "<Day>3/10/26</Day>"),
    ({"Note": "a\r\nb"}, "<Note><null/></Note>", "<Note>a&#13;\nb</Note>"),
    ({"Sign__Day": "4/4/26"}, "</Head>\r\n", "</Head>\r\n  <Sign>\r\n<Place><null/></Place>\r\n<Day>4/4/26</Day>\r\n"
                                             "</Sign>\r\n"),
    ({"Item": [{"Mark": "a"}, {"Mark": "c"}]}, "\r\n  <Item>\r\n    <Mark>b</Mark><Own>2</Own>\r\n  </Item>", ""),
    ({"Item": [{"Mark": "a"}, {"Mark": "x"}, {"Mark": "c"}]}, "<Mark>b<", "<Mark>x<"),
    ({"Item": [{"Mark": "a"}, {"Mark": "b"}, {"Mark": "n"}, {"Mark": "c"}]}, "<Own>2</Own>\r\n  </Item>",
     "<Own>2</Own>\r\n  </Item>\r\n  <Item>\r\n<Mark>n</Mark>\r\n</Item>"),
    ({"Item": [{"Mark": "a", "Box": [{"Kind": "CT", "Count": "2"}]}, {"Mark": "b"}, {"Mark": "c"}]}, "<Mark>a</Mark>",
     "<Mark>a</Mark>\r\n    <Box>\r\n<Kind>CT</Kind>\r\n<Count>2</Count>\r\n</Box>")])
def test_only_what_changed_is_put_in_and_in_the_habits_of_the_file(
        changes: dict[str, str | list[Values] | None], before: str, after: str) -> None:
    content = FILE.replace("t<b/>t", "t")
    assert content.count(before) == 1
    assert put(content, **changes) == content.replace(before, after)


def test_a_member_that_changed_is_the_one_that_has_most_in_common() -> None:
    old = [{"n": "1", "d": "a"}, {"n": "2", "d": "b"}, {"n": "3", "d": "c"}]
    assert [one for one in steps(old, [{"n": "1", "d": "a"}, {"n": "3", "d": "x"}, {"n": "4", "d": "y"}])
            if one[0] != "equal"] == [("delete", 1, 2, 1, 1), ("replace", 2, 3, 1, 2), ("insert", 3, 3, 2, 3)]
    assert [one for one in steps(["a", "b"], ["c", "d", "e"]) if one[0] != "equal"] == [
        ("replace", 0, 1, 0, 1), ("replace", 1, 2, 1, 2), ("insert", 2, 2, 2, 3)]
    content = ("<SAD><Item><Mark>a</Mark><Own>1</Own></Item><Item><Mark>b</Mark><Own>2</Own>"
               "<Box><Kind>CT</Kind></Box></Item></SAD>")
    assert put(content, Item=[{"Mark": "x", "Box": [{"Kind": "CT"}]}]) == (
        "<SAD><Item><Mark>x</Mark><Own>2</Own><Box><Kind>CT</Kind></Box></Item></SAD>")


def test_a_member_that_comes_first_is_put_before_those_that_stay() -> None:
    content = "<SAD><Item>\n <Mark>a</Mark>\n</Item></SAD>"
    assert put(content, Item=[{"Mark": "n"}, {"Mark": "a"}]) == (
        "<SAD><Item>\n<Mark>n</Mark>\n</Item><Item>\n <Mark>a</Mark>\n</Item></SAD>")


def test_unknown_elements_stay_with_their_own_item_when_the_one_before_it_goes() -> None:
    content = FILE.replace("t<b/>t", "t")
    assert "<Own>1</Own>" not in put(content, Item=[{"Mark": "b"}, {"Mark": "c"}])
    assert put(content, Item=[{"Mark": "c"}, {"Mark": "a"}, {"Mark": "b"}]).index("<Own>1</Own>") > 0


@pytest.mark.parametrize("encoding", ["UTF-8", "windows-1252", "ISO-8859-15", "utf-16"])
@pytest.mark.parametrize("mark", [True, False])
def test_encoding_and_byte_order_mark_stay(encoding: str, mark: bool) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}'?>\n<SAD><Note>é</Note><Own>ô</Own></SAD>"
    content = text.encode(encoding)
    if mark and encoding == "UTF-8":
        content = b"\xef\xbb\xbf" + content
    document = read_xml(content, "f", root="SAD", wanted=WANTED)
    assert patch(document, {}, {"Note": "é"}, {"Note": "é"}, SKELETON) == content
    made = patch(document, {}, {"Note": "é"}, {"Note": "è Ŋ"}, SKELETON)
    carried = "è Ŋ" if encoding in ("UTF-8", "utf-16") else "è &#330;"
    changed = text.replace("é", carried)
    assert made == (b"\xef\xbb\xbf" if content[:3] == b"\xef\xbb\xbf" else b"") + changed.encode(encoding)


def test_a_bare_document_and_a_bare_element_are_written_as_the_skeleton_has_them() -> None:
    assert put("<SAD/>", Note="x").startswith("<SAD>\n<Head>\n")
    assert put("<SAD><Sign /><Own/></SAD>", Sign__Place="P", Sign__Day="D") == (
        "<SAD><Sign>\n<Place>P</Place>\n<Day>D</Day>\n</Sign><Own/></SAD>")
    assert put("<SAD><Item/><Own/></SAD>", Item=[{"Mark": "m"}]) == (
        "<SAD><Item>\n<Mark>m</Mark>\n</Item><Own/></SAD>")


def test_json_keeps_unknown_keys_and_the_digits_of_its_numbers() -> None:
    content = b'{"no": 12.500, "own": {"a": [1.0, null, true]}, "items": [{"k": "a", "x": 1}, {}, {"k": "b", "x": 2}]}'
    node = read_json(content, "f")
    old: Json = {"no": "12.500", "items": [{"k": "a"}, {"k": "b"}]}
    assert patch_json(node, old, old, lines=True) == content + b"\n"
    assert patch_json(node, old, {"no": "13.5", "new": "n", "items": [{"k": "b"}, {"k": "c"}]}, lines=True) == (
        b'{"no": 13.5, "own": {"a": [1.0, null, true]}, "items": [{}, {"k": "b", "x": 2}, {"k": "c"}], "new": "n"}\n')
    assert patch_json(node, old, {"items": [{"k": "a"}, {"k": "z"}]}) == (
        b'{\n "no": null,\n "own": {\n  "a": [\n   1.0,\n   null,\n   true\n  ]\n },\n "items": [\n  {\n   "k": "a",\n'
        b'   "x": 1\n  },\n  {},\n  {\n   "k": "z",\n   "x": 2\n  }\n ]\n}\n')


def test_a_file_of_one_object_per_line_gives_each_with_its_line() -> None:
    nodes = read_json_lines(b'\xef\xbb\xbf{"a": "1"}\r\n\n  {"a": "2"}', "f")
    place = nodes[1].children["a"][0].place("f")
    assert (len(nodes), place.line, place.column, place.locator) == (2, 3, 9, "/a")
