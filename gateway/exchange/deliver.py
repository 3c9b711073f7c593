"""Write what the national side is to know into its inbox: whole files under stable names.

The content is in the ledger first. A run that dies between writing and noting writes the same file again: the name is
made from the MRN or the event reference, so that reading twice does no harm (TRANSIT 5.3).
"""

from __future__ import annotations

from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.summary import Summary
from gateway.failpoints import reach
from gateway.spool import make_folder, write_together

BATCH = 500


def deliver(gateway: Gateway, occasion: Occasion, summary: Summary) -> None:
    """Write every pending delivery. Raises LocalError when the inbox cannot be written."""
    inbox = gateway.settings.paths.national / "in"
    while True:
        with gateway.ledger.transaction() as transaction:
            pending = transaction.pending_deliveries(BATCH)
        if not pending:
            return
        for folder in {delivery.folder for delivery in pending}:
            make_folder(inbox / folder)
        write_together({inbox / delivery.folder / delivery.name: delivery.content for delivery in pending})
        reach(failpoints.DELIVERED)
        with gateway.ledger.transaction() as transaction:
            transaction.mark_delivered([delivery.id for delivery in pending], at=occasion.now)
        reach(failpoints.NOTED)
        summary.deliveries_written += len(pending)
        if len(pending) < BATCH:
            return
