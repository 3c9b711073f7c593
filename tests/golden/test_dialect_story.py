"""Do the national files of the samples give exactly these records, and come back field by field?"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_rest import canonical_text
from gateway.records.nodes import leaf_texts
from gateway.records.xml import read_xml
from gateway.references import Scalar, Tree
from gateway.transit.checks import check_declaration
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.mrn import is_mrn
from gateway.transit.terms import from_tree

ROOT = Path(__file__).parents[2]
STORY = ROOT / "samples" / "story"
SYNTHETIC = Path(__file__).parent / "dialect"


def dialect(identifier: str) -> Dialect:
    return load_dialect(identifier, [ROOT / "mappings"])


def files(*names: str) -> dict[str, bytes]:
    return {name: (STORY / "tgotr" / name).read_bytes() for name in names}


def plain(value: Scalar | Tree | list[Tree]) -> object:
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return format(value.normalize(), "f") if isinstance(value, Decimal) else canonical_text(value)


@pytest.mark.parametrize(("identifier", "names"), [
    ("tgotr/asycuda", ("declaration-1.xml", "declaration-1-t1.csv")), ("tgotr/csv", ("declaration-2.csv",)),
    ("neutral/json", ("declaration-3.json",))])
def test_a_declaration_of_the_story_gives_exactly_this_record(identifier: str, names: tuple[str, ...]) -> None:
    record, = dialect(identifier).read(files(*names)).records
    expected = json.loads((SYNTHETIC / f"{names[0].partition('.')[0]}.expected.json").read_text("utf-8"))
    assert plain(record.tree) == expected
    assert check_declaration(from_tree(Declaration, record.tree)) == []


def test_only_the_first_declaration_has_an_mrn_and_it_is_a_right_one() -> None:
    first, = dialect("tgotr/asycuda").read(files("declaration-1.xml", "declaration-1-t1.csv")).records
    assert first.tree["mrn"] == "26TGLPLT0000204177"
    assert is_mrn("26TGLPLT0000204177")
    others = [*dialect("tgotr/csv").read(files("declaration-2.csv")).records,
              *dialect("neutral/json").read(files("declaration-3.json")).records]
    assert [record.tree.get("mrn") for record in others] == [None, None]


def test_the_third_declaration_lacks_one_gross_mass_and_nothing_else() -> None:
    record, = dialect("neutral/json").read(files("declaration-3.json")).records
    items = record.tree["items"]
    assert isinstance(items, list)
    assert ["gross_mass" in item for item in items] == [True, True, False]


@pytest.mark.parametrize("receiver", ["tgotr/asycuda", "bfdgd/asycuda", "mldgd/asycuda"])
def test_every_element_of_the_sad_that_the_dialect_names_reaches_the_receivers_file(receiver: str) -> None:
    sender = dialect("tgotr/asycuda")
    record, = sender.read(files("declaration-1.xml", "declaration-1-t1.csv")).records
    written = dialect(receiver).write(record.tree, "in")
    again, = dialect(receiver).read(written).records
    assert again.tree == record.tree
    codec = next(part.codec for part in sender._spec.parts if part.name == "sad")
    sent, received = (dict(leaf_texts(read_xml(content, "f", root="ASYCUDA", wanted=codec.wanted)))  # type: ignore[attr-defined]
                      for content in (files("declaration-1.xml")["declaration-1.xml"], written["in.xml"]))
    assert len(sent) == 100
    assert {place: _normal(text) for place, text in received.items()} == {
        place: _normal(text) for place, text in sent.items()}


def _normal(text: str) -> str:
    """``480.0`` and ``480`` are one number."""
    return text.removesuffix(".0")


def test_the_shared_synthetic_pair_gives_the_niamey_movement() -> None:
    names = ("tg_t1_asycuda_tree.xml", "tg_t1_header_extract.csv")
    record, = dialect("tgotr/asycuda").read({name: (SYNTHETIC / name).read_bytes() for name in names}).records
    tree = record.tree
    assert record.key == "TGLPL/2026/T/18233"
    assert {name: tree[name] for name in ("mrn", "national_reference", "manifests", "transport_documents", "time_limit",
                                          "released", "customs_value", "offices_of_transit")} == {
        "mrn": "26TGLPLT0000182338", "national_reference": "2026/TGLPL/T/18233",
        "manifests": [{"number": "2026/TGLPL/0451"}], "transport_documents": [{"number": "MEDULF123456"}],
        "time_limit": date(2026, 3, 20), "released": datetime(2026, 3, 10, 10, 15, tzinfo=UTC),
        "customs_value": Decimal(18500000),
        "offices_of_transit": [{"code": "BFCKS", "order": 1}, {"code": "BFKTC", "order": 2},
                               {"code": "NETRD", "order": 3}]}
    assert tree["seals"] == [
        {"equipment": 1, "number": 1, "identity": "TGCUS0012345678", "party": "customs"},
        {"equipment": 1, "number": 2, "identity": "CX5567123", "party": "carrier"}]
    assert tree["equipment"] == [{"kind": "container", "number": "MSKU1234565", "size": "22G1", "filling": "full"},
                                 {"kind": "trailer", "number": "TG 8812 R"}]
    assert tree["consignor"] == {"name": "GUANGZHOU EXAMPLE TRADING", "street": "TIANHE RD 8", "city": "GUANGZHOU",
                                 "country": "CN"}
    items = tree["items"]
    assert isinstance(items, list)
    assert [(item["commodity"], item["gross_mass"], item.get("previous_documents"), item["containers"])
            for item in items] == [
        ("8517130000", Decimal(12500), [{"number": "2026/TGLPL/C/9921"}], [{"number": "MSKU1234565"}]),
        ("6402990000", Decimal(14000), None, [{"number": "MSKU1234565"}])]
    assert check_declaration(from_tree(Declaration, tree)) == []


@pytest.mark.parametrize("file", sorted(STORY.glob("*/[0-9]-*.json")), ids=lambda file: file.name)
def test_each_event_of_the_story_is_a_template_of_a_sound_event(file: Path) -> None:
    content = file.read_bytes()
    assert content.count(b'"{mrn}"') == 1
    reading = dialect("neutral/event-json").read({file.name: content.replace(b"{mrn}", b"26TGLPLT0000204177")})
    event = from_tree(Event, reading.records[0].tree)
    assert (event.mrn, event.administration) == ("26TGLPLT0000204177", file.parent.name.upper())
    assert event.word.value in {"CROSS-OUT", "CROSS-IN", "ARRIVED", "CONTROL", "DISCHARGED"}
