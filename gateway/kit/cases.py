"""The cases of a kit: what goes to the partner, good and bad, and what must come back of each.

Every bad envelope is wrong in one way only, and made with the kit's own keys. Its number on the link is the one that
the next good object has: whoever refuses it as GW-1 says has not counted it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict, replace

from gateway.edifact import InterchangeHeader, WireMessage, write_interchange
from gateway.exchange.judgement import whole_minute
from gateway.mapping import Corridor, OfficeEntry
from gateway.mapping.dialect import Dialect
from gateway.security import EDIFACT, Header, Opened, Sealed, Signer, seal
from gateway.simulation import FAULTS, declaration_for
from gateway.simulation.faults import Material, Sent
from gateway.transit.mrn import make_mrn

SERIAL = "K"
"""The letter of the register from which the kit's MRNs come: no national one."""


class Expected(Struct, frozen=True, kw_only=True):
    """What must come of a case.

    receipt  ``processed``: a signed receipt; ``again``: the receipt once more; ``none``: silence
    contrl   0083 of the CONTRL, None for none
    word     of the CUSRES, None for none
    """

    receipt: str
    contrl: str | None = None
    word: str | None = None


CASES: Mapping[str, Expected] = {
    "accepted": Expected(receipt="processed", contrl="7", word="ACCEPTED"),
    "rejected": Expected(receipt="processed", contrl="7", word="REJECTED"),
    "syntax": Expected(receipt="processed", contrl="4"),
    "missing": Expected(receipt="processed", contrl="7", word="ACCEPTED"),
    "ahead": Expected(receipt="processed", contrl="7", word="ACCEPTED"),
    "bad-signature": Expected(receipt="none"),
    "unknown-signer": Expected(receipt="none"),
    "wrong-recipient": Expected(receipt="none"),
    "not-for-us": Expected(receipt="none"),
    "tampered": Expected(receipt="none"),
    "plaintext": Expected(receipt="none"),
    "afterwards": Expected(receipt="processed", contrl="7", word="ACCEPTED"),
    "repeated": Expected(receipt="again"),
}
"""In the order of their numbers. What is good has one of its own, also where one before it has not come: `ahead` is put
while `missing` is held back (GW-1 section 9: a gap holds nothing up)."""

LATER = ("missing", "afterwards", "repeated")
"""Put when the partner has answered the others."""


class Case(Struct, frozen=True, kw_only=True):
    """One case as it goes out.

    name              of `CASES`
    file              name in the mailbox
    message_id, mic, signature_digest   what the receipt must name; of a bad one what it would name
    reference, mrn    control reference and MRN of the declaration; "" where there is none to be answered
    """

    name: str
    file: str
    message_id: str
    mic: str
    signature_digest: str
    sequence: int
    reference: str = ""
    mrn: str = ""

    @property
    def expected(self) -> Expected:
        """What must come of it."""
        return CASES[self.name]

    def dump(self) -> dict[str, str | int]:
        """For the kit's file."""
        return asdict(self)


class Maker(Struct, frozen=True, kw_only=True):
    """What cases are made with.

    sender, recipient   gateway ids of the kit and of the partner; identifiers  as UNB names them
    dialect             ``neutral/json``: made-up declarations are its files
    material            the kit's keys, a foreign key, the partner's certificate
    """

    sender: str
    recipient: str
    identifiers: tuple[tuple[str, str], tuple[str, str]]
    corridor: Corridor
    offices: Mapping[str, OfficeEntry]
    dialect: Dialect
    material: Material

    def cases(self, number: int, sequence: int, previous: str, identifier: Iterator[str],
              now: datetime) -> list[tuple[Case, bytes]]:
        """Every case of a run with its file.

        number              of the run, from 1: references and MRNs come from it and never twice
        sequence, previous  of the last object that the kit sent
        identifier          32 hex digits at each step
        """
        made: list[tuple[Case, bytes]] = []
        for place, name in enumerate(CASES, 1):
            if name == "repeated":
                first, content = made[0]
                made.append((replace(first, name=name), content))
                continue
            fault = FAULTS.get(name)
            reference = f"K{number:07d}{place:02d}"
            payload, mrn = self._payload(name, reference, number * 100 + place, now)
            header = Header(f"<{next(identifier)}@{self.sender}>", self.sender, self.recipient, now, sequence + 1,
                            previous, EDIFACT, f"{reference}.edi")
            sealed = seal(header, payload, signer=self.material.signer, recipients=[self.material.ours],
                          signing_time=now)
            case = Case(name=name, file=sealed.name, message_id=header.message_id, mic=sealed.mic, mrn=mrn,
                        signature_digest=sealed.signature_digest, sequence=sequence + 1, reference=reference)
            if fault is None:
                sequence, previous = sequence + 1, sealed.mic
                made.append((case, sealed.content))
                continue
            file, content = fault(Sent(name=sealed.name, content=sealed.content, opened=_unsealed(
                header, payload, sealed, self.material.signer)), self.material)
            made.append((replace(case, file=file), content))
        return made

    def _payload(self, name: str, reference: str, serial: int, now: datetime) -> tuple[bytes, str]:
        """The interchange of a case, and its MRN."""
        record = json.loads(declaration_for(self.corridor, self.offices, reference, now))
        office = record["office_of_departure"]["code"]
        mrn = make_mrn(year=now.year, office=office, serial=SERIAL, number=serial)
        if name == "rejected":
            record["total_packages"] += 1  # arithmetic that every receiver of the profile checks
        (read,) = self.dialect.read({"kit.json": json.dumps(record).encode()}).records
        message = self.corridor.cusdec.to_message(
            {**read.tree, "mrn": mrn, "prepared": whole_minute(now), "amendment": 0})
        return self._interchange(message, reference, now, broken=name == "syntax"), mrn

    def _interchange(self, message: WireMessage, reference: str, now: datetime, *, broken: bool) -> bytes:
        (sender, its), (recipient, theirs) = self.identifiers
        content = write_interchange(InterchangeHeader(
            sender=sender, sender_qualifier=its, recipient=recipient, recipient_qualifier=theirs, prepared=now,
            control_reference=reference, test="1"), [("1", message)])
        if broken:
            right = f"UNT+{message.segments + 2}+1'".encode()
            content = content.replace(right, f"UNT+{message.segments + 3}+1'".encode())
        return content


def _unsealed(header: Header, payload: bytes, sealed: Sealed, signer: Signer) -> Opened:
    """What the partner would read, without its key."""
    return Opened(header, payload, sealed.inner, sealed.mic, sealed.signature_digest, header.date,
                  signer.certificate.sha256)


__all__ = ["CASES", "LATER", "Case", "Expected", "Maker"]
