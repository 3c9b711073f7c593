"""Values that go to another process come back as they were."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field
from decimal import Decimal

import pytest

from gateway.errors import LocalError
from gateway.exchange.crossing import packed, unpacked
from gateway.findings import Finding, Place
from gateway.transit.declaration import Declaration
from gateway.transit.terms import from_tree, to_tree
from tests.bench.load import declarations


@dataclass(frozen=True, slots=True)
class _One:
    only: object


@dataclass(frozen=True, slots=True, kw_only=True)
class _Derived(_One):
    more: tuple[_One, ...] = ()
    computed: int = field(default=0, init=False)


@dataclass(frozen=True, slots=True)
class _Own:
    """Has its own way (below: before Python 3.11.3 the decorator puts its own over what stands here)."""

    kept: int
    forgotten: int = 0


def _left(own: _Own) -> int:
    return own.kept


def _come(own: _Own, state: int) -> None:
    object.__setattr__(own, "kept", state)
    object.__setattr__(own, "forgotten", -1)


_Own.__getstate__, _Own.__setstate__ = _left, _come  # type: ignore[attr-defined, assignment, method-assign]


@dataclass
class _Plain:
    value: int


@dataclass(frozen=True, slots=True)
class _Empty:
    pass


@pytest.mark.parametrize("value", [
    _One("a"), _One((1, 2)), _Derived("a", more=(_One(None), _One(Decimal("1.50")))), _Plain(3), _Empty(),
    [_One(1), {"b": _One(2)}], LocalError(Finding(code="X001", place=Place(file="a.xml"))).findings,
], ids=["one", "one that is a tuple", "derived", "plain", "empty", "in containers", "findings"])
def test_what_comes_out_is_what_went_in(value: object) -> None:
    assert unpacked(packed(value)) == value
    assert type(unpacked(packed(value))) is type(value)


def test_a_declaration_comes_out_whole() -> None:
    declaration = from_tree(Declaration, next(declarations(1)))
    there = unpacked(packed(declaration))
    assert there == declaration
    assert to_tree(there) == to_tree(declaration)
    with pytest.raises(FrozenInstanceError):
        there.mrn = "another"


def test_what_stands_twice_is_one_value() -> None:
    one = _One("a")
    first, second = unpacked(packed((one, one)))
    assert first is second


def test_a_class_that_says_how_it_is_kept_is_asked() -> None:
    there = unpacked(packed(_Own(3, 4)))
    assert (there.kept, there.forgotten) == (3, -1)
