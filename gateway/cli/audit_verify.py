"""`edi audit verify`: is the ledger what it was?"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, tell
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.auditing import faults
from gateway.exchange.summary import Exit
from gateway.findings import Finding


@click.command(name="verify", help=t("cli.audit.verify.help"))
@json_option
@common
def verify_command(config: Path, as_json: bool) -> int:
    """Every row that is not what it was, the first one first; exit 5 when there is one."""
    with open_gateway(load_settings(config), occasion().now) as gateway, gateway.ledger.reading() as queries:
        found = list(dict.fromkeys(faults(queries, gateway.name)))
        rows = queries.history_head().id
    if as_json:
        for one in found:
            emit_json("fault", {"what": one.what, "row": one.row, "fault": one.fault})
        emit_json("summary", {"rows": rows, "faults": len(found)})
    elif not found:
        emit(t("audit.sound", rows=rows))
    if not as_json:
        tell([Finding(code="L014", values={"what": one.what, "row": one.row, "fault": one.fault}) for one in found])
    return Exit.TRUST if found else Exit.DONE
