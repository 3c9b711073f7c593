"""Is a record put onto the files of the national side without touching what is not its own?"""

from __future__ import annotations

import random
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_files import known_dialects
from gateway.mapping.laws.dialect_records import record_for
from gateway.references import Tree

ROOT = Path(__file__).parents[2]
STORY = ROOT / "samples" / "story" / "tgotr"
SYNTHETIC = ROOT / "tests" / "golden" / "dialect"
PAIRS = {"story": (STORY / "declaration-1.xml", STORY / "declaration-1-t1.csv"),
         "synthetic": (SYNTHETIC / "tg_t1_asycuda_tree.xml", SYNTHETIC / "tg_t1_header_extract.csv")}
CONFORMING = ("a.xml", "a-t1.csv")
REGISTERED = ("national_reference", "national_reference_date", "office_of_departure", "mrn", "local_reference")


@pytest.fixture(scope="module")
def asycuda() -> Dialect:
    return load_dialect("tgotr/asycuda", [ROOT / "mappings"])


@pytest.fixture(params=PAIRS)
def files(request: pytest.FixtureRequest) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in zip(CONFORMING, PAIRS[request.param], strict=True)}


def tree_of(dialect: Dialect, files: dict[str, bytes]) -> Tree:
    record, = dialect.read(files).records
    return record.tree


def items_of(tree: Tree) -> list[Tree]:
    items = tree["items"]
    assert isinstance(items, list)
    return items


def disturbed(content: bytes, chance: random.Random) -> bytes:
    """The document as another version of the national system might write it: the same values, other bytes."""
    for before, after in ((b"\n", b"\r\n"), (b"\n<null />\n", b"<null/>"), (b" />", b"/>"), (b">1650<", b"> 1650.0 <"),
                          (b"UTF-8", b"utf-8"), (b' standalone="no"', b"")):
        if chance.random() < 0.5:
            content = content.replace(before, after)
    while chance.random() < 0.9:  # elements of the national system's own, anywhere between two elements
        places = [number for number in range(len(content)) if content.startswith(b"><", number)
                  or content.startswith(b">\n<", number)]
        if places:
            place = chance.choice(places) + 1
            if not content[:place].endswith((b"?>",)) and b"</ASYCUDA>" in content[place:]:
                added = chance.choice([b"<Quota><Year>26</Year></Quota>", b"<!-- ok -->", b"<Scan a='>'/>"])
                before = content[:place].rpartition(b"<")[2]
                if not before.startswith(b"null") and not content[place:].lstrip().startswith((b"<null", b"</")):
                    content = content[:place] + added + content[place:]
    return b"\xef\xbb\xbf" + content if chance.random() < 0.3 else content


def test_a_record_that_stayed_the_same_leaves_its_files_as_they_are(asycuda: Dialect, files: dict[str, bytes]) -> None:
    assert asycuda.write(tree_of(asycuda, files), "a", files) == files


def test_the_same_holds_however_the_national_system_writes_its_file(asycuda: Dialect, files: dict[str, bytes]) -> None:
    chance = random.Random(5)
    sound = tree_of(asycuda, files)
    for _ in range(60):
        other = {**files, "a.xml": disturbed(files["a.xml"], chance)}
        assert tree_of(asycuda, other) == sound
        assert asycuda.write(sound, "a", other) == other


def test_a_changed_record_changes_its_places_and_nothing_else(asycuda: Dialect) -> None:
    files = {name: path.read_bytes() for name, path in zip(CONFORMING, PAIRS["story"], strict=True)}
    tree = deepcopy(tree_of(asycuda, files))
    items_of(tree)[1]["net_mass"] = Decimal("1234.5")
    tree["mrn"] = "26TGLPLT0000204177"
    made = asycuda.write(tree, "a", files)
    before, after = files["a.xml"].splitlines(), made["a.xml"].splitlines()
    assert [(one, other) for one, other in zip(before, after, strict=True) if one != other] == [
        (next(one for one in before if b"<Net_weight_itm>" in one and one != before[0] and one not in after),
         b"<Net_weight_itm>1234.5</Net_weight_itm>")]
    assert made["a-t1.csv"] == files["a-t1.csv"]
    assert b"National_tracking" in made["a.xml"]


def test_random_changes_come_back_and_what_is_unknown_stays(asycuda: Dialect, files: dict[str, bytes]) -> None:
    chance = random.Random(11)
    for _ in range(60):
        other = {**files, "a.xml": disturbed(files["a.xml"], chance)}
        tree = deepcopy(tree_of(asycuda, other))
        change(tree, chance)
        made = asycuda.write(tree, "a", other)
        assert tree_of(asycuda, made) == tree
        assert asycuda.write(tree, "a", made) == made
        assert unknown(asycuda, other) == unknown(asycuda, made)


def unknown(dialect: Dialect, files: dict[str, bytes]) -> list[str | None]:
    """What the dialect does not read, but for what stands in members of lists, which may go."""
    return [place.locator for place in dialect.unread("a.xml", files["a.xml"])
            if place.locator and not place.locator.startswith(("/ASYCUDA/Item", "/ASYCUDA/Container"))]


