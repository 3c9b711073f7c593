"""What does a bad sealed file of a partner get: a code, a place, quarantine exactly as it came, and no company?

Every bad file lies in the mailbox beside a good one of the same partner, which must be taken and receipted all the
same; nobody is told more than GW-1 section 6 allows; running again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.edifact import WireMessage
from gateway.exchange.summary import Exit
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.malice import Puppet, again, at, later, quarantined, refused, well, whole_minute
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, numbered_mrn
from tests.tools.signing import author, recipient


@pytest.fixture
def world(tmp_path: Path) -> tuple[Puppet, Office, Office]:
    """Togo in the hands of a test, Burkina Faso, and Mali as the third party."""
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    return Puppet(togo, burkina), burkina, mali


def entity(malice: Puppet, **header: Any) -> bytes:
    """Header and payload of a declaration from Togo to Burkina Faso."""
    options: dict[str, Any] = {"sender": "TGOTR", "recipient": "BFDGD", "date": later(), "sequence_number": 9, **header}
    return loose.header(**options) + malice.interchange(good(malice, 99), reference="TGBAD")


def good(malice: Puppet, number: int) -> WireMessage:
    """A declaration."""
    return malice.cusdec(declaration(f"T-{number}", mrn=numbered_mrn(number)))


def signed(malice: Puppet, by: Office | Author | None = None, **header: Any) -> bytes:
    """A signed object, by Togo unless told otherwise."""
    who = by if isinstance(by, Author) else author(by or malice.office)
    return loose.inner(entity(malice, **header), who, signing_time=later())


def stranger() -> Author:
    """A signer whom nobody knows."""
    now = later()
    ca = loose.authority("nobody", now)
    key = ec.generate_private_key(ec.SECP256R1())
    return Author(key, loose.certificate(key, ca, name="TGOTR signing", now=now))


def unsigned(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(entity(malice), [recipient(burkina)])


def unsigned_data(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(loose.content_info(loose.DATA, loose.octets(entity(malice))), [recipient(burkina)])


def wrong_signature(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    inner = loose.inner(entity(malice), author(malice.office), signing_time=later(),
                        alter=lambda value: value[:-1] + bytes((value[-1] ^ 1,)))
    return loose.outer(inner, [recipient(burkina)])


def altered_content(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(signed(malice).replace(b"TELEPHONES", b"CIGARETTES"), [recipient(burkina)])


def unknown_certificate(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(signed(malice, stranger()), [recipient(burkina)])


def signed_by_third(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(signed(malice, mali), [recipient(burkina)])


def encrypted_for_third(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(signed(malice), [recipient(mali)])


def forwarded(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    """Signed for Mali, and encrypted again to Burkina Faso by somebody."""
    return loose.outer(signed(malice, recipient="MLDGD"), [recipient(burkina)])


def in_anothers_name(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(signed(malice, sender="MLDGD", maker="MLDGD"), [recipient(burkina)])


def tag_altered(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    content = loose.outer(signed(malice), [recipient(burkina)])
    return content[:-1] + bytes((content[-1] ^ 1,))


def ciphertext_altered(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    content = bytearray(loose.outer(signed(malice), [recipient(burkina)]))
    content[-200] ^= 1
    return bytes(content)


def plain_edifact(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return malice.interchange(good(malice, 99), reference="TGBAD")


def only_signed(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return signed(malice)


def old_cipher(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.enveloped_cbc(signed(malice), [recipient(burkina)])


def truncated(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(signed(malice), [recipient(burkina)])[:900]


def header_of_another_profile(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return loose.outer(signed(malice, profile="2"), [recipient(burkina)])


def empty(malice: Puppet, burkina: Office, mali: Office) -> bytes:
    return b""


BAD = [
    (unsigned, "E_ASN1"), (unsigned_data, "E_UNSIGNED"), (wrong_signature, "E_SIGNATURE"),
    (altered_content, "E_DIGEST"),
    (unknown_certificate, "E_SIGNER_UNKNOWN"), (signed_by_third, "E_SIGNER_UNKNOWN"),
    (encrypted_for_third, "E_NOT_FOR_US"), (forwarded, "E_WRONG_RECIPIENT"), (in_anothers_name, "E_WRONG_SENDER"),
    (tag_altered, "E_DECRYPT"), (ciphertext_altered, "E_DECRYPT"), (plain_edifact, "E_ASN1"),
    (only_signed, "E_OUTER"), (old_cipher, "E_OUTER"), (truncated, "E_ASN1"), (header_of_another_profile, "E_PROFILE"),
    (empty, "E_ASN1"),
]


@pytest.mark.parametrize(("make", "code"), BAD, ids=[make.__name__ for make, _ in BAD])
def test_a_bad_object_is_quarantined_as_it_came_and_the_good_one_is_taken(
        world: tuple[Puppet, Office, Office], make: Callable[[Puppet, Office, Office], bytes], code: str) -> None:
    malice, burkina, mali = world
    bad = make(malice, burkina, mali)
    path = malice.put(bad)
    malice.send(good(malice, 1))
    ran = burkina.run("edi-receive")
    refused(ran, Exit.TRUST, code, place=f"TGOTR/{path.name}")
    assert (ran.counts["messages_accepted"], ran.counts["objects_quarantined"]) == (1, 1)
    assert quarantined(burkina) == [bad]
    assert list(burkina.mailbox("TGOTR").iterdir()) == []
    assert malice.receipts() == ["processed"], "nothing is said to whoever sent the bad one"
    again(burkina)
    malice.put(bad)
    assert burkina.run("edi-receive").exit == Exit.TRUST
    assert quarantined(burkina) == [bad], "kept once"


def test_t13_a_partial_upload_that_is_completed_is_taken_by_the_next_run(world: tuple[Puppet, Office, Office]) -> None:
    """A content that does not fit its name waits one run: a partial upload that is completed is taken."""
    malice, burkina, _ = world
    whole = malice.seal(malice.interchange(good(malice, 1)))
    path = malice.put(whole.content[:1000], whole.name)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_NAME", place=f"TGOTR/{whole.name}")
    assert path.read_bytes() == whole.content[:1000]
    malice.put(whole.content, whole.name)
    ran = burkina.run("edi-receive")
    well(ran)
    assert ran.counts["messages_accepted"] == 1
    assert quarantined(burkina) == []
    again(burkina)


def test_t13_a_partial_upload_that_is_never_completed_is_quarantined_by_the_next_run(
        world: tuple[Puppet, Office, Office]) -> None:
    """A content that still does not fit its name in the next run is quarantined as E_NAME."""
    malice, burkina, _ = world
    whole = malice.seal(malice.interchange(good(malice, 1)), count=False)
    malice.put(whole.content[:1000], whole.name)
    malice.send(good(malice, 2))
    first = burkina.run("edi-receive")
    refused(first, Exit.TRUST, "E_NAME", place=f"TGOTR/{whole.name}")
    assert first.counts["messages_accepted"] == 1
    second = burkina.run("edi-receive")
    refused(second, Exit.TRUST, "E_NAME", place=f"TGOTR/{whole.name}")
    assert second.counts["objects_quarantined"] == 1
    assert quarantined(burkina) == [whole.content[:1000]]
    again(burkina)


def test_t14_foreign_names_and_folders_are_named_and_left_where_they_lie(world: tuple[Puppet, Office, Office]) -> None:
    """Foreign names, folders and links in a mailbox are named, escaped, and left where they lie."""
    malice, burkina, _ = world
    box = burkina.mailbox("TGOTR")
    (box / "README.txt").write_bytes(b"hello")
    (box / "..p7m").write_bytes(b"x")
    (box / "sub").mkdir()
    (box / ("a" * 32 + ".p7m")).symlink_to("/etc/passwd")
    (box / "\x1b[31mred\nX999: false.p7m").write_bytes(b"x")
    malice.send(good(malice, 1))
    ran = burkina.run("edi-receive")
    assert (ran.exit, ran.counts["messages_accepted"]) == (Exit.TRUST, 1)
    assert {finding["code"] for finding in ran.counts["findings"]} == {"E_NAME"}
    assert "\x1b" not in ran.err
    assert not [line for line in ran.err.splitlines() if line.startswith("X999")], "a name forged a line"
    assert len(list(box.iterdir())) == 5
    again(burkina, status=Exit.TRUST, programs=["edi-receive"])


def test_an_object_replayed_after_a_year_gets_its_old_receipt_and_nothing_else(
        world: tuple[Puppet, Office, Office]) -> None:
    malice, burkina, _ = world
    path = malice.send(good(malice, 1))
    content = path.read_bytes()
    well(burkina.run("edi-receive"))
    before = {name: path.read_bytes() for name, path in _answers(malice).items()}
    inbox = burkina.inbox("declarations")
    malice.put(content, path.name)
    ran = burkina.run("edi-receive")
    well(ran)
    assert (ran.counts["objects_repeated"], ran.counts["messages_accepted"]) == (1, 0)
    assert {name: path.read_bytes() for name, path in _answers(malice).items()} == before
    assert burkina.inbox("declarations") == inbox
    malice.put(content, path.name)
    late = at(burkina, "edi-receive", later(days=365))
    assert late.counts["messages_accepted"] == 0
    assert "Traceback" not in late.err
    assert burkina.inbox("declarations") == inbox
    assert len(burkina.movements()) == 1


def test_t26_an_object_first_seen_after_a_year_is_refused_by_the_age_of_its_certificate(
        world: tuple[Puppet, Office, Office]) -> None:
    """An object first seen a year late is refused by what its certificate is worth at receipt."""
    malice, burkina, _ = world
    old = malice.send(good(malice, 1))
    content = old.read_bytes()
    refused(at(burkina, "edi-receive", later(days=365)), Exit.TRUST, "E_CERT_RETIRED", place=f"TGOTR/{old.name}")
    assert quarantined(burkina) == [content]
    assert burkina.movements() == {}


def test_t26_an_object_from_the_future_waits_in_the_mailbox_until_its_time_has_come(
        world: tuple[Puppet, Office, Office]) -> None:
    """An object signed ahead of our clock is E_FUTURE, stays where it is and is judged again."""
    malice, burkina, _ = world
    early = malice.seal(malice.interchange(good(malice, 2)), at=later(hours=2))
    path = malice.put(early.content, early.name)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_FUTURE", place=f"TGOTR/{early.name}")
    assert path.read_bytes() == early.content
    assert quarantined(burkina) == []
    ran = at(burkina, "edi-receive", later(hours=3))
    well(ran)
    assert ran.counts["messages_accepted"] == 1


def test_a_number_used_again_for_another_content_is_quarantined(world: tuple[Puppet, Office, Office]) -> None:
    malice, burkina, _ = world
    first = malice.previous
    malice.send(good(malice, 1))
    well(burkina.run("edi-receive"))
    other = malice.seal(malice.interchange(good(malice, 2)), sequence=1, previous=first,
                        count=False)
    malice.put(other.content, other.name)
    malice.send(good(malice, 3))
    ran = burkina.run("edi-receive")
    refused(ran, Exit.TRUST, "E_DUPLICATE", place=f"TGOTR/{other.name}")
    assert quarantined(burkina) == [other.content]
    assert sorted(burkina.movements()) == [numbered_mrn(1)]  # the link is halted: what came later is kept and waits
    refused(burkina.run("edi-receive"), Exit.TRUST, "X049", place="interchange TGOTR")
    burkina.run("edi", "partner", "resume", "TGOTR", "--reason", "cleared up by telephone")
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [numbered_mrn(1), numbered_mrn(3)]
    again(burkina)


def test_a_wrong_predecessor_is_quarantined(world: tuple[Puppet, Office, Office]) -> None:
    malice, burkina, _ = world
    malice.send(good(malice, 1))
    well(burkina.run("edi-receive"))
    forged = malice.seal(malice.interchange(good(malice, 2)), previous="ab" * 32, count=False)
    malice.put(forged.content, forged.name)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_CHAIN", place=f"TGOTR/{forged.name}")
    assert quarantined(burkina) == [forged.content]
    malice.send(good(malice, 3))
    refused(burkina.run("edi-receive"), Exit.TRUST, "X049", place="interchange TGOTR")
    burkina.run("edi", "partner", "resume", "TGOTR", "--reason", "cleared up by telephone")
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [numbered_mrn(1), numbered_mrn(3)]
    again(burkina)


def test_a_gap_in_the_sequence_is_taken_and_an_alarm_after_an_hour_until_it_is_filled(
        world: tuple[Puppet, Office, Office]) -> None:
    malice, burkina, _ = world
    malice.send(good(malice, 1))
    missing = malice.seal(malice.interchange(good(malice, 2)))
    malice.send(good(malice, 3))
    ran = burkina.run("edi-receive")
    well(ran)
    assert ran.counts["messages_accepted"] == 2
    refused(at(burkina, "edi-receive", later(hours=1, minutes=1)), Exit.PERSON, "E_GAP", place=".*TGOTR")
    malice.put(missing.content, missing.name)
    well(at(burkina, "edi-receive", later(hours=1, minutes=2)))
    well(at(burkina, "edi-receive", later(hours=3)))
    assert sorted(burkina.movements()) == [numbered_mrn(number) for number in (1, 2, 3)]


def test_t16_bad_files_of_one_partner_do_not_touch_those_of_another(world: tuple[Puppet, Office, Office]) -> None:
    """Bad files of one partner do not touch those of another."""
    malice, burkina, mali = world
    bad = malice.put(b"rubbish")
    third = Puppet(mali, burkina)
    third.send(third.cusres("DOWNTIME", None, reference="MLDGD-D-1", notice="N1", happened=None,
                            starts=whole_minute(later(hours=1)),
                            ends=whole_minute(later(hours=2))))
    ran = burkina.run("edi-receive")
    refused(ran, Exit.TRUST, "E_ASN1", place=f"TGOTR/{bad.name}")
    assert third.receipts() == ["processed"]


def _answers(malice: Puppet) -> dict[str, Path]:
    return {path.name: path for path in malice.office.mailbox(malice.target.name).iterdir()}


