"""A discharge certificate: is there one only while a signature that is true now stands behind it?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.reports.certificate import Certificate, certificate
from gateway.security import asn1
from gateway.security.kept_trust import signer_certificate
from gateway.security.stored import signature_is_true
from tests.pair.test_erasure import MRN, WHY, pair
from tests.tools.malice import later
from tests.tools.offices import Office
from tests.tools.older_ledgers import ledger_file

__all__ = ["pair"]


def certified(office: Office) -> Certificate | None:
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return certificate(queries, MRN, gateway.name)


def stored(office: Office) -> tuple[int, int, bytes]:
    """The signed object that says so: its number, that of its content, and the SignedData."""
    held = certified(office)
    assert held is not None
    with closing(sqlite3.connect(ledger_file(office))) as connection:
        number, content, inner = connection.execute(
            "SELECT object.id, content.id, content.bytes FROM object JOIN content ON content.id = object.inner_id "
            "WHERE object.message_id = ?", (held.proof.message_id,)).fetchone()
    return number, content, inner


@pytest.mark.parametrize("who", [0, 1], ids=["who declared", "who discharged"])
def test_whoever_edits_bytes_and_notes_alike_makes_no_certificate_without_the_key(
        who: int, pair: tuple[Office, Office]) -> None:
    office = pair[who]
    held = certified(office)
    assert held is not None
    assert (held.proof.signer, held.by) == ("BFDGD", "BFDGD")
    number, content, inner = stored(office)
    signer = signer_certificate(inner)
    assert signer is not None and signer.sha256 == held.proof.certificate_sha256
    said = bytes(asn1.read_inner(inner).content or b"")
    place = said.index(MRN.encode())
    entity = said[:place] + said[place:].replace(b"DISCHARGED", b"CONTROLLED", 1) if b"DISCHARGED" in said else \
        said.replace(b"Sequence: ", b"sequence: ", 1)
    assert entity != said and len(entity) == len(said)
    forged = inner.replace(said, entity)
    with closing(sqlite3.connect(ledger_file(office))) as connection:
        connection.execute("UPDATE content SET bytes = ?, digest = ? WHERE id = ?",
                           (forged, sha256(forged).hexdigest(), content))
        connection.execute("UPDATE object SET mic = ? WHERE id = ?", (sha256(entity).hexdigest(), number))
        connection.commit()
    assert certified(office) is None


def test_a_signature_is_true_of_its_own_content_under_its_own_certificate_alone(pair: tuple[Office, Office]) -> None:
    _, _, inner = stored(pair[0])
    data = asn1.read_inner(inner)
    said, signed, (first, *_) = bytes(data.content or b""), data.signers[0], data.certificates or ()
    assert signature_is_true(inner)
    for part in (said, signed.signature, bytes(first)):
        for at in (0, len(part) // 2, len(part) - 1):
            changed = part[:at] + bytes((part[at] ^ 1,)) + part[at + 1:]
            assert not signature_is_true(inner.replace(part, changed)), (len(part), at)
    assert not signature_is_true(b"")
    assert not signature_is_true(inner[:-1])


@pytest.mark.parametrize("who", [0, 1], ids=["who declared", "who discharged"])
def test_of_what_was_erased_there_is_no_certificate_and_every_other_page_is_written(
        who: int, pair: tuple[Office, Office], tmp_path: Path) -> None:
    office = pair[who]
    assert office.run("edi", "erase", MRN, *WHY, "--shared", "--yes").exit == Exit.DONE
    assert certified(office) is None
    ran = office.run("edi", "report", "--out", str(tmp_path / "pages"), "--full")
    assert (ran.exit, ran.err) == (Exit.DONE, "")
    assert [path.name for path in (tmp_path / "pages" / "fr").glob(f"*{MRN}*")] == [f"movement-{MRN}.html"]
