"""`edi keys crl`: the partners' revocation lists, by a timer of their own; and our own authority's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, report, t
from gateway.config import Settings, load_settings
from gateway.errors import GatewayError
from gateway.exchange import failpoints
from gateway.exchange.assembly import open_gateway
from gateway.exchange.revocation_lists import LARGEST_LIST, Refreshed, refresh
from gateway.exchange.summary import Exit, exit_for, worst
from gateway.failpoints import reach
from gateway.security import judge_list, load_certificate, read_passphrase
from gateway.security.keys import load_private_key
from gateway.security.own_list import REASONS, Revoked, issue_list
from gateway.spool import make_folder, read_whole, write_whole

_existing = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(name="crl", help=t("cli.keys.crl.help"))
@click.option("--partner", "partners", multiple=True, metavar="ID", help=t("cli.option.partner"))
@click.option("--file", "given", type=_existing, metavar=t("cli.metavar.file"), help=t("cli.keys.crl.file"))
@click.option("--own", is_flag=True, help=t("cli.keys.crl.own"))
@click.option("--revoke", "revoked", multiple=True, type=_existing, metavar=t("cli.metavar.file"),
              help=t("cli.keys.crl.revoke"))
@click.option("--reason", type=click.Choice(list(REASONS)), default="unspecified", show_default=True,
              help=t("cli.keys.crl.reason"))
@click.option("--since", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), metavar=t("cli.metavar.instant"),
              help=t("cli.keys.crl.since"))
@click.option("--days", type=click.IntRange(1, 400), default=35, show_default=True, metavar=t("cli.metavar.number"),
              help=t("cli.keys.crl.days"))
@click.option("--authority-key", type=_existing, metavar=t("cli.metavar.file"), help=t("cli.keys.crl.authority_key"))
@json_option
@common
def crl_command(config: Path, partners: tuple[str, ...], given: Path | None, own: bool, revoked: tuple[Path, ...],
                reason: str, since: datetime | None, days: int, authority_key: Path | None, as_json: bool) -> int:
    """Fetch, judge and keep the list of every partner; one that fails stops no other. With --own, issue ours."""
    if (not own and (revoked or since or authority_key)) or (own and (partners or given)):
        raise click.UsageError(t("cli.keys.crl.own_alone"))
    if given is not None and len(partners) != 1:
        raise click.UsageError(t("cli.keys.crl.one_partner"))
    settings = load_settings(config, partners=not own)
    if own:
        at = occasion().now if since is None else since.replace(tzinfo=UTC)
        entries = [Revoked(load_certificate(path).serial, at, reason) for path in revoked]
        return _issue(settings, entries, days, authority_key, as_json)
    now, statuses = occasion().now, {Exit.DONE}
    with open_gateway(settings, now) as gateway:
        for name in gateway.chosen(partners):
            try:
                content = None if given is None else read_whole(given, LARGEST_LIST)
                _tell(refresh(gateway, name, now, given=content), as_json)
            except GatewayError as error:
                statuses.add(exit_for(error))
                note(t("keys.crl.failed", partner=name))
                report(error, as_json=as_json)
    return worst(statuses)


def _tell(refreshed: Refreshed, as_json: bool) -> None:
    judged = refreshed.judged
    if as_json:
        emit_json("list", {"partner": refreshed.partner, "outcome": refreshed.outcome,
                           "issuer": None if judged is None else judged.issuer,
                           "number": None if judged is None else str(judged.number),
                           "ends": None if judged is None else judged.ends,
                           "revoked": None if judged is None else judged.revoked})
    elif judged is None:
        emit(t("keys.crl.none", partner=refreshed.partner))
    else:
        emit(t(f"keys.crl.{refreshed.outcome}", partner=refreshed.partner, number=judged.number,
               end=f"{judged.ends:%Y-%m-%d %H:%M}", revoked=judged.revoked))


def _issue(settings: Settings, revoked: list[Revoked], days: int, authority_key: Path | None, as_json: bool) -> int:
    """Our own authority's next list, beside its certificate and in the folder for the partners."""
    authority_file = settings.keys.authority
    passphrase = None if settings.keys.passphrase is None else read_passphrase(settings.keys.passphrase)
    key = load_private_key(authority_key or authority_file.with_suffix(".key"), passphrase)
    authority, target = load_certificate(authority_file), authority_file.with_suffix(".crl")
    now = occasion().now
    before = read_whole(target, LARGEST_LIST) if target.exists() else None
    made = issue_list(key, authority, now=now, valid=timedelta(days=days), revoked=revoked, before=before)
    judged = judge_list(made, authority, seen=0, now=now)
    public = make_folder(settings.paths.keys / "public") / "authority.crl"
    write_whole(target, made)
    reach(failpoints.ISSUED)
    write_whole(public, made)
    if as_json:
        emit_json("issued", {"file": public, "number": str(judged.number), "ends": judged.ends,
                             "revoked": judged.revoked})
    else:
        emit(t("keys.crl.issued", file=public, number=judged.number, end=f"{judged.ends:%Y-%m-%d}",
               revoked=judged.revoked))
        note(t("keys.crl.issued.next", file=public))
    return Exit.DONE
