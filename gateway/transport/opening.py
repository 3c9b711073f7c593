"""From a lane to an open mailbox."""

from __future__ import annotations

from collections.abc import Callable

from gateway.transport.directory import DirectoryMailbox
from gateway.transport.lanes import DirectoryLane, Lane
from gateway.transport.mailbox import Mailbox

LINK_BROKEN = frozenset({"B101", "B102", "B103", "B104", "B105", "B106"})
"""Codes of a connection that failed or did not come about, as against a file that did: whoever meets one of these has
no session any more."""


def open_mailbox(lane: Lane, *, clock: Callable[[], float]) -> Mailbox:
    """Open a session on a lane; use it in a with-block. `clock` is monotonic, in seconds (``time.monotonic``).

    Raises LinkError B101-B106 (unreachable, refused, timed out, authentication, closed, protocol); LocalError
    E_HOSTKEY (nothing was sent but the key exchange), E_SSH (weak algorithms only), E_KEYFILE, B107 (folder missing),
    B108 (a pinned host key is unreadable).
    """
    if isinstance(lane, DirectoryLane):
        return DirectoryMailbox(lane)
    from gateway.transport.sftp import SftpMailbox  # the SSH library is slow to import, and not always needed

    return SftpMailbox(lane, clock=clock)
