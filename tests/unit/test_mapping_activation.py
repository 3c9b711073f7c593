"""Which version of a mapping is in force, which one does a movement keep, and what does the list of mappings say?"""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.exchange.activation import activate, loaded, unproved
from gateway.ledger import Ledger
from gateway.mapping import Activated, Mapping, Versions, load_corridors, load_mapping
from gateway.mapping.archive import Archive
from gateway.mapping.catalogue import entries
from gateway.mapping.versions import NOTHING_ACTIVATED
from gateway.texts import Language, hint, sentence
from tests.golden.profile.samples import MAPPINGS
from tests.tools.command import command
from tests.tools.outputs import checked

START = datetime(2027, 1, 1, tzinfo=UTC)
IDENTIFIER = "corridors/tg-ml/cusdec"
FILES = load_mapping(IDENTIFIER, [MAPPINGS])


def version(name: str) -> Mapping:
    """A version of the mapping that stands in no folder."""
    from gateway.mapping.loading import load_archived

    *bases, (file, content) = FILES.archive.files
    changed = content.replace(f'version: "{FILES.version}"'.encode(), f'version: "{name}"'.encode())
    return load_archived(Archive((*bases, (file, changed))))


FIRST, SECOND = version("2027.1"), version("2027.2")


def versions(*starts: tuple[Mapping, datetime]) -> Versions:
    kept = {mapping.digest: mapping.archive for mapping, _ in starts}
    return Versions((Activated(mapping=mapping.identifier, version=mapping.version, digest=mapping.digest, starts=when)
                     for mapping, when in starts), lambda digest: kept[digest])


def test_the_files_rule_until_the_first_start_and_each_version_until_the_next() -> None:
    chosen = load_corridors([MAPPINGS], versions((SECOND, START + timedelta(days=31)), (FIRST, START)), START)
    corridor = chosen.named("tg-ml")
    minute = timedelta(minutes=1)
    assert [corridor.at(when).cusdec.version for when in (
        START - minute, START, START + timedelta(days=31) - minute, START + timedelta(days=31))] \
        == [FILES.version, "2027.1", "2027.1", "2027.2"]
    assert corridor.cusdec is FIRST
    assert corridor.at(START).cusres("ACCEPTED").identifier == "base/cusres-d96b/accepted"


def test_a_movement_keeps_a_version_whatever_is_in_force() -> None:
    corridor = load_corridors([MAPPINGS], versions((SECOND, START)), START).named("tg-ml")
    assert corridor.keeping(FIRST).cusdec is FIRST
    assert corridor.keeping(FIRST).at(START).cusdec is FIRST
    assert corridor.cusdec is SECOND


def test_without_an_activation_a_corridor_is_the_same_at_any_time() -> None:
    corridor = load_corridors([MAPPINGS]).named("tg-ml")
    assert corridor.at(START) is corridor
    with pytest.raises(LocalError, match="M401"):
        NOTHING_ACTIVATED.load("0" * 64)


def test_the_list_has_one_entry_for_each_message_and_tells_what_is_in_force_planned_and_invented() -> None:
    corridor = load_corridors([MAPPINGS]).named("tg-ml")
    listed = list(entries(corridor, versions((FIRST, START), (SECOND, START + timedelta(days=9))), START))
    assert len(listed) == 21
    first = listed[0]
    assert (first.layout, first.state, first.version, first.digest, first.starts, first.changed) == (
        "cusdec", "active", "2027.1", FIRST.digest, START, True)
    assert [one.version for one in first.planned] == ["2027.2"]
    assert "gateway TGOTR" in first.invented
    assert {(one.state, one.starts) for one in listed[1:]} == {("ready", None)}
    assert len({one.layout for one in listed}) == 21


