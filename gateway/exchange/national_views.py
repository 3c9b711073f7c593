"""Take what is new in a national database: each record becomes a file in ``national/out``, and goes on as one.

The files are written whole before the mark that says how far the view was read. A run that dies in between fetches the
same records again: they have the same names and contents, and content that was taken before is not taken twice.
"""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

from gateway.config import NationalSource
from gateway.errors import GatewayError, LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway
from gateway.exchange.filing import folder_of
from gateway.exchange.room import room_for_more
from gateway.exchange.summary import Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.records.sql import Mark, fetch
from gateway.spool import make_folder, read_whole, write_together, write_whole

MOST = 500
"""Records of one view per run; the next run goes on behind them."""


def fetch_national_rows(gateway: Gateway, summary: Summary, limit: int | None = None) -> None:
    """Fetch from every database that the settings name. One that fails is noted and stops no other; nothing is fetched
    where the disk has no room for more."""
    if not room_for_more(gateway, summary):
        return
    national = gateway.settings.national
    for kind, sources in (("declarations", national.declarations), ("events", national.events)):
        for source in sources:
            if source.database is not None:
                try:
                    _fetch(gateway, kind, source, summary, min(limit or MOST, MOST))
                except GatewayError as error:
                    summary.trouble(error)


def _fetch(gateway: Gateway, kind: str, source: NationalSource, summary: Summary, most: int) -> None:
    assert source.database is not None
    dialect = gateway.dialect(source.dialect)
    if dialect.view is None:
        raise LocalError(Finding(code="R038", values={"dialect": source.dialect}))
    note = make_folder(gateway.settings.paths.state / "views") / f"{kind}.{source.dialect.replace('/', '.')}.json"
    fetched = fetch(source.database, dialect.view, _mark(note, source.database), zone=dialect.zone, most=most)
    for finding in fetched.findings:
        summary.trouble(LocalError(finding))
    files = {dialect.names(file.stem)[0]: file.content for file in fetched.files}
    for name in files:
        if not fnmatch.fnmatchcase(name.lower(), source.match.lower()):
            raise LocalError(Finding(code="R039", place=Place(file=name), values={"match": source.match}))
    folder = folder_of(gateway, kind)
    write_together({folder.out / name: content for name, content in files.items()})
    reach(failpoints.VIEWED)
    if fetched.mark is not None:
        write_whole(note, json.dumps({"database": source.database, "mark": fetched.mark.dump()}).encode())


def _mark(note: Path, database: str) -> Mark | None:
    """How far this database was read; None before the first time, and for another database than then."""
    try:
        kept = json.loads(read_whole(note))
        return Mark.parse(kept["mark"]) if kept["database"] == database else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise LocalError(Finding(code="R040", place=Place(file=str(note)))) from None
