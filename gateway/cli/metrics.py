"""`edi metrics`: measurements for Prometheus, on stdout or as a file of the node exporter's folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.context import common, language, occasion, t
from gateway.config import load_settings
from gateway.exchange.summary import Exit
from gateway.exchange.watching import look, watched
from gateway.reports.metrics import metrics
from gateway.spool import write_whole

_READABLE = 0o644
"""What monitoring reads is no secret, and another account reads it."""


@click.command(name="metrics", help=t("cli.metrics.help"))
@click.option("--textfile", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"),
              help=t("cli.metrics.textfile"))
@common
def metrics_command(config: Path, textfile: Path | None) -> int:
    """Written whole or not at all; changes nothing of the gateway."""
    settings, now = load_settings(config), occasion().now
    with watched(settings, now) as gateway:
        text = metrics(look(gateway, now), language())
    if textfile is None:
        sys.stdout.write(text.decode("utf-8"))
    else:
        write_whole(textfile.absolute(), text, _READABLE)
    return Exit.DONE
