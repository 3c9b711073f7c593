"""Our certificates from before all keys were lost: with them alone is known what we signed ourselves.

They lie in ``keys/former``, a folder for each backup that they came with. Nothing is signed, sent or opened with them;
only what a partner gives back of our own link is verified by them (`recovering`), and its order and its tree must be
those that the partner signed as well.
"""

from __future__ import annotations

from pathlib import Path

from gateway.errors import LocalError
from gateway.security import Certificate, load_certificate
from gateway.security.certificates import SIGNING
from gateway.spool import make_folder, write_together

_FOLDER, _AUTHORITY = "former", "authority.crt"


def keep_former(keys: Path, backup: Path) -> int:
    """Put the certificates of a backup beside our keys; how many. Those that are ours still do no harm there.

    Raises LocalError B003 (disk full), B006.
    """
    found = {path.name: path.read_bytes() for path in sorted((backup / "keys").glob("*.crt")) if path.is_file()}
    if found:
        folder = make_folder(keys / _FOLDER / backup.name)
        write_together({folder / name: content for name, content in found.items()})
    return len(found)


def former(keys: Path) -> list[tuple[Certificate, list[Certificate]]]:
    """Each former authority with the signing certificates that lie beside it. What cannot be read is passed over."""
    found = []
    for folder in sorted((keys / _FOLDER).glob("*")):
        certificates = {path.name: one for path in sorted(folder.glob("*.crt")) if (one := _read(path)) is not None}
        authority = certificates.pop(_AUTHORITY, None)
        if authority is not None:
            found.append((authority, [one for one in certificates.values() if one.uses == {SIGNING}]))
    return found


def _read(path: Path) -> Certificate | None:
    try:
        return load_certificate(path)
    except LocalError:
        return None
