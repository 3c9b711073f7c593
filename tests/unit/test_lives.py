"""Do the documents show the lives of envelopes, interchanges and messages as the program lives them?"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import pytest

from gateway.ledger import states
from gateway.ledger.states import Step, may
from tests.tools import lives

ANSWERS = (Step.RECEIPT, Step.CONTRL_4, Step.CONTRL_7, Step.ANSWER_ACCEPTED, Step.ANSWER_REJECTED)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_is_drawn_from_the_tables_that_the_program_obeys(language: str) -> None:
    assert lives.PAGES[language].read_text("utf-8") == lives.page(language)


def test_every_step_has_words_and_every_table_is_shown() -> None:
    assert set(lives.STEPS) == set(Step)
    shown = [id(table) for table, *_ in lives.TABLES.values()]
    assert shown == [id(table) for table in (
        states.OBJECT_OUT, states.INTERCHANGE_OUT, states.MESSAGE_OUT, states.INTERCHANGE_IN, states.MESSAGE_IN)]


@pytest.mark.parametrize(("table", "reached"), [
    (table, name) for name, (table, *_) in lives.TABLES.items()])
def test_every_state_that_a_step_leads_to_has_a_life_of_its_own(table: Any, reached: str) -> None:
    after: set[StrEnum] = {state for steps in table.values() for state in steps.values()}
    assert after <= set(table), reached


@pytest.mark.parametrize("state", [states.InterchangeState.PREPARED, states.InterchangeState.DISPATCHED,
                                   states.InterchangeState.DEAD_LETTER, states.InterchangeState.REFUSED])
def test_a_late_answer_is_welcome_at_any_time(state: states.InterchangeState) -> None:
    assert all(may(states.INTERCHANGE_OUT, state, step) for step in ANSWERS[:3])


@pytest.mark.parametrize("state", [states.MessageState.PREPARED, states.MessageState.DISPATCHED,
                                   states.MessageState.REFUSED, states.MessageState.ACKNOWLEDGED])
def test_an_answer_to_a_message_is_taken_whatever_was_skipped(state: states.MessageState) -> None:
    assert all(may(states.MESSAGE_OUT, state, step) for step in ANSWERS[3:])


def test_nothing_is_said_to_be_sent_before_it_stands_in_the_mailbox_or_was_answered() -> None:
    said = re.findall(r"^\| (\S+) \| ([^|]+) \| DISPATCHED \|$", lives.page("en"), re.MULTILINE)
    assert {why for _, why in said} == {lives.STEPS[Step.DISPATCH][0], lives.STEPS[Step.RECEIPT][0]}
