"""Is what people decide on a page done as from the command line, with their name and reason, and by whom it may be?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.cli.context import occasion
from gateway.exchange.assembled import Occasion
from gateway.exchange.assembly import open_gateway
from gateway.ledger.questions import HistoryRow
from tests.pair.test_dead_letters import silence
from tests.pair.test_quarantine_release import misdated, retired, retired_and_misdated, taken_once
from tests.tools.live_pages import Answer, Visitor, served, with_pages
from tests.tools.malice import Puppet, later, well
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, numbered_mrn

MRN = numbered_mrn(1)
WHY = "vu par téléphone avec Mme Sawadogo"


def history(office: Office, subject: str) -> list[HistoryRow]:
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return [row for row in queries.history() if row.subject == subject]


def logged_in(port: int, login: str) -> Visitor:
    visitor = Visitor(port)
    assert visitor.log_in(login).status == 303
    return visitor


def decide(visitor: Visitor, act: str, about: str, **fields: str) -> Answer:
    """Send the form of the question page; the page that follows, where it was done."""
    asked = visitor.get(f"/act/{act}/{about}")
    assert asked.status == 200, asked.said
    answer = visitor.post(f"/act/{act}/{about}", {"token": asked.token, "sure": "1", **fields})
    return visitor.get(answer.headers["location"]) if answer.status == 303 else answer


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Office, Office, int]]:
    """Togo, that has sent one declaration and has pages, and Burkina Faso."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d.json": declaration_json("A", mrn=MRN)})
    well(togo.run("edi-send"))
    port = with_pages(togo)
    with served(togo.settings, port):
        yield togo, burkina, port


def test_an_officer_asks_the_partner_for_the_state_of_a_movement_once_until_it_has_left(
        pair: tuple[Office, Office, int]) -> None:
    togo, burkina, port = pair
    officer = logged_in(port, "a.mensah")
    token = officer.get("/").token
    answer = officer.post(f"/act/chase/{MRN}", {"token": token})
    assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, f"/done/chase/{MRN}")
    assert f"Relance demandée : {MRN}" in officer.get(answer.headers["location"]).said
    assert officer.post(f"/act/chase/{MRN}", {"token": token}).status == 303
    assert [(row.reference, row.text) for row in history(togo, "chase")] == [(MRN, "Adjo Mensah (web: a.mensah)")]
    well(togo.run("edi-send"))
    well(burkina.run("edi-receive"))
    asked = [line for line in burkina.lines("show", MRN) if line["kind"] == "message" and line["word"] == "STATE-QUERY"]
    assert [line["direction"] for line in asked] == ["in"]


def test_the_same_is_asked_from_the_command_line(pair: tuple[Office, Office, int]) -> None:
    togo, _, _ = pair
    assert checked("chase", togo.run("edi", "chase", MRN, "--dry-run", "--json").out)[0]["dry_run"] is True
    assert history(togo, "chase") == []
    ran = togo.run("edi", "chase", MRN, "--by", "Adjo Mensah", "--reason", "the carrier waits")
    assert (ran.exit, ran.out) == (0, f"{MRN}: asked of BFDGD; the question goes out with the next edi-send.\n")
    assert checked("chase", togo.run("edi", "chase", MRN, "--json").out) == [
        {"schema": 1, "kind": "chased", "mrn": MRN, "partners": []},
        {"schema": 1, "kind": "summary", "movements": 1, "asked": 0}]
    assert len(history(togo, "chase")) == 1
    assert togo.run("edi", "chase", "UNKNOWN").exit == 1


def test_an_operator_resends_and_a_reader_may_not(pair: tuple[Office, Office, int]) -> None:
    togo, burkina, port = pair
    for path in burkina.mailbox("TGOTR").iterdir():
        path.unlink()
    reader = logged_in(port, "r.lecteur")
    refused = reader.post(f"/act/resend/{MRN}", {"token": reader.get("/").token})
    assert (refused.status, "Vos rôles ne permettent pas ceci" in refused.said) == (403, True)
    operator = logged_in(port, "k.traore")
    why = "perdu\x00 par\u202e le\r\n\x1b partenaire"
    assert f"Renvoi demandé : {MRN}" in decide(operator, "resend", MRN, reason=why).said
    assert [row.text for row in history(togo, "resend")] == [
        "1 by hand; Kadi Traoré (web: k.traore): perdu par le partenaire"]
    well(togo.run("edi-send"))
    assert len(list(burkina.mailbox("TGOTR").iterdir())) == 1


@pytest.fixture
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Puppet, Office, str, int]]:
    """Burkina Faso, that has refused something of Togo's and wants two people; its pages."""
    togo, burkina = offices(tmp_path)
    puppet = Puppet(togo, burkina)
    name = getattr(request, "param", retired)(puppet, burkina)
    burkina.settings.write_text(burkina.settings.read_text("utf-8") + "\napprovals: two\n", "utf-8")
    port = with_pages(burkina)
    with served(burkina.settings, port):
        yield puppet, burkina, name, port


