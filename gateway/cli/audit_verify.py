"""`edi audit verify`: is the ledger what it was? `edi audit verify FOLDER`: is a month that was handed over?"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, t, tell
from gateway.config import load_settings
from gateway.exchange.archiving import unreadable
from gateway.exchange.assembly import open_gateway
from gateway.exchange.audit_proof import judge_folder
from gateway.exchange.audit_verdict import Verdict
from gateway.exchange.auditing import Fault, faults
from gateway.exchange.summary import Exit
from gateway.findings import Finding


@click.command(name="verify", help=t("cli.audit.verify.help"))
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar=t("cli.metavar.folder.maybe"))
@json_option
@common
def verify_command(config: Path, folder: Path | None, as_json: bool) -> int:
    """Every row that is not what it was, the first one first; exit 5 when there is one.

    Of a folder: also 1, when nothing is false and not everything is proven. It needs no settings and no ledger.
    """
    if folder is not None:
        return _of_folder(judge_folder(folder), as_json=as_json)
    with open_gateway(load_settings(config), occasion().now) as gateway, gateway.ledger.reading() as queries:
        found = list(dict.fromkeys(faults(queries, gateway.name)))
        rows = queries.history_head().id
        unread = [] if as_json else list(unreadable(gateway))
    if as_json:
        _tell_json(found)
        emit_json("summary", {"rows": rows, "faults": len(found)})
    elif not found:
        emit(t("audit.sound", rows=rows))
    for gone, count in unread:
        note(t("archive.unread", name=gone.reference, folder=gone.folder, count=count))
    if not as_json:
        tell([Finding(code="L014", values={"what": one.what, "row": one.row, "fault": one.fault}) for one in found])
    return Exit.TRUST if found else Exit.DONE


def _tell_json(found: list[Fault]) -> None:
    for one in found:
        emit_json("fault", {"what": one.what, "row": one.row, "fault": one.fault})


def _of_folder(verdict: Verdict, *, as_json: bool) -> int:
    """What a folder proves, what is false in it, and what it cannot prove."""
    plan, count = verdict.plan, len(verdict.faults) + verdict.more
    word = "false" if count else "open" if verdict.opens else "proven"
    if as_json:
        _tell_json(verdict.faults)
        for part in verdict.parts.values():
            emit_json("part", {"part": part.what, "of": part.of, "proven": part.proven})
        for name, about in verdict.opens:
            emit_json("open", {"what": name, "about": about})
        for gateway, sha256 in verdict.authorities.items():
            emit_json("authority", {"gateway": gateway, "sha256": list(sha256)})
        emit_json("verdict", {"month": str(plan.month), "gateway": plan.gateway, "verdict": word, "faults": count,
                              "anchor": plan.anchor, "head": plan.head})
    else:
        for part in verdict.parts.values():
            emit(t(f"audit.part.{part.what}", of=part.of, proven=part.proven, anchor=plan.anchor, head=plan.head))
        for gateway, sha256 in verdict.authorities.items():
            for one in sha256:
                emit(t("audit.authority", gateway=gateway, sha256=one))
        for name, about in verdict.opens:
            emit(t(f"audit.open.{name}", about=about))
        tell([Finding(code="X253", values={"what": one.what, "row": one.row, "fault": one.fault})
              for one in verdict.faults])
        emit(t(f"audit.verdict.{word}", month=plan.month, gateway=plan.gateway, faults=count))
    return {"false": Exit.TRUST, "open": Exit.PERSON, "proven": Exit.DONE}[word]
