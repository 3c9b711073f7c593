"""What `edi show` says of the goods of a movement: declared, written off by which declaration, settled, left."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import asdict

from gateway.cli.context import emit, emit_json, t, table
from gateway.cli.words import clock, word
from gateway.ledger import Ledger
from gateway.reports.balance import Account, account


def show_balance(ledger: Ledger, mrn: str) -> None:
    """Two tables: the items, and who took what; nothing while nothing was taken."""
    found = account(ledger, mrn)
    if not found:
        return
    emit("\n" + t("show.balance"))
    table([t("column.item"), t("column.declared"), t("column.written_off"), t("column.settled"), t("column.left"),
           t("column.excess")],
          [[str(one.item), _both(one.declared, one.declared_mass), _both(one.written_off, one.written_mass),
            _both(one.settled, one.settled_mass), _both(one.packages, one.mass), _both(one.excess, one.excess_mass)]
           for one in found.balances])
    if found.lines:
        emit("\n" + t("show.writeoffs"))
        table([t("column.item"), t("column.word"), t("column.packages"), t("column.declaration"), t("column.truck"),
               t("column.partner"), t("column.reference"), ""],
              [[str(one.item), word(one.word), _both(one.packages, one.mass), _declaration(one.document,
                                                                                        one.document_date),
                " ".join(one.trucks) or "—", one.administration, one.reference, t("show.again") if one.again else ""]
               for one in found.lines])


def balance_json(ledger: Ledger, mrns: Sequence[str]) -> None:
    """The same as lines ``balance`` and ``writeoff``."""
    for mrn in mrns:
        found = account(ledger, mrn) or Account(mrn, (), ())
        for balance in found.balances:
            emit_json("balance", {"mrn": mrn, **asdict(balance)})
        for line in found.lines:
            emit_json("writeoff", {"mrn": mrn, **asdict(line)})


def _both(packages: int | None, mass: Decimal | None) -> str:
    """Packages, and kilograms where there are any."""
    parts = [str(packages) if packages is not None else "—", f"{mass.normalize():f} kg" if mass else ""]
    return " / ".join(part for part in parts if part)


def _declaration(number: str | None, day: object) -> str:
    return " ".join(part for part in (number, clock(day)) if part) or "—"
