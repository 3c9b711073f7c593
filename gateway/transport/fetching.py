"""Getting one file: what is asked of the server, and what its answers mean. Pure: generators of requests.

OPEN · READ..., and one octet beyond the end · CLOSE          (MAILBOX section 2.5)

A large file is `resuming`'s.
"""

from __future__ import annotations

from gateway.errors import LinkError
from gateway.spool import Resumables
from gateway.transport import wire
from gateway.transport.batch import Job
from gateway.transport.jobs import Folders, done, refused
from gateway.transport.mailbox import Entry, Fetched, file_fault
from gateway.transport.resuming import LARGE, fetch_large, most_answers
from gateway.transport.wire import CHUNK, Code, Data, Flags, Handle, Kind, Status


def fetch(folders: Folders, entry: Entry, limit: int, kept: Resumables | None = None) -> Job[Fetched]:
    """Read one file: exactly the octets it was listed with, and a look that there is no more.

    kept  where the beginning of a large one is kept until it is whole
    """
    if entry.size > limit:
        return entry, file_fault("E_SIZE", entry.name, size=str(entry.size), limit=str(limit))
    if entry.size >= LARGE:
        return (yield from fetch_large(folders, entry, kept))
    [opened] = yield [wire.open_file(folders.whole(entry.name), Flags.READ)]
    if not isinstance(opened, Handle):
        return entry, refused(entry.name, "open", opened)
    parts: dict[int, bytes] = {}
    wanted = [(at, min(CHUNK, entry.size - at)) for at in range(0, entry.size, CHUNK)] + [(entry.size, 1)]
    error: LinkError | None = None
    left = most_answers(entry.size)
    while wanted and error is None:
        answers = yield [wire.read(opened.value, at, length) for at, length in wanted]
        left -= len(answers)
        short = []
        for (at, length), answer in zip(wanted, answers, strict=True):
            match answer:
                case Status(code=Code.EOF) if at == entry.size:
                    continue
                case Data(content) if at < entry.size and 0 < len(content) <= length:
                    parts[at] = content
                    if len(content) < length:
                        short.append((at + len(content), length - len(content)))
                case Data() | Status(code=Code.EOF):
                    error = file_fault("B112", entry.name, expected=str(entry.size), found=_size(entry, answer, at))
                case _:
                    error = refused(entry.name, "read", answer)
        wanted = short
        if wanted and left < 0 and error is None:
            error = refused(entry.name, "read", answers[0])
    [closed] = yield [wire.with_handle(Kind.CLOSE, opened.value)]
    if error is None and not done(closed):
        error = refused(entry.name, "close", closed)
    if error is not None:
        return entry, error
    return entry, b"".join(parts[at] for at in sorted(parts))


def _size(entry: Entry, answer: Data | Status, at: int) -> str:
    """What is known of a size that is not as listed."""
    return f"> {entry.size}" if isinstance(answer, Data) else f"<= {at}"
