"""Checks, one line each with what was seen and what to do; or as lines of JSON and their sum."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gateway.cli.context import emit, emit_json, language, t
from gateway.exchange.checks import Check, Verdict
from gateway.exchange.summary import Exit, worst
from gateway.texts import hint, known, sentence

_MARKS = {Verdict.OK: "\N{HEAVY CHECK MARK}", Verdict.NOTED: "!", Verdict.FAILED: "\N{HEAVY BALLOT X}",
          Verdict.UNTRIED: "-"}


def tell_checks(checks: Sequence[Check], *, as_json: bool, subject: str, marked: bool = False,
                status: Exit | None = None) -> Exit:
    """Say every check and how many went how. The exit status: that given, else the gravest that one of them asks for.

    subject  whose checks these are, for the last line
    marked   with a mark before each line, where the stream can show it
    """
    status = worst({check.status for check in checks}) if status is None else status
    counts = {verdict.value: sum(check.verdict is verdict for check in checks) for verdict in Verdict}
    for check in checks:
        if as_json:
            emit_json("check", {"name": check.name, "lane": check.lane, "verdict": check.verdict, "seen": check.values,
                                "findings": [{"code": finding.code, "text": sentence(finding, language()),
                                              "hint": hint(finding, language())} for finding in check.findings]})
        else:
            _show(check, marked)
    if as_json:
        emit_json("summary", {**counts, "exit": int(status)})
    else:
        emit(t("check.total", partner=subject, **counts))
    return status


def _show(check: Check, marked: bool) -> None:
    lane = f" ({t(f'check.lane.{check.lane}')})" if check.lane in ("outbound", "inbound") else \
        f" ({check.lane})" if check.lane else ""
    key = f"check.{check.name}.{check.word}"
    seen = f": {t(key, **check.values)}" if check.values and known(key, language()) else ""
    emit(f"{_mark(check.verdict) if marked else ''}{t(f'check.verdict.{check.verdict.value}'):10} "
         f"{t(f'check.{check.name}')}{lane}{seen}")
    for finding in check.findings:
        emit(f"           {sentence(finding, language())}")
        emit(f"           → {hint(finding, language())}")


def _mark(verdict: Verdict) -> str:
    """The mark and a space; nothing where the stream would show a question mark in its place."""
    mark = _MARKS[verdict]
    try:
        mark.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return ""
    return f"{mark} "
