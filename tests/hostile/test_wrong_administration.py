"""Objects that name, or lie with, another administration than they should: is nothing of them ever released?

Each lies beside a good object of the same partner, which is taken; folder, certificate, Message-ID, From, To and UNB
must all name the same two gateways.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.edifact import WireMessage
from gateway.exchange.summary import Exit
from gateway.security import encrypt, file_name, load_certificate
from tests.tools import loose_sealer as loose
from tests.tools.malice import Puppet, again, later, quarantined, refused
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, numbered_mrn
from tests.tools.signing import author, recipient

World = tuple[Puppet, Office, Office]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Togo in the hands of a test, Burkina Faso which receives, and Mali as the third administration."""
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    return Puppet(togo, burkina), burkina, mali


def good(malice: Puppet, number: int) -> WireMessage:
    """A declaration."""
    return malice.cusdec(declaration(f"T-{number}", mrn=numbered_mrn(number)))


def moved(content: bytes, office: Office, sender: str) -> Path:
    """The mailbox host puts a file into a folder of its choice."""
    path = office.mailbox(sender) / file_name(content)
    path.write_bytes(content)
    return path


def nothing_released(office: Office, bad: bytes, accepted: int) -> None:
    """The bad object lies in quarantine as it came; the national side and the mailboxes saw the good ones alone."""
    assert quarantined(office) == [bad]
    assert len(office.inbox("declarations")) == accepted
    assert len(office.movements()) == accepted
    again(office)


def test_t05_a_file_moved_into_another_partners_folder_is_refused(world: World) -> None:
    """A file of one partner in the folder of another is signed by a certificate that this other does not have."""
    malice, burkina, _ = world
    sealed = malice.seal(malice.interchange(good(malice, 1)), count=False)
    moved(sealed.content, burkina, "MLDGD")
    malice.send(good(malice, 2))
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_SIGNER_UNKNOWN", place=f"MLDGD/{sealed.name}")
    nothing_released(burkina, sealed.content, 1)


def test_t05_a_file_for_another_administration_is_refused_where_it_lies(world: World) -> None:
    """A file that is encrypted for another administration is not for us, whatever folder it lies in."""
    malice, burkina, mali = world
    content = loose.outer(signed(malice, recipient="MLDGD"), [recipient(mali)])
    path = malice.put(content)
    malice.send(good(malice, 1))
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_NOT_FOR_US", place=f"TGOTR/{path.name}")
    nothing_released(burkina, content, 1)


@pytest.mark.parametrize(("header", "code"), [
    ({"sender": "MLDGD"}, "E_WRONG_SENDER"), ({"maker": "MLDGD"}, "E_WRONG_SENDER"),
    ({"sender": "MLDGD", "maker": "MLDGD"}, "E_WRONG_SENDER"),
    ({"sender": "BFDGD", "maker": "BFDGD"}, "E_WRONG_SENDER"),
    ({"recipient": "MLDGD"}, "E_WRONG_RECIPIENT"), ({"recipient": "TGOTR"}, "E_WRONG_RECIPIENT")],
    ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_t05_a_header_that_names_another_gateway_is_refused(world: World, header: dict[str, Any], code: str) -> None:
    """From-Gateway, Message-ID and To-Gateway name the partner of the folder and us, or nothing is released."""
    malice, burkina, _ = world
    content = loose.outer(signed(malice, **header), [recipient(burkina)])
    path = malice.put(content)
    malice.send(good(malice, 1))
    refused(burkina.run("edi-receive"), Exit.TRUST, code, place=f"TGOTR/{path.name}")
    nothing_released(burkina, content, 1)
    assert malice.receipts() == ["processed"]


@pytest.mark.parametrize("parties", [
    {"sender": "MLDGD"}, {"recipient": "MLDGD"}, {"sender": "BFDGD", "recipient": "TGOTR"}, {"sender_qualifier": "1"}],
    ids=" ".join)
def test_t05_an_interchange_of_other_parties_than_its_envelope_is_refused(world: World,
                                                                          parties: dict[str, str]) -> None:
    """UNB names the parties of the envelope: else E_UNB, answered by a negative receipt, and nothing is released."""
    malice, burkina, _ = world
    payload = malice.interchange(good(malice, 1), **parties)
    sealed = malice.seal(payload)
    malice.put(sealed.content)
    malice.send(good(malice, 2))
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_UNB", place="interchange TGOTR 1")
    assert (len(burkina.inbox("declarations")), len(burkina.movements())) == (1, 1)
    again(burkina)
    assert malice.receipts() == ["failed/failure: E_UNB", "processed"]


def test_t06_a_recipient_that_encrypts_an_object_anew_to_a_third_has_it_refused_there(world: World) -> None:
    """What B received and encrypts anew to C is refused by C: the recipient stands inside the signature."""
    malice, _, mali = world
    inner = malice.seal(malice.interchange(good(malice, 1))).inner  # as Burkina Faso holds it once it has opened it
    content = encrypt(inner, [load_certificate(mali.home / "keys" / "encryption.crt")])
    path = moved(content, mali, "TGOTR")
    refused(mali.run("edi-receive"), Exit.TRUST, "E_WRONG_RECIPIENT", place=f"TGOTR/{path.name}")
    nothing_released(mali, content, 0)
    assert list(malice.office.mailbox("MLDGD").iterdir()) == [], "not even an answer"


def test_t06_in_the_forwarders_own_folder_it_is_refused_as_well(world: World) -> None:
    """Delivered as if it were B's own, A's object carries a signature that is not B's."""
    malice, burkina, mali = world
    inner = malice.seal(malice.interchange(good(malice, 1))).inner
    content = encrypt(inner, [load_certificate(mali.home / "keys" / "encryption.crt")])
    path = moved(content, mali, "BFDGD")
    refused(mali.run("edi-receive"), Exit.TRUST, "E_SIGNER_UNKNOWN", place=f"BFDGD/{path.name}")
    nothing_released(mali, content, 0)
    assert list(burkina.mailbox("MLDGD").iterdir()) == []


def test_t06_no_person_can_release_it_either(world: World) -> None:
    """E_WRONG_RECIPIENT is never released from quarantine, by whomever."""
    malice, _, mali = world
    inner = malice.seal(malice.interchange(good(malice, 1))).inner
    content = encrypt(inner, [load_certificate(mali.home / "keys" / "encryption.crt")])
    path = moved(content, mali, "TGOTR")
    mali.run("edi-receive")
    ran = mali.run("edi", "quarantine", "release", path.name, "--reason", "they asked", "--by", "Awa Traoré", "--by",
                   "Kofi Mensah")
    assert (ran.exit != 0, quarantined(mali)) == (True, [content])
    nothing_released(mali, content, 0)


def signed(malice: Puppet, **header: Any) -> bytes:
    """A declaration in an object that Togo signed, its header as a test wants it."""
    options: dict[str, Any] = {"sender": "TGOTR", "recipient": "BFDGD", "date": later(), "sequence_number": 9,
                               "previous": "1" * 64, **header}
    entity = loose.header(**options) + malice.interchange(good(malice, 99), reference="TGBAD")
    return loose.inner(entity, author(malice.office), signing_time=later())
