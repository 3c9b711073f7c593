"""The loss ledger: what left its place on the way stands in the history of the record or message it belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.ledger import Transaction
from gateway.mapping import Loss
from gateway.texts import Language, sentence


def note_overflows(transaction: Transaction, key: str, losses: Iterable[Loss], now: datetime) -> None:
    """Texts of a record of ours that go on in another line: the history of the record names each."""
    for loss in losses:
        transaction.journal(subject="record", reference=key, at=now, text=sentence(loss.finding(), Language.FRENCH))


def note_annex(transaction: Transaction, answered: str, losses: Iterable[Loss], now: datetime) -> None:
    """What no line of the mapping takes of a message: the history of the message holds it.

    answered  interchange reference, hyphen, message reference, as answers name it
    """
    for loss in losses:
        transaction.journal(subject="message", reference=answered, at=now,
                            text=sentence(loss.finding(), Language.FRENCH))
