"""Mailboxes: the contract, a local directory, an SFTP server, and the demonstration's own server.

Knows no ledger, no content and no retry; those are `exchange`'s.
"""

from gateway.transport.lanes import DirectoryLane, Lane, Limits, SftpLane
from gateway.transport.mailbox import Entry, Fetched, Foreign, Mailbox, Outcome, Probed, Session, is_name
from gateway.transport.modes import Mode
from gateway.transport.opening import open_mailbox

__all__ = [
    "DirectoryLane",
    "Entry",
    "Fetched",
    "Foreign",
    "Lane",
    "Limits",
    "Mailbox",
    "Mode",
    "Outcome",
    "Probed",
    "Session",
    "SftpLane",
    "is_name",
    "open_mailbox",
]
