"""`edi report`: the corridors as a folder of plain pages, for a web server, a shared disk, a stick, a printer."""

from __future__ import annotations

import re
import webbrowser
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import click

from gateway.cli.context import acting, emit, emit_json, language, occasion, rehearsing, t, tell
from gateway.config import load_settings
from gateway.errors import GatewayError
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.guides import guide_messages
from gateway.exchange.report_pages import Wanted, report_pages
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.pages import GuideMessage
from gateway.spool import replace_folder

MARKER = ".edi-report"
"""By this file a folder is known as one that may be replaced."""
_FOLDER = "report"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _lasting(context: click.Context, parameter: click.Parameter, text: str | None) -> timedelta | None:
    if text is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if found is None:
        raise click.BadParameter(t("cli.report.every.wrong", value=text))
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


@click.command(name="report", help=t("cli.report.help"))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.report.out"))
@click.option("--corridor", "corridors", multiple=True, metavar=t("cli.metavar.corridor"),
              help=t("cli.report.corridor"))
@click.option("--full", is_flag=True, help=t("cli.report.full"))
@click.option("--every", callback=_lasting, metavar=t("cli.metavar.duration"), help=t("cli.report.every"))
@click.option("--open", "shown", is_flag=True, help=t("cli.report.open"))
@acting
def report_command(config: Path, out: Path | None, corridors: Sequence[str], full: bool, every: timedelta | None,
                   shown: bool, as_json: bool) -> int:
    """The folder is written beside the old one and takes its place in one step. Raises LocalError B070, B071, M302."""
    settings, now = load_settings(config), occasion().now
    folder = (out or config.absolute().parent / _FOLDER).absolute()
    faults: list[Finding] = []
    with open_gateway(settings, now) as gateway:
        pages = report_pages(gateway, Wanted(
            corridors=corridors, full=full, expected=None if every is None else now + every,
            guides=lambda corridor: _guide(gateway, corridor, faults)))
        count, octets = _counted(pages) if rehearsing() else replace_folder(
            folder, pages, MARKER, confidential=full)
    tell(list(dict.fromkeys(faults)))
    if as_json:
        emit_json("report", {"folder": str(folder), "pages": count, "octets": octets, "full": full,
                             "corridors": list(corridors)})
    else:
        emit(t("report.written" if rehearsing() else "report.written.done", folder=folder, pages=count,
               kib=-(-octets // 1024)))
    if shown and not rehearsing():
        webbrowser.open((folder / language().value / "index.html").as_uri())
    return Exit.SETTINGS if faults else Exit.DONE


def _counted(pages: Iterator[tuple[str, bytes]]) -> tuple[int, int]:
    sizes = [len(content) for _, content in pages]
    return len(sizes), sum(sizes)


def _guide(gateway: Gateway, corridor: str, faults: list[Finding]) -> Sequence[GuideMessage]:
    """The messages of a corridor's guide; none, and what is wrong, where its mappings cannot be read."""
    try:
        return guide_messages(gateway.corridors.named(corridor), gateway.search, gateway.versions)
    except GatewayError as error:
        faults.extend(error.findings)
        return ()
