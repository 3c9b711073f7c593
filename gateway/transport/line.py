"""A line: one authenticated SFTP connection, and the pipeline over it, that several mailboxes use in turn.

A session costs some ten round trips and 6 kB before any work (MAILBOX section 0, point 3). So the mailbox that we push
to and the one that we collect from are two views of one line where they are on the same host, port and account, with
the same keys (`lines.same_line`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import paramiko

from gateway.errors import GatewayError
from gateway.transport import jobs
from gateway.transport.batch import BatchSFTP, Job
from gateway.transport.lanes import SftpLane
from gateway.transport.mailbox import Session
from gateway.transport.meter import Meter
from gateway.transport.ssh import SshConnection
from gateway.transport.wire import Kind, Malformed

T = TypeVar("T")
_BROKEN = (paramiko.SSHException, EOFError, OSError, Malformed)


class SftpLine:
    """One connection with an SFTP channel. Used by one mailbox after the other, never by two at once.

    Raises on making what `ssh.SshConnection` raises. `meter` counts its octets, also when it is not made.
    """

    def __init__(self, lane: SftpLane, *, clock: Callable[[], float], meter: Meter | None = None) -> None:
        self.lane = lane
        self._connection = SshConnection(lane, clock, meter or Meter())
        self._broken: GatewayError | None = None
        self._connection.phase = "sftp"
        try:
            with self._connection.watchdog.limit(lane.limits.channel):
                self._batch = BatchSFTP(self._connection.channel, self._connection.watchdog, lane.limits)
        except _BROKEN as error:
            fault = self._connection.explain(error)
            self.close()
            raise fault from error

    @property
    def extensions(self) -> Mapping[bytes, bytes]:
        """What the server can do beyond SFTP 3: name -> data."""
        return self._batch.extensions

    @property
    def session(self) -> Session:
        """What was negotiated, and the octets so far."""
        return self._connection.session

    @property
    def open(self) -> bool:
        """Whether neither side has ended the connection, as far as is known here."""
        return self._broken is None and self._connection.open

    @property
    def spent(self) -> bool:
        """Whether we ended it, for its use had lasted as long as it may."""
        return self._connection.watchdog.spent

    def use(self, meter: Meter, seconds: float) -> None:
        """Begin another use of the line: count its octets here, and cut it when it lasts longer than this."""
        self._connection.meter = meter
        self._connection.watchdog.grant(seconds)

    def answers(self) -> bool:
        """Whether the other side is still there after the line lay idle. One that is not can only be closed."""
        if not self.open:
            return False
        with contextlib.suppress(GatewayError):
            self.one("idle", jobs.attributes([b"."], Kind.STAT))
            return True
        return False

    def one(self, phase: str, job: Job[T]) -> T:
        """Run a single job. Raises as `run`."""
        return next(self.run(phase, iter([(0, job)])))

    def run(self, phase: str, work: Iterator[tuple[int, Job[T]]]) -> Iterator[T]:
        """Run (weight, job) pairs, and give their results as they complete.

        phase  what is being done, for the finding
        Raises LinkError for a connection that fails: once, and then at once for every later call.
        """
        if self._broken is not None:
            raise self._broken
        self._connection.phase = phase
        try:
            yield from self._batch.run(work)
        except _BROKEN as error:
            fault = self._connection.explain(error)
            self._connection.close()
            if not isinstance(fault, GatewayError):
                raise
            self._broken = fault
            raise fault from error

    def close(self) -> None:
        """End the connection. Never raises."""
        self._connection.close()
