"""Does every code that the program can show have a long text, in both languages?"""

from __future__ import annotations

import pytest

from gateway.cli.ask import _catalogued
from gateway.texts import Language
from tests.unit.test_texts_catalogues import entries, used_codes


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_code_is_explained_in_more_than_its_sentence(language: str) -> None:
    short = [code for code in sorted(used_codes()) if len(_catalogued(code)[language].get("explain", "")) < 30]
    assert short == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_code_is_explained_on_its_own_unless_it_is_of_mappings_or_of_the_exchange(language: str) -> None:
    known = entries(language)
    assert [code for code in sorted(used_codes()) if f"{code}.explain" not in known and code[0] not in "MX"] == []


def test_both_languages_explain_alike() -> None:
    for code in used_codes():
        told = _catalogued(code)
        assert set(told["fr"]) == set(told["en"]) == {"sentence", "hint", "explain"}
        assert told["fr"]["explain"] != told["en"]["explain"]
    assert {one.value for one in Language} == {"fr", "en"}
