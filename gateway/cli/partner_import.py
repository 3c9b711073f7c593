"""`edi partner import`: from what a partner sent, and two people who compared it, to its file in the settings."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.addresses import host_keys_in, host_keys_option, mailbox_at
from gateway.cli.context import common, emit, emit_json, json_option, language, note, occasion, t
from gateway.cli.people import by_option, login, named_people
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.introducing import Plan, planned
from gateway.exchange.introduction import Introduction, read_introduction
from gateway.exchange.joining import Terms
from gateway.exchange.partner_files import answered_for, write_partner
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.security import fingerprint

_TWO = 2
"""People who compare fingerprints: one here and one there, or two here with a letter (GW-1 section 10, K5)."""


@click.command(name="import", help=t("cli.partner.import.help"))
@click.argument("source", type=click.Path(path_type=Path, exists=True), metavar=t("cli.metavar.pack"))
@click.option("--partner", metavar="ID", help=t("cli.partner.id"))
@click.option("--country", metavar="XX", help=t("cli.partner.country"))
@click.option("--name-fr", metavar=t("cli.metavar.person"), help=t("cli.partner.name_fr"))
@click.option("--name-en", metavar=t("cli.metavar.person"), help=t("cli.partner.name_en"))
@click.option("--outbound", metavar=t("cli.metavar.address"), help=t("cli.partner.outbound"))
@click.option("--inbound", metavar=t("cli.metavar.address"), help=t("cli.partner.inbound"))
@host_keys_option
@click.option("--agreement", metavar="REF", help=t("cli.partner.agreement"))
@click.option("--contact", nargs=3, metavar=t("cli.metavar.contact"), help=t("cli.partner.contact"))
@click.option("--algorithm", "algorithms", multiple=True, type=click.Choice(["P-384", "Ed25519", "ECDH-P-384"]),
              help=t("cli.partner.algorithm"))
@by_option
@click.option("--compared", type=click.Choice(["voice", "letter"]), help=t("cli.partner.compared"))
@click.option("--replace", is_flag=True, help=t("cli.partner.replace"))
@click.option("--dry-run", is_flag=True, help=t("cli.partner.dry_run"))
@json_option
@common
def import_command(config: Path, source: Path, partner: str | None, country: str | None, name_fr: str | None,
                   name_en: str | None, outbound: str | None, inbound: str | None, host_keys: Path | None,
                   agreement: str | None, contact: tuple[str, str, str] | None, algorithms: tuple[str, ...],
                   people: tuple[str, ...], compared: str | None, replace: bool, dry_run: bool, as_json: bool) -> int:
    """Show what was sent and what it would change; write it once two people answer for the fingerprints."""
    settings, now = load_settings(config), occasion().now
    introduction = read_introduction(source, now=now, environment=settings.environment)
    keys = host_keys_in(host_keys) or introduction.host_keys
    terms = Terms(partner=partner, country=country, name_fr=name_fr, name_en=name_en, reference=agreement,
                  outbound=None if outbound is None else mailbox_at(outbound, keys, settings),
                  inbound=None if inbound is None else mailbox_at(inbound, keys, settings),
                  contact=contact, algorithms=algorithms, replace=replace)
    plan = planned(settings, introduction, terms, language())
    answered = not plan.changes and answered_for(settings, plan, now)
    write = not (answered or dry_run)
    if not as_json:
        _show(plan, introduction, answered)
    if write:
        answering = _answering(people, compared)
        write_partner(config, plan, people=answering, compared=str(compared), login=login(), now=now)
    if as_json:
        _show_json(plan, write)
    elif write:
        said = "partner.added" if plan.before is None else "partner.changed" if plan.changes else "partner.confirmed"
        note(t(said, file=plan.file, partner=plan.partner))
        ssh = plan.file.with_name(f"{plan.partner}-ssh.pub")
        if ssh in plan.others:
            note(t("partner.ssh", file=ssh))
    else:
        note(t("partner.unchanged" if answered else "partner.dry_run", partner=plan.partner))
    return Exit.DONE


def _answering(people: tuple[str, ...], compared: str | None) -> tuple[str, ...]:
    """Raises LocalError C016 when nobody says that fingerprints were compared, C012 for fewer than two people."""
    if compared is None:
        raise LocalError(Finding(code="C016"))
    return named_people(people, _TWO)


def _show(plan: Plan, introduction: Introduction, answered: bool) -> None:
    emit(t("partner.introduces", partner=plan.partner,
           how=t("partner.signed" if introduction.said is not None else "partner.plain")))
    for line in plan.lines:
        emit(t(f"partner.line.{line.change}", use=t(f"use.{line.use}"), fingerprint=fingerprint(line.certificate),
               end=f"{line.certificate.not_after:%Y-%m-%d}"))
    for what, value in plan.terms:
        emit(f"  {t(f'partner.show.{what}'):24} {value}")
    for one in plan.differences:
        emit(t("partner.difference", what=one.what, held=one.held or "-", said=one.said or "-"))
    if not answered:
        note(t("partner.compare", partner=plan.partner))


def _show_json(plan: Plan, written: bool) -> None:
    emit_json("partner", {
        "partner": plan.partner, "file": plan.file, "written": written, "existed": plan.before is not None,
        "digest": plan.digest, "certificates": [{
            "use": line.use, "change": line.change, "sha256": line.certificate.sha256,
            "fingerprint": fingerprint(line.certificate), "ends": line.certificate.not_after} for line in plan.lines],
        "differences": [{"what": one.what, "held": one.held, "said": one.said} for one in plan.differences]})
