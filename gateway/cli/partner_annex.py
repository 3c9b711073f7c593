"""`edi partner annex`: the technical annex of the interchange agreement, as the settings and the mappings have it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, note, occasion, t
from gateway.config import load_settings
from gateway.config.partner import Contact, Names
from gateway.errors import LocalError
from gateway.exchange.annex import OwnWords, annex_of
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.pages import pdf
from gateway.pages.annex import annex_markdown, annex_page, annex_word
from gateway.reports.annex import Annex
from gateway.spool import write_whole
from gateway.texts import Language

_READABLE = 0o644
"""An annex is for both houses."""
_MARKDOWN, _PAGES = (".md", ".markdown"), (".html", ".htm")


@click.command(name="annex", help=t("cli.partner.annex.help"))
@click.argument("partner", metavar="ID")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"),
              help=t("cli.partner.annex.output"))
@click.option("--bilingual", is_flag=True, help=t("cli.partner.annex.bilingual"))
@click.option("--name-fr", metavar=t("cli.metavar.person"), help=t("cli.partner.annex.name_fr"))
@click.option("--name-en", metavar=t("cli.metavar.person"), help=t("cli.partner.annex.name_en"))
@click.option("--contact", nargs=3, metavar=t("cli.metavar.contact"), help=t("cli.partner.annex.contact"))
@json_option
@common
def annex_command(config: Path, partner: str, output: Path | None, bilingual: bool, name_fr: str | None,
                  name_en: str | None, contact: tuple[str, str, str] | None, as_json: bool) -> int:
    """Write the annex in the form that the file's name says; without a file, Markdown to stdout.

    Raises LocalError C260 for a name that says no form, M500 where no PDF can be made.
    """
    if output is not None and output.suffix.lower() not in (*_MARKDOWN, *_PAGES, ".pdf"):
        raise LocalError(Finding(code="C260", values={"file": str(output)}))
    own = OwnWords(
        names=None if name_fr is None and name_en is None else Names(fr=name_fr or str(name_en),
                                                                     en=name_en or str(name_fr)),
        contact=None if contact is None else Contact(name=contact[0], telephone=contact[1], mail=contact[2]))
    now = occasion().now
    with open_gateway(load_settings(config), now) as gateway:
        annex = annex_of(gateway, partner, own, now)
    languages = tuple(Language) if bilingual else (language(),)
    if output is not None:
        write_whole(output, _formed(output, annex, languages), _READABLE)
    if as_json:
        for part in annex.parts:
            for row in part.rows:
                emit_json("row", {"part": part.name, "cells": dict(zip(
                    part.columns, (annex_word(cell, languages) for cell in row), strict=True))})
        emit_json("summary", {"partner": partner, "reference": annex.reference, "file": output,
                              "rows": sum(len(part.rows) for part in annex.parts)})
    elif output is None:
        emit(annex_markdown(annex, languages).rstrip("\n"))
    else:
        note(t("annex.made", file=output))
    return Exit.DONE


def _formed(output: Path, annex: Annex, languages: Sequence[Language]) -> bytes:
    if output.suffix.lower() in _MARKDOWN:
        return annex_markdown(annex, languages).encode()
    page = annex_page(annex, languages)
    return pdf(page) if output.suffix.lower() == ".pdf" else page.encode()
