"""Does reading undo writing, for every dialect and for any record within the declared terms?"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_level import leaves, spread
from gateway.references import Scalar, Tree
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Word
from gateway.transit.terms import from_tree, terms, to_tree

MAPPINGS = Path(__file__).parents[2] / "mappings"
IDENTIFIERS = sorted(str(file.relative_to(MAPPINGS / "dialects").with_suffix(""))
                     for file in (MAPPINGS / "dialects").glob("*/*.yaml"))
RUNS = 150

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 abcé'ÀÇôœ€/;:,.+?|\"\\=<>&()-\n\t"
CODES = {"equipment.kind": ["container", "trailer"], "equipment.filling": ["full", "empty"],
         "seals.party": ["customs", "carrier", "shipper", "terminal", "unknown"],
         "seals.condition": ["right", "damaged"],
         "function": ["original", "replacement", "cancellation", "request", "copy", "retransmission"],
         "word": [word.value for word in Word], "state": [word.value for word in Word],
         "control_result": ["A1", "A2", "B1"], "answer": ["unknown", "arrived", "returned"],
         "items.difference": ["short", "excess", "other", "settled"]}
LONG_LISTS = 3


class Generator:
    """Random trees of a record class: `fill` is the chance that an optional value is there."""

    def __init__(self, record: type, seed: int) -> None:
        self.random = random.Random(seed)
        self.kinds = terms(record)
        self.fill = self.random.choice([0.1, 0.5, 0.9])
        self.wild = self.random.random() < 0.6

    def tree(self, prefix: str = "") -> Tree:
        made: Tree = {}
        for term, kind in self.kinds.items():
            name = term[len(prefix):]
            if not term.startswith(prefix) or "." in name or self.random.random() > self.fill:
                continue
            if kind == "group":
                group = self.tree(f"{term}.")
                if group:
                    made[name] = group
            elif kind == "list":
                members = [self.tree(f"{term}.") for _ in range(self.random.randint(1, LONG_LISTS))]
                made[name] = members
            else:
                made[name] = self.value(term, kind)
        return made

    def value(self, term: str, kind: str) -> Scalar:
        if term in CODES:
            return self.random.choice(CODES[term])
        makers: dict[str, Callable[[], Scalar]] = {
            "text": self.text, "count": lambda: self.random.randint(0, 99_999_999), "boolean": lambda: True,
            "decimal": self.decimal, "date": self.day, "datetime": self.instant,
            "moment": lambda: self.day() if self.random.random() < 0.5 else self.instant()}
        return makers[kind]()

    def text(self) -> str:
        if not self.wild:
            return "".join(self.random.choices("ABCDEFGHKLMNPRSTUVWXYZ23456789", k=self.random.randint(2, 9)))
        text = "".join(self.random.choice(ALPHABET) for _ in range(self.random.randint(1, 60))).strip()
        return text or "X"

    def decimal(self) -> Decimal:
        return Decimal(self.random.randint(0, 10 ** self.random.randint(1, 14))).scaleb(-self.random.randint(0, 6))

    def day(self) -> date:
        return date(2000, 1, 1) + timedelta(days=self.random.randint(0, 36_000))

    def instant(self) -> datetime:
        return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(
            seconds=self.random.randint(0, 3_000_000_000) // self.random.choice([1, 60]) * self.random.choice([1, 60]))

    def number(self) -> int:
        return self.random.randint(1, 999)


def declaration(seed: int) -> Tree:
    """A declaration as `to_tree` gives it: compulsory terms there, the key of the national register there."""
    generator = Generator(Declaration, seed)
    tree = generator.tree()
    compulsory = {"equipment": ("kind", "number"), "seals": ("equipment", "number", "identity"),
                  "manifests": ("number",), "transport_documents": ("number",), "documents": ("type",),
                  "countries_of_transit": ("country",), "offices_of_transit": ("code", "order"), "items": ("number",),
                  "extras": ("key", "value")}
    _complete(tree, compulsory, generator, "")
    for item in _list(tree, "items"):
        _complete(item, {"packages": ("count",), "containers": ("number",), "previous_documents": ("number",),
                         "documents": ("type",)}, generator, "items.")
        _pair(item, "customs_value")
        _pair(item, "statistical_value")
    for name in ("office_of_departure", "office_of_exit", "office_of_destination", "requesting_office",
                 "place_of_loading"):
        if isinstance(group := tree.get(name), dict):
            group.setdefault("code", "TGLPL")
    if isinstance(guarantee := tree.get("guarantee"), dict):
        _complete(guarantee, {"references": ("number",), "valid_in": ("country",), "not_valid_in": ("country",)},
                  generator, "guarantee.")
        if isinstance(office := guarantee.get("office"), dict):
            office.setdefault("code", "TGCCI")
        if "amount" in guarantee:
            guarantee.setdefault("currency", "GNF")
    if isinstance(authentication := tree.get("authentication"), dict):
        authentication.setdefault("digest", "abc")
    for name in ("vehicle_at_departure", "vehicle_at_border"):
        if isinstance(vehicle := tree.get(name), dict) and "identity" in vehicle:
            vehicle.setdefault("mode", "3")
            vehicle.setdefault("kind", "31")
    _pair(tree, "customs_value")
    day = generator.day()
    tree.update(function=tree.get("function", "original"), amendment=tree.get("amendment", 0),
                national_reference=f"{day.year}/TGLPL/T/{generator.number()}", national_reference_date=day)
    tree["office_of_departure"] = {**({"name": "LOMÉ PORT"} if seed % 2 else {}), "code": "TGLPL"}
    tree.setdefault("local_reference", "LRN")
    if generator.random.random() < 0.5:
        _tie(tree, generator)
    return to_tree(from_tree(Declaration, tree))


def event(seed: int) -> Tree:
    generator = Generator(Event, seed)
    tree = generator.tree()
    tree.update(word=tree.get("word", "ARRIVED"), reference="R-1", administration="NEDGD")
    _complete(tree, {"offices": ("role", "code"), "equipment": ("kind", "number"), "seals": ("identity",),
                     "errors": ("section", "rule"), "items": ("item", "document_type"), "extras": ("key", "value")},
              generator, "")
    for error in _list(tree, "errors"):
        _complete(error, {"texts": ("language", "text")}, generator, "errors.")
    if isinstance(office := tree.get("office"), dict):
        office.setdefault("role", "transit")
        office.setdefault("code", "NETRD")
    return to_tree(from_tree(Event, tree))


def _list(tree: Tree, name: str) -> list[Tree]:
    members = tree.get(name, [])
    assert isinstance(members, list)
    return members


def _complete(tree: Tree, compulsory: dict[str, tuple[str, ...]], generator: Generator, prefix: str) -> None:
    for name, required in compulsory.items():
        for member in _list(tree, name):
            for inner in required:
                term = f"{prefix}{name}.{inner}"
                member.setdefault(inner, generator.value(term, generator.kinds[term]))


def _pair(tree: Tree, name: str) -> None:
    if name in tree:
        tree.setdefault(f"{name}_currency", "EUR")
    else:
        tree.pop(f"{name}_currency", None)


def _tie(tree: Tree, generator: Generator) -> None:
    """Seals, items and their containers as they are in real declarations."""
    boxes: list[Tree] = [{"kind": "container", "number": f"MSKU{generator.number()}{n}", "filling": "full"}
                         for n in range(generator.random.randint(0, 3))]
    for ordinal, item in enumerate(_list(tree, "items"), 1):
        item["number"] = ordinal
        item.pop("containers", None)
        chosen = [box for box in boxes if generator.random.random() < 0.5]
        if chosen:
            item["containers"] = [{"number": box["number"]} for box in chosen]
    trailers: list[Tree] = [{"kind": "trailer", "number": "TG 8812 R"}] if generator.random.random() < 0.5 else []
    tree.pop("equipment", None)
    if boxes or trailers:
        tree["equipment"] = [*boxes, *trailers]


@pytest.fixture(scope="module", params=IDENTIFIERS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return load_dialect(request.param, [MAPPINGS])


def test_reading_what_was_written_gives_the_record(dialect: Dialect) -> None:
    make: Callable[[int], Tree] = declaration if dialect.kind == "declaration" else event
    for seed in range(RUNS):
        tree = make(seed)
        files = dialect.write(tree, "x")
        reading = dialect.read(files)
        assert [(one.file, [(finding.code, finding.place, finding.values) for finding in one.findings])
                for one in reading.refused] == [], f"seed {seed}"
        assert reading.records[0].tree == tree, f"seed {seed}"


def test_writing_what_was_read_gives_the_same_files(dialect: Dialect) -> None:
    make = declaration if dialect.kind == "declaration" else event
    for seed in range(0, RUNS, 3):
        files = dialect.write(make(seed), "x")
        assert dialect.write(dialect.read(files).records[0].tree, "x") == files, f"seed {seed}"


def test_every_value_that_was_read_has_a_place(dialect: Dialect) -> None:
    make = declaration if dialect.kind == "declaration" else event
    for seed in range(0, RUNS, 5):
        record = dialect.read(dialect.write(make(seed), "x")).records[0]
        paths: dict[str, Scalar] = {}
        for term, value in leaves(record.tree, ""):
            spread(value, term, paths)
        given = {path for path in paths if record.origins.nearest(path) is None}
        assert given <= {"function", "amendment"}, f"seed {seed}"
        for path in record.origins:
            assert record.origins[path].file in record.files
            assert record.origins[path].line is not None
