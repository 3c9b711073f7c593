"""A signing key is stolen: is it refused at once, is everything it signed named, and does the traffic go on without
loss under a new key that two people compared?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.failpoints import FETCHED
from gateway.security import load_certificate
from tests.tools.key_world import Clocked, accepted, clocked, codes
from tests.tools.offices import Office, Ran
from tests.tools.outputs import checked

PEOPLE = ("--by", "Awa Sawadogo", "--by", "Kofi Mensah")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Clocked, Clocked]:
    togo, burkina = clocked(tmp_path)
    return togo, burkina


def _signing(office: Clocked) -> str:
    return load_certificate(office.office.home / "keys" / "signing.crt").sha256


def _lines(ran: Ran) -> list[dict[str, Any]]:
    return checked("keys-revoke", ran.out)


def _revoke(office: Office, owner: str, sha256: str, *more: str) -> Ran:
    return office.run("edi", "keys", "revoke", owner, sha256, *more, "--reason", "stolen", *PEOPLE, "--json")


def test_a_revoked_key_is_refused_at_once_and_what_it_signed_since_is_named(pair: tuple[Clocked, Clocked]) -> None:
    togo, burkina = pair
    (mrn,) = accepted(togo, burkina, 1)
    since = burkina.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    togo.declare()
    assert codes(togo.send(0.1)) == []  # lies in the mailbox when the theft is told
    revoked = _revoke(burkina.office, "TGOTR", _signing(togo), "--since", since)
    assert revoked.exit == 1
    first, *objects, total = _lines(revoked)
    assert (first["owner"], first["use"], first["sha256"]) == ("TGOTR", "signing", _signing(togo))
    assert [one["mrns"] for one in objects if one["mrns"]] == [[mrn]] * sum(bool(one["mrns"]) for one in objects)
    assert {one["content_type"] for one in objects} >= {"application/EDIFACT", "message/disposition-notification"}
    assert [one["sequence"] for one in objects] == sorted(one["sequence"] for one in objects)
    assert total["count"] == len(objects) > 0
    assert set(codes(burkina.receive(0.2))) == {"E_CERT_REVOKED"}
    assert burkina.movements() == {mrn}
    again = _revoke(burkina.office, "TGOTR", _signing(togo), "--since", since)
    assert again.exit == 1 and "K088" in again.err and _lines(again) == _lines(revoked)  # the list may be had again
    kept = burkina.office.lines("quarantine")[0]
    released = burkina.office.run("edi", "quarantine", "release", str(kept["name"]), "--reason", "please", *PEOPLE)
    assert released.exit != 0 and burkina.movements() == {mrn}


def test_what_a_stolen_key_announced_falls_with_it_and_what_that_replaced_stands_again(
        pair: tuple[Clocked, Clocked]) -> None:
    togo, burkina = pair
    accepted(togo, burkina, 1)
    for use in ("encryption", "signing"):
        togo.rotate(use, 0)
        togo.announce(use, 0)
    togo.send(0)
    assert codes(burkina.receive(0)) == []
    before = {line["sha256"]: line["state"] for line in burkina.office.lines("keys", "list")[:-1]
              if line["owner"] == "TGOTR"}
    assert sorted(before.values()) == ["ACCEPTED"] * 4
    since = burkina.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    found = _lines(_revoke(burkina.office, "TGOTR", _signing(togo), "--since", since))
    assert sum(line["kind"] == "revoked" for line in found) == 3
    after = [line for line in burkina.office.lines("keys", "list")[:-1] if line["owner"] == "TGOTR"]
    standing = [line for line in after if line["state"] == "ACCEPTED"]
    encryption = load_certificate(togo.office.home / "keys" / "encryption.crt")
    assert [line["sha256"] for line in standing] == [encryption.sha256]
    assert standing[0]["ends"] == encryption.not_after.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert burkina.open(60, lambda gateway, occasion: [
        one.sha256 for one in gateway.recipients("TGOTR", occasion.now)]) == [encryption.sha256]


def test_a_key_revoked_while_a_run_has_its_file_in_hand_is_refused_by_that_run(
        pair: tuple[Clocked, Clocked], monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    togo.declare()
    togo.send(0.1)
    ran: list[int] = []

    def revoked_meanwhile(point: str) -> None:
        if point == FETCHED and not ran:
            ran.append(_revoke(burkina.office, "TGOTR", _signing(togo), "--since", "2020-01-01").exit)

    monkeypatch.setattr("gateway.exchange.collect.reach", revoked_meanwhile)
    assert set(codes(burkina.receive(0.2))) == {"E_CERT_REVOKED"}
    assert ran == [0] and burkina.movements() == set()  # nothing had been accepted, and nothing was


@pytest.mark.parametrize("settings_changed", [True, False])
def test_after_a_compromise_the_traffic_goes_on_under_a_key_that_people_compared(
        pair: tuple[Clocked, Clocked], settings_changed: bool) -> None:
    """The old key announces nothing; what waited goes once the partner has the new one; what it signed and nobody may
    take any more is withdrawn and sent anew."""
    togo, burkina = pair
    accepted(togo, burkina, 1)
    togo.declare()
    assert codes(togo.send(0.01)) == []
    old = _signing(togo)
    assert _revoke(burkina.office, "TGOTR", old, "--since", burkina.start.strftime("%Y-%m-%dT%H:%M:%SZ")).exit == 1
    ours = _revoke(togo.office, "own", old)
    revoked, *undelivered, total = checked("keys-revoke", ours.out)
    assert (ours.exit, revoked["sha256"], total["count"]) == (1, old, len(undelivered))
    assert [(line["kind"], line["partner"], line["content_type"]) for line in undelivered] == [
        ("undelivered", "BFDGD", "application/EDIFACT")]
    again = _revoke(togo.office, "own", old)
    assert "K088" in again.err and checked("keys-revoke", again.out) == [revoked, *undelivered, total]
    assert set(codes(burkina.receive(0.02))) == {"E_CERT_REVOKED"}

    togo.declare()
    assert set(codes(togo.send(0.03))) == {"K077"}  # the new declaration waits, and so does everything else
    rotated = togo.office.run("edi", "keys", "rotate", "signing", "--json")
    assert rotated.exit == 0
    made = json.loads(rotated.out)
    refused = togo.office.run("edi", "keys", "announce", "signing", "--json")
    assert refused.exit == 1 and json.loads(refused.out.splitlines()[0])["codes"] == ["K077"]
    if settings_changed:  # at once, or when everything is over
        settings = togo.office.settings
        name = Path(made["certificate"]).stem
        settings.write_text(settings.read_text("utf-8").replace("keys/signing.", f"keys/{name}."), "utf-8")
    pack = togo.office.home / "pack"
    packed = togo.office.run("edi", "partner", "pack", "--name-fr", "Togo", "--name-en", "Togo", "-o", str(pack))
    assert packed.exit == 0, packed.err
    assert set(codes(togo.send(0.04))) == {"K077"}  # the partner does not know it yet

    imported = burkina.office.run("edi", "partner", "import", str(pack), "--replace", "--compared", "voice", *PEOPLE)
    assert imported.exit == 0, imported.err
    confirmed = togo.office.run("edi", "keys", "confirm", "BFDGD", made["fingerprint"], *PEOPLE)
    assert confirmed.exit == 0, confirmed.err
    number = str(undelivered[0]["sequence"])
    withdrawn = togo.office.run("edi", "link", "withdraw", number, "--partner", "BFDGD", "--anew", "--reason",
                                "signed with the stolen key", "--by", "Kofi Mensah")
    assert withdrawn.exit == 0, withdrawn.err
    for day in (0.05, 0.06, 0.07):
        for office in (togo, burkina):
            office.send(day)
            office.receive(day)
    assert burkina.movements() == togo.movements() and len(togo.movements()) == 3
    assert codes(burkina.receive(0.08)) == []
