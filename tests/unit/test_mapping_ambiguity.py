"""Are two lines that one incoming segment could fit refused, wherever in the layout they stand, and nothing else?

The directories keep most layouts from it by their order; what they refuse besides is not the question here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.findings import Severity
from gateway.mapping import lint_mapping
from gateway.mapping.inherit import known_mappings
from tests.golden.profile.samples import MAPPINGS
from tests.unit.test_mapping_language import SMALL, where

RECORD = """  prepared: datetime
  office_of_exit: group
  office_of_exit.code: an..17
  office_of_departure: group
  office_of_departure.code: an..17
"""
BETWEEN = """  one:     ? LOC+118+{office_of_exit.code}'
  made:    ? DTM+137:{prepared|203}:203'
  two:     ? LOC+118+{office_of_departure.code}'
"""
OUTWARDS = """  gross: ? MEA+WT+AAD+KGM:{total_gross_mass}'
    under: ? LOC+118+{office_of_exit.code}'
  two:     ? LOC+118+{office_of_departure.code}'
"""


def ambiguous(folder: Path, text: str) -> list[tuple[int | None, str, str]]:
    """The lines told of: where the later stands, its label and that of the earlier."""
    (folder / "small.yaml").write_text(text, "utf-8")
    _, findings = lint_mapping("small", [folder])
    return [(one.place.line, one.values["label"], one.values["first"]) for one in findings if one.code == "M058"]


def with_lines(lines: str) -> str:
    text = SMALL.replace("  prepared: datetime\n", RECORD + "  total_gross_mass: decimal(3)\n")
    changed = text.replace("  made:    ? DTM+137:{prepared|203}:203'\n", lines)
    assert changed != text
    return changed


@pytest.mark.parametrize(("lines", "first"), [(BETWEEN, "one"), (OUTWARDS, "under")])
def test_lines_between_which_everything_may_be_absent_are_told(tmp_path: Path, lines: str, first: str) -> None:
    text = with_lines(lines)
    assert ambiguous(tmp_path, text) == [(where(text, "  two: ")[0], "two", first)]


@pytest.mark.parametrize(("lines", "old", "new"), [
    (BETWEEN, "LOC+118+{office_of_exit", "LOC+42+{office_of_exit"),  # a constant tells them apart
    (OUTWARDS, "LOC+118+{office_of_exit", "LOC+42+{office_of_exit"),
    (BETWEEN, "? DTM+137", "DTM+137"),  # a segment that is always there stands between them
    (OUTWARDS, "  two: ", "  stop:    UNS+D'\n  two: "),
    (BETWEEN, "? LOC+118+{office_of_exit", "LOC+118+{office_of_exit"),  # the first of two segments is always the one
])
def test_lines_that_never_meet_are_not(tmp_path: Path, lines: str, old: str, new: str) -> None:
    assert old in lines
    assert ambiguous(tmp_path, with_lines(lines.replace(old, new, 1))) == []


def test_a_list_may_go_on_where_the_next_line_of_its_tag_begins(tmp_path: Path) -> None:
    lists = "  one:     each items: LOC+118+{number}'\n  made:    ? DTM+137:{prepared|203}:203'\n" \
            "  two:     ? LOC+118+{office_of_departure.code}'\n"
    assert [row[1:] for row in ambiguous(tmp_path, with_lines(lists))] == [("two", "one")]


@pytest.mark.parametrize("identifier", known_mappings([MAPPINGS]))
def test_nothing_is_wrong_with_a_shipped_mapping(identifier: str) -> None:
    _, findings = lint_mapping(identifier, [MAPPINGS])
    assert [(one.code, one.place.file, one.place.line) for one in findings if one.severity is Severity.ERROR] == []
