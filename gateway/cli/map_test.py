"""`edi map test`: the two laws on records made from the mapping, the samples, and what no sample reaches.

Opens neither mailbox nor ledger; of the settings, where there are any, it wants the folders of mappings alone.
"""

from __future__ import annotations

import random
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from msgspec import Struct

from gateway.cli.context import common, emit, emit_json, json_option, language, t, tell
from gateway.cli.map import resolve_names, search_of, settings_at
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.mapping import Mapping, load_mapping
from gateway.mapping.dialect import load_dialect
from gateway.mapping.dialect_files import known_dialects
from gateway.mapping.laws.chance import Chance
from gateway.mapping.laws.report import LawReport, SampleResult, Shrunk
from gateway.mapping.laws.sample_files import sample_folder, samples_behind
from gateway.mapping.laws.samples import load_samples, run_samples, write_proposals
from gateway.mapping.laws.shares import DIALECTS, shares, try_all
from gateway.mapping.laws.touch import untouched
from gateway.texts import sentence

_ONLY_A_BASE = {"M048"}
"""What is said of a mapping that only others build upon: it is tried through them."""
_CHANGES = 12
"""Changes by normalising that are shown to people."""


def chance(name: str) -> Chance:
    """The choices for a name: the same on every machine."""
    return random.Random(name)  # noqa: S311


@click.command(name="test", help=t("cli.map.test.help"))
@click.argument("names", nargs=-1, metavar=t("cli.map.names"))
@click.option("--records", type=click.IntRange(min=0), default=200, show_default=True, metavar=t("cli.metavar.number"),
              help=t("cli.map.test.records"))
@click.option("--seed", type=int, default=1, show_default=True, metavar=t("cli.metavar.number"),
              help=t("cli.map.test.seed"))
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, metavar=t("cli.metavar.number"),
              help=t("cli.map.test.jobs"))
@click.option("--accept", is_flag=True, help=t("cli.map.test.accept"))
@click.option("--propose", is_flag=True, help=t("cli.map.test.propose"))
@click.option("--exchange", "exchanged", is_flag=False, flag_value="", metavar=t("cli.metavar.folder"),
              help=t("cli.map.test.exchange"))
@click.option("--dialect", metavar="ID", help=t("cli.map.test.dialect"))
@json_option
@common
def test_command(names: tuple[str, ...], records: int, seed: int, jobs: int, accept: bool, propose: bool,
                 exchanged: str | None, dialect: str | None, config: Path, as_json: bool) -> int:
    """Laws, then samples, mapping by mapping; with --exchange, files over the corridors instead. Exit 1 when a law
    breaks, a sample differs, or not everything is accepted."""
    search = search_of(settings_at(config))
    chosen, faults = _loaded(names, search)
    if exchanged is not None and not faults:
        from gateway.cli.map_exchange import exchange_all  # the whole exchange, which other tests do not need

        paths = [Path(exchanged)] if exchanged else []
        return Exit.DONE if exchange_all(list(chosen), search, paths, dialect, as_json) else Exit.PERSON
    verdicts = [False for _ in faults]
    for identifier, findings in faults:
        _show_faults(identifier, findings, as_json)
    for report in _reports(list(chosen), search, seed, records, jobs):
        mapping = chosen[report.identifier]
        tried = _samples(mapping, search, accept, propose) if mapping is not None else _Samples()
        show = _show_json if as_json else _show
        show(report, tried, mapping is not None)
        verdicts.append(_held(report, tried))
    if as_json:
        emit_json("summary", {"count": len(verdicts), "failed": verdicts.count(False)})
    return Exit.DONE if all(verdicts) else Exit.PERSON


class _Samples(Struct, frozen=True):
    """What trying the samples of a mapping gave.

    proposed  the names of files that were written
    copy      the command that puts beside it, where it has none, those of the mapping whose place it takes
    """

    results: Sequence[SampleResult] = ()
    missed: Sequence[Finding] = ()
    proposed: Sequence[str] = ()
    copy: str = ""


def _held(report: LawReport, tried: _Samples) -> bool:
    return report.counterexample is None and not any(sample.findings for sample in tried.results)


def _samples(mapping: Mapping, search: Sequence[Path], accept: bool, propose: bool) -> _Samples:
    proposed = write_proposals(mapping, search) if propose else []
    results = run_samples(mapping, search, accept=accept or propose)
    if not results:
        return _Samples(proposed=proposed, copy=_copy(mapping.identifier, search))
    return _Samples(results, untouched(mapping, load_samples(mapping, search)), proposed)


def _copy(identifier: str, search: Sequence[Path]) -> str:
    own, behind = sample_folder(identifier, search), samples_behind(identifier, search)
    if own is None or behind is None:
        return ""
    source, target = shlex.quote(str(behind)), shlex.quote(str(own.parent))
    return f"mkdir -p {target} && cp -r {source} {target}"


