"""An earlier version of the gateway beside this one: built from its commit, installed, and exchanging.

    python -m tests.tools.older --commit 538c60e                      exchange both ways, then upgrade its ledger
    python -m tests.tools.older --commit 538c60e --record FILE.tar.xz keep what two such gateways left in flight

No version was released before the first, so "an earlier version" is one that was committed once. Its wheel is made of
that commit and installed in an environment of its own, with the libraries that are installed for this one: what differs
is the gateway. Each office runs as its own programs do under cron, one process for each run; between them lie folders.
What the recording is for: `tests/interop/test_older_version.py`, which needs neither git nor the past.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.tools.offices import ROOT, Office, Ran
from tests.tools.records import declaration_json, event_json, numbered_mrn

TOGO, BURKINA = "TGOTR", "BFDGD"
A, B, C, D = (numbered_mrn(number) for number in range(1, 5))
ABOUT = "about.json"

_MAKE = """
import sys
from datetime import timedelta
from pathlib import Path
from tests.tools.offices import offices
offices(Path(sys.argv[1]), valid=timedelta(days=7300))
"""


@dataclass(frozen=True)
class Version:
    """A version that can be run.

    name    as people know it
    python  the interpreter that has it; path: what that interpreter is to look through before its own packages
    source  its own checkout, with its tests
    """

    name: str
    python: Path
    source: Path
    path: str = ""

    def run(self, program: str, *words: str) -> Ran:
        """Run one of its programs as a process of its own."""
        done = subprocess.run([self.python, "-m", "gateway.cli", *([] if program == "edi" else [program]), *words],
                              cwd=self.source.parent, env=self._environment(self.path), capture_output=True, text=True,
                              timeout=300, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    def make(self, root: Path) -> None:
        """Two offices that know each other, as its own tests make them."""
        subprocess.run([self.python, "-c", _MAKE, root], cwd=root, env=self._environment(str(self.source)), check=True,
                       capture_output=True)

    def _environment(self, path: str) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": path, "EDI_LANG": "en"}


@dataclass(frozen=True)
class Installed(Office):
    """An office that runs a version."""

    version: Version

    def run(self, program: str, *words: str) -> Ran:
        """As `Office.run`, in a process of its own."""
        return self.version.run(program, *words, *(["--json"] if program != "edi" else []), "--config",
                                str(self.settings), "--lang", "en")


def current() -> Version:
    """This version, from this checkout."""
    return Version("this version", Path(sys.executable), ROOT, str(ROOT))


def built(commit: str, folder: Path) -> Version:
    """The version of a commit: its wheel, installed in an environment below a folder. Raises CalledProcessError."""
    source, wheels, home = (folder / name for name in ("source", "wheels", "venv"))
    source.mkdir(parents=True)
    packed = subprocess.run(["git", "-C", ROOT, "archive", "--format=tar", commit], check=True,
                            capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", source], check=True, input=packed)
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation",
                    "--wheel-dir", wheels, source], check=True, capture_output=True)
    venv.create(home, symlinks=True)
    [packages] = home.glob("lib/python*/site-packages")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--ignore-installed",
                    "--target", packages, *wheels.glob("*.whl")], check=True, capture_output=True)
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    return Version(commit, home / "bin" / "python", source)


def pair(root: Path, maker: Version, togo: Version, burkina: Version) -> tuple[Installed, Installed]:
    """Two offices below a folder. maker: the version that wrote settings and keys, which must be the older one."""
    root.mkdir()
    maker.make(root)
    return (Installed(TOGO, root / TOGO.lower(), root / "mail", togo),
            Installed(BURKINA, root / BURKINA.lower(), root / "mail", burkina))


class Wrong(Exception):
    """What did not go as it must."""


def exchanged(togo: Office, burkina: Office) -> Iterator[str]:
    """Declare, accept, follow to the discharge, announce a key, compare. Says each step; raises Wrong."""
    togo.drop("declarations", {"a.json": declaration_json("A", mrn=A), "b.json": declaration_json("B", mrn=B)})
    _rounds(togo, burkina)
    _states(togo, burkina, A, ["CONFIRMED", "EXPECTED"])
    yield "two declarations were accepted, receipts and answers came back"
    for word in ("ARRIVED", "CONTROL", "DISCHARGED"):
        burkina.drop("events", {f"{word}.json": event_json(A, word)})
        _rounds(burkina, togo)
    _states(togo, burkina, A, ["CLOSED", "DISCHARGED"])
    yield "a movement was followed to its discharge"
    for office, other in ((togo, burkina), (burkina, togo)):
        for act in ("rotate", "announce"):
            _well(office.run("edi", "keys", act, "signing"), f"{office.name} keys {act}")
        _rounds(office, other)
    yield "each announced its next key to the other"
    for office, other in ((togo, burkina), (burkina, togo)):
        asked = office.run("edi", "reconcile", other.name)
        if asked.exit not in (0, 4):
            raise Wrong(f"{office.name} reconcile: {asked.exit} {asked.err}")
        _rounds(other, office)
        _well(office.run("edi", "reconcile", other.name), f"{office.name} reconcile")
    yield "both links are the same on both sides"
    for office in (togo, burkina):
        _well(office.run("edi", "audit", "verify"), f"{office.name} audit verify")
    yield "both ledgers are what their histories say"


def upgraded(office: Installed, other: Installed) -> Iterator[str]:
    """The older one of two gets this version: its ledger is brought forward, and the exchange goes on."""
    newer = Installed(office.name, office.home, office.mail, current())
    ran = newer.run("edi-sync")
    if ran.exit != 3 or "L004" not in ran.err:
        raise Wrong(f"a run with an older ledger: {ran.exit} {ran.out} {ran.err}")
    _well(newer.run("edi", "upgrade", "--yes"), "upgrade")
    togo, burkina = (newer, other) if newer.name == TOGO else (other, newer)
    togo.drop("declarations", {"c.json": declaration_json("C", mrn=C)})
    _rounds(togo, burkina)
    if C in newer.movements() and C in other.movements():
        _well(newer.run("edi", "audit", "verify"), "audit verify")
        yield "its ledger was brought forward, and the exchange went on"
    else:
        raise Wrong("the declaration after the upgrade did not cross")


def recorded(version: Version, file: Path) -> None:
    """Two offices of a version, one movement settled, and in flight: a declaration with an announcement of a key in one
    mailbox; an event, receipts, CONTRL and CUSRES in the other."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve() / "older"
        togo, burkina = pair(root, version, version, version)
        togo.drop("declarations", {"a.json": declaration_json("A", mrn=A)})
        _rounds(togo, burkina)
        burkina.drop("events", {"ARRIVED.json": event_json(A, "ARRIVED")})
        _well(burkina.run("edi-send"), "event")
        togo.drop("declarations", {"b.json": declaration_json("B", mrn=B)})
        _well(togo.run("edi-send"), "B")
        _well(burkina.run("edi-sync"), "answers to B")
        for act in ("rotate", "announce"):
            _well(togo.run("edi", "keys", act, "signing"), act)
        togo.drop("declarations", {"c.json": declaration_json("C", mrn=C)})
        _well(togo.run("edi-send"), "C")
        about = {"commit": version.name, "root": str(root), "at": datetime.now(UTC).isoformat(timespec="seconds")}
        (root / ABOUT).write_text(json.dumps(about) + "\n", "utf-8")
        with tarfile.open(file, "w:xz", format=tarfile.PAX_FORMAT, preset=9) as archive:
            for path in sorted(root.rglob("*")):
                if "lock" in path.parts or path.name.endswith(("-wal", "-shm")):
                    continue
                entry = archive.gettarinfo(str(path), str(path.relative_to(root)))
                entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, "", ""
                archive.addfile(entry, io.BytesIO(path.read_bytes()) if entry.isreg() else None)


