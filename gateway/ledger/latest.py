"""The references that somebody may be about to type: the latest of the ledger, read without the rest of this package.

Completion asks at every press of a key: it may not cost a library, may not wait for a run, and has nothing to say when
anything is amiss. So it opens the file itself, for reading only, and reads two tables from their newest row backwards.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

LATEST = 50
"""References of each kind."""
_WAIT = 0.05
_ASKED = ("SELECT mrn FROM movement ORDER BY rowid DESC LIMIT ?",
          "SELECT control_reference FROM interchange ORDER BY id DESC LIMIT ?")


def latest_references(file: Path) -> list[str]:
    """The latest movements, then the latest interchanges, each newest first; nothing for what is no ledger."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=_WAIT)) as connection:
            found = [str(row[0]) for asked in _ASKED for row in connection.execute(asked, (LATEST,))]
    except sqlite3.Error:
        return []
    return list(dict.fromkeys(found))
