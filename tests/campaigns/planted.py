"""Bugs that a campaign must find: what finds nothing in a gateway that has them proves nothing of one without.

`planting("remove-before-commit")` gives the setup that plants it in the processes of a world's programs; nothing of the
product knows of it. FOUND_BY says which campaign finds which with the fewest cases; most are found by others, too.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from tests.campaigns.mailbox_forks import Setup

FOUND_BY = {"receipt-before-commit": "crash", "remove-before-commit": "crash", "no-duplicate-key": "crash",
            "sealed-anew": "crash", "no-fsync": "power", "noted-early": "cut", "unchecked": "syscall"}
"""Bug -> campaign."""

PLANTS = tuple(FOUND_BY)


def planting(plant: str) -> tuple[Setup, ...]:
    """What plants a bug in every program of a world; nothing for none."""
    return ((f"{__name__}:grow", [plant]),) if plant else ()


def grow(plant: str) -> None:
    """Plant a bug in this process, which is that of a program. Raises KeyError."""
    {"receipt-before-commit": _receipt_before_commit, "remove-before-commit": _remove_before_commit,
     "no-duplicate-key": _no_duplicate_key, "sealed-anew": _sealed_anew, "no-fsync": _no_fsync,
     "noted-early": _noted_early, "unchecked": _unchecked}[plant]()


def _put(place: Any, name: str, value: object) -> None:
    """Put something in the place of a function or class of the product, which has to be there."""
    getattr(place, name)
    setattr(place, name, value)


def _receipt_before_commit() -> None:
    """The receipt of an object stands in the partner's mailbox before the object is stored."""
    from gateway.exchange import collect, sealing
    from gateway.security import RECEIPT
    from gateway.transport import open_mailbox

    def hasty(gateway: Any, transaction: Any, partner: str, *rest: Any) -> None:
        sealing.seal_receipt(gateway, transaction, partner, *rest)
        due = transaction.due_objects(partner, now=gateway.now, kinds=[RECEIPT])
        with open_mailbox(gateway.lane(partner, "outbound"), clock=lambda: 0.0) as mailbox:
            mailbox.publish([(one.name, one.sealed) for one in due])

    _put(collect, "seal_receipt", hasty)


def _remove_before_commit() -> None:
    """A file leaves the mailbox as soon as it is fetched."""
    from gateway.transport.directory import DirectoryMailbox

    honest = DirectoryMailbox.fetch

    def hasty(self: DirectoryMailbox, entries: Sequence[Any], *, limit: int) -> Iterator[Any]:
        for entry, content in list(honest(self, entries, limit=limit)):
            self.remove([entry.name])
            yield entry, content

    _put(DirectoryMailbox, "fetch", hasty)


def _no_duplicate_key() -> None:
    """Nobody asks whether an object is here already, and no index of the ledger forbids a second one."""
    from gateway.exchange import collect
    from gateway.ledger import Ledger, Transaction

    honest = Ledger.open.__func__  # type: ignore[attr-defined]

    def forgetful(kind: type[Ledger], /, url: str, **options: Any) -> Ledger:
        ledger: Ledger = honest(kind, url, **options)
        with contextlib.closing(sqlite3.connect(str(ledger.file), timeout=30)) as connection, connection:
            for name in ("uq_object_sequence", "uq_object_message_id"):
                connection.execute(f"drop index if exists {name}")
        return ledger

    _put(Ledger, "open", classmethod(forgetful))
    _put(Transaction, "known_object", lambda self, *words, **named: None)
    _put(collect, "judge_order", lambda *words, **named: "new")


def _sealed_anew() -> None:
    """What an earlier run sealed is sealed once more when it goes up, under another Message-ID."""
    from gateway.exchange.assembly import Gateway
    from gateway.ledger import Transaction
    from gateway.ledger.queries import Queries
    from gateway.security import EDIFACT, Header, seal

    made: list[Gateway] = []
    ours: set[int] = set()
    begin, add, ask = Gateway.__init__, Transaction.add_object_out, Queries.due_objects

    def beginning(self: Gateway, *words: Any, **named: Any) -> None:
        begin(self, *words, **named)
        made.append(self)

    def adding(self: Transaction, **named: Any) -> int:
        number = add(self, **named)
        ours.add(number)
        return number

    def asking(self: Queries, partner: str, *, now: Any, **named: Any) -> list[Any]:
        return [item if item.kind != EDIFACT or item.id in ours else anew(self, partner, item, now)
                for item in ask(self, partner, now=now, **named)]

    def anew(queries: Any, partner: str, item: Any, now: Any) -> Any:
        gateway = made[-1]
        payload, previous = queries._connection.exec_driver_sql(
            "select content.bytes, object.previous from object join interchange on interchange.id = "
            "object.interchange_id join content on content.id = interchange.content_id where object.id = ?",
            (item.id,)).one()
        header = Header(f"<{secrets.token_hex(16)}@{gateway.name}>", gateway.name, partner, now, item.sequence,
                        previous, item.kind, "again.edi")
        sealed = seal(header, payload, signer=gateway.signer_for(partner), signing_time=now,
                      recipients=gateway.recipients(partner, now))
        return replace(item, name=sealed.name, sealed=sealed.content)

    _put(Gateway, "__init__", beginning)
    _put(Transaction, "add_object_out", adding)
    _put(Queries, "due_objects", asking)


def _noted_early() -> None:
    """What is to be published is noted as published before it is."""
    from gateway.exchange import dispatch

    place: Any = dispatch
    note, publish = place.note_published, place._publish

    def publishing(gateway: Any, partner: str, mailbox: Any, due: Any, listed: Any, occasion: Any, summary: Any) -> Any:
        note(gateway, partner, due, occasion)
        return publish(gateway, partner, mailbox, due, listed, occasion, summary)

    _put(place, "_publish", publishing)
    _put(place, "note_published", lambda *words: None)


def _unchecked() -> None:
    """What goes wrong with a file that is put up is not looked at."""
    from gateway.transport.directory import DirectoryMailbox
    from gateway.transport.sftp import SftpMailbox

    for kind in (DirectoryMailbox, SftpMailbox):
        honest: Any = kind.publish

        def blind(self: Any, files: Any, honest: Any = honest) -> Any:
            return [replace(outcome, error=None) for outcome in honest(self, files)]

        _put(kind, "publish", blind)


def _no_fsync() -> None:
    """Nothing is flushed: neither files, nor folders, nor the ledger."""
    from gateway.ledger import sqlite as engine

    _put(os, "fsync", lambda handle: None)
    _put(os, "fdatasync", lambda handle: None)
    pragmas = ["synchronous=OFF" if pragma.startswith("synchronous=") else pragma for pragma in engine._PRAGMAS]
    assert "synchronous=OFF" in pragmas
    _put(engine, "_PRAGMAS", tuple(pragmas))
