"""Does whoever has nothing to do wait for nobody who writes?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.cycle import _pass_time
from gateway.exchange.deliver import deliver
from gateway.exchange.dispatch import dispatch
from gateway.exchange.process import process_stored
from gateway.exchange.sealing import seal_waiting
from gateway.exchange.sessions import Sessions
from gateway.exchange.summary import Summary
from gateway.ledger import Ledger
from tests.tools.offices import offices

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
OCCASION = Occasion(now=NOW, identifier=lambda: "0" * 32, clock=float)


def test_where_nothing_waits_nobody_takes_the_write_lock(tmp_path: Path) -> None:
    togo = offices(tmp_path, now=NOW)[0]
    summary = Summary()
    with open_gateway(togo.settings, NOW) as gateway, patch.object(
            Ledger, "transaction", side_effect=AssertionError("a write transaction")):
        process_stored(gateway, OCCASION, summary)
        deliver(gateway, OCCASION, summary)
        _pass_time(gateway, OCCASION)
        seal_waiting(gateway, "BFDGD", OCCASION, summary)
        dispatch(gateway, "BFDGD", Sessions(gateway, OCCASION, summary, ["BFDGD"]), OCCASION, summary)
    assert summary == Summary()
