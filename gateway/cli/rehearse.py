"""--dry-run: every line begins with the word would / ferait."""

from __future__ import annotations

from gateway.cli.context import emit, emit_json, moment, t, tell
from gateway.config import Settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.rehearsal import rehearse_send
from gateway.exchange.summary import Exit


def rehearse(settings: Settings, as_json: bool) -> int:
    """Tell what a run would do. Returns 1 when something would be refused."""
    refused = False
    with open_gateway(settings, (now := moment()).now) as gateway:
        for line in rehearse_send(gateway, now):
            refused = refused or line.action == "refuse"
            if as_json:
                emit_json("rehearsal", {"subject": line.subject, "action": line.action, "count": line.count,
                                        "findings": [finding.code for finding in line.findings]})
            else:
                emit(t(f"rehearse.{line.action}", subject=line.subject, n=line.count))
                tell(line.findings)
    return Exit.PERSON if refused else Exit.DONE
