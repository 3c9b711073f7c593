"""What was refused, exactly as it was received, beside a small note that says why.

Nothing here is ever opened again by itself (THREATS section 5). The local name is made from the partner and the
digest of the bytes, never from the name the file came with; so the same bytes are kept once, with their first note.
What people released keeps its bytes and says so in its note, until its time is over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool.escaping import escaped
from gateway.spool.folders import own_folder, require_space
from gateway.spool.whole import read_whole, write_whole

_PARTNER = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,31}")
_NOTE_LIMIT = 64 << 10


class Kept(Struct, frozen=True, kw_only=True):
    """One file in quarantine.

    path      the bytes as received
    code      why: ``E_SIGNATURE``
    partner   gateway id in whose folder it lay
    name      the name it came with, escaped where it is not printable ASCII; shown, never used
    at        when it was put here
    size      octets
    sha256    digest of the bytes, hex
    note      one line for the operator
    released  who let it in, when and why; None while it is refused
    """

    path: Path
    code: str
    partner: str
    name: str
    at: datetime
    size: int
    sha256: str
    note: str
    released: str | None = None

    def content(self) -> bytes:
        """The bytes as received. Raises LocalError B002, B006, B009 (they are not what was put here)."""
        found = read_whole(self.path, self.size + 1)
        if hashlib.sha256(found).hexdigest() != self.sha256:
            raise _changed(self.path)
        return found


class Quarantine(Struct, frozen=True):
    """A folder of refused files; room: octets that it leaves free on its disk."""

    folder: Path
    room: int = 64 << 20

    def keep(self, content: bytes, code: str, partner: str, name: str, at: datetime, note: str) -> Path:
        """Keep the bytes and the note; returns where the bytes lie. Safe to repeat after a crash.

        Raises ValueError when `partner` is not a gateway id; LocalError B002, B003, B006, B007, and B008 where it would
        take the room that the ledger and receipts need: what partners send must not stop us.
        """
        if not _PARTNER.fullmatch(partner):
            raise ValueError(f"not a gateway id: {partner!r}")
        own_folder(self.folder)
        digest = hashlib.sha256(content).hexdigest()
        path = self.folder / f"{partner}-{digest[:32]}.bin"
        about = path.with_suffix(".json")
        if about.exists() and _kept(about).released is None:
            return path
        require_space(self.folder, len(content), self.room)
        write_whole(path, content)  # the note last: what has a note is whole
        _write(Kept(path=path, code=code, partner=partner, name=escaped(name), at=at, size=len(content),
                    sha256=digest, note=note))
        return path

    def mark_released(self, kept: Kept, words: str) -> None:
        """Say in the note of a file that people let it in. words: who, when and why, one line."""
        _write(replace(kept, released=words))

    def again(self, kept: Kept) -> Kept:
        """The same as its note says by now. Raises FileNotFoundError where it is gone, LocalError as `list`."""
        return _kept(kept.path.with_suffix(".json"))

    def list(self) -> list[Kept]:
        """What is kept, oldest first. Raises LocalError B002, B005, B006, B009 (a note is not one that was written)."""
        notes = sorted(self.folder.glob("*-*.json")) if self.folder.exists() else []
        return sorted((_kept(path) for path in notes), key=lambda kept: (kept.at, kept.path))


def _kept(about: Path) -> Kept:
    content = read_whole(about, _NOTE_LIMIT)
    try:
        document = json.loads(content)
        released = document.get("released")
        return Kept(path=about.with_suffix(".bin"), code=str(document["code"]), partner=str(document["partner"]),
                    name=str(document["name"]), at=datetime.fromisoformat(document["at"]), size=int(document["size"]),
                    sha256=str(document["sha256"]), note=str(document["note"]),
                    released=None if released is None else str(released))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _changed(about) from error


def _changed(path: Path) -> LocalError:
    return LocalError(Finding(code="B009", place=Place(file=os.fspath(path)), values={"name": path.name}))


def _write(kept: Kept) -> None:
    document = {"schema": 1, "code": kept.code, "partner": kept.partner, "name": kept.name, "at": kept.at.isoformat(),
                "size": kept.size, "sha256": kept.sha256, "note": kept.note}
    if kept.released is not None:
        document["released"] = kept.released
    write_whole(kept.path.with_suffix(".json"), (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
