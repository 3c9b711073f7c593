"""Do files that others made, good and bad, meet the same verdict in `edi open` and in `edi-receive`?

The makers know nothing of the product: the loose sealer writes every octet of DER itself, the openssl command has its
own library. Each file goes through both commands as whole programs: the documented code, exit 5 or quarantine, nothing
left of the content, no traceback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.security import LEAF, RevocationLists, Trust, load_certificate
from gateway.security.revocation import LONGEST_GRACE
from tests.hostile import (
    test_security_certificates,
    test_security_header,
    test_security_inner,
    test_security_outer,
)
from tests.tools import loose_sealer as loose
from tests.tools.offices import Office
from tests.tools.published_vectors import FOLDER, File, entries, files, moment, unpublished
from tests.tools.receiving import Circumstances, Listed, holds, named, opened, received, receiver
from tests.tools.security_world import NOW, Case, Delivery, product, world

CONTENT = b"UNZ+0+1"
"""What nobody may find after a refusal: the end of every interchange here."""

STAYS = {"E_NAME", "E_FUTURE"}
"""Codes whose file waits in the mailbox for the next run (V3, V29)."""

TABLES = {"outer": test_security_outer.CASES, "inner": test_security_inner.CASES,
          "certificates": test_security_certificates.CASES, "header": test_security_header.CASES}

AFTER_THE_ENVELOPE = {"a payload of nothing": "E_PAYLOAD"}
"""Cases whose envelope is good, and what a whole program finds behind it (V34)."""


# --- the case tables of the envelope ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A case with what it delivers."""

    case: Case
    delivery: Delivery

    @property
    def code(self) -> str:
        """What both commands must say."""
        return AFTER_THE_ENVELOPE.get(self.case.name, self.case.code)

    @property
    def trust(self) -> Trust:
        """What the partner is trusted by."""
        return self.delivery.trust or world().trust()

    @property
    def group(self) -> str:
        """What offices must share to receive deliveries in one run; what takes a number comes alone."""
        trust = self.trust
        lists = (b"".join(trust.lists.lists), trust.lists.grace) if trust.lists is not None else None
        dates = sorted({(entry.use_from, entry.accept_until) for entry in trust.certificates})
        return repr((trust.partner, trust.authority.sha256, lists, dates, sorted(trust.algorithms),
                     len(self.keys), self.delivery.now, self.code in {"accepted", *LEAF} and self.case.name))

    @property
    def keys(self) -> tuple[loose.Author, ...]:
        """Our keys: the one for RSA only where the file names it, because loading it takes long."""
        w = world()
        named_too = loose.issuer_and_serial(w.ours_rsa.certificate) in self.delivery.content
        return (w.ours_ec, w.ours_rsa) if named_too else (w.ours_ec,)


def usable(row: Row) -> bool:
    """Circumstances that a whole program of production can be in: the name fits, the limit is the usual, no number was
    seen before, the grace is one that settings allow, and a receipt for what is accepted can be encrypted to a
    certificate of the same authority.
    """
    delivery, lists = row.delivery, row.trust.lists
    return (delivery.name is None and delivery.limit == 32 << 20 and delivery.environment == "production"
            and not (lists is not None and (lists.numbers or lists.grace > LONGEST_GRACE))
            and (row.code != "accepted" or row.trust.authority == product(world().ca.certificate)))


def groups(table: str) -> list[list[Row]]:
    """The rows of a table, by the office that receives them."""
    found: dict[str, list[Row]] = {}
    for case in TABLES[table]:
        row = Row(case, case.delivery())
        if usable(row):
            found.setdefault(row.group, []).append(row)
    return list(found.values())


def circumstances(rows: Sequence[Row]) -> Circumstances:
    """The office for a group: on its list stands who stands on the list of any of the deliveries."""
    listed = {entry.certificate.sha256: Listed(entry.certificate, "signing", entry.use_from, entry.accept_until)
              for row in rows for entry in row.trust.certificates}
    trust, delivery = rows[0].trust, rows[0].delivery
    return Circumstances(
        now=delivery.now, keys=rows[0].keys, authority=trust.authority,
        listed=(*listed.values(), Listed(product(receiving().certificate), "encryption",
                                         NOW - timedelta(days=400), NOW + timedelta(days=800))),
        revocation=None if trust.lists is None else one_file(trust.lists), agreed=tuple(trust.algorithms),
        environment="production", partner=trust.partner,
        grace=trust.lists.grace if trust.lists is not None else timedelta(hours=24))


def one_file(lists: RevocationLists) -> bytes:
    """A list as it is, several as PEM."""
    if len(lists.lists) == 1:
        return lists.lists[0]
    return b"".join(x509.load_der_x509_crl(one).public_bytes(Encoding.PEM) for one in lists.lists)


@cache
def receiving() -> loose.Author:
    """XA's own encryption certificate, to which receipts go."""
    return world().author(world().third.key, name="XA encryption", bits=loose.AGREEMENT_BITS)


