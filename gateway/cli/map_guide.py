"""`edi map guide`: the implementation guide of a corridor, as a page to print or as a PDF.

It describes the mappings as their files say today, and what has changed since the version that was in force before: as
the ledger keeps it, or as another folder of mappings has it. Without settings there is no ledger, and no such version.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from gateway.cli.context import common, emit, language, occasion, t
from gateway.cli.map import search_of, settings_at
from gateway.errors import LocalError
from gateway.exchange.assembly import standing_versions
from gateway.exchange.guides import guide_messages
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.mapping import load_corridors
from gateway.mapping.versions import NOTHING_ACTIVATED
from gateway.pages import guide, pdf
from gateway.spool import write_whole

_READABLE = 0o644
"""A guide is for everybody."""


@click.command(name="guide", help=t("cli.map.guide.help"))
@click.argument("corridor", metavar=t("cli.metavar.corridor"))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.map.guide.out"))
@click.option("--pdf", "printed", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"),
              help=t("cli.map.guide.pdf"))
@click.option("--since", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar=t("cli.metavar.folder"),
              help=t("cli.map.guide.since"))
@common
def guide_command(corridor: str, out: Path | None, printed: Path | None, since: Path | None, config: Path) -> int:
    """Write the page, the PDF or both, and name what was written. Raises LocalError: M302, the faults of a mapping."""
    settings = settings_at(config)
    search = search_of(settings)
    corridors = load_corridors(search)
    chosen = corridors.named(corridor)
    with nullcontext(NOTHING_ACTIVATED) if settings is None else standing_versions(settings, occasion().now) as known:
        messages = guide_messages(chosen, search, known, since)
    page = guide(chosen, messages, corridors.offices.values(), language())
    if out is not None or printed is None:
        _write((out or Path()) / f"guide-{chosen.identifier}.{language().value}.html", page.encode())
    if printed is not None:
        _write(printed, pdf(page))
    return Exit.DONE


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(Finding(code="M501", values={"folder": str(path.parent),
                                                      "reason": error.strerror or str(error)})) from error
    write_whole(path, content, _READABLE)
    emit(str(path))
