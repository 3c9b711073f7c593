"""`edi check`: one look for a monitoring that speaks the plug-in dialect, and nothing else does (EXPERIENCE 3.2).

0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: a wrong option, broken settings, a defect of ours and a look that takes too long
all are UNKNOWN here, for 2 would be read as CRITICAL.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from gateway.cli.context import common, emit, language, occasion, t
from gateway.config import load_settings
from gateway.errors import GatewayError
from gateway.exchange.assembly import Gateway
from gateway.exchange.watching import look, watched
from gateway.reports.plugin import DEFAULTS, Range, State, headline, line, measures, read_range
from gateway.reports.sight import Sight
from gateway.texts import sentence


class _PlugIn(click.Command):
    """A command of which whatever goes wrong is UNKNOWN, said on its one line."""

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None,
                     **extra: Any) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.ClickException as error:
            raise click.exceptions.Exit(_unknown(error.format_message())) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except GatewayError as error:
            return _unknown(_said(error))
        except click.ClickException as error:
            return _unknown(error.format_message())
        except (click.Abort, KeyboardInterrupt):
            return _unknown(t("plugin.interrupted"))
        except Exception as error:
            return _unknown(t("plugin.defect", name=type(error).__name__))


def _ranges(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Range]:
    """``LABEL=RANGE``, several times. Raises click.BadParameter."""
    found = {}
    for value in values:
        label, _, text = value.partition("=")
        try:
            if label not in DEFAULTS:
                raise ValueError(label)
            found[label] = read_range(text)
        except ValueError:
            raise click.BadParameter(t("plugin.range", value=value, labels=", ".join(DEFAULTS))) from None
    return found


_range = t("cli.metavar.range")


@click.command(name="check", cls=_PlugIn, help=t("cli.check.help"))
@click.option("--corridor", metavar="ID", help=t("cli.check.corridor"))
@click.option("--partner", metavar="ID", help=t("cli.check.partner"))
@click.option("--warning", "-w", multiple=True, callback=_ranges, metavar=_range, help=t("cli.check.warning"))
@click.option("--critical", "-c", multiple=True, callback=_ranges, metavar=_range, help=t("cli.check.critical"))
@click.option("--timeout", type=click.IntRange(1, 600), default=10, show_default=True, metavar=t("cli.metavar.number"),
              help=t("cli.check.timeout"))
@common
def check_command(config: Path, corridor: str | None, partner: str | None, warning: dict[str, Range],
                  critical: dict[str, Range], timeout: int) -> int:
    """One line on stdout whatever happens; the exit status is the state."""
    timer = threading.Timer(timeout, _too_long)
    timer.daemon = True
    timer.start()
    try:
        settings, now = load_settings(config), occasion().now
        with watched(settings, now) as gateway:
            found = measures(_wanted(gateway, look(gateway, now), corridor, partner), warning, critical)
    finally:
        timer.cancel()
    words = {one.label: t(f"plugin.{one.label}", n=f"{one.value:.0f}") for one in found}
    state, said = line(settings.gateway, found, words, t("plugin.fine"))
    emit(said)
    return state


def _wanted(gateway: Gateway, sight: Sight, corridor: str | None, partner: str | None) -> Sight:
    """Of one corridor, or with one partner; the gateway itself is looked at either way."""
    if partner is not None:
        gateway.partner(partner)
        sight = replace(sight, partners=tuple(one for one in sight.partners if one.partner == partner))
    if corridor is None:
        return sight
    through = {one.gateway for one in gateway.corridors.named(corridor).administrations}
    return replace(sight, corridors=tuple(one for one in sight.corridors if one.corridor == corridor),
                   partners=tuple(one for one in sight.partners if one.partner in through))


def _said(error: GatewayError) -> str:
    return sentence(error.findings[0], language())


def _unknown(said: str) -> int:
    emit(headline(State.UNKNOWN, "edi check", said))
    return State.UNKNOWN


def _too_long() -> None:
    try:
        _unknown(t("plugin.timeout"))
        sys.stdout.flush()
    finally:
        os._exit(State.UNKNOWN)
