"""A partner's encryption certificate is another by the time a lost file goes up again: can it still be opened?"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.exchange.assembly import open_gateway
from gateway.security import load_certificate, make_identity
from tests.tools.malice import later, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json


def another_identity(office: Office, other: Office) -> None:
    """The office begins anew with other keys, and the other knows them."""
    new = office.home / "anew"
    make_identity(new, gateway=office.name, environment="test", now=datetime.now(UTC).replace(microsecond=0),
                  valid=timedelta(days=30), passphrase=None)
    settings = other.home / "partners" / f"{office.name}.yaml"
    text = settings.read_text("utf-8")
    for part in ("authority", "signing", "encryption"):
        held = other.home / "partners" / f"{office.name}-{part}.crt"
        text = text.replace(load_certificate(held).sha256, load_certificate(new / f"{part}.crt").sha256)
        shutil.copy(new / f"{part}.crt", held)
    settings.write_text(text, "utf-8")
    for path in new.iterdir():
        shutil.move(path, office.home / "keys" / path.name)


def _proofs(office: Office) -> list[tuple[str, str]]:
    """Event and text of everything that happened to the first object of an office."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return [(row.event, row.text) for row in queries.history() if row.subject == "object" and row.subject_id == 1]


def test_a_lost_file_is_encrypted_anew_round_the_same_signature(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d1.json": declaration_json("A")})
    well(togo.run("edi-send"))
    (first,) = burkina.mailbox("TGOTR").iterdir()
    first.unlink()
    another_identity(burkina, togo)
    assert togo.run("edi", "resend", "TG0000000001").exit == 0
    well(togo.run("edi-send"))
    (second,) = burkina.mailbox("TGOTR").iterdir()
    assert second.name != first.name
    well(burkina.run("edi-receive"))
    assert [line["state"] for line in burkina.movements().values()] == ["EXPECTED"]
    well(togo.run("edi-receive"))  # the receipt names the signature that was made once
    assert [line["state"] for line in togo.interchanges("out") if line["type"] == "CUSDEC"] == ["ACKNOWLEDGED"]
    assert [event for event, _ in _proofs(togo)] == ["new", "dispatch", "again", "encrypted", "repeat", "receipt"]
    assert ("encrypted", second.name) in _proofs(togo)


def test_a_file_that_can_still_be_opened_goes_up_as_it_is(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d1.json": declaration_json("A")})
    well(togo.run("edi-send"))
    (first,) = burkina.mailbox("TGOTR").iterdir()
    kept = first.read_bytes()
    first.unlink()
    assert togo.run("edi", "resend", "TG0000000001").exit == 0
    well(togo.run("edi-send"))
    assert [path.read_bytes() for path in burkina.mailbox("TGOTR").iterdir()] == [kept]
