"""Do the pages that name every setting and every code say what the program holds, and can each be found in them?"""

from __future__ import annotations

import re

import pytest

from gateway.config.schema import SCHEMAS, json_schema
from gateway.texts import Language
from tests.tools import code_reference, settings_reference
from tests.tools.settings_reference import FILES, Words, keys_without_words, kind, sections


@pytest.mark.parametrize("language", Language)
def test_the_page_of_settings_is_what_the_models_give(language: Language) -> None:
    page = settings_reference.page(language)
    assert settings_reference.PAGES[language].read_text("utf-8") == page, "python -m tests.tools.settings_reference"


@pytest.mark.parametrize("language", Language)
def test_the_page_of_codes_is_what_the_catalogues_give(language: Language) -> None:
    page = code_reference.page(language)
    assert code_reference.PAGES[language].read_text("utf-8") == page, "python -m tests.tools.code_reference"


def test_every_key_has_a_sentence_in_both_languages() -> None:
    assert keys_without_words() == []


def test_every_model_of_every_file_has_its_table() -> None:
    page = settings_reference.page(Language.ENGLISH)
    chapters = dict(zip(SCHEMAS, page.split("\n## ")[1:], strict=True))
    for name, model in SCHEMAS.items():
        schema = json_schema(model)
        assert {one.name for one in sections(schema, model.__name__)} == {model.__name__, *schema["$defs"]}  # type: ignore[misc]
        assert chapters[name].startswith(f"{FILES[name]}\n")
        rows = re.findall(r"^\| `([^`]+)` \|", chapters[name], re.MULTILINE)
        assert len(rows) == sum(len(one.schema["properties"]) for one in sections(schema, model.__name__))


def test_a_section_says_where_it_stands_and_which_alternative_it_is() -> None:
    page = settings_reference.page(Language.FRENCH)
    for heading in ("### `keys.signing`, `keys.encryption[]`", "### `mailbox.outbound`, `mailbox.inbound` (sftp)",
                    "### `agreement.corridors[]`", "### `offices.*`"):
        assert f"\n{heading}\n" in page


def test_a_form_without_a_word_is_noticed() -> None:
    with pytest.raises(KeyError):
        kind({"type": "string", "pattern": "^[a-z]{7}$"}, Words(Language.FRENCH))


def test_a_code_has_its_own_heading_and_says_what_to_do() -> None:
    told, page = code_reference.codes(Language.FRENCH), code_reference.page(Language.FRENCH)
    assert re.findall(r"^### (\S+)$", page, re.MULTILINE) == [
        code for letter in code_reference.FAMILIES for code in told if code[0] == letter]
    assert page.count("\n*À faire :* ") == len(told)
