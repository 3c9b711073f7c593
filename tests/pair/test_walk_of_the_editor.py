"""Does the walk of the mapping editor still go as it is told: a swap that only the partner noticed, found and mended?

The commands are taken from the page, in both languages, and typed at the gateway of Lomé.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.cli import map_life
from gateway.exchange.summary import Exit
from tests.pair.test_old_mapping_version import in_force_since_yesterday
from tests.tools.offices import ROOT, Office, Ran, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration, numbered_mrn

WALKS = [("en/walks.md", "## The editor and the rejected declaration"),
         ("fr/parcours.md", "## La rédactrice et la déclaration rejetée")]
MRN = numbered_mrn(2)
OWN = "corridors/tg-bf/cusdec.yaml"
SWAP = ("override:\n  item_gross: \"? MEA+WT+AAL+KGM:{gross_mass}'\"\n"
        "  item_net: \"? MEA+WT+AAE+KGM:{net_mass}'\"\n")


@dataclass
class Walk:
    """The two offices, and the folder of mappings that Lomé's settings name."""

    togo: Office
    burkina: Office
    mappings: Path

    def write(self, version: str, more: str = "") -> None:
        """Write Lomé's own version of the mapping."""
        text = (ROOT / "mappings" / OWN).read_text("utf-8").replace('version: "2"', f'version: "{version}"')
        text = "".join(line for number, line in enumerate(text.splitlines(keepends=True)) if number != 1)  # a comment
        (self.mappings / OWN).write_text(text + more, "utf-8")

    def typed(self, line: str) -> Ran:
        """A line of the page as Sena types it."""
        program, *words = shlex.split(line.replace("26TGLPLG0000000022", MRN))
        return self.togo.run(program, *words, *(["--records", "5"] if words[:2] == ["map", "test"] else []))


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Version 3, with gross and net mass swapped, went out and came back rejected."""
    root, patched = tmp_path_factory.mktemp("walk"), pytest.MonkeyPatch()
    patched.setattr(map_life, "_RECORDS", 5)  # the laws have tests of their own
    togo, burkina = offices(root)
    settings = togo.settings.read_text("utf-8")
    assert settings.count("\n  keys: keys\n") == 1
    togo.settings.write_text(settings.replace("\n  keys: keys\n", "\n  keys: keys\n  mappings: [mappings]\n"), "utf-8")
    made = Walk(togo, burkina, togo.home / "mappings")
    (made.mappings / OWN).parent.mkdir(parents=True)
    made.write("3", SWAP)
    with pytest.MonkeyPatch.context() as yesterday:
        yesterday.setenv("EDI_MAPPINGS", str(made.mappings))
        in_force_since_yesterday(togo)
    record = declaration("L-2", mrn=MRN)
    del record["items"][1]["net_mass"]
    togo.drop("declarations", {"d2.json": json.dumps(record, indent=1).encode()})
    assert [togo.run("edi-send").exit, burkina.run("edi-receive").exit, togo.run("edi-receive").exit] == [0, 0, 1]
    yield made
    patched.undo()


def chapter(name: str, heading: str) -> str:
    return (ROOT / "gateway/docs" / name).read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]


def blocks(name: str, heading: str) -> list[list[str]]:
    found = re.findall(r"^```sh\n(.*?)^```$", chapter(name, heading), re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in found]


def test_a_value_that_the_record_has_is_looked_for_in_the_mapping(walk: Walk) -> None:
    first, second = checked("explain", walk.togo.run("edi", "explain", MRN, "--json").out)[:2]
    assert (first["code"], first["held"], first["path"], first["value"], first["locator"], first["mapping"]) == (
        "COR0214", True, "items[2].gross_mass", "14000", "/items/1/gross_mass", f"{OWN}:13")
    assert (second["code"], second["held"], second["path"], second["mapping"]) == (
        "COR0412", False, "items[1].gross_mass", f"{OWN}:13")
    told, shown = (walk.togo.run("edi", command, MRN).out for command in ("explain", "show"))
    advice = f"not the national system is to be mended but the mapping, {OWN}:13."
    assert advice in told and advice in shown
    assert "your value: none" not in told
    for page, heading in WALKS:
        assert chapter(page, heading).split("```\n")[1].replace("TG0000000003-1", "TG0000000001-1") in told


def test_the_commands_look_where_the_gateway_looks(walk: Walk) -> None:
    for words in (("show", "tg-bf/cusdec"), ("list", "tg-bf")):
        out = walk.togo.run("edi", "map", *words).out
        assert re.search(r'version: "3"|cusdec +3 ', out)
    assert f"cp -r {ROOT}/mappings/corridors/tg-bf/samples/cusdec {walk.mappings}" in \
        walk.togo.run("edi", "map", "test", "tg-bf/cusdec", "--records", "5").out


def test_what_corridors_share_stands_once_behind_what_is_their_own(walk: Walk) -> None:
    names = [line.split()[0] for line in walk.togo.run("edi", "map", "list").out.splitlines()[1:]]
    assert len(names) == len(set(names))
    assert [name for name in names if name.startswith("corridors/")] == names[:sum(
        name.startswith("corridors/") for name in names)]
    lines = checked("map-list", walk.togo.run("edi", "map", "list", "--json").out)
    assert len([line for line in lines if line.get("mapping") == names[-1]]) > 1  # programs get every corridor's


def test_an_agreement_that_fixes_another_version_is_told_when_one_is_put_in_force(walk: Walk) -> None:
    file = walk.togo.home / "partners" / "BFDGD.yaml"
    before = file.read_text("utf-8")
    agreed = f'{{mapping: corridors/tg-bf/cusdec, version: "2", sha256: "{"0" * 64}"}}'
    file.write_text(before.replace("\nagreement:\n", f"\nagreement:\n  mappings:\n    - {agreed}\n"), "utf-8")
    ran = walk.togo.run("edi", "map", "activate", "tg-bf/cusdec", "--dry-run")
    file.write_text(before, "utf-8")
    assert ran.exit == 0
    assert "fixes version 2 (000000000000) of corridors/tg-bf/cusdec; here version 3" in ran.err


@pytest.mark.parametrize(("name", "heading"), WALKS[:1])
def test_the_walk_ends_with_the_accepted_declaration(walk: Walk, name: str, heading: str) -> None:
    finding, mending = blocks(name, heading)
    assert {line: walk.typed(line).exit for line in finding} == dict.fromkeys(
        finding, 0)
    shutil.copytree(ROOT / "mappings/corridors/tg-bf/samples", walk.mappings / "corridors/tg-bf/samples")
    swapped = walk.togo.run("edi", "map", "test", "tg-bf/cusdec", "--records", "5")
    assert (swapped.exit, "expected MEA+WT+AAE" in swapped.err) == (Exit.PERSON, True)
    assert walk.togo.run("edi", "map", "activate", "tg-bf/cusdec").exit != 0  # with samples it would not have gone out
    walk.write("4")
    assert {line: walk.typed(line).exit for line in mending} == dict.fromkeys(
        mending, 0)
    assert walk.burkina.run("edi-receive").exit == walk.togo.run("edi-receive").exit == 0
    assert walk.togo.movements()[MRN]["state"] == "CONFIRMED"
    assert walk.burkina.inbox("declarations").keys() == {f"{MRN}.json"}


def test_both_pages_type_the_same() -> None:
    english, french = (blocks(*one) for one in WALKS)
    assert english == french