@pytest.mark.parametrize("table", TABLES)
def test_every_case_of_the_envelope_meets_its_verdict_in_both_commands(table: str, tmp_path: Path) -> None:
    differing = {}
    for number, rows in enumerate(groups(table)):
        office = receiver(tmp_path / str(number), circumstances(rows))
        now, partner = rows[0].delivery.now, rows[0].trust.partner
        by_hand = {row.case.name: opened(office, row.delivery.content, now) for row in rows}
        in_the_box = received(office, {named(row.delivery.content): row.delivery.content for row in rows}, now,
                              partner=partner)
        for row in rows:
            told = by_hand[row.case.name], in_the_box[named(row.delivery.content)]
            if told != (row.code, row.code):
                differing[row.case.name] = (row.code, *told)
        leaves_nothing(office, partner, {named(row.delivery.content): (row.code, row.delivery.content) for row in rows})
    assert differing == {}


# --- the published vectors --------------------------------------------------------------------------------------------


def office_for(root: Path, file: File) -> Office:
    """XB as the index of the vectors describes it, when it receives that file. Inside `unpublished`."""
    listed = tuple(Listed(load_certificate(FOLDER / one["file"]), one["use"], moment(one["from"]), moment(one["until"]))
                   for one in entries())
    return receiver(root, Circumstances(
        now=file.at, keys=keys_for(file), listed=listed, revocation=file.revocation.read_bytes(), agreed=file.agreed,
        authority=load_certificate(FOLDER / "certificates" / "xa-authority.crt")))


def keys_for(file: File) -> tuple[loose.Author, ...]:
    """The keys of XB that a file names, which is quicker than all; the first where it names none."""
    content = file.path.read_bytes()
    named_here = [key for key in VECTOR_KEYS if loose.issuer_and_serial(key.certificate) in content]
    return tuple(named_here) or VECTOR_KEYS[:1]


VECTOR_KEYS = tuple(loose.Author(
    load_pem_private_key((FOLDER / "keys" / f"xb-encryption-{kind}.PUBLIC.key").read_bytes(), None),
    x509.load_pem_x509_certificate((FOLDER / "certificates" / f"xb-encryption-{kind}.crt").read_bytes()))
    for kind in ("p256", "p384", "rsa3072"))

TOGETHER: dict[tuple[object, ...], list[File]] = {}
"""Files that one office can receive in one run."""
for one in files():
    if not one.after:
        alone = one.label if one.then != one.verdict else ""
        TOGETHER.setdefault((one.circumstances, len(keys_for(one)), keys_for(one)[0], alone), []).append(one)


@pytest.mark.parametrize("here", TOGETHER.values(), ids=lambda here: here[0].label)
def test_every_published_vector_meets_its_verdict_in_both_commands(here: list[File], tmp_path: Path) -> None:
    with unpublished():
        office = office_for(tmp_path, here[0])
        by_hand = {file.label: opened(office, file.path.read_bytes(), file.at, name=file.name) for file in here}
        told = received(office, {file.name: file.path.read_bytes() for file in here}, here[0].at)
        if waiting := [file.name for file in here if file.verdict == "E_NAME"]:
            told |= received(office, {}, here[0].at, again=waiting)
    assert by_hand == {file.label: file.verdict for file in here}
    assert {file.label: told[file.name] for file in here} == {file.label: file.then for file in here}


@pytest.mark.parametrize("file", [file for file in files() if file.after], ids=lambda file: file.label)
def test_a_vector_beside_what_came_before_it_meets_its_verdict(file: File, tmp_path: Path) -> None:
    with unpublished():
        office = office_for(tmp_path, file)
        for before in file.after:
            content = (FOLDER / before).read_bytes()
            assert received(office, {named(content): content}, file.at) == {named(content): "accepted"}
        assert opened(office, file.path.read_bytes(), file.at) == file.verdict
        assert received(office, {file.name: file.path.read_bytes()}, file.at) == {file.name: file.then}


def leaves_nothing(office: Office, partner: str, told: Mapping[str, tuple[str, bytes]]) -> None:
    """What was refused lies in quarantine as it came, or waits in the mailbox; its content lies nowhere."""
    waiting = {name for name, (code, _) in told.items() if code in STAYS}
    assert {path.name for path in office.mailbox(partner).iterdir()} == waiting
    kept = {path.read_bytes() for path in (office.home / "state" / "quarantine").glob("*.bin")}
    assert kept == {content for code, content in told.values() if code not in {"accepted", *LEAF, *STAYS}}
    if not {code for code, _ in told.values()} & {"accepted", *LEAF}:
        in_clear = {content for _, content in told.values() if CONTENT in content}
        assert [name for name in holds(office.home, CONTENT)
                if (office.home / name).read_bytes() not in in_clear] == []
        assert list((office.mail / partner).rglob("*.p7m")) == [], "somebody got an answer"
