"""Write what the national side is to know into its inbox: whole files under stable names.

The content is in the ledger first. A run that dies between writing and noting writes the same file again: the name is
made from the MRN or the event reference, so that reading twice does no harm (TRANSIT 5.3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.summary import Exit, Summary, exit_for
from gateway.exchange.worker import WorkerLost
from gateway.exchange.workers import Workers
from gateway.failpoints import reach
from gateway.ledger.rows import Delivery
from gateway.spool import make_folder, write_together

BATCH = 500
"""Files written and noted together."""

BATCH_OCTETS = 4 << 20
"""Octets of them, unless one alone has more: they are in memory together, and a partner decides how large they are."""


SHARED = 128
"""Files from which on a worker that has nothing to do writes half of them."""


def deliver(gateway: Gateway, occasion: Occasion, summary: Summary, workers: Workers | None = None, *,
            more: bool = False) -> None:
    """Write every pending delivery. A file that cannot be written is a finding and stays pending; the others go on.

    workers  those of this run, if there are any
    more     whether the same run will deliver again: what other hosts add while this one writes waits for that, or it
             would never come back to judging

    Raises LocalError when the inbox takes nothing for now: a full disk.
    """
    last = 0
    while True:
        with gateway.ledger.reading() as queries:
            pending = queries.pending_deliveries(BATCH, after=last, octets=BATCH_OCTETS)
        if not pending:
            return
        last = pending[-1].id
        folders: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in pending:
            folders[delivery.folder].append(delivery)
        written = [delivery.id for folder, deliveries in folders.items()
                   for delivery in _write(gateway, folder, deliveries, summary, workers)]
        reach(failpoints.DELIVERED)
        with gateway.ledger.transaction() as transaction:
            transaction.mark_delivered(written, at=occasion.now)
        reach(failpoints.NOTED)
        summary.deliveries_written += len(written)
        if more and len(pending) < BATCH and sum(len(one.content) for one in pending) < BATCH_OCTETS // 2:
            return


def _write(gateway: Gateway, folder: str, deliveries: Sequence[Delivery], summary: Summary,
           workers: Workers | None = None) -> Sequence[Delivery]:
    """Write files of one folder; which stand there now. Together, and where that fails each by itself."""
    inbox = gateway.settings.paths.national / "in" / folder
    try:
        make_folder(inbox)
        _write_shared({inbox / delivery.name: delivery.content for delivery in deliveries}, workers)
    except LocalError as error:
        if exit_for(error) is Exit.LATER:
            raise
        if len(deliveries) == 1 or not inbox.is_dir():
            summary.trouble(error)
            return ()
        return [delivery for one in deliveries for delivery in _write(gateway, folder, [one], summary)]
    return deliveries


def _write_shared(files: dict[Path, bytes], workers: Workers | None) -> None:
    """Write files together, half of them by a worker that has nothing to do. Raises LocalError as `write_together`."""
    names = list(files)
    half = {name: files.pop(name) for name in names[:len(names) // 2]} \
        if workers is not None and workers.idle and len(names) >= SHARED else {}
    answer = workers.begin(write_together, half) if workers is not None and half else None
    write_together(files)
    with suppress(WorkerLost):  # it may have written some of them: once more does no harm
        if answer is not None:
            answer()
            return
    write_together(half)
