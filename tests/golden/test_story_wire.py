"""Is every interchange of the samples sound, answered as it deserves, and the same when read and written again?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.edifact import Interchange, make_contrl, read_contrl, read_interchanges, read_wire, to_wire, validate
from gateway.mapping import load_corridors
from gateway.mapping.dialect import load_dialect
from gateway.references import Tree
from tests.golden.story.readable import readable
from tests.golden.story.scenarios import ALL, SAMPLES

WIRES = sorted(path for scenario in ALL for path in scenario.path.glob("steps/*/*.edi"))
MAPPINGS = [SAMPLES.parent / "mappings"]
CORRIDORS = load_corridors(MAPPINGS)


def wires(*kinds: str) -> list[Path]:
    return [path for path in WIRES if path.stem.rpartition("-")[2] in kinds]


def name(path: Path) -> str:
    return path.relative_to(SAMPLES).as_posix()


def only(path: Path) -> Interchange:
    (interchange,) = read_interchanges(path)
    return interchange


def test_the_samples_hold_every_kind_of_message_of_the_story() -> None:
    kinds = [path.stem.rpartition("-")[2] for path in WIRES]
    assert {kind: kinds.count(kind) for kind in kinds} == {"CUSDEC": 20, "CONTRL": 74, "CUSRES": 54}


@pytest.mark.parametrize("path", WIRES, ids=name)
def test_an_interchange_is_clean_by_its_directory_and_goes_on_the_wire_without_line_breaks(path: Path) -> None:
    content = path.read_bytes()
    assert content.startswith(b"UNA:+.? 'UNB+UNOC:3+")
    assert b"\n" not in content and b"\r" not in content
    assert validate(only(path)) == []
    assert path.with_suffix(".txt").read_text("utf-8") == readable(content)


@pytest.mark.parametrize("path", wires("CUSDEC", "CUSRES"), ids=name)
def test_the_contrl_made_for_an_interchange_accepts_it_and_is_the_one_the_partner_sent(path: Path) -> None:
    interchange = only(path)
    made = make_contrl(interchange, validate(interchange))
    contrl = read_contrl(read_wire(made))
    assert (contrl.reference, contrl.action, contrl.fault, contrl.messages) == (
        interchange.header.control_reference, "7", None, ())
    _, sender, recipient, _ = path.stem.split("-")
    (answer,) = (body for sent in path.parent.glob(f"*-{recipient}-{sender}-CONTRL.edi")
                 if f"UCI+{contrl.reference}+" in (body := to_wire(only(sent).messages[0]).body))
    assert answer == made.body


@pytest.mark.parametrize("path", wires("CUSDEC", "CUSRES"), ids=name)
def test_a_message_read_and_written_again_is_the_same_message(path: Path) -> None:
    (message,) = only(path).messages
    corridor = CORRIDORS.named(_corridor(path))
    trees = corridor.read(message)
    written = corridor.cusdec.to_message(trees[0]) if message.identifier.type == "CUSDEC" else corridor.write(trees)
    assert written.body == to_wire(message).body


@pytest.mark.parametrize("path", wires("CUSDEC"), ids=name)
def test_a_cusdec_holds_exactly_the_record_that_stands_beside_it(path: Path) -> None:
    (message,) = only(path).messages
    (tree,) = CORRIDORS.named(_corridor(path)).read(message)
    assert _neutral(tree) == json.loads((path.parent / "record.json").read_bytes())


def test_every_partner_gets_the_same_declaration() -> None:
    for scenario in ALL:
        for step in scenario.steps:
            bodies = {to_wire(only(path).messages[0]).body
                      for path in (scenario.path / "steps" / step.name).glob("*-CUSDEC.edi")}
            assert len(bodies) == (1 if step.kind == "declarations" else 0)


def _corridor(path: Path) -> str:
    return path.relative_to(SAMPLES).parts[1] if "corridors" in path.parts else "tg-ml"


def _neutral(tree: Tree) -> object:
    (content,) = load_dialect("neutral/json", MAPPINGS).write(tree, "x").values()
    return json.loads(content)
