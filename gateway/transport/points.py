"""Where putting up a file, or fetching one, may be cut: between one request and the next (MAILBOX 2.6, S2, S3, R1)."""

from __future__ import annotations

from gateway.failpoints import declare

OPENED = declare("dispatch.opened", "a file made in the mailbox under its partial name, nothing or a part in it")
WRITTEN = declare("dispatch.written", "a file whole in the mailbox, flushed and closed, still under its partial name")
ARRIVING = declare("arriving.kept", "the beginning of a large file kept in our state, the rest not fetched yet")
UNMARKED = declare("mailbox.unmarked", "a file whole in a mailbox of the mode `marker`, its marker not yet there")
