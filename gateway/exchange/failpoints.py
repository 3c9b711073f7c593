"""Where a run may be cut: one failpoint before and one after each durable step (MAILBOX section 2.6).

Those of `ledger`, `security` and `transport` stand where they are reached. What each leaves behind, and what the next
run finds and does, is said in gateway/docs/crash-points.md (`python -m tests.tools.crash_points`).
"""

from __future__ import annotations

from gateway.failpoints import declare
from gateway.ledger.ledger import MADE as LEDGER_MADE
from gateway.ledger.ledger import UPGRADING as LEDGER_UPGRADING
from gateway.ledger.upgrading import GOING_BACK as LEDGER_GOING_BACK
from gateway.security.identity import PARTED as FILES_PARTED
from gateway.transport import points as transport

OF_OTHERS = (LEDGER_MADE, LEDGER_UPGRADING, LEDGER_GOING_BACK, FILES_PARTED, transport.OPENED, transport.WRITTEN,
             transport.ARRIVING, transport.UNMARKED)
"""Those that stand in packages below."""

CLAIMED = declare("send.claimed", "national files moved into the spool, nothing in the ledger yet")
TAKEN = declare("send.taken", "records and messages committed, national files not yet filed as sent")
INTENDED = declare("send.filing.noted", "noted what becomes of several national files; nothing of it done yet")
FILED = declare("send.filed", "national files filed as sent or refused")
PARTED = declare("send.filing.parted", "first of several national files filed as sent, the others not yet")
REASONED = declare("send.filing.reasoned", "reasons of refused national files written, no file moved yet")
REFUSED = declare("send.filing.refused", "first of several refused national files moved, the others not yet")
VIEWED = declare("views.written", "rows of a national view written as files, how far it was read not noted yet")
COUNTED = declare("attempts.counted", "an attempt at files that failed before counted, the work not begun")
PREPARING = declare("seal.before", "numbers drawn and bytes sealed, transaction not yet committed")
PREPARED = declare("seal.after", "sealed bytes committed, nothing published")
PUBLISHING = declare("dispatch.before", "mailbox open, nothing published in this run")
PUBLISHED = declare("dispatch.published", "files stand in the partner's mailbox, ledger does not know")
ENTERED = declare("dispatch.noted", "ledger knows what was published, files that lay there already not looked at")
RENEWED = declare("objects.renewed", "objects encrypted anew committed under new names, not published")
DISPATCHED = declare("dispatch.after", "ledger knows that the files stand there")
SESSION_USED = declare("session.used", "done what a session was for; neither its traffic nor its end noted")
SESSION_COUNTED = declare("session.counted", "traffic of a session noted, how it ended not yet")
FETCHED = declare("receive.fetched", "files fetched and opened, nothing stored")
STORED = declare("receive.stored", "objects and receipts committed, mailbox not yet emptied")
REMOVED = declare("receive.removed", "mailbox emptied, interchanges not yet processed")
PROCESSING = declare("process.before", "messages judged and answers made, transaction not yet committed")
PROCESSED = declare("process.after", "effects and answers committed, national inbox not yet written")
DELIVERED = declare("deliver.written", "national inbox files written, ledger does not know")
NOTED = declare("deliver.after", "ledger knows that the national inbox is written")
ACTIVATING = declare("map.activating", "versions of mappings written, transaction not yet committed")
ACTIVATED = declare("map.activated", "versions of mappings in force, nobody told yet")
QUARANTINED = declare("quarantine.kept", "a refused file and its note in quarantine, transaction not yet committed")
RELEASING = declare("quarantine.before", "a released object and its receipt written, transaction not yet committed")
RELEASED = declare("quarantine.after", "a released object stored, its note in quarantine does not say so yet")
MAKING = declare("keys.making", "files of a new pair written, ledger does not know")
MADE = declare("keys.made", "ledger knows of a new pair, nobody told yet")
ANNOUNCING = declare("keys.announcing", "announcement to one partner sealed, transaction not yet committed")
ANNOUNCED = declare("keys.announced", "announcement to one partner committed, the other partners not asked yet")
CONSENTING = declare("keys.consenting", "a person's consent and its receipt written, transaction not yet committed")
CONSENTED = declare("keys.consented", "a person's consent and its receipt committed, nobody told yet")
REVOKING = declare("keys.revoking", "a revocation and what falls with it written, transaction not yet committed")
REVOKED = declare("keys.revoked", "a revocation committed, nobody told yet")
INTRODUCING = declare("partner.introducing", "a partner's certificates written, its file not yet")
INTRODUCED = declare("partner.introduced", "a partner's file written, the ledger does not know who answers for it")
ANSWERED = declare("partner.answered", "the ledger knows who answers for a partner, nobody told yet")
LISTED = declare("lists.written", "a partner's new revocation list written, the ledger does not know its number")
NUMBERED = declare("lists.numbered", "the ledger knows the number of a list, the list not kept for evidence yet")
LIST_KEPT = declare("lists.kept", "a list in use, numbered and kept, nobody told yet")
IMPORTED = declare("files.imported", "an imported key and certificate written, the copy for the partners not yet")
ISSUED = declare("authority.issued", "our own revocation list written, its public copy not yet")
REMOVING = declare("retention.noted", "history says what is removed, nothing removed yet")
PARTLY_REMOVED = declare("retention.parted", "a file removed whose time is over, others not yet")
SIGNING = declare("link.signing", "heads of both links sealed, transaction not yet committed")
SIGNED = declare("link.signed", "heads of both links committed, nothing published")
ASKING = declare("link.asking", "a request for what is missing sealed, transaction not yet committed")
ASKED = declare("link.asked", "a request for what is missing committed, nothing published")
WITHDRAWING = declare("link.withdrawing", "a number taken back and what it carried sealed anew, not yet committed")
WITHDRAWN = declare("link.withdrawn", "a withdrawal committed, nobody told yet")
CARRYING = declare("carry.written", "files written to a stick, its list does not name them, ledger does not know")
CARRIED = declare("carry.listed", "a stick holds files and their list, ledger does not know that they were carried")
UPGRADE_COPIED = declare("upgrade.copied", "a whole copy of the ledger lies beside it, its schema not changed yet")
ALERTS_NOTED = declare("alerts.noted", "what is to be told stands in the ledger, nobody told yet")
ALERTS_TOLD = declare("alerts.told", "one way of telling has taken what it was told, the ledger does not know")
ERASED = declare("keep.erased", "contents of a movement emptied in the ledger, its files in folders not removed yet")
ERASED_FILES = declare("keep.removed", "files of an erased movement removed, the ledger's file not written anew yet")
ARCHIVED = declare("keep.archived", "an archive lies whole in its folder, the ledger still holds what is in it")
STORE_PLANNED = declare("contents.planned", "noted which contents go to the store, nothing put there yet")
STORE_PUT = declare("contents.put", "contents lie in the store, the ledger still holds them")
STORE_LET_GO = declare("contents.emptied", "contents lie in the store alone, others of the same run not yet put")
STORE_REMOVED = declare("contents.removed", "the store is rid of contents, the ledger does not know")
PURGED = declare("keep.purged", "the ledger says that an archive was purged, what is in it still lies in its folder")
