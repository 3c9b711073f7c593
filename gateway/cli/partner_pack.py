"""`edi partner pack`: everything a partner needs to know of this gateway in one file, nothing in it secret."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.addresses import host_keys_in, host_keys_option, mailbox_at
from gateway.cli.context import common, emit, emit_json, json_option, language, note, occasion, t
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.pack import PackAnswers, make_pack
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.security import fingerprint
from gateway.spool import write_whole


@click.command(name="pack", help=t("cli.partner.pack.help"))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar=t("cli.metavar.file"),
              help=t("cli.partner.pack.output"))
@click.option("--name-fr", required=True, metavar=t("cli.metavar.person"), help=t("cli.partner.pack.name_fr"))
@click.option("--name-en", required=True, metavar=t("cli.metavar.person"), help=t("cli.partner.pack.name_en"))
@click.option("--contact", nargs=3, metavar=t("cli.metavar.contact"), help=t("cli.partner.pack.contact"))
@click.option("--mailbox", metavar=t("cli.metavar.address"), help=t("cli.partner.pack.mailbox"))
@host_keys_option
@click.option("--algorithm", "algorithms", multiple=True, type=click.Choice(["P-384", "Ed25519", "ECDH-P-384"]),
              help=t("cli.partner.pack.algorithm"))
@click.option("--order", type=click.Choice(["loose", "strict"]), default="loose", show_default=True,
              help=t("cli.partner.pack.order"))
@click.option("--deadlines", nargs=3, metavar=t("cli.metavar.deadlines"), help=t("cli.partner.pack.deadlines"))
@click.option("--list-address", metavar=t("cli.metavar.address"), help=t("cli.partner.pack.list_address"))
@json_option
@common
def pack_command(config: Path, output: Path | None, name_fr: str, name_en: str, contact: tuple[str, str, str] | None,
                 mailbox: str | None, host_keys: Path | None, algorithms: tuple[str, ...], order: str,
                 deadlines: tuple[str, str, str] | None, list_address: str | None, as_json: bool) -> int:
    """Write the pack and show what the partner will read aloud."""
    settings, now = load_settings(config, partners=False), occasion().now
    box = None if mailbox is None else mailbox_at(mailbox, host_keys_in(host_keys), settings)
    if box is not None and box.path is not None:  # a folder of this machine is nowhere for a partner
        raise LocalError(Finding(code="C023", values={"address": str(mailbox)}))
    with open_gateway(settings, now) as gateway:
        made = make_pack(gateway, PackAnswers(
            name_fr=name_fr, name_en=name_en, contact=contact, mailbox=box, algorithms=algorithms, order=order,
            deadlines=deadlines and dict(zip(("receipt", "contrl", "cusres"), deadlines, strict=True)),
            address=list_address), now, language())
    name = f"{settings.gateway}-{now:%Y%m%d}.tar"
    file = Path(name) if output is None else output / name if output.is_dir() else output
    write_whole(file, made.content, 0o644)
    if as_json:
        emit_json("pack", {"file": file, "gateway": settings.gateway, "certificates": [{
            "use": use, "sha256": one.sha256, "fingerprint": fingerprint(one), "ends": one.not_after}
            for use, one in made.certificates]})
        return Exit.DONE
    note(t("pack.made", file=file))
    for use, one in made.certificates:
        emit(t("partner.line.kept", use=t(f"use.{use}"), fingerprint=fingerprint(one), end=f"{one.not_after:%Y-%m-%d}"))
    note(t("pack.send"))
    return Exit.DONE
