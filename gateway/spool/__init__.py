"""Local files that are whole or absent; the run lock; the quarantine.

Everything here follows no link and touches regular files only (THREATS row 15); what is written is readable by our
own user alone (THREATS section 5). Nothing here knows what a file means.
"""

from gateway.spool.credential import is_credential, read_credential
from gateway.spool.escaping import escaped
from gateway.spool.faults import machine_fault
from gateway.spool.folders import free_entries, free_space, make_folder, own_folder, require_space
from gateway.spool.locking import Busy, run_lock, turn
from gateway.spool.moving import claim, free_name, settle, settle_together
from gateway.spool.naming import plain_name
from gateway.spool.private import read_private
from gateway.spool.quarantine import Kept, Quarantine
from gateway.spool.replacing import replace_folder
from gateway.spool.resumable import Resumable, Resumables
from gateway.spool.streams import lines_of, new_file, pieces_of
from gateway.spool.whole import flush_together, is_partial, read_whole, sweep, sync_folder, write_together, write_whole

__all__ = [
    "Busy",
    "Kept",
    "Quarantine",
    "Resumable",
    "Resumables",
    "claim",
    "escaped",
    "flush_together",
    "free_entries",
    "free_name",
    "free_space",
    "is_credential",
    "is_partial",
    "lines_of",
    "machine_fault",
    "make_folder",
    "new_file",
    "own_folder",
    "pieces_of",
    "plain_name",
    "read_credential",
    "read_private",
    "read_whole",
    "replace_folder",
    "require_space",
    "run_lock",
    "settle",
    "settle_together",
    "sweep",
    "sync_folder",
    "turn",
    "write_together",
    "write_whole",
]
