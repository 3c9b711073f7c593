"""Are the lives of objects, interchanges and messages exactly these?"""

from __future__ import annotations

import enum
from typing import Any

import pytest

from gateway.ledger.states import (
    INTERCHANGE_IN,
    INTERCHANGE_OUT,
    MESSAGE_IN,
    MESSAGE_OUT,
    OBJECT_OUT,
    IllegalTransition,
    Step,
    Transitions,
    advance,
    may,
    moves,
    step_to,
)

ARROWS = {  # written out a second time on purpose: who changes a life changes it twice
    "OBJECT_OUT": (OBJECT_OUT, """
        PREPARED dispatch DISPATCHED | PREPARED receipt RECEIVED | PREPARED refusal REFUSED
        DISPATCHED receipt RECEIVED | DISPATCHED refusal REFUSED
        REFUSED dispatch DISPATCHED | REFUSED receipt RECEIVED
        PREPARED withdraw WITHDRAWN | DISPATCHED withdraw WITHDRAWN | REFUSED withdraw WITHDRAWN
        WITHDRAWN receipt RECEIVED
        DISPATCHED bury DEAD-LETTER
        DEAD-LETTER dispatch DISPATCHED | DEAD-LETTER receipt RECEIVED | DEAD-LETTER refusal REFUSED
        DEAD-LETTER withdraw WITHDRAWN"""),
    "INTERCHANGE_OUT": (INTERCHANGE_OUT, """
        PREPARED dispatch DISPATCHED | PREPARED receipt RECEIVED | PREPARED contrl-8 RECEIVED
        PREPARED contrl-7 ACKNOWLEDGED | PREPARED contrl-4 REJECTED | PREPARED refusal REFUSED
        DISPATCHED receipt RECEIVED | DISPATCHED contrl-8 RECEIVED | DISPATCHED contrl-7 ACKNOWLEDGED
        DISPATCHED contrl-4 REJECTED | DISPATCHED refusal REFUSED
        RECEIVED contrl-7 ACKNOWLEDGED | RECEIVED contrl-4 REJECTED
        REFUSED dispatch DISPATCHED | REFUSED receipt RECEIVED | REFUSED contrl-8 RECEIVED
        REFUSED contrl-7 ACKNOWLEDGED | REFUSED contrl-4 REJECTED
        DISPATCHED bury DEAD-LETTER | DEAD-LETTER dispatch DISPATCHED | DEAD-LETTER refusal REFUSED
        DEAD-LETTER receipt RECEIVED | DEAD-LETTER contrl-8 RECEIVED
        DEAD-LETTER contrl-7 ACKNOWLEDGED | DEAD-LETTER contrl-4 REJECTED"""),
    "INTERCHANGE_IN": (INTERCHANGE_IN, """
        STORED acknowledge ACKNOWLEDGED | STORED reject REJECTED | STORED take TAKEN | STORED bury DEAD
        DEAD revive STORED"""),
    "MESSAGE_OUT": (MESSAGE_OUT, """
        WAITING prepare PREPARED
        PREPARED dispatch DISPATCHED | PREPARED receipt DISPATCHED | PREPARED refusal REFUSED
        PREPARED contrl-7 ACKNOWLEDGED | PREPARED contrl-4 REJECTED
        PREPARED answer-accepted ANSWERED-ACCEPTED | PREPARED answer-rejected ANSWERED-REJECTED
        DISPATCHED refusal REFUSED | DISPATCHED contrl-7 ACKNOWLEDGED | DISPATCHED contrl-4 REJECTED
        DISPATCHED answer-accepted ANSWERED-ACCEPTED | DISPATCHED answer-rejected ANSWERED-REJECTED
        REFUSED dispatch DISPATCHED | REFUSED receipt DISPATCHED
        REFUSED contrl-7 ACKNOWLEDGED | REFUSED contrl-4 REJECTED
        REFUSED answer-accepted ANSWERED-ACCEPTED | REFUSED answer-rejected ANSWERED-REJECTED
        ACKNOWLEDGED answer-accepted ANSWERED-ACCEPTED | ACKNOWLEDGED answer-rejected ANSWERED-REJECTED"""),
    "MESSAGE_IN": (MESSAGE_IN, """
        HELD accept ACCEPTED | HELD reject REJECTED | HELD take TAKEN | HELD misread UNREADABLE
        UNREADABLE accept ACCEPTED | UNREADABLE reject REJECTED | UNREADABLE take TAKEN | UNREADABLE hold HELD
        TAKEN accept ACCEPTED | TAKEN reject REJECTED"""),
}
TABLES: list[Any] = [pytest.param(table, arrows, id=name) for name, (table, arrows) in ARROWS.items()]


def parsed(arrows: str) -> set[tuple[str, ...]]:
    return {tuple(arrow.split()) for line in arrows.strip().splitlines() for arrow in line.split("|")}


@pytest.mark.parametrize(("table", "arrows"), TABLES)
def test_a_life_has_these_arrows_and_no_other(table: Transitions[Any], arrows: str) -> None:
    assert {(str(state), str(step), str(target)) for state, steps in table.items()
            for step, target in steps.items()} == parsed(arrows)


@pytest.mark.parametrize(("table", "arrows"), TABLES)
def test_every_step_leads_where_its_arrow_says_and_every_other_pair_is_refused(
        table: Transitions[Any], arrows: str) -> None:
    targets = {(state, step): target for state, step, target in parsed(arrows)}
    for state in table:
        for step in Step:
            target = targets.get((str(state), str(step)))
            assert may(table, state, step) is (target is not None)
            if target is None:
                with pytest.raises(IllegalTransition, match=f"{step} cannot follow {state}"):
                    advance(table, state, step)
            else:
                assert advance(table, state, step) == target


@pytest.mark.parametrize(("table", "arrows"), TABLES)
def test_no_step_leads_into_a_state_that_it_also_leaves(table: Transitions[Any], arrows: str) -> None:
    """A bulk move walks through the arrows of a step once; such a pair would move a row twice."""
    for step in Step:
        arrows_of_step = moves(table, step)
        assert {source for source, _ in arrows_of_step}.isdisjoint({target for _, target in arrows_of_step})


@pytest.mark.parametrize(("table", "arrows"), TABLES)
def test_every_state_that_is_reached_has_a_row_of_its_own(table: Transitions[Any], arrows: str) -> None:
    assert {target for steps in table.values() for target in steps.values()} <= set(table)


def test_a_target_names_its_one_step_and_an_ambiguous_one_is_refused() -> None:
    found: dict[enum.StrEnum, Step] = {state: step_to(INTERCHANGE_IN, state) for state in INTERCHANGE_IN}
    assert {str(state): str(step) for state, step in found.items()} == {
        "STORED": "revive", "DEAD": "bury", "ACKNOWLEDGED": "acknowledge", "REJECTED": "reject", "TAKEN": "take"}
    with pytest.raises(IllegalTransition):
        step_to(INTERCHANGE_OUT, next(state for state in INTERCHANGE_OUT if state == "RECEIVED"))
