"""The lines of one run: what is open, whose it is, and until when.

Whoever uses a mailbox takes it from here and gives it back; a line that he or another direction will use again stays
open meanwhile, kept alive by the SSH layer. One that the other side closed while it lay idle is opened anew, once, and
nobody hears of it. Of idle ones only so many stay open, the latest used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gateway.transport.directory import DirectoryMailbox
from gateway.transport.lanes import DirectoryLane, Lane, SftpLane
from gateway.transport.mailbox import Mailbox
from gateway.transport.meter import Meter

if TYPE_CHECKING:
    from gateway.transport.line import SftpLine

IDLE = 16
"""Lines that lie open at once while none of them is used: each is a socket and two threads here, a process there."""


def same_line(first: Lane, second: Lane) -> bool:
    """Whether one connection serves both lanes: they differ in nothing but folder, mode and limits."""
    return isinstance(first, SftpLane) and isinstance(second, SftpLane) and second == dataclasses.replace(
        first, base=second.base, mode=second.mode, kept=second.kept, limits=second.limits)


class Lines:
    """A context manager: at its end every line is closed. Not shared between threads."""

    def __init__(self, *, clock: Callable[[], float], idle: int = IDLE) -> None:
        self._clock = clock
        self._idle = idle
        self._open: dict[str, list[SftpLine]] = {}

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *error: object) -> None:
        while self._open:
            self.release(next(iter(self._open)))

    @contextmanager
    def mailbox(self, owner: str, lane: Lane, *, meter: Meter, seconds: float, keep: bool) -> Iterator[Mailbox]:
        """An open mailbox.

        owner    who else may use the line: the same owner, for another lane of the same host, account and keys
        meter    where the octets of this use are counted; of a folder of this machine those of its files
        seconds  how long this use may last, however lively it is
        keep     whether the line stays open afterwards; one on which anything went wrong never does

        Raises as `open_mailbox`; what the other side did while the line lay idle is no error.
        """
        if isinstance(lane, DirectoryLane):
            with DirectoryMailbox(lane) as mailbox:
                try:
                    yield mailbox
                finally:
                    carried = mailbox.session
                    meter.octets_in += carried.bytes_in
                    meter.octets_out += carried.bytes_out
            return
        from gateway.transport.sftp import SftpMailbox  # the SSH library is slow to import, and not always needed

        line = self._take(owner, lane, meter, seconds)
        whole = False
        try:
            yield SftpMailbox(lane, clock=self._clock, line=line)
            whole = line.open
        finally:
            meter.spent = line.spent
            if keep and whole:
                self._give_back(owner, line)
            else:
                line.close()

    def holds(self, owner: str, lane: Lane) -> bool:
        """Whether a line for this lane lies open."""
        return any(same_line(line.lane, lane) for line in self._open.get(owner, ()))

    def release(self, owner: str) -> None:
        """Close what lies open for an owner."""
        for line in self._open.pop(owner, ()):
            line.close()

    def _take(self, owner: str, lane: SftpLane, meter: Meter, seconds: float) -> SftpLine:
        from gateway.transport.line import SftpLine

        found = next((line for line in self._open.get(owner, ()) if same_line(line.lane, lane)), None)
        if found is not None:
            self._remove(owner, found)
            found.use(meter, min(seconds, lane.limits.channel))
            if found.answers():
                found.use(meter, seconds)
                return found
            found.close()
        limits = replace(lane.limits, session=seconds)
        return SftpLine(dataclasses.replace(lane, limits=limits), clock=self._clock, meter=meter)

    def _give_back(self, owner: str, line: SftpLine) -> None:
        self._open[owner] = [*self._open.pop(owner, ()), line]  # the latest used stand last
        while sum(map(len, self._open.values())) > self._idle:
            oldest = next(iter(self._open))
            first = self._open[oldest][0]
            self._remove(oldest, first)
            first.close()

    def _remove(self, owner: str, line: SftpLine) -> None:
        left = [one for one in self._open[owner] if one is not line]
        if left:
            self._open[owner] = left
        else:
            del self._open[owner]
