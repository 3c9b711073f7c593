"""Does pydifact, which is not ours, read every interchange of the samples as we do?"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from pydifact.parser import Parser

from gateway.edifact import read_interchanges
from tests.golden.story.scenarios import ALL, SAMPLES

WIRES = sorted(path for scenario in ALL for path in scenario.path.glob("steps/*/*.edi"))


def stock(content: bytes) -> list[tuple[str, Any]]:
    """Tag and elements by pydifact's own parser, its UNA left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns for each service segment that its wheel has no data for
        return [(segment.tag, segment.elements) for segment in Parser().parse(content.decode("iso8859-1"))][1:]


def plain(elements: tuple[Any, ...]) -> list[Any]:
    """An element as pydifact gives it: the text of a single component, else the list of components."""
    return [list(element) if len(element) > 1 else "".join(element) for element in elements]


def test_there_are_interchanges_to_compare() -> None:
    assert len(WIRES) == 148


@pytest.mark.parametrize("path", WIRES, ids=lambda path: path.relative_to(SAMPLES).as_posix())
def test_stock_pydifact_reads_an_interchange_of_the_samples_to_the_same_segments(path: Path) -> None:
    content = path.read_bytes()
    (interchange,) = read_interchanges(content)
    theirs = stock(content)
    assert [(segment.tag, plain(segment.elements)) for segment in interchange.segments] == theirs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [(segment.tag, segment.elements) for segment in interchange.to_pydifact().segments] == theirs
