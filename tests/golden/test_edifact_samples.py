"""Interchanges of other people: is each read exactly, written again byte for byte, and judged as `verdicts.tsv` says?

The table has one line per file: what is in it, whether it can be rewritten, every error and warning by its code, and in
its last column `agrees` where the list the samples come from says the same, else why it is otherwise. What stands in a
file is what the reference reader sees, byte by byte and without our code. ATTRIBUTION.md beside the files names source
and licence of each.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from gateway.edifact import Interchange, Repeated, read_interchanges, rewrite_file, validate
from gateway.findings import Severity
from tests.campaigns.edifact_examined import needless
from tests.tools import edifact_reference as reference

FOLDER = Path(__file__).parent / "edifact"
HEAD, *LINES = (FOLDER / "verdicts.tsv").read_text("utf-8").splitlines()
VERDICTS = {line.split("\t")[0]: dict(zip(HEAD.split("\t"), line.split("\t"), strict=True)) for line in LINES}
FILES = sorted([*(FOLDER / "samples").glob("*.edi"), *(FOLDER / "published").glob("*.edi")], key=lambda file: file.name)
OPEN = ("MIT", "Apache-2.0", "MIT OR Apache-2.0", "Apache-2.0 OR LGPL-3.0", "Apache-2.0 header")

each = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def as_read(interchange: Interchange) -> list[reference.ReadSegment]:
    return [
        reference.ReadSegment(
            segment.tag,
            segment.nesting,
            tuple(
                reference.Repeats(tuple(element)) if isinstance(element, Repeated) else element
                for element in segment.elements
            ),
        )
        for segment in interchange.segments
    ]


def counted(codes: list[str]) -> str:
    found = sorted(Counter(codes).items())
    return " ".join(code if number == 1 else f"{code}x{number}" for code, number in found) or "-"


def test_every_sample_has_its_verdict_and_every_verdict_its_sample() -> None:
    assert [file.name for file in FILES] == sorted(VERDICTS)
    assert len(FILES) == 95
    assert [name for name, row in VERDICTS.items() if not row["index"]] == []


def test_every_sample_names_its_source_and_an_open_licence() -> None:
    for folder in ("samples", "published"):
        text = (FOLDER / folder / "ATTRIBUTION.md").read_text("utf-8")
        rows = [[cell.strip(" `") for cell in line.split("|")[1:4]] for line in text.splitlines() if line[:3] == "| `"]
        assert sorted(row[0] for row in rows) == sorted(file.name for file in (FOLDER / folder).glob("*.edi"))
        assert [row for row in rows if not row[1] or row[2] not in OPEN] == []


@each
def test_what_stands_in_a_sample_is_what_the_reference_reader_sees(file: Path) -> None:
    content = file.read_bytes()
    interchanges, expected = list(read_interchanges(content)), reference.read(content)
    row = VERDICTS[file.name]
    assert hashlib.sha256(content).hexdigest()[:12] == row["sha256"]
    assert [(one.offset, one.offset + len(one.content), one.una, one.wire.complete) for one in interchanges] == [
        (one.start, one.end, one.una, one.complete) for one in expected
    ]
    assert [as_read(one) for one in interchanges] == [one.segments for one in expected]
    assert [len(interchanges), sum(len(one.messages) for one in interchanges),
            sum(len(one.segments) for one in expected)] == [
        int(row[name]) for name in ("interchanges", "messages", "segments")
    ]


@each
def test_a_sample_is_written_again_byte_for_byte_but_for_needless_release_characters(file: Path) -> None:
    content = file.read_bytes()
    interchanges = list(read_interchanges(content))
    written = rewrite_file(interchanges)
    if VERDICTS[file.name]["rewritten"] == "exactly":
        assert written == content
    else:
        assert VERDICTS[file.name]["rewritten"] == "without needless release characters"
        assert any(needless(one) for one in interchanges)
        assert [as_read(one) for one in read_interchanges(written)] == [as_read(one) for one in interchanges]
        assert len(written) < len(content)


@each
def test_a_sample_is_judged_as_the_table_says(file: Path) -> None:
    found = [finding for interchange in read_interchanges(file) for finding in validate(interchange)]
    row = VERDICTS[file.name]
    assert counted([one.code for one in found if one.severity is Severity.ERROR]) == row["errors"]
    assert counted([one.code for one in found if one.severity is not Severity.ERROR]) == row["warnings"]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.edi")), ids=lambda file: file.stem)
def test_our_own_samples_are_seen_alike_and_written_again_exactly(file: Path) -> None:
    content = file.read_bytes()
    interchanges = list(read_interchanges(content))
    assert [as_read(one) for one in interchanges] == [one.segments for one in reference.read(content)]
    assert rewrite_file(interchanges) == content


def test_the_reference_reader_shares_no_code_with_what_it_checks() -> None:
    assert "gateway" not in Path(reference.__file__).read_text("utf-8").replace("`gateway.edifact`", "")
