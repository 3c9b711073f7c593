"""Two administrations with mailboxes between them, whatever a campaign does to them, and always the same again.

    with World(folder, sftp=True) as world:
        world.begin(declarations=2, rejected=1, events=1)       as it was at the start, and work for both
        world.start("TGOTR", "edi-send", failpoint="seal.after").wait()
        world.quiet()                                           cron comes round until nothing moves any more
        judge(world)                                            `mailbox_proofs`

Lomé (TGOTR) declares, Ouagadougou (BFDGD) accepts or rejects, and says what arrived of a transit that was declared
before. Each writes to the other's mailbox over a real sshd, or into a directory, and reads its own as a directory, as
whoever hosts it does; with `pull` the receiver, too, comes over SFTP. The clock is the world's own: it stands still
during a run and is put forward between two. Folders and ledgers are put back from a copy for every case.
"""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.campaigns.mailbox_files import agreed, clear, pulled
from tests.campaigns.mailbox_forks import Forks, Running, Setup
from tests.tools.offices import ROOT, Office, Ran, offices
from tests.tools.records import declaration, event_json, numbered_mrn
from tests.tools.sshd import Sshd, make_client_key, running_sshd

SENDER, RECEIVER = "TGOTR", "BFDGD"
PROGRAMS = ("edi-send", "edi-receive", "edi-sync")
CANARY = "CANARY GOODS 4711"
"""Stands in every declaration: where else it is found, a plaintext was left behind."""

ROUNDS = 12
PASSING = (timedelta(minutes=10), timedelta(days=1), timedelta(days=1), timedelta(days=1), timedelta(days=1))
"""Times that pass, one after the other, until everything is answered: repeats are due after hours, then days."""

SAME_DAY = PASSING[:1]
"""Too short for a repeat of what gets no receipt: whatever is not here by then was lost, if only for hours."""

SAD = (ROOT / "samples" / "story" / "tgotr" / "declaration-1.xml").read_bytes()
T1 = (ROOT / "samples" / "story" / "tgotr" / "declaration-1-t1.csv").read_bytes()

_NEW, _START = "new", "start"
_MOMENT = datetime.now(UTC).replace(microsecond=0)
"""When every world begins: what stands in one of them can be compared with what stands in another."""

_ENDS_WITHIN = 20.0
_STANDING = "A"
"""The declaration that was exchanged before any case: numbers, keys and both ledgers are in use."""


@dataclass(slots=True)
class Work:
    """What people put out, and what is to come of it.

    declarations  national key -> whether the partner accepts it
    events        words that the receiver said of the standing declaration
    refused       names of national files that belong together and are wrong: nothing of them leaves the house
    """

    declarations: dict[str, bool] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class NeverQuiet(Exception):
    """The two gateways never came to rest, or did not end as they should: the sentence says how."""


