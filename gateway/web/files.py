"""The table of a page as a file: CSV, CSV for a French Excel, JSON. Codes, not words: files are for programs and sums.

Plain CSV is exact: comma, UTF-8, points in numbers. A French Excel wants a semicolon and a byte-order mark, and would
take a cell that begins with = + - @ or a tab for a formula, which a partner's text must never become: there such a cell
begins with an apostrophe (EXPERIENCE 10.2).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime

from msgspec import Struct

from gateway.pages.live import Match
from gateway.reports.board import Board, CorridorLine
from gateway.reports.movement_sheet import MovementSheet
from gateway.reports.overdue_offices import OfficeOverdue

Cell = str | int | datetime | date | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Table(Struct, frozen=True):
    """Rows under their columns, and what kind of thing a row is (the ``kind`` of its JSON)."""

    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def as_csv(table: Table) -> bytes:
    """Comma, UTF-8, CRLF (RFC 4180)."""
    return _written(table, ",", lambda text: text).encode("utf-8")


def as_excel(table: Table) -> bytes:
    """Semicolon, UTF-8 with its mark; nothing in it is a formula."""
    return _written(table, ";", lambda text: f"'{text}" if text.startswith(_FORMULA) else text).encode("utf-8-sig")


def as_json(table: Table) -> bytes:
    """JSON Lines: one item each, then the summary, as all commands have them (EXPERIENCE 3.4)."""
    lines = [{"schema": 1, "kind": table.kind, **{name: _plain(cell) for name, cell in zip(
        table.columns, row, strict=True)}} for row in table.rows]
    lines.append({"schema": 1, "kind": "summary", "count": len(table.rows)})
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode("utf-8")


def index_table(lines: Iterable[CorridorLine]) -> Table:
    """Corridors."""
    return Table("corridor", ("corridor", "open", "late", "urgent"),
                 tuple((one.corridor, one.open, one.late, one.urgent) for one in lines))


def board_table(board: Board) -> Table:
    """One page of a board."""
    return Table("movement", ("changed", "mrn", "national_key", "state", "flags", "next", "who", "due", "departure",
                              "destination"),
                 tuple((row.changed, row.mrn, row.national_key, row.state, row.flags, row.next, row.who, row.due,
                        row.departure, row.destination) for row in board.rows))


def movement_table(sheet: MovementSheet) -> Table:
    """The messages of a movement with their three answers."""
    return Table("message", ("reference", "partner", "direction", "type", "word", "made", "receipt", "contrl",
                             "contrl_at", "state"),
                 tuple((row.reference, row.partner, row.direction, row.type, row.word, row.made, row.receipt,
                        row.contrl, row.contrl_at, row.state) for row in sheet.messages))


def overdue_table(offices: Sequence[OfficeOverdue]) -> Table:
    """What is late, office by office."""
    return Table("overdue", ("office", "what", "reference", "mrn", "partner", "since", "due", "standing", "next"),
                 tuple((one.office, row.late.kind, row.late.reference, row.late.mrn, row.late.partner, row.late.since,
                        row.late.due, row.late.standing, row.late.next) for one in offices for row in one.rows))


def search_table(matches: Iterable[Match]) -> Table:
    """What answers to a search."""
    return Table("movement", ("changed", "mrn", "national_key", "corridor", "state", "next", "found_by"),
                 tuple((one.movement.changed, one.movement.mrn, one.movement.key, one.movement.corridor,
                        one.movement.state, one.movement.next_action, " ".join(one.what)) for one in matches))


def _written(table: Table, mark: str, guarded: Callable[[str], str]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=mark, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([guarded(text) if isinstance(text := _plain(cell), str) else text for cell in row]
                     for row in table.rows)
    return stream.getvalue()


def _plain(cell: Cell) -> str | int | None:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return cell.isoformat() if isinstance(cell, date) else cell
