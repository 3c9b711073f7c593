"""Is a backup what was written, and can it be restored? Asked of the folder or the file alone, on whatever machine."""

from __future__ import annotations

import re
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.audit_month import digest_of_file, files_below
from gateway.exchange.backup_file import NOT_WHOLE, unpacked
from gateway.findings import Finding, Place
from gateway.ledger import Ledger, Queries
from gateway.ledger.upgrading import forward
from gateway.spool import new_file, read_whole, sync_folder

LEDGER, SETTINGS, PARTNERS, ABOUT, SUMS = "ledger.sqlite", "settings.yaml", "partners", "backup.txt", "SHA256SUMS"
CONTENTS = "contents"

NOT_RESTORED = "L052"

MOMENT = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"
"""A moment in the name of a backup or an archive, as a pattern: names of other gateways may begin with ours."""

_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
_LARGEST = 8 << 20


def write_sums(folder: Path) -> None:
    """The list of the files, as the disk gives them back; then every folder is flushed."""
    names = list(files_below(folder))
    with new_file(folder / SUMS, 0o600) as write:
        for name in names:
            write(f"{digest_of_file(folder / name)}  {name}\n".encode())
    for below in sorted((one for one in folder.rglob("*") if one.is_dir()), reverse=True):
        sync_folder(below)
    sync_folder(folder)


def require_whole(folder: Path, called: Path | None = None) -> None:
    """Every file of a backup is there and as it was listed, and no other. Raises LocalError L050 {folder, file}.

    called  what people know the backup by, where the folder is one into which it was unpacked
    """
    shown = called or folder
    if not folder.is_dir():
        raise _not_whole(shown, SUMS)
    try:
        text = read_whole(folder / SUMS, _LARGEST).decode()
    except (FileNotFoundError, UnicodeDecodeError):
        raise _not_whole(shown, SUMS) from None
    listed: dict[str, str] = {}
    *lines, end = text.split("\n")
    for line in [*lines, *([end] if end else [])]:
        found = _LINE.fullmatch(line)
        if found is None:
            raise _not_whole(shown, SUMS)
        listed[found[2]] = found[1]
    standing = set(files_below(folder)) - {SUMS}
    if standing != set(listed):
        raise _not_whole(shown, min(standing ^ set(listed)))
    for name, digest in listed.items():
        if digest_of_file(folder / name) != digest:
            raise _not_whole(shown, name)
    if not {LEDGER, SETTINGS, ABOUT} <= standing:
        raise _not_whole(shown, LEDGER)


def ledger_in(file: Path, called: Path) -> Path:
    """The copy of a ledger: the file itself, or that of a backup, which is whole. Raises LocalError L050."""
    if not file.is_dir():
        return file
    require_whole(file, called)
    return file / LEDGER


def proven(backup: Path, now: datetime, beside: Path | None = None) -> None:
    """Restore a backup into a scratch folder: list, ledger with its whole history, settings and partners.

    beside  where the scratch folder lies, which wants room for another ledger, and for a file once more as much; None:
            the system's for temporary files

    Raises LocalError L050 as `require_whole`, L052 {folder, reason} where something of it cannot be restored, L009 when
    the scratch folder has no room.
    """
    with unpacked(backup, beside) as folder:
        require_whole(folder, backup)
        wrong = _restored(folder, backup, now, beside)
    if wrong:
        raise _not_restored(backup, wrong[0])


def _restored(folder: Path, backup: Path, now: datetime, beside: Path | None) -> list[str]:
    """What is wrong with what comes of a folder, the first fault first."""
    with tempfile.TemporaryDirectory(prefix="edi-backup-", dir=beside) as scratch:
        home = Path(scratch)
        shutil.copyfile(folder / SETTINGS, home / SETTINGS)
        shutil.copyfile(folder / LEDGER, home / LEDGER)
        if (folder / PARTNERS).is_dir():
            shutil.copytree(folder / PARTNERS, home / PARTNERS)
        try:
            load_settings(home / SETTINGS)
            url = f"sqlite:///{home / LEDGER}"
            forward(url, now)
            with Ledger.open(url, now=now, create=False) as ledger:
                wrong = ledger.integrity()
                with ledger.reading() as queries:
                    bad = queries.verify_history()
                    absent = _absent(queries, folder / CONTENTS)
                if absent is not None:
                    raise _not_whole(backup, f"{CONTENTS}/{absent}")
        except LocalError as error:
            if error.code in ("L009", NOT_WHOLE):
                raise
            raise _not_restored(backup, error.code) from error
    return wrong if bad is None else [*wrong, f"history {bad.id}: {bad.fault}"]


def _absent(queries: Queries, contents: Path) -> str | None:
    """The first content that lies in a store and is not in a backup that has contents; None where there is none."""
    after = 0
    while contents.is_dir() and (found := queries.in_store(after, 200)):
        after = found[-1].id
        for one in found:
            if not (contents / one.key).is_file():
                return one.key
    return None


def _not_whole(folder: Path, name: str) -> LocalError:
    return LocalError(Finding(code=NOT_WHOLE, place=Place(file=str(folder / name)), values={
        "folder": str(folder), "file": name}))


def _not_restored(folder: Path, reason: str) -> LocalError:
    return LocalError(Finding(code=NOT_RESTORED, place=Place(file=str(folder)), values={
        "folder": str(folder), "reason": reason}))
