"""Do the pages of the states of a movement say what the program's tables do, in both languages?"""

from __future__ import annotations

import pytest

from tests.tools.movement_states import PAGES, page, texts, wanted


@pytest.mark.parametrize("language", PAGES)
def test_every_state_and_timer_has_words_and_the_page_is_what_the_tables_give(language: str) -> None:
    assert set(texts(language)) == wanted()
    assert PAGES[language].read_text("utf-8") == page(language)
