"""Can a number be taken back that the partner can never accept, and nothing that it has accepted? (GW-1 O4)"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.ledger.rows import KnownObject
from gateway.security import WITHDRAW, file_name
from gateway.security.merkle import leaf
from tests.tools.malice import Puppet, at, codes, later, refused, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json, numbered_mrn

WHY = ("--partner", "BFDGD", "--reason", "signed with the old key", "--by", "Kofi Mensah")


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso, in the strict order; Togo's first number is lost for good."""
    togo, burkina = offices(tmp_path, valid=timedelta(days=400))
    path = burkina.home / "partners" / "TGOTR.yaml"
    path.write_text(path.read_text("utf-8").replace("order: loose", "order: strict"), "utf-8")
    return [togo, burkina]


def declare(togo: Office, number: int) -> None:
    """One more declaration goes out."""
    togo.drop("declarations", {f"d{number}.json": declaration_json(f"N{number}", mrn=numbered_mrn(number))})
    well(togo.run("edi-send"))


def lose(burkina: Office) -> list[bytes]:
    """What lies in the mailbox is taken away; its files."""
    paths = list(burkina.mailbox("TGOTR").iterdir())
    kept = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    return kept


def known(office: Office, sequence: int) -> KnownObject | None:
    """What an office holds of a number of Togo's."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return queries.known_object("TGOTR", sequence=sequence)


def standing(office: Office) -> dict[str, dict[str, Any]]:
    """Where the links of an office stand, by direction."""
    return {line["direction"]: line for line in office.lines("link", "status") if line["kind"] == "link"}


def test_a_withdrawn_number_is_void_for_ever_and_releases_what_was_parked(pair: list[Office]) -> None:
    togo, burkina = pair
    declare(togo, 1)
    (lost,) = lose(burkina)
    declare(togo, 2)
    well(burkina.run("edi-receive"))
    assert (list(burkina.movements()), standing(burkina)["in"]["parked"]) == ([], 1)
    assert "link with TGOTR, received: 1 numbers missing, 1 objects parked behind them, not halted" in burkina.run(
        "edi", "status").out
    assert [line["kind"] for line in burkina.lines("status") if line["kind"] not in ("traffic", "run")] == [
        "interchange", "link", "summary"]
    assert [(gap["first"], gap["last"]) for gap in standing(burkina)["in"]["gaps"]] == [(1, 1)]
    ran = togo.run("edi", "link", "withdraw", "1", "--anew", *WHY)
    assert (ran.exit, ran.err) == (0, "")
    assert "number 4" in ran.out
    well(togo.run("edi-send"))
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [numbered_mrn(1), numbered_mrn(2)]
    held = known(burkina, 1)
    assert held is not None
    assert (held.state, held.previous) == ("VOID", None)
    line = standing(burkina)["in"]
    assert (line["sequence"], line["parked"], line["gaps"]) == (4, 0, [])
    well(togo.run("edi-receive"))
    assert {line["state"] for line in togo.interchanges("out") if line["type"] == "CUSDEC"} <= {
        "RECEIVED", "ACKNOWLEDGED"}
    (burkina.mailbox("TGOTR") / file_name(lost)).write_bytes(lost)  # the lost one comes after all
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_VOID", place=f"TGOTR/{file_name(lost)}")
    assert len(burkina.movements()) == 2
    for number in range(3):
        for office in pair:
            well(at(office, "edi-sync", later(hours=24, minutes=number)))
    assert standing(togo)["out"]["agreed"] == standing(burkina)["in"]["agreed"] >= 4
    for office in pair:
        assert office.run("edi", "audit", "verify").exit == 0


def test_what_is_accepted_taken_back_or_never_sent_cannot_be_taken_back(pair: list[Office]) -> None:
    togo, burkina = pair
    declare(togo, 1)
    declare(togo, 2)
    assert togo.run("edi", "link", "withdraw", "1", *WHY).exit == 0
    for sequence, code in (("1", "X061"), ("9", "X060")):
        ran = togo.run("edi", "link", "withdraw", sequence, *WHY)
        assert (ran.exit, code in ran.err) == (Exit.PERSON, True), ran.err
    lose(burkina)
    assert togo.run("edi", "link", "withdraw", "3", "--anew", *WHY).exit == Exit.PERSON  # a withdrawal carries nothing
    assert togo.run("edi", "link", "withdraw", "2", *WHY[:4]).exit != 0  # nobody answers for it


def test_a_withdrawal_that_comes_too_late_is_refused_and_the_object_stays_received(pair: list[Office]) -> None:
    togo, burkina = pair
    declare(togo, 1)
    well(burkina.run("edi-receive"))  # accepted; Togo has not seen the receipt yet
    assert togo.run("edi", "link", "withdraw", "1", *WHY).exit == 0
    well(togo.run("edi-send"))
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_PAYLOAD", place="interchange TGOTR 2")
    assert "X030" in codes(togo.run("edi-receive"))
    assert [line["state"] for line in togo.interchanges("out") if line["type"] == "CUSDEC"] == ["ACKNOWLEDGED"]
    assert list(burkina.movements()) == [numbered_mrn(1)]


def _leaf(sequence: int, sender: str = "TGOTR", mic: str = "a" * 64) -> bytes:
    return leaf(sequence, f"<{sequence:032x}@{sender}>", mic, "b" * 64)


BAD = {
    "its own number": _leaf(5), "a later number": _leaf(9), "one number twice": _leaf(2) * 2,
    "in another's name": _leaf(2, sender="MLDGD"), "another than its successor names": _leaf(3, mic="c" * 64),
    "one good and one bad": _leaf(2) + _leaf(9),
}


@pytest.mark.parametrize("payload", BAD.values(), ids=BAD.keys())
def test_a_withdrawal_outside_its_limits_is_refused_whole(payload: bytes, pair: list[Office]) -> None:
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    malice.put(malice.seal(malice.interchange(malice.cusdec(_tree(1)))).content)
    malice.sequence = 3
    malice.put(malice.seal(malice.interchange(malice.cusdec(_tree(4))), previous="d" * 64).content)
    malice.put(malice.seal(payload, kind=WITHDRAW, filename="w.txt").content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_PAYLOAD", place="interchange TGOTR 5")
    assert malice.receipts() == ["processed", "processed", "failed/failure: E_PAYLOAD"]
    assert [known(burkina, sequence) is None for sequence in (1, 2, 3, 4, 5)] == [False, True, True, False, False]


def test_a_withdrawal_may_name_numbers_that_are_refused_and_changes_nothing_for_them(pair: list[Office]) -> None:
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    bad = malice.seal(b"no interchange")
    malice.put(bad.content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_PAYLOAD", place="interchange TGOTR 1")
    before = known(burkina, 1)
    assert before is not None
    with open_gateway(burkina.settings, later()) as gateway, gateway.ledger.transaction() as transaction:
        stands = transaction.leaf_of(before.object_id)
    malice.put(malice.seal(stands, kind=WITHDRAW, filename="w.txt").content)
    well(burkina.run("edi-receive"))
    assert malice.receipts() == ["failed/failure: E_PAYLOAD", "processed"]
    assert known(burkina, 1) == before


def _tree(number: int) -> dict[str, Any]:
    return dict(json.loads(declaration_json(f"N{number}", mrn=numbered_mrn(number))))