def _rounds(*offices: Office) -> None:
    for _ in range(2):
        for office in offices:
            _well(office.run("edi-sync"), f"{office.name} edi-sync")


def _well(ran: Ran, what: str) -> None:
    if ran.exit != 0:
        raise Wrong(f"{what}: exit {ran.exit}\n{ran.out}{ran.err}")


def _states(togo: Office, burkina: Office, mrn: str, states: list[str]) -> None:
    found = [office.movements().get(mrn, {}).get("state") for office in (togo, burkina)]
    if found != states:
        raise Wrong(f"{mrn}: {found}, expected {states}")


def main() -> int:
    """Build, exchange both ways round, upgrade; or record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commit", required=True, help="the earlier version")
    parser.add_argument("--record", type=Path, help="keep in this file what two such gateways left in flight")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        older = built(given.commit, folder / "older")
        if given.record is not None:
            recorded(older, given.record)
            return 0
        newer = current()
        for number, (togo, burkina) in enumerate(((newer, older), (older, newer))):
            offices = pair(folder / f"pair{number}", older, togo, burkina)
            print(f"{TOGO}: {togo.name}; {BURKINA}: {burkina.name}", flush=True)
            theirs, ours = (offices[1], offices[0]) if togo is newer else offices
            if not (_told(exchanged(*offices)) and _told(upgraded(theirs, ours))):
                return 1
    return 0


def _told(steps: Iterator[str]) -> bool:
    try:
        for step in steps:
            print(f"  {step}", flush=True)
    except Wrong as wrong:
        print(f"  WRONG: {wrong}", flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
