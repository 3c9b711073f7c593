"""`edi guarantee limit REF AMOUNT CURRENCY`: up to what a guarantee is good, as its surety says."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.acting import opened
from gateway.cli.context import acting, calendar_day, emit, emit_json, t
from gateway.cli.people import by_option, login, named_people
from gateway.exchange.summary import Exit

_MOST = Decimal(10) ** 15
_LONGEST = 175


@click.command(name="limit", help=t("cli.guarantee.limit.help"))
@click.argument("reference", metavar="REF")
@click.argument("amount", metavar=t("cli.metavar.amount"))
@click.argument("currency", metavar=t("cli.metavar.currency"))
@click.option("--surety", default="", metavar=t("cli.metavar.person"), help=t("cli.guarantee.surety"))
@click.option("--until", metavar=t("cli.metavar.date"), help=t("cli.guarantee.until"))
@click.option("--reason", required=True, metavar=t("cli.metavar.reason"), help=t("cli.guarantee.reason"))
@by_option
@acting
def limit_command(config: Path, reference: str, amount: str, currency: str, surety: str, until: str | None,
                  reason: str, people: tuple[str, ...], as_json: bool) -> int:
    """Note the amount, who says so, and why; what is engaged above it shows from now on."""
    good_for, last = _amount(amount), None if until is None else calendar_day(until)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise click.BadParameter(t("cli.guarantee.no_currency", value=currency))
    if not 0 < len(reference) <= 35 or len(surety) > _LONGEST:
        raise click.BadParameter(t("cli.guarantee.too_long"))
    who = ", ".join(named_people(people, 1))
    with opened(config) as (gateway, now):
        with gateway.ledger.transaction() as transaction:
            transaction.set_bond(reference, currency=currency, good_for=good_for, surety=surety, until=last,
                                 text=f"{who} [{login()}]: {reason}", at=now.now)
        with gateway.ledger.reading() as queries:
            held = next(one for one in queries.bonds_of(reference) if one.currency == currency)
    if as_json:
        emit_json("guarantee", {**asdict(held), "free": held.free,
                                "over": held.over})
    else:
        emit(t("guarantee.limited", reference=reference, amount=f"{good_for:.2f}", currency=currency,
               engaged=f"{held.engaged:.2f}"))
    return Exit.DONE


def _amount(text: str) -> Decimal:
    """An amount with at most two decimals. Raises click.BadParameter."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= _MOST or amount != round(amount, 2):
        raise click.BadParameter(t("cli.guarantee.no_amount", value=text))
    return amount
