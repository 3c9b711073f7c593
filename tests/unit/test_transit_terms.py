"""Does the typed record lose nothing on its way to a tree and back?"""

import pickle
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.references import Tree
from gateway.transit.declaration import Declaration, GoodsItem, Guarantee, Office, Packages, Reference
from gateway.transit.event import Event, Word
from gateway.transit.terms import from_tree, terms, to_tree


def test_a_declaration_comes_back_from_its_tree_as_it_was() -> None:
    declaration = Declaration(
        mrn="26TGLPLT0000182338", office_of_departure=Office(code="TGLPL", name="LOME PORT"),
        accepted=datetime(2026, 3, 10, 7, 51, tzinfo=UTC), time_limit=date(2026, 3, 20), containerised=True,
        guarantee=Guarantee(amount=Decimal("4625000"), references=(Reference(number="X", date=date(2026, 3, 9)),)),
        items=(GoodsItem(number=1, gross_mass=Decimal("26500.000"), packages=(Packages(count=0),)),))
    tree = to_tree(declaration)
    assert tree["items"] == [{"number": 1, "gross_mass": Decimal("26500.000"), "packages": [{"count": 0}]}]
    assert "binding_itinerary" not in tree
    assert from_tree(Declaration, tree) == declaration


def test_an_event_word_is_text_in_the_tree_and_a_word_in_the_record() -> None:
    tree: Tree = {"word": "CROSS-OUT", "reference": "R", "administration": "TGOTR", "seals_intact": False}
    event = from_tree(Event, tree)
    assert event.word is Word.CROSS_OUT
    assert to_tree(event) == tree


def test_all_faults_of_a_tree_are_told_at_once() -> None:
    with pytest.raises(LocalError) as caught:
        from_tree(Declaration, {"mrm": "X", "amendment": "1", "items": [{"gross_mass": Decimal(1)}]})
    assert [(finding.code, finding.place.path) for finding in caught.value.findings] == [
        ("T001", "mrm"), ("T002", "amendment"), ("T003", "items[1].number")]


def test_terms_are_dotted_paths_with_their_kinds() -> None:
    known = terms(Declaration)
    assert known["items.packages.count"] == "count"
    assert known["time_limit"] == "moment"
    assert known["guarantee.references"] == "list"
    assert "word" in terms(Event)


def test_a_record_from_a_tree_is_one_like_any_other() -> None:
    tree: Tree = {"function": "original", "containerised": True, "items": [{"number": 1, "packages": [{"count": 2}]}]}
    made = from_tree(Declaration, tree)
    written = Declaration(containerised=True, items=(GoodsItem(number=1, packages=(Packages(count=2),)),))
    assert (made, hash(made), repr(made)) == (written, hash(written), repr(written))
    assert replace(pickle.loads(pickle.dumps(made)), mrn="M") == replace(written, mrn="M")
    with pytest.raises(AttributeError):
        made.mrn = "M"  # type: ignore[misc]