def change(tree: Tree, chance: random.Random) -> None:
    """Some changes as an amendment makes them."""
    items = items_of(tree)
    for _ in range(chance.randint(1, 4)):
        action = chance.randrange(8)
        item = chance.choice(items)
        if action == 0:
            item["gross_mass"] = Decimal(chance.randint(1, 10**7)).scaleb(-chance.randint(0, 3))
        elif action == 1:
            tree.pop(chance.choice(["time_limit", "itinerary", "total_packages", "customs_value", "seals"]), None)
        elif action == 2:
            item["packages"] = [{"count": chance.randint(0, 99), "kind": "CT"} for _ in range(chance.randint(1, 3))]
        elif action == 3 and len(items) > 1:
            del items[chance.randrange(len(items))]
            tree.pop("equipment", None)
            for number, one in enumerate(items, 1):
                one["number"] = number
                one.pop("containers", None)
        elif action == 4:
            items.append({"number": len(items) + 1, "description": "PIÈCES & <VIS>", "packages": [{"count": 3}]})
        elif action == 5:
            tree["consignee"] = {"name": "N'GOLO\nFRÈRES", "identifier": "ML 1"}
        elif action == 6:
            tree["equipment"] = [{"kind": "container", "number": f"MSKU{chance.randint(1, 9)}"}]
            for one in items:
                one.pop("containers", None)
        else:
            item["documents"] = [{"type": "380", "number": f"F{chance.randint(1, 99)}"}]


def test_files_that_are_not_one_record_are_refused(asycuda: Dialect, files: dict[str, bytes]) -> None:
    tree = tree_of(asycuda, files)
    for onto in ({}, {"a.xml": files["a.xml"]}, {**files, "b-t1.csv": files["a-t1.csv"]}):
        with pytest.raises(LocalError) as caught:
            asycuda.write(tree, "a", onto)
        assert caught.value.code == "D204"


def test_a_record_that_would_not_come_back_is_refused_with_its_path(asycuda: Dialect, files: dict[str, bytes]) -> None:
    with pytest.raises(LocalError) as caught:
        asycuda.write({**tree_of(asycuda, files), "binding_itinerary": False}, "a", files)
    assert [(one.code, one.place.path, one.values["value"]) for one in caught.value.findings] == [
        ("D205", "binding_itinerary", "False")]


def test_the_record_under_its_own_names_keeps_what_it_does_not_know_where_the_dialect_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "dialects" / "xx"
    folder.mkdir(parents=True)
    (folder / "json.yaml").write_text("""\
format: "1"
id: xx/json
extends: neutral/json
record: declaration
parts: {record: {others: keep, file: "{stem}.jsonl", lines: "yes"}}
""", "utf-8")
    dialect = load_dialect("xx/json", [tmp_path, ROOT / "mappings"])
    content = (b'{"mrn": "M", "own": {"n": 1.50}, "items": [{"number": 1, "x": "1"}, {"number": 2, "x": "2"}], '
               b'"function": "original"}\n')
    record, = dialect.read({"d.jsonl": content}).records
    assert [place.locator for place in dialect.unread("d.jsonl", content)] == ["/own", "/items/0/x", "/items/1/x"]
    assert dialect.write(record.tree, "d", {"d.jsonl": content}) == {"d.jsonl": content}
    changed: Tree = {**record.tree, "items": [{"number": 2}], "reason": "R"}
    assert dialect.write(changed, "d", {"d.jsonl": content}) == {"d.jsonl": (
        b'{"mrn": "M", "own": {"n": 1.50}, "items": [{"number": 2, "x": "2"}], "function": "original", '
        b'"reason": "R"}\n')}


@pytest.mark.parametrize("identifier", known_dialects([ROOT / "mappings"]))
def test_any_record_is_put_onto_the_files_of_any_other_in_every_dialect(identifier: str) -> None:
    dialect = load_dialect(identifier, [ROOT / "mappings"])
    for number in range(20):
        one, other = record_for(dialect, random.Random(number)), record_for(dialect, random.Random(number + 5000))
        if number % 2:  # an amendment leaves most of it as it was, and the registration by which files are joined
            chance = random.Random(number)
            other = {**one, **{name: value for name, value in other.items()
                               if name not in REGISTERED and chance.random() < 0.3}}
        files = dialect.write(one, "x")
        wanted = dialect.read(dialect.write(other, "x")).records[0].tree
        assert dialect.write(dialect.read(files).records[0].tree, "x", files) == files, number
        assert dialect.read(dialect.write(wanted, "x", files)).records[0].tree == wanted, number


def test_columns_that_nothing_reads_stay_with_their_lines(tmp_path: Path) -> None:
    folder = tmp_path / "dialects" / "xx"
    folder.mkdir(parents=True)
    (folder / "csv.yaml").write_text("""\
format: "1"
id: xx/csv
extends: generic/csv
record: declaration
parts: {decl: {mark: "no", columns: {reference: REF, visa: VISA, rack: RAYON, item: ART, description: DESC}}}
""", "utf-8")
    dialect = load_dialect("xx/csv", [tmp_path, ROOT / "mappings"])
    content = b"REF;VISA;RAYON;ART;DESC\r\nL;v;r1;1;a\r\nL;;r2;2;b\r\nL;;r3;3;c\r\n"
    tree = tree_of(dialect, {"d.csv": content})
    assert dialect.write(tree, "d", {"d.csv": content}) == {"d.csv": content}
    items = items_of(tree)
    changed: Tree = {**tree, "items": [items[0], {**items[2], "description": "x"}]}
    table = dialect.write(changed, "d", {"d.csv": content})["d.csv"].decode().splitlines()
    names = table[0].split(";")
    said = [dict(zip(names, line.split(";"), strict=True)) for line in table[1:]]
    assert [(one["VISA"], one["RAYON"], one["ART"], one["DESC"]) for one in said] == [
        ("v", "r1", "1", "a"), ("", "r3", "3", "x")]
