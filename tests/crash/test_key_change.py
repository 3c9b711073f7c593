"""Killed in the middle of a change of keys and simply run again: does it stand as a whole, once?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.failpoints import NAMES
from tests.tools.offices import Office, offices

KILLED = -9
PARTNERS = ("TGOTR", "BFDGD", "MLDGD")
DECIDED = {"keys.making": 0, "keys.made": 5, "keys.announcing": 0, "keys.announced": 0, "keys.consenting": 0,
           "keys.consented": 5, "keys.revoking": 1, "keys.revoked": 1}
"""Failpoint -> how the same command ends when it is run again: what stood already is said (5), never done twice; a
revocation lists what is in doubt each time (1)."""


def _keys(office: Office, owner: str) -> list[tuple[str, str]]:
    return sorted((line["use"], line["state"]) for line in office.lines("keys", "list")[:-1] if line["owner"] == owner)


def _announced(tmp_path: Path, consent: str = "automatic") -> tuple[Office, Office, str]:
    """Togo's next signing key lies as an announcement in the mailbox of Burkina; its SHA-256."""
    togo, burkina = offices(tmp_path, valid=timedelta(days=730))
    file = burkina.home / "partners" / "TGOTR.yaml"
    file.write_text(file.read_text("utf-8").replace("order: loose", f"order: loose\n  consent: {consent}"), "utf-8")
    assert togo.run("edi", "keys", "rotate", "signing").exit == 0
    assert togo.run("edi", "keys", "announce", "signing").exit == 0
    togo.run("edi-send")
    return togo, burkina, next(str(line["sha256"]) for line in togo.lines("keys", "list")
                               if line.get("state") == "ANNOUNCED")


def test_every_failpoint_of_keys_is_passed() -> None:
    assert set(DECIDED) == {name for name in NAMES if name.startswith("keys.")}


@pytest.mark.parametrize("failpoint", ["keys.making", "keys.made"])
def test_a_killed_rotation_leaves_one_pair_on_its_way(failpoint: str, tmp_path: Path) -> None:
    togo, _ = offices(tmp_path, valid=timedelta(days=730))
    words = ("keys", "rotate", "signing")
    assert togo.killed("edi", failpoint, *words) == KILLED
    assert togo.run("edi", *words).exit == DECIDED[failpoint]
    assert _keys(togo, "TGOTR") == [("encryption", "ORIGINAL"), ("signing", "MADE"), ("signing", "ORIGINAL")]


@pytest.mark.parametrize("failpoint", ["keys.announcing", "keys.announced"])
def test_a_killed_announcement_asks_each_partner_once(failpoint: str, tmp_path: Path) -> None:
    togo, burkina, mali = offices(tmp_path, names=PARTNERS, valid=timedelta(days=730))
    assert togo.run("edi", "keys", "rotate", "encryption").exit == 0
    words = ("keys", "announce", "encryption")
    assert togo.killed("edi", failpoint, *words) == KILLED
    assert togo.run("edi", *words).exit == DECIDED[failpoint]
    assert togo.run("edi", *words).exit == 0
    assert togo.run("edi-send").exit == 0
    for partner in (burkina, mali):
        assert partner.run("edi-receive").exit == 0
        assert _keys(partner, "TGOTR") == [
            ("encryption", "ACCEPTED"), ("encryption", "ACCEPTED"), ("signing", "LISTED")]
    assert togo.run("edi-receive").exit == 0
    consents = [line["consents"] for line in togo.lines("keys", "list") if line.get("state") == "ANNOUNCED"]
    assert consents == [{"BFDGD": "CONSENTED", "MLDGD": "CONSENTED"}]


@pytest.mark.parametrize("failpoint", ["receive.fetched", "receive.stored", "receive.removed"])
def test_a_receiver_killed_over_an_announcement_consents_once(failpoint: str, tmp_path: Path) -> None:
    togo, burkina, sha256 = _announced(tmp_path)
    assert burkina.killed("edi-receive", failpoint) == KILLED
    for office in (burkina, togo):
        assert office.run("edi-receive").exit == 0
    _settled(togo, burkina, sha256)


@pytest.mark.parametrize("failpoint", ["receive.fetched", "receive.stored", "receive.removed"])
def test_a_sender_killed_over_a_consent_takes_it_once(failpoint: str, tmp_path: Path) -> None:
    togo, burkina, sha256 = _announced(tmp_path)
    assert burkina.run("edi-receive").exit == 0
    assert togo.killed("edi-receive", failpoint) == KILLED
    assert togo.run("edi-receive").exit == 0
    _settled(togo, burkina, sha256)


@pytest.mark.parametrize("failpoint", ["keys.consenting", "keys.consented"])
def test_a_killed_decision_answers_once(failpoint: str, tmp_path: Path) -> None:
    togo, burkina, sha256 = _announced(tmp_path, "by-hand")
    assert burkina.run("edi-receive").exit == 1
    words = ("keys", "accept", "TGOTR", sha256, "--by", "Awa")
    assert burkina.killed("edi", failpoint, *words) == KILLED
    assert burkina.run("edi", *words).exit == DECIDED[failpoint]
    assert burkina.run("edi-send").exit == 0
    assert togo.run("edi-receive").exit == 0
    _settled(togo, burkina, sha256)


@pytest.mark.parametrize("failpoint", ["keys.revoking", "keys.revoked"])
def test_a_killed_revocation_stands_as_a_whole_or_is_made_again(failpoint: str, tmp_path: Path) -> None:
    togo, burkina, _ = _announced(tmp_path)
    assert burkina.run("edi-receive").exit == 0
    old = next(line["sha256"] for line in togo.lines("keys", "list") if line.get("state") == "REPLACED")
    words = ("keys", "revoke", "TGOTR", str(old), "--since", "2020-01-01", "--reason", "stolen", "--by", "Awa")
    assert burkina.killed("edi", failpoint, *words) == KILLED
    standing = _keys(burkina, "TGOTR")
    fell = [("encryption", "LISTED"), ("signing", "REVOKED"), ("signing", "REVOKED")]
    assert standing == (fell if failpoint == "keys.revoked" else [
        ("encryption", "LISTED"), ("signing", "ACCEPTED"), ("signing", "ACCEPTED")])
    assert burkina.run("edi", *words).exit == DECIDED[failpoint]
    assert _keys(burkina, "TGOTR") == fell


def _settled(togo: Office, burkina: Office, sha256: str) -> None:
    """One consent, one change at the partner, nothing unanswered, nothing left in a mailbox."""
    line = next(line for line in togo.lines("keys", "list") if line.get("sha256") == sha256)
    assert line["consents"] == {"BFDGD": "CONSENTED"}
    assert _keys(burkina, "TGOTR") == [("encryption", "LISTED"), ("signing", "ACCEPTED"), ("signing", "ACCEPTED")]
    assert next(one for one in togo.lines("status") if one["kind"] == "summary")["unanswered"] == 0
    assert list(togo.mailbox("BFDGD").iterdir()) == []
