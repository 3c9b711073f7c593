"""Makes transit records for any dialect, from the record's own terms and what the dialect says of each.

Half of the records hold anything that a transit record may hold, so that much goes to the rest cell; the other half
hold only terms with a place, with words of the dialect's tables, so that the places themselves are tried. A dialect
without a rest cell gets only the second kind.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

from msgspec import Struct
from msgspec.structs import fields

from gateway.errors import LocalError
from gateway.mapping.dialect import Dialect
from gateway.mapping.dialect_equipment import TERMS as NATIONAL_TERMS
from gateway.mapping.laws.chance import Chance
from gateway.references import Scalar, Tree
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Word
from gateway.transit.terms import from_tree, terms, to_tree

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 abcé'ÀÇôœ€/;:,.+?|\"\\=<>&()-\n\t"
_PLAIN = "ABCDEFGHKLMNPRSTUVWXYZ23456789"
_WORDS: Mapping[str, tuple[str, ...]] = {
    "equipment.kind": ("container", "trailer"), "equipment.filling": ("full", "empty"),
    "seals.party": ("customs", "carrier", "shipper", "terminal", "unknown"), "seals.condition": ("right", "damaged"),
    "function": ("original", "replacement", "cancellation", "request", "copy", "retransmission"),
    "word": tuple(word.value for word in Word), "state": tuple(word.value for word in Word),
    "control_result": ("A1", "A2", "B1"), "answer": ("unknown", "arrived", "returned"),
    "items.difference": ("short", "excess", "other", "settled")}
"""Terms with a closed list of words in the transit record."""
_GIVEN: Mapping[str, Scalar] = {"function": "original", "amendment": 0}
"""What every national system says of a declaration, or lets the dialect say."""
_TIED = {"vehicle_at_departure.identity": ("mode", "kind"), "vehicle_at_border.identity": ("mode", "kind")}
"""Terms that a dialect may imply from another: a record has both, or the way back would add one."""
_VALUED = ("customs_value", "statistical_value")
_MEMBERS = 3


def record_for(dialect: Dialect, chance: Chance) -> Tree:
    """A whole transit record of the dialect's kind, as `to_tree` gives it."""
    inside = not dialect.rests or chance.random() < 0.5
    made = _Maker(dialect, chance, inside).made()
    model: type[Declaration] | type[Event] = Declaration if dialect.kind == "declaration" else Event
    try:
        return to_tree(from_tree(model, made))
    except LocalError as error:  # the generator's own fault: say which terms
        raise RuntimeError([(one.code, one.place.path) for one in error.findings]) from error


@cache
def compulsory(model: type) -> Mapping[str, tuple[str, ...]]:
    """Group or list -> the names that it must have, "" for the record itself."""
    found: dict[str, tuple[str, ...]] = {}
    _required(model, "", found)
    return found


def _required(model: type, prefix: str, found: dict[str, tuple[str, ...]]) -> None:
    hints = typing.get_type_hints(model)
    found[prefix] = tuple(one.name for one in fields(model) if one.required)
    for one in fields(model):
        for inner in (hints[one.name], *typing.get_args(hints[one.name])):
            if isinstance(inner, type) and issubclass(inner, Struct):
                _required(inner, f"{prefix}.{one.name}".lstrip("."), found)


