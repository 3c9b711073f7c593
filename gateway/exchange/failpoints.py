"""Where a run may be cut: one failpoint before and one after each durable step (MAILBOX section 2.6)."""

from __future__ import annotations

from gateway.failpoints import declare

CLAIMED = declare("send.claimed", "national files moved into the spool, nothing in the ledger yet")
TAKEN = declare("send.taken", "records and messages committed, national files not yet filed as sent")
FILED = declare("send.filed", "national files filed as sent or refused")
PARTED = declare("send.filing.parted", "first of several national files filed as sent, the others not yet")
REASONED = declare("send.filing.reasoned", "reasons of refused national files written, no file moved yet")
REFUSED = declare("send.filing.refused", "first of several refused national files moved, the others not yet")
PREPARING = declare("seal.before", "numbers drawn and bytes sealed, transaction not yet committed")
PREPARED = declare("seal.after", "sealed bytes committed, nothing published")
PUBLISHING = declare("dispatch.before", "mailbox open, nothing published in this run")
PUBLISHED = declare("dispatch.published", "files stand in the partner's mailbox, ledger does not know")
DISPATCHED = declare("dispatch.after", "ledger knows that the files stand there")
FETCHED = declare("receive.fetched", "files fetched and opened, nothing stored")
STORED = declare("receive.stored", "objects and receipts committed, mailbox not yet emptied")
REMOVED = declare("receive.removed", "mailbox emptied, interchanges not yet processed")
PROCESSING = declare("process.before", "messages judged and answers made, transaction not yet committed")
PROCESSED = declare("process.after", "effects and answers committed, national inbox not yet written")
DELIVERED = declare("deliver.written", "national inbox files written, ledger does not know")
ACTIVATING = declare("map.activating", "versions of mappings written, transaction not yet committed")
ACTIVATED = declare("map.activated", "versions of mappings in force, nobody told yet")
NOTED = declare("deliver.after", "ledger knows that the national inbox is written")
RELEASING = declare("quarantine.before", "a released object and its receipt written, transaction not yet committed")
RELEASED = declare("quarantine.after", "a released object stored, its note in quarantine does not say so yet")
