"""Do two gateways that agreed to AES-256-CBC use it in both directions, and only until the agreement ends?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.security import asn1
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json


def _agree(office: Office, partner: str, until: datetime) -> None:
    path = office.home / "partners" / f"{partner}.yaml"
    text = path.read_text("utf-8")
    at = text.index("agreement:\n") + len("agreement:\n")
    path.write_text(f"{text[:at]}  cbc:\n    reason: the other side reads no AuthEnvelopedData\n"
                    f"    until: {until:%Y-%m-%dT%H:%M:%SZ}\n{text[at:]}", "utf-8")


def _types(folder: Path) -> set[str]:
    return {asn1.read_content_type(path.read_bytes()) for path in folder.iterdir()}


def test_a_declaration_and_its_answers_cross_in_cbc_where_both_agreed(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    until = datetime.now(UTC) + timedelta(days=1)
    _agree(togo, "BFDGD", until)
    _agree(burkina, "TGOTR", until)
    togo.drop("declarations", {"d1.json": declaration_json("C")})
    sent = togo.run("edi-send")
    types = [_types(burkina.mailbox("TGOTR"))]
    received = burkina.run("edi-receive")
    types.append(_types(togo.mailbox("BFDGD")))
    answered = togo.run("edi-receive")
    assert [(ran.exit, ran.err) for ran in (sent, received, answered)] == [(0, "")] * 3
    assert types == [{asn1.ENVELOPED_DATA}] * 2
    (movement,) = togo.movements().values()
    assert movement["state"] == "CONFIRMED"


@pytest.mark.parametrize("sender_still_agrees", [True, False])
def test_after_its_end_nobody_sends_it_and_what_comes_in_it_is_refused(tmp_path: Path,
                                                                       sender_still_agrees: bool) -> None:
    togo, burkina = offices(tmp_path)
    now = datetime.now(UTC)
    _agree(togo, "BFDGD", now + (timedelta(days=1) if sender_still_agrees else -timedelta(days=1)))
    _agree(burkina, "TGOTR", now - timedelta(days=1))
    togo.drop("declarations", {"d1.json": declaration_json("C")})
    togo.run("edi-send")
    types = _types(burkina.mailbox("TGOTR"))
    received = burkina.run("edi-receive")
    if sender_still_agrees:
        assert (types, received.exit, "E_OUTER" in received.err) == ({asn1.ENVELOPED_DATA}, 5, True)
        assert burkina.inbox("declarations") == {}
    else:
        assert (types, received.exit) == ({asn1.AUTH_ENVELOPED_DATA}, 0)