class _Maker:
    def __init__(self, dialect: Dialect, chance: Chance, inside: bool) -> None:
        self._model: type = Declaration if dialect.kind == "declaration" else Event
        self._dialect, self._chance, self._inside = dialect, chance, inside
        self._kinds = terms(self._model)
        self._required = compulsory(self._model)
        self._fill = chance.choice((0.1, 0.5, 0.9))
        self._wild = not inside and chance.random() < 0.6

    def made(self) -> Tree:
        tree = self._level("")
        if self._model is Event:
            tree.setdefault("reference", "R-1")
            return tree
        return self._declaration(tree)

    def _level(self, prefix: str) -> Tree:
        """One level: what must be there, and of the rest as much as this record is filled."""
        made: Tree = {}
        required = self._required[prefix]
        for term, kind in self._kinds.items():
            name = term[len(prefix) + 1:] if prefix else term
            if (prefix and not term.startswith(f"{prefix}.")) or "." in name:
                continue
            if name not in required and (self._chance.random() > self._fill or not self._placed(term)):
                continue
            if kind == "group":
                group = self._level(term)
                if group:
                    made[name] = group
            elif kind == "list":
                made[name] = [self._level(term) for _ in range(self._chance.randint(1, _MEMBERS))]
            else:
                made[name] = self._value(term, kind)
        return made

    def _placed(self, term: str) -> bool:
        """Tell whether the dialect has a place for a term, or for something in it."""
        if not self._inside or (self._dialect.rests and not self._dialect.terms):
            return True
        known = self._dialect.terms
        return term in known or any(one.startswith(f"{term}.") for one in known) or \
            (term.startswith("equipment") and any(one in known for one in NATIONAL_TERMS))

    def _value(self, term: str, kind: str) -> Scalar:
        known = self._dialect.terms.get(term)
        if (fixed := self._fixed(term)) is not None:
            return fixed
        if term in _WORDS:
            words = known.words if self._inside and known is not None and known.words else _WORDS[term]
            return self._chance.choice(words)
        if known is not None and known.words and (self._inside or self._chance.random() < 0.5):
            return self._chance.choice(known.words)
        makers: dict[str, Callable[[], Scalar]] = {
            "text": self._text, "count": lambda: self._chance.randint(0, 99_999_999), "boolean": lambda: True,
            "decimal": self._decimal, "date": self._day, "datetime": self._instant,
            "moment": lambda: self._day() if self._chance.random() < 0.5 else self._instant()}
        return makers[kind]()

    def _fixed(self, term: str) -> Scalar | None:
        """The only value that a term can have in this dialect; None where it may have others."""
        known = self._dialect.terms.get(term)
        return known.fixed if known is not None and not self._dialect.rests else None

    def _text(self) -> str:
        if not self._wild:
            return "".join(self._chance.choices(_PLAIN, k=self._chance.randint(2, 9)))
        return "".join(self._chance.choices(ALPHABET, k=self._chance.randint(1, 60))).strip() or "X"

    def _decimal(self) -> Decimal:
        digits = 10 ** self._chance.randint(1, 14)
        return Decimal(self._chance.randint(0, digits)).scaleb(-self._chance.randint(0, 6))

    def _day(self) -> date:
        return date(2000, 1, 1) + timedelta(days=self._chance.randint(0, 36_000))

    def _instant(self) -> datetime:
        seconds = self._chance.randint(0, 3_000_000_000)
        return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds // self._chance.choice((1, 60)))

    def _declaration(self, tree: Tree) -> Tree:
        """What holds declarations together in every national system: a register number, values with their currency."""
        day, number = self._day(), self._chance.randint(1, 999)
        tree.update({name: value for name, value in _GIVEN.items() if name not in tree})
        tree.update(national_reference=f"{day.year}/TGLPL/T/{number}", national_reference_date=day)
        office = tree.get("office_of_departure")
        tree["office_of_departure"] = {**(office if isinstance(office, dict) else {}), "code": "TGLPL"}
        tree.setdefault("local_reference", "LRN")
        for prefix, holders in (("", [tree]), ("items.", _members(tree, "items"))):
            for holder in holders:
                for value in _VALUED:
                    _pair(holder, value, f"{value}_currency", self._fixed(f"{prefix}{value}_currency") or "EUR")
        guarantee = tree.get("guarantee")
        if isinstance(guarantee, dict) and "amount" in guarantee:
            guarantee.setdefault("currency", "GNF")
        for term, beside in _TIED.items():
            group, _, name = term.partition(".")
            vehicle = tree.get(group)
            if isinstance(vehicle, dict) and name in vehicle:
                for other in beside:
                    vehicle.setdefault(other, "31")
        if self._inside or self._chance.random() < 0.5:
            self._tie(tree, self._placed("equipment"))
        return tree

    def _tie(self, tree: Tree, equipped: bool) -> None:
        """Equipment, items and their containers as they are in real declarations."""
        boxes: list[Tree] = [{"kind": "container", "number": f"MSKU{self._chance.randint(1, 999)}{number}",
                              "filling": "full"} for number in range(self._chance.randint(0, 3))]
        for ordinal, item in enumerate(_members(tree, "items"), 1):
            item["number"] = ordinal
            item.pop("containers", None)
            chosen: list[Tree] = [{"number": box["number"]} for box in boxes if self._chance.random() < 0.5]
            if equipped and chosen:
                item["containers"] = chosen
        trailers: list[Tree] = [{"kind": "trailer", "number": "TG 8812 R"}] if self._chance.random() < 0.5 else []
        tree.pop("equipment", None)
        if equipped and (boxes or trailers):
            tree["equipment"] = [*boxes, *trailers]


def _members(tree: Tree, name: str) -> list[Tree]:
    members = tree.get(name, [])
    return members if isinstance(members, list) else []


def _pair(tree: Tree, value: str, currency: str, usual: Scalar) -> None:
    if value in tree:
        tree.setdefault(currency, usual)
    else:
        tree.pop(currency, None)