class World:
    """See the module."""

    def __init__(self, folder: Path, *, sftp: bool = False, pull: bool = False, forks: Forks | None = None,
                 sshd_options: Sequence[str] = (), **options: Any) -> None:
        """Make it. folder: empty, ours. forks: a server to share. options: of `offices`."""
        self.folder = folder
        self.runs_folder = folder / "runs"
        self.system = folder / "system"
        for path in (self.runs_folder, self.system):
            path.mkdir(parents=True, mode=0o700)
        self._resources = contextlib.ExitStack()
        self.forks = forks if forks is not None else self._resources.enter_context(Forks())
        self.sshd: Sshd | None = None
        if sftp:
            _, line = make_client_key(folder)
            self.sshd = self._resources.enter_context(running_sshd(folder, [line], options=sshd_options))
        self.now = _MOMENT
        self.togo, self.burkina = offices(folder, self._reached(), names=(SENDER, RECEIVER), now=self.now, **options)
        if pull:
            self.pull()
        self.offices: Mapping[str, Office] = {SENDER: self.togo, RECEIVER: self.burkina}
        self.work = Work()
        self.setups: tuple[Setup, ...] = ()
        """Called in the process of every program before its own: how a planted bug gets there."""
        self.lasting: dict[str, float] = {}
        """Seconds that a run of a program takes here, where a campaign has measured it."""
        self._marks: dict[str, tuple[datetime, Work]] = {}
        self.mark(_NEW)
        self._stand()

    # --- what campaigns do

    def begin(self, *, declarations: int = 2, rejected: int = 0, events: int = 0, refused: int = 0) -> Work:
        """Put everything back to the start and give both sides work.

        rejected  declarations beyond the others, that the partner is going to reject
        refused   pairs of files, a SAD and its T1, that are refused at home
        """
        self.back(_START)
        self.add(declarations=declarations, rejected=rejected, events=events, refused=refused)
        return self.work

    def first(self) -> None:
        """Put everything back to before the first run of either side, when there are no ledgers; what is put out is the
        declaration that stands in all other cases."""
        self.back(_NEW)
        self._declare(_STANDING, 1, True)

    def mark(self, name: str) -> None:
        """Keep everything as it stands under a name, to come back to."""
        for path in self._changing():
            shutil.copytree(path, self.folder / "copies" / name / path.name, symlinks=True)
        self._marks[name] = (self.now, copy.deepcopy(self.work))

    def marked(self, name: str) -> bool:
        """Is there anything to come back to under this name?"""
        return name in self._marks

    def back(self, name: str) -> None:
        """Put everything back as it was marked. No program may be running."""
        for path in self._changing():
            clear(path)
            shutil.copytree(self.folder / "copies" / name / path.name, path, symlinks=True, dirs_exist_ok=True)
        for path in (self.system, self.runs_folder):
            clear(path)
        now, work = self._marks[name]
        self.now, self.work = now, copy.deepcopy(work)

    def add(self, *, declarations: int = 0, rejected: int = 0, events: int = 0, refused: int = 0) -> None:
        """Give both sides more work."""
        first = len(self.work.declarations) + 2
        for number in range(first, first + declarations + rejected):
            good = number < first + declarations
            self._declare(f"K{number}", number, good)
            self.work.declarations[_national(f"K{number}")] = good
        for word in ("ARRIVED", "CONTROL", "DISCHARGED")[len(self.work.events):][:events]:
            self.burkina.drop("events", {f"{word.lower()}.json": event_json(self.standing, word)})
            self.work.events.append(word)
        for number in range(20418, 20418 + refused):  # the check digit of the MRN is wrong
            files = {f"{number}.xml": SAD.replace(b"20417", b"%d" % number),
                     f"{number}-t1.csv": T1.replace(b"26TGLPLT0000204177", b"26TGLPLT0000204178").replace(
                         b"/20417", b"/%d" % number)}
            self.togo.drop("declarations", files)
            self.work.refused.extend(files)

    @property
    def standing(self) -> str:
        """The MRN of the declaration that was exchanged before."""
        return numbered_mrn(1)

    def prepare(self, office: str, program: str, *words: str, failpoint: str = "", setups: Sequence[Setup] = (),
                environment: Mapping[str, str] | None = None) -> Running:
        """Fork a run of an office that waits for `go`, at the world's time."""
        named = [*words, "--config", str(self.offices[office].settings), "--lang", "en"]
        if program != "edi":
            named.append("--json")
        return self.forks.prepare(program, named, self.runs_folder, failpoint=failpoint, setups=[*self.setups, *setups],
                                  at=self.now,
                                  environment={"TMPDIR": str(self.system), **(environment or {})})

    def start(self, office: str, program: str, *words: str, **options: Any) -> Running:
        """Fork a run of an office that begins at once; options as of `prepare`."""
        running = self.prepare(office, program, *words, **options)
        running.go()
        return running

    def run(self, office: str, program: str, *words: str, **options: Any) -> Ran:
        """A whole run of an office."""
        return self.start(office, program, *words, **options).wait()

    def rest(self) -> None:
        """Wait until no session of the server is left: one of a run that was killed still does what it was told.

        Raises RuntimeError.
        """
        end = time.monotonic() + _ENDS_WITHIN
        while children(self._listening()):
            if time.monotonic() > end:
                raise RuntimeError("a session of the server does not end")
            time.sleep(0.001)

    def pass_time(self, **passed: float) -> None:
        """Put the clock forward."""
        self.now += timedelta(**passed)

    def pull(self) -> None:
        """Let the receivers, too, come over SFTP to the mailboxes that hold what is meant for them, from now on."""
        assert self.sshd is not None, "a directory is read as a directory"
        for office, partner in ((self.togo, self.burkina), (self.burkina, self.togo)):
            path = office.home / "partners" / f"{partner.name}.yaml"
            path.write_text(pulled(path.read_text("utf-8"), f"{partner.name}/{office.name}/v1/in",
                                   f"{office.name}/{partner.name}/v1/in"), "utf-8")

    def agree(self, *, mode: str = "", compressed: bool = False) -> None:
        """Let both have agreed on another mode of the mailboxes, or on compression."""
        for office, partner in ((self.togo, self.burkina), (self.burkina, self.togo)):
            path = office.home / "partners" / f"{partner.name}.yaml"
            path.write_text(agreed(path.read_text("utf-8"), mode, compressed), "utf-8")

    def round(self) -> list[Ran]:
        """Cron comes round once at both."""
        return [self.run(office, "edi-sync") for office in self.offices]

    def quiet(self, *, patience: Sequence[timedelta] = PASSING, statuses: frozenset[int] = frozenset({0})) -> None:
        """Let cron come round until nothing moves and everything is answered, or the last of the times has passed.

        patience  SAME_DAY where no repeat may be needed
        statuses  that the runs of the last round may end with

        Raises NeverQuiet.
        """
        for passing in patience:
            self.now += passing
            self._rest(statuses)
            if not self.unanswered():
                return

    def _rest(self, statuses: frozenset[int]) -> None:
        told: list[Ran] = []
        for _ in range(ROUNDS):
            told = self.round()
            if not any(moved(ran) for ran in told) and {ran.exit for ran in told} <= statuses:
                return
            self.pass_time(minutes=10)
        raise NeverQuiet("; ".join(f"exit {ran.exit} {ran.err.strip()} {ran.out.strip()[-600:]}" for ran in told))

    def unanswered(self) -> bool:
        """Is anything still on its way, by what the ledgers say?"""
        from tests.campaigns.mailbox_proofs import rows

        asked = ("select count(*) from object where direction = 'out' and (state = 'PREPARED' or "
                 "(state = 'DISPATCHED' and receipt_due is not null))",
                 "select count(*) from interchange where direction = 'out' and type <> 'CONTRL' "
                 "and state in ('PREPARED', 'DISPATCHED', 'RECEIVED')")
        return any(rows(office, question)[0][0] for office in self.offices.values() for question in asked)

    # --- made once, and put back

    def _listening(self) -> int:
        """The process of the server; 0 where there is none."""
        return 0 if self.sshd is None else self.sshd.pid

    def _reached(self) -> Sshd | None:
        """The server of the mailboxes, as the programs reach it."""
        return self.sshd

    def _stand(self) -> None:
        self._declare(_STANDING, 1, True)
        for _ in range(3):
            for ran in self.round():
                if ran.exit:
                    raise NeverQuiet(f"the world cannot be made: {ran.err}")
        if self.unanswered() or list(self.burkina.inbox("declarations")) != [f"{self.standing}.json"]:
            raise NeverQuiet("the standing declaration did not cross")
        self.mark(_START)

    def _changing(self) -> list[Path]:
        """What the programs change; the root of an sshd stays the same folder."""
        return [self.togo.home, self.burkina.home, self.togo.mail]

    def _declare(self, key: str, number: int, good: bool) -> None:
        tree = declaration(key, mrn=numbered_mrn(number), without_gross_mass=None if good else 1)
        tree["items"][0]["description"] = f"{CANARY} {key}"
        self.togo.drop("declarations", {f"{key}.json": json.dumps(tree).encode()})

    def close(self) -> None:
        """End servers."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


def moved(ran: Ran) -> bool:
    """Did a run do anything?"""
    if ran.exit in (75,) or not ran.out.strip():
        return False
    return any(value for name, value in ran.counts.items()
               if name not in ("schema", "exit", "records_waiting") and type(value) is int)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that have not ended; none of 0."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children") if pid else ():
        with contextlib.suppress(OSError):
            found.extend(int(word) for word in path.read_text("ascii").split())
    return found


def _national(key: str) -> str:
    return f"TGLPL/2026/T/{key}"
