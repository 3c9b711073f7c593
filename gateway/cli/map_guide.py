"""`edi map guide`: the implementation guide of a corridor, as a page to print or as a PDF.

It describes the mappings as their files say today, and what has changed since the version that was in force before: as
the ledger keeps it, or as another folder of mappings has it. Without settings there is no ledger, and no such version.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import click

from gateway.cli.context import common, emit, language, occasion, t
from gateway.cli.map import search_of, settings_at
from gateway.errors import LocalError
from gateway.exchange.assembly import standing_versions
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.mapping import Mapping, load_corridors
from gateway.mapping.bench.flatten import Flat, flat_of, flatten
from gateway.mapping.corridors import Corridor
from gateway.mapping.laws.proposals import NAMES
from gateway.mapping.laws.sample_files import expected, sample_folder, samples_in
from gateway.mapping.versions import NOTHING_ACTIVATED, Versions
from gateway.pages import Example, GuideMessage, guide, pdf
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


def guide_messages(corridor: Corridor, search: Sequence[Path], known: Versions,
                   since: Path | None = None) -> list[GuideMessage]:
    """The messages of a corridor's guide, each with its samples and the version before. Raises the faults of a mapping.

    since  a folder of mappings that holds the versions before; None for what the ledger activated
    """
    return [GuideMessage(mapping=mapping, examples=_examples(mapping, search),
                         previous=in_force_before(known, mapping) if since is None else _in(since, mapping))
            for mapping in corridor.mappings()]


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(Finding(code="M501", values={"folder": str(path.parent),
                                                      "reason": error.strerror or str(error)})) from error
    write_whole(path, content, _READABLE)
    emit(str(path))


def _examples(mapping: Mapping, search: Sequence[Path]) -> list[Example]:
    """The samples of a mapping that have an expected message."""
    folder = sample_folder(mapping.identifier, search)
    made = []
    for sample in samples_in(folder) if folder is not None else ():
        files = expected(sample)
        if ".edi" in files:
            made.append(Example(name=sample.stem, file=f"{mapping.identifier}: {sample.name}", text=files[".edi"],
                                rules=_rules(files.get(".rules", "")), made=sample.stem in NAMES))
    return made


def _rules(text: str) -> tuple[str, ...]:
    """The rules that a file of broken rules names, each once; its lines say which record, rule and term."""
    return tuple(dict.fromkeys(line.split()[1] for line in text.splitlines()))


def _in(since: Path, mapping: Mapping) -> Flat | None:
    """The mapping as it was, in a folder of mappings of then; None when it is not in it."""
    there = (since / f"{mapping.identifier}.yaml").is_file()
    return flatten(mapping.identifier, [since]) if there else None


def in_force_before(versions: Versions, mapping: Mapping) -> Flat | None:
    """The version that was activated last before this one, or last of all when this one never was; None without one."""
    earlier = []
    for one in versions.of(mapping.identifier):
        if one.digest == mapping.digest:
            break
        earlier.append(one)
    return flat_of(versions.load(earlier[-1].digest).definition) if earlier else None
