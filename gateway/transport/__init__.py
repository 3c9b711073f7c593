"""Mailboxes: the contract, a local directory, an SFTP server, and the demonstration's own server.

Knows no ledger, no content and no retry; those are `exchange`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lazily import lazily

if TYPE_CHECKING:
    from gateway.transport.lanes import DirectoryLane, Lane, Limits, SftpLane
    from gateway.transport.lines import Lines, same_line
    from gateway.transport.mailbox import Entry, Fetched, Foreign, Mailbox, Outcome, Probed, Session, is_name
    from gateway.transport.meter import Meter
    from gateway.transport.modes import Mode
    from gateway.transport.opening import LINK_BROKEN, open_mailbox
else:
    __getattr__ = lazily(__name__, {
        "lanes": ["DirectoryLane", "Lane", "Limits", "SftpLane"],
        "lines": ["Lines", "same_line"],
        "mailbox": ["Entry", "Fetched", "Foreign", "Mailbox", "Outcome", "Probed", "Session", "is_name"],
        "meter": ["Meter"],
        "modes": ["Mode"],
        "opening": ["LINK_BROKEN", "open_mailbox"],
    })

__all__ = [
    "LINK_BROKEN", "DirectoryLane", "Entry", "Fetched", "Foreign", "Lane", "Limits", "Lines", "Mailbox", "Meter",
    "Mode", "Outcome", "Probed", "Session", "SftpLane", "is_name", "open_mailbox", "same_line",
]
