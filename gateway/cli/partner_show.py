"""`edi partner show`: all that is agreed with a partner and known of it; without a name, every partner on one line."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, table, tell
from gateway.config import DirectoryMailbox, Partner, SftpMailbox, load_settings
from gateway.config.partner import Agreement
from gateway.config.scalars import render_duration
from gateway.exchange.assembly import open_gateway
from gateway.exchange.joining import yes_no
from gateway.exchange.partner_sheet import PartnerSheet, sheet_of
from gateway.exchange.summary import Exit

_SHOWN = {"name", "unb", "mailbox", "agreement", "contact"}


@click.command(name="show", help=t("cli.partner.show.help"))
@click.argument("partner", metavar="[ID]", required=False)
@json_option
@common
def show_command(config: Path, partner: str | None, as_json: bool) -> int:
    """One partner in full, or all of them; exit 3 when the file of one is broken."""
    now = occasion().now
    with open_gateway(load_settings(config), now) as gateway:
        broken = gateway.settings.broken_partners if partner is None else {}
        names = sorted(gateway.settings.partners) if partner is None else [partner]
        sheets = [sheet_of(gateway, name, now) for name in names]
    if as_json:
        for one in sheets:
            emit_json("partner", _plain(one))
        emit_json("summary", {"count": len(sheets), "broken": sorted(broken)})
    elif partner is not None:
        _show(sheets[0])
    elif sheets:
        table([t("column.partner"), t("partner.column.name"), t("column.end"), t("column.state"),
               t("partner.column.link"), t("partner.column.agreed")],
              [[one.partner.partner, _name(one.partner), f"{one.ends:%Y-%m-%d}", t(f"keys.level.{one.level}"),
                _halted(one) or t("partner.show.open"), _agreed(one.partner.agreement)] for one in sheets])
    else:
        emit(t("partner.show.none"))
    for findings in broken.values():
        tell(findings)
    return Exit.SETTINGS if broken else Exit.DONE


def _show(sheet: PartnerSheet) -> None:
    partner, agreement = sheet.partner, sheet.partner.agreement
    emit(f"{partner.partner}  {_name(partner)}  {partner.country}  {partner.environment or ''}".rstrip())
    _pair("unb", f"{partner.unb.identifier}:{partner.unb.qualifier}")
    _pair("outbound", _box(partner.mailbox.outbound) + _mode(partner.mailbox.outbound))
    _pair("inbound", _box(partner.mailbox.inbound) + _mode(partner.mailbox.inbound))
    _pair("agreement", agreement.reference)
    _pair("order", agreement.order)
    _pair("deadlines", t("partner.show.deadline_values", **_deadlines(agreement)))
    _pair("algorithms", ", ".join(agreement.algorithms) or "-")
    _pair("gzip", t("partner.show.gzip_open") if agreement.gzip is None else yes_no(agreement.gzip))
    if agreement.cbc is not None:
        _pair("cbc", t("partner.show.cbc_value", end=f"{agreement.cbc.until:%Y-%m-%d}", reason=agreement.cbc.reason))
    _pair("consent", agreement.consent)
    for mapping in agreement.mappings:
        _pair("mapping", f"{mapping.mapping} {mapping.version} {mapping.sha256[:12]}")
    authority = partner.authority
    published = ", ".join(str(place) for place in (authority.address, authority.revocation) if place is not None)
    _pair("list", published or f"{t('partner.show.no_list')}: {authority.reason}")
    if partner.contact is not None:
        _pair("contact", f"{partner.contact.name}, {partner.contact.telephone}, {partner.contact.mail}")
    _pair("link", _halted(sheet) or t("partner.show.open"))
    emit()
    table([t("column.type"), t("column.state"), t("partner.column.begin"), t("column.end"), "",
           t("column.fingerprint")],
          [[t(f"use.{one.use}"), t(f"partner.state.{one.state}"), f"{one.begins:%Y-%m-%d}", f"{one.ends:%Y-%m-%d}",
            t(f"keys.level.{one.level}"), one.fingerprint] for one in sheet.certificates])
    for sha256, state in sheet.consents.items():
        emit(t("partner.show.our_key", sha256=sha256[:16], state=t(f"partner.consent.{state.lower()}")))
    for one in sheet.decisions:
        known = one.event in ("introduced", "changed", "confirmed", "halt", "resume")
        emit(t(f"partner.decision.{one.event}" if known else "partner.decision.other", time=f"{one.at:%Y-%m-%d %H:%M}",
               people=", ".join(one.people), login=one.login, text=one.text or one.event,
               compared=t(f"partner.compared.{one.compared}") if one.compared else ""))


def _plain(sheet: PartnerSheet) -> dict[str, object]:
    partner = sheet.partner
    return {**{name: getattr(partner, name) for name in ("partner", "environment", "country")},
            **partner.model_dump(mode="json", by_alias=True, include=_SHOWN),
            "no_list": partner.authority.reason, "list_address": partner.authority.address,
            "certificates": sheet.certificates, "level": sheet.level, "ends": sheet.ends, "halted": sheet.halted,
            "consents": sheet.consents, "decisions": sheet.decisions}


def _pair(name: str, value: str) -> None:
    emit(f"  {t(f'partner.show.{name}'):24} {value}")


def _name(partner: Partner) -> str:
    return partner.name.fr if t("partner.show.name") == "fr" else partner.name.en


def _box(box: SftpMailbox | DirectoryMailbox) -> str:
    return f"sftp://{box.user}@{box.host}:{box.port}/{box.base}" if isinstance(box, SftpMailbox) else str(box.path)


def _mode(box: SftpMailbox | DirectoryMailbox) -> str:
    """The line of the partner's file that says how whole files are told, where it is not the usual one."""
    return "" if box.mode == "rename" else f", mode: {box.mode}"


def _halted(sheet: PartnerSheet) -> str:
    return ", ".join(t("partner.show.halted", direction=t(f"direction.{direction}"), code=code)
                     for direction, code in sheet.halted.items())


def _agreed(agreement: Agreement) -> str:
    """What is not of the profile's own default, in one cell."""
    words: list[str] = [*([] if agreement.order == "loose" else [agreement.order]), *agreement.algorithms]
    if agreement.cbc is not None:
        words.append(t("partner.show.cbc_value", end=f"{agreement.cbc.until:%Y-%m-%d}", reason=agreement.cbc.reason))
    return ", ".join(words) or "-"


def _deadlines(agreement: Agreement) -> dict[str, str]:
    asked = agreement.deadlines
    return {name: render_duration(getattr(asked, name)) for name in ("receipt", "contrl", "cusres")}
