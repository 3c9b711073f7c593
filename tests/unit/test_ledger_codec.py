"""Does a tree come back from its text exactly as it was?"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import decode_tree, encode_tree
from gateway.ledger.codec import decode_moment, encode_moment
from gateway.references import Tree

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=1)), timezone(-timedelta(hours=3, minutes=30))])
INSTANTS = st.datetimes(timezones=ZONES)
SCALARS = st.one_of(st.text(), st.integers(), st.booleans(), st.decimals(allow_nan=False, allow_infinity=False),
                    st.dates(), INSTANTS)
NAMES = st.text(min_size=1)
GROUPS: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(NAMES, SCALARS, max_size=4),
    lambda inner: st.dictionaries(NAMES, st.one_of(SCALARS, inner, st.lists(inner, min_size=1, max_size=3)),
                                  max_size=4), max_leaves=12)


def shown(value: object) -> object:
    """The value with its types and spelling, so that True is not 1 and 1.50 is not 1.5."""
    if isinstance(value, dict):
        return {name: shown(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shown(member) for member in value]
    return (type(value), repr(value) if not isinstance(value, datetime) else (value.isoformat(), value.utcoffset()))


@given(GROUPS)
def test_every_tree_comes_back_with_its_types_and_its_spelling(tree: Tree) -> None:
    assert shown(decode_tree(encode_tree(tree))) == shown(tree)


@given(GROUPS)
def test_equal_trees_give_equal_texts_whatever_the_order_of_their_keys(tree: Tree) -> None:
    assert encode_tree(dict(reversed(list(tree.items())))) == encode_tree(tree)


@given(st.text(st.characters(exclude_categories=())))  # half surrogate pairs too
def test_a_text_is_escaped_as_the_standard_library_escapes_it(text: str) -> None:
    encoded = encode_tree({"b": text, "a": [{text: 1}]})
    assert encoded == json.dumps({"b": text, "a": [{text: 1}]}, sort_keys=True, separators=(",", ":"))
    assert decode_tree(encoded) == {"b": text, "a": [{text: 1}]}


def test_the_text_of_a_tree_is_this() -> None:
    tree: Tree = {"mrn": "26TGLFW00000001234", "total": 3, "open": True, "mass": Decimal("12.50"),
                  "day": date(2026, 11, 23), "at": datetime(2026, 11, 23, 19, tzinfo=UTC),
                  "office": {"code": "é"}, "items": [{"item": 1}, {"item": 2}]}
    assert encode_tree(tree) == (
        '{"at":["datetime","2026-11-23T19:00:00+00:00"],"day":["date","2026-11-23"],"items":[{"item":1},{"item":2}],'
        '"mass":["decimal","12.50"],"mrn":"26TGLFW00000001234","office":{"code":"\\u00e9"},"open":true,"total":3}')


@pytest.mark.parametrize("value", [1.5, None, b"x", Decimal("NaN"), Decimal("Infinity"), datetime(2026, 1, 1),
                                   ["text"], [{"a": 1}, "text"], {"a": 1.5}])
def test_what_a_tree_must_not_hold_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        encode_tree({"term": value})


@pytest.mark.parametrize("text", ['[]', '"x"', '{"a":null}', '{"a":["float","1"]}', '{"a":[1,2]}', '{"a":1.5}',
                                  '{"a":["date","soon"]}', "nothing"])
def test_a_text_that_is_no_tree_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        decode_tree(text)


@given(st.one_of(st.none(), st.dates(), INSTANTS))
def test_a_day_stays_a_day_and_an_instant_an_instant(moment: date | datetime | None) -> None:
    back = decode_moment(encode_moment(moment))
    assert (type(back), back) == (type(moment), moment)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError):
        encode_moment(datetime(2026, 1, 1))
