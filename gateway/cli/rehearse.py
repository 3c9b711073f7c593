"""--dry-run: every line begins with the word would / ferait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from gateway.cli.context import emit, emit_json, occasion, t, tell, visible
from gateway.config import Settings
from gateway.exchange.rehearsal import Rehearsed, open_rehearsal, rehearse_inward, rehearse_national, rehearse_outward
from gateway.exchange.summary import Exit, worst


def rehearse(name: str, settings: Settings, partners: Sequence[str], limit: int | None, as_json: bool) -> int:
    """Tell what a run of that name would do; ends with the status that the run would end with, as far as is known."""
    statuses: set[Exit] = set()
    with open_rehearsal(settings, (now := occasion()).now) as gateway:
        steps: list[Iterator[Rehearsed]] = []
        if name != "edi-send":
            steps.append(rehearse_inward(gateway, now, partners=partners, limit=limit))
        if name != "edi-receive":
            steps.append(rehearse_national(gateway, now, limit=limit))
        steps.append(rehearse_outward(gateway, now, partners))
        for line in chain(*steps):
            statuses.add(line.status)
            if as_json:
                emit_json("rehearsal", {"subject": line.subject, "action": line.action, "count": line.count,
                                        "findings": [finding.code for finding in line.findings]})
            else:
                emit(visible(t(f"rehearse.{line.action}", subject=line.subject, n=line.count)))
                tell(line.findings)
    status = worst(statuses)
    if as_json:
        emit_json("summary", {"command": name, "began": now.now, "exit": int(status)})
    return status