def _loaded(names: Sequence[str],
            search: Sequence[Path]) -> tuple[dict[str, Mapping | None], list[tuple[str, list[Finding]]]]:
    """The mappings that are named, None for a dialect, and the faults of those that cannot be loaded.

    A dialect is named ``tgotr/csv`` or ``dialects/tgotr/csv``. Without names: every mapping, every dialect. Mappings
    that only others build upon are left out: they are tried through these.
    """
    chosen: dict[str, Mapping | None] = {}
    faults: list[tuple[str, list[Finding]]] = []
    dialects = known_dialects(search)
    called = {word: word.removeprefix(DIALECTS) for word in names if word.removeprefix(DIALECTS) in dialects}
    others = [word for word in names if word not in called]
    for identifier in resolve_names(others, search) if others or not names else ():
        try:
            chosen[identifier] = load_mapping(identifier, search)
        except LocalError as error:
            if {finding.code for finding in error.findings} != _ONLY_A_BASE:
                faults.append((identifier, list(error.findings)))
    for identifier in dict.fromkeys(called.values()) if names else dialects:
        try:
            load_dialect(identifier, search)
        except LocalError as error:
            faults.append((f"{DIALECTS}{identifier}", list(error.findings)))
        else:
            chosen[f"{DIALECTS}{identifier}"] = None
    return chosen, faults


def _reports(identifiers: Sequence[str], search: Sequence[Path], seed: int, records: int,
             jobs: int) -> Iterator[LawReport]:
    """The laws of each; without records, an empty report for each."""
    wanted = [share for identifier in identifiers for share in shares(identifier, search, chance, seed, records)]
    if wanted:
        yield from try_all(wanted, jobs)
    else:
        yield from (LawReport(identifier=identifier) for identifier in identifiers)


def _show_faults(identifier: str, findings: Sequence[Finding], as_json: bool) -> None:
    if as_json:
        emit_json("map_test", {"mapping": identifier, "ok": False, "faults": [_plain(one) for one in findings]})
    else:
        emit(t("map.test.faulty", mapping=identifier, n=len(findings)))
        tell(findings)


def _show(report: LawReport, tried: _Samples, sampled: bool) -> None:
    broken = report.counterexample
    if report.tried:
        key = "map.test.held" if broken is None else "map.test.broken"
        emit(t(key, mapping=report.identifier, records=report.tried, messages=report.messages))
    else:
        emit(t("map.test.untried", mapping=report.identifier))
    for change in report.changes[:_CHANGES]:
        emit("  " + t("map.test.normalised", term=change.term, before=change.before, after=change.after,
                      n=change.times))
    if broken is not None:
        for line in counterexample_lines(broken):
            emit(f"  {line}")
    for name in tried.proposed:
        emit("  " + t("map.test.proposed", file=name))
    for sample in tried.results:
        key = "map.test.sample_differs" if sample.findings else "map.test.sample"
        emit("  " + t(key, file=sample.file, records=sample.records))
        for name in sample.written:
            emit("  " + t("map.test.accepted", file=name))
    if sampled and not tried.results:
        emit("  " + (t("map.test.samples_behind", copy=tried.copy) if tried.copy else
                     t("map.test.no_samples", mapping=report.identifier)))
    tell(finding for sample in tried.results for finding in sample.findings)
    tell(tried.missed)


def counterexample_lines(broken: Shrunk) -> Iterator[str]:
    """A counter-example for people: which law, the record, its message, what was expected and what came."""
    yield t(f"map.test.law.{broken.law}", line=broken.line or "-")
    yield t("map.test.record")
    yield from (f"  {line}" for line in record_lines(broken.record))
    if broken.segments:
        yield t("map.test.message")
        yield from (f"  {segment}" for segment in broken.segments)
    before, after = set(broken.expected), set(broken.found)
    different = [(t("map.test.expected"), line) for line in broken.expected if line not in after]
    different += [(t("map.test.found"), line) for line in broken.found if line not in before]
    if not different and broken.expected:  # the same lines in another order
        pairs = [(one, other) for one, other in zip(broken.expected, broken.found, strict=False) if one != other]
        different = [pair for one, other in pairs for pair in ((t("map.test.expected"), one),
                                                               (t("map.test.found"), other))]
    yield from (f"{label} {line}" for label, line in different)
    yield from (sentence(finding, language()) for finding in broken.findings)
    yield t("map.test.again", seed=broken.seed)


def _show_json(report: LawReport, tried: _Samples, sampled: bool) -> None:
    broken = report.counterexample
    emit_json("map_test", {
        "mapping": report.identifier, "records": report.tried, "messages": report.messages,
        "ok": _held(report, tried),
        "normalised": report.changes,
        "counterexample": None if broken is None else {
            "law": broken.law, "function": broken.function, "record": broken.record, "segments": broken.segments,
            "expected": broken.expected, "found": broken.found, "line": str(broken.line or "") or None,
            "seed": broken.seed, "findings": [_plain(one) for one in broken.findings]},
        "proposed": tried.proposed,
        "samples": [{"file": one.file, "records": one.records, "written": one.written,
                     "findings": [_plain(finding) for finding in one.findings]} for one in tried.results]
        if sampled else None,
        "untouched": [_plain(one) for one in tried.missed]})


def _plain(finding: Finding) -> dict[str, object]:
    place = finding.place
    return {"severity": finding.severity.value, "code": finding.code, "file": place.file, "line": place.line,
            "column": place.column, "path": place.path, "text": sentence(finding, language())}


def record_lines(node: object, indent: str = "") -> Iterator[str]:
    """A record as an editor writes it, one value a line."""
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, dict | list):
                yield f"{indent}{name}:"
                yield from record_lines(value, f"{indent}  ")
            else:
                yield f"{indent}{name}: {str(value).lower() if isinstance(value, bool) else value}"
    elif isinstance(node, list):
        for member in node:
            lines = list(record_lines(member, f"{indent}  "))
            yield f"{indent}- {lines[0].strip()}"
            yield from lines[1:]
