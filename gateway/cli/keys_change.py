"""`edi keys rotate` and `edi keys announce`: our own next pair, made and made known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, common, emit, emit_json, json_option, note, occasion, t, tell
from gateway.config import load_settings
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.key_change import Dates, announce, following, record_next
from gateway.exchange.own_keys import OwnPair
from gateway.exchange.summary import Exit
from gateway.ledger.key_rows import OwnKeyState
from gateway.security import (
    Certificate,
    check_environment,
    fingerprint,
    load_certificate,
    load_decryption_key,
    load_signer,
)
from gateway.security.key_notice import OVERLAP
from gateway.security.next_pair import make_next
from gateway.security.privatekeys import ALGORITHMS, Algorithm

USE = click.Choice(["signing", "encryption"])
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="rotate", help=t("cli.keys.rotate.help"))
@click.argument("use", type=USE, metavar="signing|encryption")
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default="ec", show_default=True,
              help=t("cli.keys.algorithm"))
@click.option("--days", type=click.IntRange(45, 1200), default=730, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.keys.days"))
@click.option("--key", type=_FILE, metavar=t("cli.metavar.file"), help=t("cli.keys.change.key"))
@click.option("--certificate", type=_FILE, metavar=t("cli.metavar.file"), help=t("cli.keys.change.certificate"))
@click.option("--authority-key", type=_FILE, metavar=t("cli.metavar.file"), help=t("cli.keys.change.authority_key"))
@json_option
@common
def rotate_command(config: Path, use: str, algorithm: Algorithm, days: int, key: Path | None,
                   certificate: Path | None, authority_key: Path | None, as_json: bool) -> int:
    """Make the next pair below our own authority, or take one whose files lie there; record it, tell nobody."""
    if (key is None) is not (certificate is None):
        raise click.UsageError(t("cli.keys.change.both"))
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        following(gateway, use, now.now)  # before anything is made
        if key is None or certificate is None:
            key, certificate = make_next(
                gateway.settings.paths.keys, use=use, gateway=gateway.name, algorithm=algorithm,
                environment=gateway.settings.environment, authority=gateway.settings.keys.authority, now=now.now,
                valid=timedelta(days=days), passphrase=gateway.passphrase, authority_key=authority_key)
        pair = _pair(gateway, use, key.absolute(), certificate.absolute())
        before = record_next(gateway, use, pair, "edi keys rotate", now)
    made = load_certificate(pair.certificate)
    if as_json:
        emit_json("rotated", {"use": use, "key": pair.key, "certificate": pair.certificate, "sha256": made.sha256,
                              "fingerprint": fingerprint(made), "ends": made.not_after, "replaces": before.sha256})
        return Exit.DONE
    note(t("cli.keys.change.rotated", file=pair.key))
    emit(t("keys.fingerprint", part=use, fingerprint=fingerprint(made), end=f"{made.not_after:%Y-%m-%d}"))
    revoked = before.state is OwnKeyState.REVOKED
    note(t("cli.keys.change.next_revoked" if revoked else "cli.keys.change.next", use=use))
    return Exit.DONE


@click.command(name="announce", help=t("cli.keys.announce.help"))
@click.argument("use", type=USE, metavar="signing|encryption")
@click.option("--partner", "partners", multiple=True, metavar="ID", help=t("cli.keys.change.partner"))
@click.option("--from", "first", metavar=t("cli.metavar.date"), help=t("cli.keys.change.from"))
@click.option("--until", "last", metavar=t("cli.metavar.date"), help=t("cli.keys.change.until"))
@acting
def announce_command(config: Path, use: str, partners: tuple[str, ...], first: str | None, last: str | None,
                     as_json: bool) -> int:
    """Seal one announcement for each partner that was not asked yet; exit 1 when one could not be asked."""
    dates = _dates(first, last)
    with opened(config) as (gateway, now):
        told = list(announce(gateway, use, partners, dates, now))
    for one in told:
        if as_json:
            emit_json("announced", {"use": use, "partner": one.partner, "outcome": one.outcome,
                                    "codes": [finding.code for finding in one.findings]})
        else:
            emit(t(f"cli.keys.change.{one.outcome}", partner=one.partner))
        tell(one.findings)
    failed = sum(one.outcome == "failed" for one in told)
    if as_json:
        emit_json("summary", {"count": len(told), "failed": failed})
    return Exit.PERSON if failed else Exit.DONE


def instant(text: str) -> datetime:
    """A day, which begins at midnight UTC, or an instant in UTC. Raises click.BadParameter."""
    try:
        if "T" not in text:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(t("cli.keys.change.date", value=text)) from None
    if moment.tzinfo is None or moment.utcoffset():
        raise click.BadParameter(t("cli.keys.change.date", value=text))
    return moment.replace(microsecond=0)


def _dates(first: str | None, last: str | None) -> Dates | None:
    if first is None:
        if last is not None:
            raise click.UsageError(t("cli.keys.change.from_first"))
        return None
    start = instant(first)
    return Dates(use_from=start, accept_old_until=start + OVERLAP if last is None else instant(last))


def _pair(gateway: Gateway, use: str, key: Path, certificate: Path) -> OwnPair:
    """A pair by its files, judged as at every start."""
    load = load_signer if use == "signing" else load_decryption_key
    held: Certificate = load(key, certificate, gateway.passphrase).certificate
    check_environment(held, gateway.settings.environment)
    return OwnPair(number=None, sha256=held.sha256, key=key, certificate=certificate)
