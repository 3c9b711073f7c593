"""`edi seal` and `edi open`: one file into and out of a GW-1 envelope, without mailbox; the ledger is only read."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, report, t
from gateway.config import load_settings
from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Assembly, standing_gateway
from gateway.exchange.payload import interchange_of, pack, payload_refusal
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Place
from gateway.security import EDIFACT_GZIP, Header, Opened, file_name, open_envelope, seal
from gateway.spool import write_whole

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[0-9a-f]{32}\.p7m")
_SHOWN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,60}")
"""GW-1 section 4, with room for an ending."""


def _digest(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not _DIGEST.fullmatch(value.lower()):
        raise click.BadParameter(t("cli.seal.digest"))
    return value.lower()


@click.command(name="seal", help=t("cli.seal.help"))
@click.argument("file", type=_FILE, metavar=t("cli.metavar.file"))
@click.option("--to", "partner", required=True, metavar="ID", help=t("cli.seal.to"))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path),
              metavar=t("cli.metavar.path"), help=t("cli.seal.output"))
@click.option("--sequence", type=click.IntRange(min=1), default=1, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.seal.sequence"))
@click.option("--previous", metavar="SHA256", default="0" * 64, callback=_digest, help=t("cli.seal.previous"))
@json_option
@common
def seal_command(config: Path, file: Path, partner: str, output: Path, sequence: int, previous: str,
                 as_json: bool) -> int:
    """Seal one file for a partner. A folder as output gets the file under its GW-1 name."""
    now, payload = occasion(), file.read_bytes()
    with standing_gateway(load_settings(config), now.now) as gateway:
        packed = pack(gateway.partner(partner), payload,
                      file.name if _SHOWN.fullmatch(file.name) else "interchange.edi")
        header = Header(message_id=f"<{now.identifier()}@{gateway.name}>", sender=gateway.name, recipient=partner,
                        date=now.now, sequence=sequence, previous=previous, content_type=packed.kind,
                        filename=packed.filename)
        sealed = seal(header, packed.payload, signer=gateway.signer_for(partner),
                      recipients=gateway.recipients(partner, now.now), signing_time=now.now,
                      cbc=gateway.trust(partner).takes_cbc(now.now))
    path = output / sealed.name if output.is_dir() else output
    write_whole(path, sealed.content)
    if as_json:
        emit_json("sealed", {"file": path, "name": sealed.name, "message_id": header.message_id,
                             "sequence": sequence, "content_type": packed.kind, "mic": sealed.mic,
                             "signature_digest": sealed.signature_digest})
    else:
        emit(str(path))
        note(t("seal.done", name=sealed.name, mic=sealed.mic))
    return Exit.DONE


@click.command(name="open", help=t("cli.open.help"))
@click.argument("file", type=_FILE, metavar=t("cli.metavar.file"))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False),
              metavar=t("cli.metavar.file"), help=t("cli.open.output"))
@click.option("--from", "partner", metavar="ID", help=t("cli.open.from"))
@click.option("--raw", is_flag=True, help=t("cli.open.raw"))
@json_option
@common
def open_command(config: Path, file: Path, output: Path, partner: str | None, raw: bool, as_json: bool) -> int:
    """Open one sealed file. Anything less than perfect is refused with its code, exit 5, and nothing is written. A
    compressed interchange is written inflated, unless it is asked for as it came."""
    now = occasion().now
    try:
        with standing_gateway(load_settings(config), now) as gateway:
            sender, opened = _open(gateway, file, partner, now)
            refusal = payload_refusal(gateway.settings, sender, opened)
        if refusal is not None:
            raise PartnerError(refusal)
    except PartnerError as error:
        if as_json:
            emit_json("opened", {"file": file, "ok": False, "code": error.code})
        return report(error, as_json=as_json, status=Exit.TRUST)
    packed = opened.header.content_type == EDIFACT_GZIP
    content = opened.payload if raw or not packed else interchange_of(opened)
    write_whole(output, content)
    if as_json:
        emit_json("opened", {"file": file, "ok": True, "code": None, "output": output, "mic": opened.mic,
                             "signature_digest": opened.signature_digest, "header": opened.header,
                             "signed": opened.signing_time, "certificate": opened.certificate_sha256,
                             "inflated": packed and not raw})
    else:
        emit(str(output))
        note(t("open.done", partner=sender, sequence=opened.header.sequence, mic=opened.mic))
        if packed:
            note(t("open.raw" if raw else "open.inflated", packed=len(opened.payload), size=len(content)))
    return Exit.DONE


def _open(gateway: Assembly, file: Path, partner: str | None, now: datetime) -> tuple[str, Opened]:
    """Open with the certificates of the partner named, or of the one whose certificate signed it."""
    content = _bounded(file, gateway.settings.limits.file)
    # Outside a mailbox the name is only judged when it claims to be one.
    name = file.name if _NAME.fullmatch(file.name) else file_name(content)
    names = [gateway.partner(partner).partner] if partner else sorted(gateway.settings.partners)
    if not names:
        raise LocalError(Finding(code="X010", values={"partner": "*", "known": ""}))
    refusals: list[PartnerError] = []
    for candidate in names:
        try:
            return candidate, open_envelope(
                name, content, recipient=gateway.name, keys=gateway.decryption_keys, trust=gateway.trust(candidate),
                now=now, environment=gateway.settings.environment)
        except PartnerError as error:
            if error.code not in _MAY_BE_ANOTHERS:
                raise
            refusals.append(error)
    raise min(refusals, key=lambda error: error.code == "E_SIGNER_UNKNOWN")


_MAY_BE_ANOTHERS = ("E_SIGNER_UNKNOWN", "E_ALG", "E_OUTER")
"""What only one partner's list and agreement decide: the next one may have agreed to it."""


def _bounded(file: Path, limit: int) -> bytes:
    """V2: no more is read than a file may have. Raises PartnerError E_SIZE."""
    size = file.stat().st_size
    if size <= limit:
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
        if len(content) <= limit:
            return content
    raise PartnerError(Finding(code="E_SIZE", place=Place(file=str(file)),
                               values={"size": str(max(size, limit + 1)), "limit": str(limit)}))
