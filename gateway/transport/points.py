"""Where putting up a file may be cut: between one request and the next (MAILBOX 2.6, S2, S3)."""

from __future__ import annotations

from gateway.failpoints import declare

OPENED = declare("dispatch.opened", "a file made in the mailbox under its partial name, nothing or a part in it")
WRITTEN = declare("dispatch.written", "a file whole in the mailbox, flushed and closed, still under its partial name")
UNMARKED = declare("mailbox.unmarked", "a file whole in a mailbox of the mode `marker`, its marker not yet there")
