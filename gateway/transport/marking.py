"""Getting a file whose marker says that it is whole. Pure: a generator of requests.

OPEN · READ · CLOSE of the marker, and then the file as in every other mode          (MAILBOX section 2.4)
"""

from __future__ import annotations

import hashlib

from gateway.errors import LinkError
from gateway.transport import wire
from gateway.transport.batch import Job
from gateway.transport.jobs import Folders, refused
from gateway.transport.mailbox import Entry, file_fault
from gateway.transport.modes import MARK_LIMIT, Mark
from gateway.transport.wire import Data, Flags, Handle, Kind, Reply


def fetch_marked(folders: Folders, entry: Entry, file: Job[tuple[Entry, bytes | LinkError]]
                 ) -> Job[tuple[Entry, bytes | LinkError]]:
    """Read marker and file (`file`, not begun yet). One that is not as its marker says is not whole yet: B112, B113."""
    said = yield from read_mark(folders, entry.name)
    if not isinstance(said, bytes):
        return entry, refused(entry.name, "open", said)
    mark = Mark.read(said)
    if mark is None:
        return entry, unlike_its_mark(entry.name)
    if mark.size != entry.size:
        return entry, file_fault("B112", entry.name, expected=str(mark.size), found=str(entry.size))
    entry, content = yield from file
    if isinstance(content, bytes) and hashlib.sha256(content).hexdigest() != mark.sha256:
        return entry, unlike_its_mark(entry.name)
    return entry, content


def read_mark(folders: Folders, name: str) -> Job[bytes | Reply]:
    """The octets of a marker, none where they cannot be read; or what the server says instead of opening it."""
    [opened] = yield [wire.open_file(folders.marker(name), Flags.READ)]
    if not isinstance(opened, Handle):
        return opened
    answer, _ = yield [wire.read(opened.value, 0, MARK_LIMIT), wire.with_handle(Kind.CLOSE, opened.value)]
    return answer.content if isinstance(answer, Data) else b""


def unlike_its_mark(name: str) -> LinkError:
    """The error for a file that is not as its marker says."""
    return file_fault("B113", name)
