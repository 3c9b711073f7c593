"""What a run would do, with the same checks and nothing written or sent (EXPERIENCE 3.3, --dry-run)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.errors import GatewayError
from gateway.exchange.assembly import Gateway, Moment
from gateway.exchange.intake import dialect_for, records_by_files
from gateway.exchange.taking import Taken, take_groups
from gateway.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What would happen to the files of one record, or to one partner's waiting objects.

    subject   file names, or the partner's id
    action    take, repeat, wait, refuse, seal, dispatch
    count     messages, objects
    findings  why it would be refused
    """

    subject: str
    action: str
    count: int = 0
    findings: tuple[Finding, ...] = ()


class _Undone(Exception):
    """Raised inside a transaction so that it leaves no trace."""


def rehearse_send(gateway: Gateway, moment: Moment) -> Iterator[Rehearsed]:
    """Every national file that waits and every object that is due, judged and then undone."""
    national = gateway.settings.national
    for kind, sources in (("declarations", national.declarations), ("events", national.events)):
        grouped: dict[str, dict[str, bytes]] = {}
        for folder in (gateway.settings.paths.state / "claimed" / kind, gateway.settings.paths.national / "out" / kind):
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                dialect = dialect_for(path.name, sources)
                if dialect is None:
                    yield Rehearsed(subject=path.name, action="refuse", findings=(Finding(code="X001"),))
                else:
                    grouped.setdefault(dialect, {})[path.name] = path.read_bytes()
        for dialect, files in grouped.items():
            yield from _rehearse_files(gateway, kind, dialect, files, moment)
    for partner in sorted(gateway.settings.partners):
        with gateway.ledger.transaction() as transaction:
            groups = transaction.waiting(partner)
            due = transaction.due_objects(partner, now=moment.now)
        for group in groups:
            yield Rehearsed(subject=partner, action="seal", count=group.count)
        if due:
            yield Rehearsed(subject=partner, action="dispatch", count=len(due))


def _rehearse_files(gateway: Gateway, kind: str, dialect: str, files: dict[str, bytes],
                    moment: Moment) -> Iterator[Rehearsed]:
    reading = gateway.dialect(dialect).read(files)
    for refused in reading.refused:
        yield Rehearsed(subject=refused.file, action="refuse", findings=refused.findings)
    for waiting in reading.waiting:
        yield Rehearsed(subject=waiting.file, action="wait")
    outcomes: list[tuple[tuple[str, ...], Taken | GatewayError]] = []
    with contextlib.suppress(_Undone), gateway.ledger.transaction() as transaction:
        outcomes.extend(take_groups(gateway, transaction, kind, dialect,
                                    list(records_by_files(reading.records).items()), files, moment))
        raise _Undone
    for names, outcome in outcomes:
        subject = ", ".join(names)
        if isinstance(outcome, GatewayError):
            yield Rehearsed(subject=subject, action="refuse", findings=tuple(outcome.findings))
        else:
            yield Rehearsed(subject=subject, action="repeat" if outcome.repeated else "take", count=outcome.messages)
