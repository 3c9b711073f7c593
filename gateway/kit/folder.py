"""A kit as a folder: its own keys, what was put in each run, what came, and where the link stands.

    DIR/kit.json  state.json  README.md  LISEZ-MOI.md
    DIR/keys/               of the kit; keys/public is what the partner gets; keys/foreign  of nobody
    DIR/run-001/            cases.json  sealed/  answers/  fetched.json  report.json  report.txt

Numbers are noted before anything is put, and what came is kept before it is removed: a run that is killed goes on with
the same files.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import asdict, fields, replace

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.kit.cases import Case
from gateway.security import FIRST_PREVIOUS, make_identity
from gateway.spool import make_folder, read_whole, write_whole

LARGEST = 32 << 20
VALID = timedelta(days=365)
FOREIGN = "ZZFOREIGN"
"""The gateway id of the keys that nobody has agreed on."""

Made = TypeVar("Made", Case, "Plan", "State")


class Plan(Struct, frozen=True, kw_only=True):
    """What a kit is for: `gateway` is the id under which it sends."""

    partner: str
    gateway: str
    environment: str
    corridor: str


class State(Struct, frozen=True, kw_only=True):
    """Where the link stands.

    runs                     begun so far
    sequence, previous       of the last object that the kit sent
    theirs, their_previous   of the last object that the partner had sent when the last run ended
    """

    runs: int = 0
    sequence: int = 0
    previous: str = FIRST_PREVIOUS
    theirs: int = 0
    their_previous: str = FIRST_PREVIOUS


class Fetched(Struct, frozen=True, kw_only=True):
    """What came in a run.

    files     name -> content
    times     name -> how often
    answered  names of those that have their receipt and CONTRL
    """

    files: Mapping[str, bytes]
    times: Mapping[str, int]
    answered: Collection[str]


class Kit(Struct, frozen=True):
    """A kit's folder."""

    folder: Path
    plan: Plan

    @property
    def keys(self) -> Path:
        """Its keys."""
        return self.folder / "keys"

    @property
    def state(self) -> State:
        """Where the link stands. Raises LocalError X283."""
        return _held(State, _read(self.folder / "state.json"), self.folder / "state.json")

    def keep(self, state: State) -> None:
        """Note where the link stands."""
        write_whole(self.folder / "state.json", _json(asdict(state)))

    def run(self, number: int) -> Path:
        """The folder of a run."""
        return self.folder / f"run-{number:03d}"

    def finished(self, number: int) -> bool:
        """A run with a report is over."""
        return (self.run(number) / "report.json").exists()

    def begin(self, number: int, cases: Iterable[tuple[Case, bytes]], state: State) -> None:
        """Keep the files of a run; then, and only then, its numbers are used."""
        listed = list(cases)
        sealed = make_folder(self.run(number) / "sealed")
        make_folder(self.run(number) / "answers")
        for case, content in listed:
            write_whole(sealed / case.file, content)
        write_whole(self.run(number) / "cases.json", _json([case.dump() for case, _ in listed]))
        last = max((case for case, _ in listed if case.expected.receipt == "processed"), key=lambda case: case.sequence)
        self.keep(replace(state, runs=number, sequence=last.sequence, previous=last.mic))

    def cases(self, number: int) -> list[tuple[Case, bytes]]:
        """The cases of a run with their files. Raises LocalError X283."""
        path = self.run(number) / "cases.json"
        listed = _read(path)
        if not isinstance(listed, list):
            raise _damaged(path)
        try:
            return [(case, read_whole(self.run(number) / "sealed" / case.file, LARGEST))
                    for case in (_held(Case, one, path) for one in listed)]
        except FileNotFoundError as error:
            raise _damaged(path.with_name("sealed")) from error

    def fetched(self, number: int) -> Fetched:
        """What came of the partner in earlier calls of a run. Raises LocalError X283."""
        path = self.run(number) / "fetched.json"
        told = _read(path) if path.exists() else {"times": {}, "answered": []}
        times, answered = (told.get("times"), told.get("answered")) if isinstance(told, dict) else (None, None)
        if not isinstance(times, dict) or not isinstance(answered, list) or not all(
                isinstance(one, int) for one in times.values()):
            raise _damaged(path)
        folder = self.run(number) / "answers"
        return Fetched(times=times, answered={str(one) for one in answered}, files={
            one.name: read_whole(one, LARGEST) for one in (sorted(folder.iterdir()) if folder.is_dir() else ())})

    def note(self, number: int, times: Mapping[str, int], answered: Collection[str]) -> None:
        """Keep how often each file came, and which were answered."""
        write_whole(self.run(number) / "fetched.json", _json({"times": dict(times), "answered": sorted(answered)}))


def make_kit(folder: Path, plan: Plan, now: datetime) -> Kit:
    """A new kit with fresh keys, in a folder that is empty or not there. Raises LocalError X281 for another."""
    if folder.exists() and any(folder.iterdir()):
        raise LocalError(Finding(code="X281", values={"folder": str(folder)}))
    make_folder(folder)
    make_identity(folder / "keys", gateway=plan.gateway, environment=plan.environment, now=now, valid=VALID,
                  passphrase=None)
    make_identity(folder / "keys" / "foreign", gateway=FOREIGN, environment=plan.environment, now=now, valid=VALID,
                  passphrase=None)
    kit = Kit(folder, plan)
    kit.keep(State())
    write_whole(folder / "kit.json", _json({"schema": 1, **asdict(plan)}))
    return kit


def open_kit(folder: Path) -> Kit:
    """The kit of a folder. Raises LocalError X283 for one that is none."""
    told = _read(folder / "kit.json")
    if not isinstance(told, dict) or told.pop("schema", None) != 1:
        raise _damaged(folder / "kit.json")
    return Kit(folder, _held(Plan, told, folder / "kit.json"))


def _read(path: Path) -> object:
    try:
        return json.loads(read_whole(path, LARGEST))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError) as error:
        raise _damaged(path) from error


def _held(made: type[Made], told: object, path: Path) -> Made:
    """A value of texts and numbers as a file has it. Raises LocalError X283 for anything else."""
    wanted = {one.name: one.type for one in fields(made)}
    if not isinstance(told, dict) or not set(told) <= set(wanted) or not all(
            type(value) is wanted[name] for name, value in told.items()):
        raise _damaged(path)
    try:
        return made(**told)
    except TypeError as error:  # one is missing that has no value by itself
        raise _damaged(path) from error


def _damaged(path: Path) -> LocalError:
    return LocalError(Finding(code="X283", place=Place(file=str(path))))


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
