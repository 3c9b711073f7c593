"""Is the machine fit to hold declarations and keys? What is refused before a gateway is opened (THREATS section 5).

Key files are judged where they are read (E_KEYFILE), libraries by `security.check_versions`. Here: the state folder is
ours alone; nobody but our user and its group reaches what the national system leaves and finds; and who is not of our
group cannot write the configuration.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gateway.config import Settings
from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.spool import own_folder

_NATIONAL = ("out", "in", "sent", "refused")


def require_fit(settings: Settings) -> None:
    """Refuse to start on a machine that would give away what is entrusted to it; the state folder is made if need be.

    Raises LocalError S095 (state open to others), S096 (national folders open to everybody), S097 (configuration
    writable by everybody), all in one; B002, B006, B007 (state or a folder in it is a link, or another user's).
    """
    state = settings.paths.state
    if not os.path.lexists(state):
        own_folder(state)
    findings = [*_state(state), *_national(settings.paths.national), *_configuration(settings)]
    if findings:
        raise LocalError(*findings)


def advice(settings: Settings) -> list[Finding]:
    """What might be better, without being refused: S098 (the configuration can be changed by the user that runs us,
    or by our group), in production only."""
    if settings.environment != "production":
        return []
    user = os.geteuid()
    return [Finding(code="S098", severity=Severity.WARNING, place=Place(file=os.fspath(path)),
                    values={"file": os.fspath(path)})
            for path in _configured(settings)
            for status in [path.stat()]
            if status.st_mode & stat.S_IWGRP or (user and status.st_uid == user and status.st_mode & stat.S_IWUSR)]


def _state(state: Path) -> Iterator[Finding]:
    """The state folder and the folders in it. A link or a folder of somebody else is refused at once."""
    for folder in (state, *sorted(path for path in state.iterdir() if path.is_symlink() or path.is_dir())):
        mode = stat.S_IMODE(folder.lstat().st_mode)
        if not folder.is_symlink() and folder.lstat().st_uid == os.geteuid() and mode & 0o077:
            yield _open_to_others("S095", folder, mode)
        else:
            own_folder(folder)


def _national(national: Path) -> Iterator[Finding]:
    """The folders with national files that somebody outside our group can get at: reached from above, and open."""
    for folder in (national / name for name in _NATIONAL):
        if not folder.is_dir() or not _entered(national) or not _entered(folder):
            continue
        held = [path for path in sorted(folder.iterdir()) if path.is_dir()]
        for leaf in ([folder] if any(path.is_file() for path in folder.iterdir()) else []) + held:
            mode = stat.S_IMODE(leaf.stat().st_mode)
            if mode & stat.S_IRWXO:
                yield _open_to_others("S096", leaf, mode)


def _entered(folder: Path) -> bool:
    """Whether everybody may go through a folder."""
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def _configuration(settings: Settings) -> Iterator[Finding]:
    for path in _configured(settings):
        mode = path.stat().st_mode
        replaced_by_owners_only = stat.S_ISDIR(mode) and mode & stat.S_ISVTX
        if mode & stat.S_IWOTH and not replaced_by_owners_only:
            yield _open_to_others("S097", path, stat.S_IMODE(mode))


def _configured(settings: Settings) -> Iterator[Path]:
    """Files and folders whose change changes what we do or whom we trust."""
    yield settings.file
    yield settings.folder
    for folder in (settings.paths.partners, *settings.paths.mappings):
        if folder.is_dir():
            yield folder
    if settings.paths.partners.is_dir():
        yield from sorted(path for path in settings.paths.partners.iterdir() if path.is_file())


def _open_to_others(code: str, path: Path, mode: int) -> Finding:
    return Finding(code=code, place=Place(file=os.fspath(path)),
                   values={"file": os.fspath(path), "mode": f"{mode:04o}"})
