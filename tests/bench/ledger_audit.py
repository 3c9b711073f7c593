"""What auditors ask of a ledger: both links compared with the partner's, a month written out, and such a month proven.

The filled years hold objects that nobody signed, as many as there are; a month of its own, behind them, is sealed with
true keys, so that all of it can be proven (`sealed_month`).
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from gateway.config import load_settings
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.audit_export import export_month
from gateway.exchange.audit_month import Month
from gateway.exchange.audit_proof import judge_folder
from gateway.exchange.bisecting import advanced, begun, sizes_to_ask
from gateway.exchange.histories import answer, extent, question, read_answer
from gateway.exchange.trees import BOTH
from gateway.ledger import Ledger
from gateway.security import Header, load_certificate, load_signer, seal
from tests.bench.ledger_fill import LAST
from tests.bench.ledger_traffic import PARTNER, US, Lot, Seal, Seals, record, sign_heads
from tests.tools.offices import Office, offices

FILLED, SEALED = Month(2026, 10), Month(2027, 1)
"""A month of the filled years, and the one that is proven."""
MOVEMENTS = 100
"""Movements of the month that is proven."""
_ASIDE = "before-"
_AT = datetime(2027, 1, 12, 9, tzinfo=UTC)
AFTER = datetime(2027, 2, 1, 9, tzinfo=UTC)
"""When that month is over, and all of it lies under heads that both signed."""


@dataclass(frozen=True)
class Desk:
    """A gateway on a ledger, and who seals for both sides."""

    gateway: Gateway
    seals: Seals
    folder: Path


@contextmanager
def desk_on(address: str, folder: Path) -> Iterator[Desk]:
    """A gateway with keys of its own on a ledger that is there. folder: its place, where the keys stay beside the
    ledger that was sealed with them."""
    if folder.exists():
        togo, burkina = (Office(name, folder / name.lower(), folder / "mail") for name in (US, PARTNER))
        kept = togo.settings.read_text("utf-8")  # a server is not always found at the same port
        togo.settings.write_text(re.sub("(?m)^ledger: .*$", lambda _: f"ledger: {address}", kept), "utf-8")
    else:
        folder.mkdir()
        togo, burkina = offices(folder, now=LAST, valid=timedelta(days=400), ledger=address)
    with open_gateway(load_settings(togo.settings), AFTER) as gateway:
        yield Desk(gateway, _seals(togo, burkina), folder)
    for left in (folder / str(FILLED), folder / str(SEALED), *folder.glob(f"{_ASIDE}*")):
        shutil.rmtree(left, ignore_errors=True)


def _seals(*parties: Office) -> Seals:
    signers = {one.name: load_signer(one.home / "keys" / "signing.key", one.home / "keys" / "signing.crt", None)
               for one in parties}
    readers = {one.name: load_certificate(one.home / "keys" / "encryption.crt") for one in parties}

    def sealed(sender: str, sequence: int, kind: str, previous: str, payload: bytes, at: datetime) -> Seal:
        recipient = PARTNER if sender == US else US
        number = hashlib.sha256(f"{sender} {sequence}".encode()).hexdigest()[:32]
        header = Header(message_id=f"<{number}@{sender}>", sender=sender, recipient=recipient, date=at,
                        sequence=sequence, previous=previous, content_type=kind, filename=f"{sequence}.edi")
        made = seal(header, payload, signer=signers[sender], recipients=[readers[recipient]], signing_time=at)
        return Seal(message_id=header.message_id, mic=made.mic, signature_digest=made.signature_digest, name=made.name,
                    sealed=made.content, inner=made.inner)

    return sealed


def compare(ledger: Ledger) -> int:
    """What comparing both links asks of the two ledgers, once each as the one who asks and the one who answers; how
    many leaves were walked. Sealing and carrying come beside it, whatever the size."""
    leaves = 0
    with ledger.reading() as queries:
        for direction in BOTH:
            comparison = begun(extent(queries, PARTNER, direction, shown=0).size)
            asked = question(queries, US, PARTNER, direction, sizes_to_ask(comparison), {})
            said, parting, held = answer(queries, US, PARTNER, asked, shown=comparison.high)
            read = read_answer(said)
            assert read is not None
            assert advanced(replace(comparison, roots=dict(asked.roots)), *read).finished
            assert (parting, held.holes) == (None, ())
            leaves += 2 * held.size
    return leaves


def export(desk: Desk, month: Month) -> int:
    """Write a month out as `edi audit export` does; its rows. What was written before is only put aside: to remove
    thousands of files takes longer than some of what is measured."""
    out = desk.folder / str(month)
    if out.exists():
        out.rename(desk.folder / f"{_ASIDE}{len(list(desk.folder.iterdir()))}")
    plan = export_month(desk.gateway, month, out, AFTER).plan
    return plan.last - plan.first + 1


def verify(desk: Desk) -> int:
    """Prove the sealed month as `edi audit verify` does; how many rows of the history it has."""
    verdict = judge_folder(desk.folder / str(SEALED))
    assert not verdict.faults
    assert all(part.proven == part.of for part in verdict.parts.values())
    return verdict.parts["history"].of


def sealed_month(desk: Desk) -> None:
    """Write the month that can be proven, once: a day of it, and the heads that both sign when it is over."""
    lot = Lot("P0000P", MOVEMENTS, _AT, seals=desk.seals)
    with desk.gateway.ledger.reading() as queries:
        if queries.movement(lot.mrn(1)) is not None:
            return
    record(desk.gateway.ledger, lot)
    sign_heads(desk.gateway.ledger, AFTER - timedelta(hours=1), desk.seals)
