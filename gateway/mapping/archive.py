"""A mapping as the files it is made of, byte for byte: one identity for what was used, is used and is agreed upon.

The ledger keeps archives, so that a message of last year is explained by the mapping of last year, whatever stands in
the folders today.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from functools import cached_property

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding

FORMAT = 1


class Archive(Struct, frozen=True, dict=True):
    """Files by name, those that are extended first; the last one is the mapping itself.

    files   name below the folder of mappings (``base/cusdec-d96b.yaml``) and bytes
    """

    files: tuple[tuple[str, bytes], ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256, hex, over the hex digests of the files in their order: what an agreement pins."""
        return hashlib.sha256("".join(hashlib.sha256(content).hexdigest() for _, content in self.files).encode()) \
            .hexdigest()

    def dump(self) -> str:
        """One text that `parse` takes apart again: JSON, each file as it is written, base64 where it is not UTF-8."""
        return json.dumps({"archive": FORMAT, "files": [_entry(name, content) for name, content in self.files]},
                          ensure_ascii=False)


def parse(text: str, digest: str) -> Archive:
    """The archive that `Archive.dump` wrote.

    digest  what it must have

    Raises LocalError M401 for a text that is no archive or does not have this digest: nobody may put words into an old
    message.
    """
    try:
        kept = json.loads(text)
        archive = Archive(tuple(_file(entry) for entry in kept["files"])) if kept["archive"] == FORMAT else None
    except (ValueError, KeyError, TypeError):
        archive = None
    if archive is None or archive.digest != digest:
        raise LocalError(Finding(code="M401", values={"digest": digest}))
    return archive


def _entry(name: str, content: bytes) -> list[str]:
    try:
        return [name, content.decode()]
    except UnicodeDecodeError:
        return [name, b64encode(content).decode(), "base64"]


def _file(entry: object) -> tuple[str, bytes]:
    if not isinstance(entry, list) or not all(isinstance(part, str) for part in entry):
        raise TypeError
    name, content, *encoded = entry
    return name, b64decode(content, validate=True) if encoded == ["base64"] else content.encode()
