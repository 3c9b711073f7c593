"""Why something is not late yet, how long it has left, and how often it was asked for: in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.cli.context import t
from gateway.cli.words import clock
from gateway.reports import Late

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def explained(line: Late, now: datetime, names: Mapping[str, str]) -> str:
    """What excuses a late answer, until when it is tolerated, and how often it was asked for again.

    names  of offices, by their codes
    """
    parts = []
    if line.standing == "excused" and line.excuses:
        closure = next((one for one in line.excuses if one.starts <= now < one.ends), line.excuses[-1])
        parts.append(t("overdue.excused", office=names.get(line.office, line.office) or line.partner,
                       why=t(f"closure.{closure.why}", text=closure.text),
                       day=t(f"weekday.{closure.starts.weekday()}"), left=lasting(line.left)))
    elif line.standing == "grace":
        parts.append(t("overdue.grace", until=clock(line.alarm), left=lasting(line.left)))
    if line.asked:
        parts.append(t("overdue.chased", n=line.asked, until=clock(line.again)) if line.again is not None
                     else t("overdue.given_up", n=line.asked))
    return "; ".join(parts)


def lasting(time: timedelta) -> str:
    """A duration in one unit, rounded up: nobody is told of less than there is."""
    for unit, name in ((_DAY, "days"), (_HOUR, "hours")):
        if time >= 2 * unit:
            return t(f"duration.{name}", n=-(-time // unit))
    return t("duration.minutes", n=-(-time // _MINUTE))
