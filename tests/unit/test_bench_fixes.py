"""Does `--fix` repair what leaves no doubt, and only that, one token at a time, with every comment left in place?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.findings import Finding
from gateway.mapping.bench.fixes import Fix, Fixed, fix
from gateway.mapping.document import parse_mapping

HEAD = """# yaml-language-server: $schema=x
# the corridor, with an umlaut: ü
format: "1"
id: corridors/x/cusdec
extends: base/cusdec-d96b@1   # pinned
"""


def judge(content: bytes) -> Sequence[Finding]:
    return parse_mapping(content, "x.yaml")[1]


def fixed(body: str, modeline: str | None = None) -> Fixed:
    return fix((HEAD + body).encode(), judge, modeline)


@pytest.mark.parametrize(("code", "broken", "whole"), [
    ("S021", "override:\n  box: each equipment: EQD+{kind}+{number}'  # wide\n",
     "override:\n  box: \"each equipment: EQD+{kind}+{number}'\"  # wide\n"),
    ("S020", "override:\n  goods: ? LOC+14+{location_of_goods}'\n",
     "override:\n  goods: \"? LOC+14+{location_of_goods}'\"\n"),
    ("S021", "remove:\n  route: not exchanged: agreement 4.2\n",
     "remove:\n  route: \"not exchanged: agreement 4.2\"\n"),
    ("S021", 'remove:\n  route: not "exchanged": 4.2\n', "remove:\n  route: 'not \"exchanged\": 4.2'\n"),
    ("S006", "after:\n\tto: |\n    via: LOC+50+{mrn}'\n", "after:\n  to: |\n    via: LOC+50+{mrn}'\n"),
    ("S006", "after:\n  to: |\n    via:\tLOC+50+{mrn}'\n", "after:\n  to: |\n    via:  LOC+50+{mrn}'\n"),
    ("S010", "remove:\n  route: accord\u00a04.2  # le\u00a0motif\n", "remove:\n  route: accord 4.2  # le motif\n"),
    ("S010", "remove:\n  route: ac\u00adcord\n", "remove:\n  route: accord\n"),
    ("S011", "title: {fr: \u201cDéclaration\u201d, en: Declaration}\n",
     "title: {fr: \"Déclaration\", en: Declaration}\n"),
    ("M014", "after:\n  to: |\n    via: LOC+50+{mrn}\u2019\n", "after:\n  to: |\n    via: LOC+50+{mrn}'\n"),
    ("M010", "after:\n  to: |\n    via:\u00a0LOC+50+{mrn}'\n", "after:\n  to: |\n    via: LOC+50+{mrn}'\n"),
    ("M010", "after:\n  to: |\n    via: each\u00a0items: LOC+50+{mrn}'\n",
     "after:\n  to: |\n    via: each items: LOC+50+{mrn}'\n"),
    ("M002", "overide:  # two r\n  goods: LOC+14+{mrn}'\n", "override:  # two r\n  goods: LOC+14+{mrn}'\n"),
    ("M002", "require:\n  COR1: {when: mrn, nead: mrn, fr: x, en: y}\n",
     "require:\n  COR1: {when: mrn, need: mrn, fr: x, en: y}\n"),
    ("", "remove:\n  route: not exchanged   \n", "remove:\n  route: not exchanged\n"),
    ("", "after:\n  to: |\n    via: LOC+50+{mrn}'  \n", "after:\n  to: |\n    via: LOC+50+{mrn}'\n"),
])
def test_one_line_is_repaired_and_nothing_else_changes(code: str, broken: str, whole: str) -> None:
    after = fixed(broken)
    assert after.content.decode() == HEAD + whole
    assert judge(after.content) == []
    ((line, before, now),) = [(number, old, new) for number, (old, new) in enumerate(
        zip((HEAD + broken).split("\n"), (HEAD + whole).split("\n"), strict=True), 1) if old != new]
    assert after.fixes == (Fix(code=code, line=line, before=before, after=now),)


@pytest.mark.parametrize("body", [
    "remove:\n  route: one\n  route: two\n",                       # the same key twice
    "remove:\n  route:\n",                                         # an empty value
    "codes:\n  package: {bag: 1,5}\n",                              # a decimal comma inside braces
    "record:\n  gross: decimal(2,5)\n",                             # and in a type
    "sections:\n  a: b\n",                                         # a key nearer to nothing than to something
    "override:\n  goods: {LOC+14: x\n",                             # a brace that nobody closed
    "require:\n  COR1: {when: mrn, fr: x, en: y}\n",                # a key that is missing
    "after:\n  to: |\n    via: LOC+50+{mrn}\n",                      # no terminator at all
])
def test_what_needs_a_decision_is_told_and_left_alone(body: str) -> None:
    content = (HEAD + body).encode()
    assert judge(content) != []
    after = fix(content, judge, "x")
    assert (after.content, after.fixes) == (content, ())
    assert after.content is content


@pytest.mark.parametrize("body", [
    "codes:\n  country: {norway: NO}\n", "codes:\n  package: {bag: 0466}\n",
    "codes:\n  package: {bag: yes, box: 1e3}\n",
    "codes:\n  package: {bag: '1,5'}\n",
])
def test_what_yaml_elsewhere_takes_for_something_else_is_plain_text_here(body: str) -> None:
    document, findings = parse_mapping((HEAD + body).encode(), "x.yaml")
    assert findings == []
    words = [code.text for table in document.codes.values() for code in table.values()]
    assert words in (["NO"], ["0466"], ["yes", "1e3"], ["1,5"])
    assert fixed(body).fixes == ()


def test_line_ends_and_the_byte_order_mark_stay_as_they_are() -> None:
    body = "remove:\r\n  route: not exchanged: agreement 4.2\r\n  goods: accord\u00a04.2\r\n"
    head = HEAD.replace("\n", "\r\n")
    after = fix(b"\xef\xbb\xbf" + (head + body).encode(), judge, "x")
    wanted = head + "remove:\r\n  route: \"not exchanged: agreement 4.2\"\r\n  goods: accord 4.2\r\n"
    assert after.content == b"\xef\xbb\xbf" + wanted.encode()
    assert [one.code for one in after.fixes] == ["S021", "S010"]


def test_a_missing_modeline_becomes_the_first_line_and_one_that_is_there_stays() -> None:
    text = 'format: "1"\r\nid: x\r\n'
    after = fix(text.encode(), lambda _: [], "../../gateway/schema/mapping.json")
    first = "# yaml-language-server: $schema=../../gateway/schema/mapping.json"
    assert after.content.decode() == f"{first}\r\n{text}"
    assert after.fixes == (Fix(code="M460", line=1, before="", after=first),)
    assert fix(after.content, lambda _: [], "elsewhere.json").fixes == ()


def test_blanks_at_the_end_of_a_line_of_quoted_text_that_goes_on_are_part_of_it() -> None:
    body = 'remove:\n  route: "not exchanged \\ \n    here"  \n'
    after = fixed(body)
    assert after.content.decode() == HEAD + body.replace('here"  ', 'here"')


def test_many_faults_of_one_file_are_repaired_in_one_go() -> None:
    body = ("overide:\n  box: each equipment: EQD+{kind}+{number}'\n  goods: ? LOC+14+{mrn}\u2019\n"
            "afer:\n\tto: |\n    via:\u00a0LOC+50+{mrn}'  \n")
    after = fixed(body)
    assert judge(after.content) == []
    assert after.content.decode() == HEAD + (
        "override:\n  box: \"each equipment: EQD+{kind}+{number}'\"\n  goods: \"? LOC+14+{mrn}'\"\n"
        "after:\n  to: |\n    via: LOC+50+{mrn}'\n")


def test_a_file_that_is_no_utf_8_is_left_alone() -> None:
    content = (HEAD + "remove: {route: accord 4.2\u00a0}").encode("cp1252")
    assert fix(content, judge, "x") == Fixed(content, ())
