"""What was negotiated with a mailbox host, for the record: in the history where it is not as it was the last time."""

from __future__ import annotations

from gateway.exchange.assembly import Gateway, Occasion
from gateway.transport import Session


def record_session(gateway: Gateway, partner: str, direction: str, session: Session, occasion: Occasion) -> None:
    """Note key exchange, cipher, host key and server of a connection (THREATS section 3).

    Every connection is compared; a row is written when anything differs, so that the history tells for each moment what
    protected the line. direction: ``inbound`` or ``outbound``. A folder of this machine has nothing to tell.
    """
    if session.kind != "sftp":
        return
    words = (f"{session.kex} {session.cipher} {session.mac or 'aead'} {session.host_key}"
             f"{' strict' if session.strict_kex else ''}; {session.server}")
    reference = f"{partner} {direction}"
    with gateway.ledger.reading() as queries:
        if queries.last_words("session", reference) == words:
            return
    with gateway.ledger.transaction() as transaction:
        transaction.journal(subject="session", reference=reference, text=words, at=occasion.now)
