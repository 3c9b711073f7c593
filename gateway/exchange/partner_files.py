"""The files of a partner, written: everything of a plan or nothing, with the people who answer for it in the history.

The file that was there before is kept beside, with its date.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from gateway.config import Settings, load_settings
from gateway.errors import LocalError, PartnerError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Assembly, open_gateway
from gateway.exchange.introducing import Plan
from gateway.exchange.shared import shared_certificates
from gateway.failpoints import reach
from gateway.findings import Finding
from gateway.ledger import Transaction
from gateway.ledger.key_rows import TrustedState
from gateway.spool import make_folder, sync_folder, write_whole

REPLACED = "replaced"
"""Folder beside the partners' files for those that were changed here, each with its date."""


def write_partner(config: Path, plan: Plan, *, people: tuple[str, ...], compared: str, login: str,
                now: datetime) -> None:
    """Write the files of a plan, judge the whole as `edi config check` would, and have the history say who answers.

    compared  voice or letter

    A plan that changes nothing is only noted. On any fault everything is as it was before. Raises LocalError with what
    `load_settings` and the certificates say, X108 when a certificate was revoked here.
    """
    settings = load_settings(config, partners=False)
    with open_gateway(settings, now) as gateway, _all_or_nothing() as written:
        if plan.changes:
            _write_files(plan, now, written)
        _judge(config, plan, now)
        record = {"people": list(people), "compared": compared, "login": login,
                  "certificates": [{"use": line.use, "sha256": line.certificate.sha256, "change": line.change}
                                   for line in plan.lines]}
        reach(failpoints.INTRODUCED)
        with gateway.ledger.transaction() as transaction:
            _settle(transaction, plan, f"{', '.join(people)} ({compared})", now)
            event = "introduced" if plan.before is None else "changed" if plan.changes else "confirmed"
            transaction.note_partner(plan.partner, event, json.dumps(record, ensure_ascii=False), digest=plan.digest,
                                     at=now)
    reach(failpoints.ANSWERED)


def answered_for(settings: Settings, plan: Plan, now: datetime) -> bool:
    """Tell whether the history says who compared each certificate that the partner names.

    It does not for a file that people wrote by hand, or whose import was cut before the ledger knew.
    """
    with open_gateway(settings, now) as gateway, gateway.ledger.reading() as queries:
        noted = [json.loads(row.text) for row in queries.about_partner(plan.partner) if row.subject == "partner"]
    known = {(one["use"], one["sha256"]) for record in noted for one in record["certificates"]
             if one["change"] != "dropped"}
    return plan.named <= known


def _write_files(plan: Plan, now: datetime, written: dict[Path, bytes | None]) -> None:
    """The partner's file last: until then nothing counts."""
    for path, content in plan.others.items():
        _write(path, content, written)
    if plan.before is not None:
        kept = make_folder(plan.file.parent / REPLACED) / f"{plan.partner}-{now:%Y%m%dT%H%M%SZ}.yaml"
        _write(kept, plan.before, written)
    reach(failpoints.INTRODUCING)
    _write(plan.file, plan.text.encode(), written)


def _settle(transaction: Transaction, plan: Plan, reason: str, now: datetime) -> None:
    """A certificate that was revoked here does not come back; where only what is named now counts, the rest ends:
    certificates are accepted no more, an authority that was let in beside that of the file vouches for nothing."""
    for row in transaction.trusted(plan.partner):
        named = (row.use, row.sha256) in plan.named
        if named and row.state is TrustedState.REVOKED:
            raise LocalError(Finding(code="X108", values={"partner": plan.partner, "use": row.use,
                                                          "sha256": row.sha256, "date": f"{row.changed:%Y-%m-%d}"}))
        if plan.alone and not named and row.state is TrustedState.ACCEPTED:
            transaction.move_trusted(row, state=row.state, at=now, reason=reason, accept_until=now)
        elif plan.alone and not named and row.state is TrustedState.PROPOSED:
            transaction.move_trusted(row, state=TrustedState.REFUSED, at=now, reason=reason)


def _judge(config: Path, plan: Plan, now: datetime) -> None:
    """Raise what `edi config check` would find of a partner, and what the certificates named now lack today."""
    settings = load_settings(config)
    if plan.partner in settings.broken_partners:
        raise LocalError(*settings.broken_partners[plan.partner])
    same = tuple(one for one in shared_certificates(settings) if plan.partner in (one.values["partner"],
                                                                                  one.values["other"]))
    if same:
        raise LocalError(*same)
    trust = Assembly(settings).trust(plan.partner)
    for entry in trust.certificates:
        if (entry.use, entry.certificate.sha256) in plan.named and entry.use_from <= now <= entry.accept_until:
            try:
                trust.check(entry, now=now, environment=settings.environment)
            except PartnerError as error:
                raise LocalError(*error.findings) from None


@contextmanager
def _all_or_nothing() -> Iterator[dict[Path, bytes | None]]:
    """Collects the files written with what stood there before; when anything fails that stands there again."""
    written: dict[Path, bytes | None] = {}
    try:
        yield written
    except BaseException:
        for path, before in written.items():
            if before is None:
                path.unlink(missing_ok=True)
                sync_folder(path.parent)  # else a power cut might let the partner in after all
            else:
                write_whole(path, before)
        raise


def _write(path: Path, content: bytes, written: dict[Path, bytes | None]) -> None:
    written.setdefault(path, path.read_bytes() if path.is_file() else None)
    write_whole(path, content)
