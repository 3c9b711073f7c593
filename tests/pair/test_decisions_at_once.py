"""Two people look at one thing and decide at the same moment: does one decision stand, does the other hear of it?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.cli.context import occasion
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.dead_matters import close, named
from gateway.exchange.quarantine import Decision, Held, find, release
from gateway.exchange.state_query import ask_by_hand
from gateway.exchange.two_people import Voice, ask, confirmed, reject
from tests.pair.test_dead_letters import silence
from tests.pair.test_quarantine_release import misdated, retired
from tests.tools.malice import Puppet, later, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json, numbered_mrn

AWA = Voice(name="Awa Diallo", account="web: a.diallo", person="a.diallo")
KADI = Voice(name="Kadi Traoré", account="web: k.traore", person="k.traore")
SEYDOU = Voice(name="Seydou Koné", account="web: s.kone", person="s.kone")
WHY = "seen by telephone"
MRN = numbered_mrn(1)


def asked_by(gateway: Gateway, one: Held, voice: Voice, why: str = WHY) -> None:
    assert ask(gateway, one, {one.code}, voice, why, occasion())


def alone(one: Held) -> Decision:
    return Decision(rules=frozenset({one.code}), people=[AWA.name], account=AWA.account, reason=WHY)


@pytest.mark.parametrize("make", [retired, misdated], ids=["in-quarantine", "in-the-ledger"])
def test_what_one_rejects_nobody_lets_in_who_looked_at_it_before(
        tmp_path: Path, make: Callable[[Puppet, Office], str]) -> None:
    togo, burkina = offices(tmp_path)
    name = make(Puppet(togo, burkina), burkina)
    with open_gateway(burkina.settings, later()) as gateway:
        asked_by(gateway, find(gateway, name), AWA)
        seen = find(gateway, name)
        confirmation, lonely = confirmed(gateway, seen, KADI), alone(seen)
        reject(gateway, seen, SEYDOU, WHY, occasion())
        for decision in (confirmation, lonely):
            with pytest.raises(LocalError, match="X174"):
                release(gateway, seen, decision, occasion())
        with pytest.raises(LocalError, match="X174"):
            ask(gateway, seen, {seen.code}, SEYDOU, WHY, occasion())
        with gateway.ledger.reading() as queries:
            assert queries.act_about(seen.name, "reject") is not None
    well(burkina.run("edi-receive"))
    assert burkina.movements() == {}


@pytest.mark.parametrize(("make", "code"), [(retired, "X084"), (misdated, "X081")],
                         ids=["in-quarantine", "in-the-ledger"])
def test_what_is_let_in_nobody_rejects_who_looked_at_it_before(
        tmp_path: Path, make: Callable[[Puppet, Office], str], code: str) -> None:
    togo, burkina = offices(tmp_path)
    name = make(Puppet(togo, burkina), burkina)
    with open_gateway(burkina.settings, later()) as gateway:
        seen = find(gateway, name)
        release(gateway, seen, alone(seen), occasion())
        with pytest.raises(LocalError, match=code):
            reject(gateway, seen, SEYDOU, WHY, occasion())
        with gateway.ledger.reading() as queries:
            assert queries.act_about(seen.name, "reject") is None
    well(burkina.run("edi-receive"))
    assert list(burkina.movements()) == [MRN]


def test_a_confirmation_is_of_what_was_asked_for_and_not_of_what_was_asked_for_instead(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    name = retired(Puppet(togo, burkina), burkina)
    with open_gateway(burkina.settings, later()) as gateway:
        asked_by(gateway, find(gateway, name), AWA)
        seen = find(gateway, name)
        decision = confirmed(gateway, seen, KADI)
        asked_by(gateway, seen, AWA, "another reason")
        with pytest.raises(LocalError, match="X170"):
            release(gateway, seen, decision, occasion())
        with pytest.raises(LocalError, match="X170"):
            ask(gateway, seen, {seen.code}, SEYDOU, WHY, occasion())
        released = find(gateway, name)
        release(gateway, released, confirmed(gateway, released, KADI), occasion())


def test_a_dead_letter_that_two_people_close_at_once_is_closed_once(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path, valid=timedelta(days=800))
    togo.drop("declarations", {"d.json": declaration_json("A", mrn=MRN)})
    well(togo.run("edi-send"))
    silence(togo, burkina, 15)
    with open_gateway(togo.settings, later(days=16)) as gateway:
        seen = named(gateway, "TG0000000001")
        assert close(gateway, seen, AWA, WHY, occasion())
        assert not close(gateway, seen, KADI, WHY, occasion())
        with gateway.ledger.reading() as queries:
            assert [row.text for row in queries.history() if (row.subject, row.event) == ("act", "close")] == [
                f"BFDGD; {AWA.name} ({AWA.account}): {WHY}"]


def test_a_question_that_two_people_want_at_once_is_asked_once(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.drop("declarations", {"d.json": declaration_json("A", mrn=MRN)})
    well(togo.run("edi-send"))
    with open_gateway(togo.settings, later()) as gateway:
        with gateway.ledger.reading() as queries:  # a snapshot from before both
            movement = queries.movement(MRN)
            assert movement is not None
            assert ask_by_hand(gateway, movement, occasion(), "Awa Diallo") == ("BFDGD",)
        assert ask_by_hand(gateway, movement, occasion(), "Kadi Traoré") == ()
