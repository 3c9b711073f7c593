"""`edi kit make` and `edi kit run`: a conformance kit, and a run of it against a partner's mailbox."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.context import acting, emit, emit_json, language, occasion, rehearsing, t, table
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import Assembly
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.texts import Language

_MARKS = {"pass": "✔", "fail": "✘", "unanswered": "?"}


@click.command(name="make", help=t("cli.kit.make.help"))
@click.option("--partner", required=True, metavar="ID", help=t("cli.kit.make.partner"))
@click.option("--corridor", required=True, metavar="ID", help=t("cli.kit.make.corridor"))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False),
              metavar=t("cli.metavar.folder"), help=t("cli.kit.make.out"))
@acting
def make_command(config: Path, partner: str, corridor: str, out: Path, as_json: bool) -> int:
    """A folder with keys of its own, the files of the first run, and what the partner has to know."""
    from gateway.kit.cases import CASES
    from gateway.kit.folder import Plan, make_kit
    from gateway.kit.running import maker_of, prepare, require_joined
    from gateway.kit.texts import FILES, guide
    from gateway.spool import write_whole

    now = occasion()
    assembly = Assembly(load_settings(config))
    environment = assembly.settings.environment
    if environment == "production":
        raise LocalError(Finding(code="X282"))
    plan = Plan(partner=assembly.partner(partner).partner, gateway=assembly.name, environment=environment,
                corridor=assembly.corridors.named(corridor).identifier)
    require_joined(plan, assembly)
    if not rehearsing():
        kit = make_kit(out, plan, now.now)
        prepare(kit, maker_of(kit, assembly, now.now), _drawn(now.identifier), now.now)
        for spoken, name in FILES.items():
            write_whole(out / name, guide(plan, spoken).encode("utf-8"))
    if as_json:
        emit_json("kit", {"partner": plan.partner, "gateway": plan.gateway, "corridor": plan.corridor,
                          "environment": plan.environment, "folder": str(out), "cases": len(CASES)})
    else:
        emit(t("kit.made", folder=out, partner=plan.partner, n=len(CASES)))
    return Exit.DONE


@click.command(name="run", help=t("cli.kit.run.help"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True),
                metavar=t("cli.metavar.folder"))
@click.option("--wait", "minutes", type=click.FloatRange(min=0), default=15.0, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.kit.run.wait"))
@click.option("--every", "seconds", type=click.FloatRange(min=0.05), default=20.0, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.kit.run.every"))
@acting
def run_command(config: Path, folder: Path, minutes: float, seconds: float, as_json: bool) -> int:
    """Exit 0 only when every line is passed; a run that is cut goes on when it is called again."""
    from gateway.kit.folder import open_kit
    from gateway.kit.running import Running, line_of, maker_of, report
    from gateway.kit.texts import verdict_text
    from gateway.spool import write_whole

    now = occasion()
    kit = open_kit(folder)
    assembly = Assembly(load_settings(config))
    if assembly.settings.environment == "production":
        raise LocalError(Finding(code="X282"))
    maker = maker_of(kit, assembly, now.now)
    if rehearsing():
        emit(t("kit.would", partner=kit.plan.partner, run=kit.state.runs))
        return Exit.DONE
    running = Running(kit=kit, assembly=assembly, corridor=maker.corridor, maker=maker,
                      line=line_of(kit, assembly, now.clock), identifier=_drawn(now.identifier),
                      now=lambda: datetime.now(UTC).replace(microsecond=0), pause=_pausing(minutes * 60, seconds))
    number, verdicts = running.go()
    lines = [f"{_MARKS[one.result]} {one.case}: {verdict_text(one, spoken)}"
             for spoken in Language for one in verdicts]
    write_whole(kit.run(number) / "report.txt", ("\n".join(lines) + "\n").encode("utf-8"))
    write_whole(kit.run(number) / "report.json", json.dumps(report(verdicts), indent=1).encode("utf-8"))
    bad = sum(one.result != "pass" for one in verdicts)
    if as_json:
        for one in verdicts:
            emit_json("verdict", {"case": one.case, "check": one.check, "result": one.result, "reason": one.reason,
                                  "text": {spoken.value: verdict_text(one, spoken) for spoken in Language}})
        emit_json("summary", {"run": number, "verdicts": len(verdicts), "failed": bad})
    else:
        table(["", t("kit.column.case"), t("kit.column.looked")],
              [[_MARKS[one.result], one.case, verdict_text(one, language())] for one in verdicts])
        emit(t("kit.end", n=len(verdicts), bad=bad, folder=kit.run(number)))
    return Exit.PERSON if bad else Exit.DONE


def _drawn(identifier: Callable[[], str]) -> Iterator[str]:
    return (identifier() for _ in itertools.count())


def _pausing(limit: float, step: float) -> Callable[[], float]:
    """Sleep a step; the share of the time that is left."""
    end = time.monotonic() + limit

    def pause() -> float:
        left = end - time.monotonic()
        if left <= 0:
            return 0.0
        time.sleep(min(step, left))
        return max(0.0, (end - time.monotonic()) / limit)

    return pause
