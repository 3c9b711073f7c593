"""When to speak of a mailbox that cannot be reached: on change only.

A five-minute cron that says the same every time becomes 288 mails a day (EXPERIENCE 3.3). Told are the first failure,
then the 2nd, 4th, 8th and so on of the same outage, and the recovery. What was told is remembered in a small file for
each partner, ``state/links/PARTNER.json``; without it the worst is one sentence too many. The exit status of the run
is 4 each time, told or not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.findings import Finding, Place
from gateway.spool import own_folder, read_whole, write_whole

_LARGEST = 4096
STILL, AGAIN = "X092", "X093"


@dataclass(frozen=True, slots=True)
class Outage:
    """A mailbox that does not answer: since when (aware), and how many runs have met it so."""

    since: datetime
    failures: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a run says of its links.

    extra   findings to show beside those of the run: how long an outage lasts, or that it is over
    silent  findings of the run that are not to be shown again
    """

    extra: Sequence[Finding] = field(default=())
    silent: Sequence[Finding] = field(default=())


def judge(before: Outage | None, failed: bool, now: datetime) -> tuple[Outage | None, bool]:
    """What an outage is after one more session, and whether that is to be told."""
    if not failed:
        return None, before is not None
    after = Outage(now, 1) if before is None else Outage(before.since, before.failures + 1)
    return after, after.failures & (after.failures - 1) == 0  # powers of two


def follow(state: Path, links: Mapping[tuple[str, str], Sequence[Finding]], now: datetime) -> Told:
    """Remember how each session ended and say what is to be told.

    links  by partner and direction: the findings of the failed link, none when it held

    Raises LocalError B003, B006 when the memory cannot be written.
    """
    extra: list[Finding] = []
    silent: list[Finding] = []
    for partner in sorted({partner for partner, _ in links}):
        path = state / "links" / f"{partner}.json"
        known = _read(path)
        after = dict(known)
        for direction in ("inbound", "outbound"):
            findings = links.get((partner, direction))
            if findings is None:
                continue
            before = known.get(direction)
            outage, tell = judge(before, bool(findings), now)
            if outage is not None:
                after[direction] = outage
                if not tell:
                    silent.extend(findings)
            else:
                after.pop(direction, None)
            if tell:
                told = outage or before
                assert told is not None
                extra.append(Finding(code=STILL if outage else AGAIN, place=Place(interchange=None), values={
                    "partner": partner, "since": f"{told.since:%Y-%m-%d %H:%M}", "failures": str(told.failures)}))
        if after != known:
            _write(path, after)
    return Told(extra, silent)


def _read(path: Path) -> dict[str, Outage]:
    """What was told before. A file that is absent or spoilt is as good as none."""
    try:
        document = json.loads(read_whole(path, _LARGEST))
        return {direction: Outage(datetime.fromisoformat(entry["since"]), int(entry["failures"]))
                for direction, entry in document["links"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(path: Path, outages: Mapping[str, Outage]) -> None:
    if not outages:
        path.unlink(missing_ok=True)
        return
    own_folder(path.parent)
    document = {"schema": 1, "links": {direction: {"since": outage.since.isoformat(), "failures": outage.failures}
                                       for direction, outage in sorted(outages.items())}}
    write_whole(path, (json.dumps(document, indent=1) + "\n").encode())