@pytest.mark.parametrize("held", [retired, misdated], indirect=True, ids=["in-quarantine", "in-the-ledger"])
def test_two_people_release_from_quarantine_each_logged_in_and_with_a_reason(
        held: tuple[Puppet, Office, str, int]) -> None:
    puppet, burkina, name, port = held
    first, second = logged_in(port, "k.traore"), logged_in(port, "s.kone")
    assert name in first.get("/quarantine").said
    without = decide(first, "ask", name, reason="   ")
    assert "Un motif est nécessaire" in without.said
    assert f"Libération demandée : {name}" in decide(first, "ask", name, reason=WHY).said
    assert "Votre demande attend une autre personne" in first.get("/quarantine").said
    himself = decide(first, "confirm", name)
    assert (himself.status, "X172" in himself.said) == (409, True)
    assert f"Libéré : {name}" in decide(second, "confirm", name).said
    released = [row.text for row in history(burkina, "quarantine") if row.text.startswith("release")]
    text = released[0] if released else str([row.text for row in history(burkina, "object") if "Kadi" in row.text])
    assert all(part in text for part in ("Kadi Traoré", "Seydou Koné", "web: k.traore", "web: s.kone", WHY))
    taken_once(puppet, burkina)


@pytest.mark.parametrize("held", [retired_and_misdated], indirect=True, ids=["two-rules"])
def test_what_a_second_rule_refuses_is_let_in_when_it_was_ticked_and_who_confirms_reads_both(
        held: tuple[Puppet, Office, str, int]) -> None:
    puppet, burkina, name, port = held
    first, second = logged_in(port, "k.traore"), logged_in(port, "s.kone")
    form = first.get(f"/act/ask/{name}").text
    assert re.findall(r'name="also\.(\w+)"', form) == ["E_CERT_TIME", "E_CRL", "E_DATE", "E_OLD"]
    decide(first, "ask", name, reason=WHY)
    alone = decide(second, "confirm", name)
    assert (alone.status, "E_DATE" in alone.said) == (409, True)
    ticked = decide(first, "ask", name, **{"also.E_DATE": "1"})
    assert 'name="also.E_DATE" value="1" checked' in ticked.text, "without a reason the form comes back as it was"
    invented = decide(first, "ask", name, reason=WHY, **{"also.E_SIGNATURE": "1"})
    assert (invented.status, "X083" in invented.said) == (409, True)
    assert f"Libération demandée : {name}" in decide(first, "ask", name, reason=WHY, **{"also.E_DATE": "1"}).said
    assert "E_CERT_RETIRED E_DATE" in second.get(f"/act/confirm/{name}").said
    assert f"Libéré : {name}" in decide(second, "confirm", name).said
    taken_once(puppet, burkina)


def test_an_officer_sees_no_quarantine_and_can_ask_for_nothing_there(held: tuple[Puppet, Office, str, int]) -> None:
    _, burkina, name, port = held
    officer = logged_in(port, "a.mensah")
    assert "/quarantine" not in officer.get("/").text
    assert officer.get("/quarantine").status == 403
    assert officer.get(f"/act/ask/{name}").status == 403
    answer = officer.post(f"/act/reject/{name}", {"token": officer.get("/").token, "reason": WHY, "sure": "1"})
    assert answer.status == 403
    assert burkina.lines("quarantine")[-1]["count"] == 1


def test_what_is_rejected_is_never_let_in_and_says_so(held: tuple[Puppet, Office, str, int]) -> None:
    _, _, name, port = held
    operator = logged_in(port, "k.traore")
    assert f"Refusé : {name}" in decide(operator, "reject", name, reason=WHY).said
    assert "Rien n'est en quarantaine" in operator.get("/quarantine").said
    again = decide(operator, "ask", name, reason=WHY)
    assert (again.status, "X174" in again.said, "Rien n'a été enregistré" in again.said) == (409, True, True)


def test_who_is_the_gateways_own_account_is_nobody_in_particular(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    name = retired(Puppet(togo, burkina), burkina)
    port = with_pages(burkina)
    text = burkina.settings.read_text("utf-8")
    owner = burkina.settings.owner()
    burkina.settings.write_text(text.replace("name: Kadi Traoré,", f"name: Kadi Traoré, account: {owner},"), "utf-8")
    with served(burkina.settings, port):
        answer = decide(logged_in(port, "k.traore"), "ask", name, reason=WHY)
        assert (answer.status, "C031" in answer.said) == (409, True)


def test_a_dead_letter_is_closed_with_a_reason_and_told_no_more(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path, valid=timedelta(days=800))
    togo.drop("declarations", {"d.json": declaration_json("A", mrn=MRN)})
    well(togo.run("edi-send"))
    silence(togo, burkina, 15)
    port = with_pages(togo)

    def moment() -> Occasion:
        return replace(occasion(), now=later(days=16))

    with served(togo.settings, port, moment):
        operator = logged_in(port, "k.traore")
        assert "TG0000000001" in operator.get("/dead").said
        assert "Renvoyer" in operator.get("/board/tg-bf").said
        assert "Clos : TG0000000001" in decide(operator, "close", "TG0000000001", reason=WHY).said
        assert "Rien n'est abandonné" in operator.get("/dead").said
    with open_gateway(togo.settings, later(days=16)) as gateway, gateway.ledger.reading() as queries:
        act = queries.acts_about(["TG0000000001"], "close")["TG0000000001"]
    assert (act.people, act.account, act.person, act.reason) == ("Kadi Traoré", "web: k.traore", "k.traore", WHY)