def test_a_faulty_mapping_is_listed_with_its_faults_unless_a_sound_version_is_in_force(tmp_path: Path) -> None:
    for name in ("corridors/tg-ml/corridor.yaml", "codes/offices.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((MAPPINGS / name).read_bytes())
    (tmp_path / f"{IDENTIFIER}.yaml").write_text(f"format: \"1\"\nid: {IDENTIFIER}\nextends: base/nothing\n", "utf-8")
    corridor = load_corridors([tmp_path, MAPPINGS]).named("tg-ml")
    faulty = next(entries(corridor, NOTHING_ACTIVATED, START))
    assert (faulty.state, faulty.version, faulty.digest) == ("faulty", "", "")
    assert "M006" in [one.code for one in faulty.faults]
    sound = next(entries(corridor, versions((FIRST, START)), START))
    assert (sound.state, sound.version, sound.changed, sound.faults) == ("active", "2027.1", True, ())


def test_all_mappings_of_one_command_are_put_in_force_or_none(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", now=START) as ledger:
        assert [one.new for one in activate(ledger, [FIRST], START + timedelta(days=1), START)] == [True]
        assert [one.new for one in activate(ledger, [FIRST], START + timedelta(days=1), START)] == [False]
        accepted = load_mapping("base/cusres-d96b/accepted", [MAPPINGS])
        with pytest.raises(LocalError) as caught:
            activate(ledger, [accepted, SECOND], START + timedelta(days=1), START)
        assert [(one.code, dict(one.values)) for one in caught.value.findings] == [("M404", {
            "mapping": IDENTIFIER, "version": "2027.1", "starts": "2027-01-02T00:00:00Z"})]
        with ledger.reading() as queries:
            assert [(row.mapping, row.version) for row in queries.activations()] == [(IDENTIFIER, "2027.1")]


def test_an_activation_begins_with_a_minute_for_interchanges_know_no_less(tmp_path: Path) -> None:
    now = START + timedelta(seconds=42)
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", now=now) as ledger:
        assert [one.activated.starts for one in activate(ledger, [FIRST], now, now)] == [START]


def test_bases_are_nothing_that_could_be_put_in_force() -> None:
    assert [one.identifier for one in loaded(["base/lome", IDENTIFIER], [MAPPINGS])] == [IDENTIFIER]


def test_a_mapping_is_proven_by_its_laws_and_its_samples_before_it_is_put_in_force(tmp_path: Path) -> None:
    file = tmp_path / f"{IDENTIFIER}.yaml"
    shutil.copytree((MAPPINGS / IDENTIFIER).parent, file.parent)
    assert unproved(loaded([IDENTIFIER], [tmp_path, MAPPINGS]), [tmp_path, MAPPINGS], random.Random, 20) == []
    file.write_text(file.read_text("utf-8") + "override:\n  local: \"? RFF+ABO:{local_reference}'\"\n", "utf-8")
    changed = loaded([IDENTIFIER], [tmp_path, MAPPINGS])
    refused = unproved(changed, [tmp_path, MAPPINGS], random.Random, 20)
    assert {one.code for one in refused} == {"M409"}
    assert all(str(one.values["sample"]).endswith(".json") for one in refused)


def test_the_list_as_json_keeps_to_its_schema(tmp_path: Path) -> None:
    told = command("map", "list", "tg-ml", "--json", "--config", str(tmp_path / "none.yaml"))
    lines = checked("map-list", told.out)
    assert (told.exit, len(lines), lines[-1]["count"]) == (0, 22, 21)
    assert (lines[0]["mapping"], lines[0]["state"], lines[0]["digest"]) == (IDENTIFIER, "ready", FILES.digest)
    table = command("map", "list", "tg-ml", "--config", str(tmp_path / "none.yaml"))
    assert (table.exit, len(table.out.splitlines()), FILES.digest[:12] in table.out) == (0, 22, True)


def test_a_corridor_that_there_is_not_is_named_with_its_nearest(tmp_path: Path) -> None:
    told = command("map", "list", "tg-mm", "--json", "--config", str(tmp_path / "none.yaml"))
    assert (told.exit, "M302" in told.err) == (3, True)


@pytest.mark.parametrize("code", [f"M40{number}" for number in range(1, 10)])
def test_every_code_has_its_sentence_and_its_hint_in_both_languages(code: str) -> None:
    from gateway.findings import Finding

    values = dict.fromkeys(("digest", "partner", "agreed", "agreed_digest", "mapping", "version", "starts", "now",
                            "text", "seed", "sample"), "x")
    for language in (Language.FRENCH, Language.ENGLISH):
        finding = Finding(code=code, values=values)
        assert "{" not in sentence(finding, language) + (hint(finding, language) or "")
        assert json.dumps(sentence(finding, language)) != json.dumps(code)
