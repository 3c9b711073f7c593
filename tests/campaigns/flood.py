"""How long does one small message wait beside a flood, and how much memory does the flood take?

    python -m tests.campaigns.flood --json                     10,000 of each
    python -m tests.campaigns.flood --scene stored --flood 500

Every scene is one run of a program in a process of its own, with a flood that lies before it and one small message:

    stored    edi-receive: a hostile partner's flood of interchanges, and another partner's passage
    partner   edi-receive: a flood of declarations, and behind them a passage of the same partner
    national  edi-send: a flood of declaration files, and one passage to another country
    urgent    edi-send: a flood of declaration files of one corridor, and one of another corridor, of an urgent source

The wait is from the start of the process until the passage stands in the folder of the national side, or the sealed
file in the mailbox of the other country; beside it how long the run took and the most memory that it held. Togo,
Burkina Faso, Mali and Niger are real gateways with mailboxes that are local folders: the waiting is that of the work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.tools.malice import Puppet
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, numbered_mrn

NAMES = ("TGOTR", "BFDGD", "MLDGD", "NEDGD")

KNOWN = 900_000
"""Number of the movement that everybody knows before the flood."""


@dataclass(frozen=True, slots=True)
class Waited:
    """One scene. waited, run: seconds; None where the message did not come through; peak: MiB; exit: of the run."""

    scene: str
    flood: int
    limit: str
    waited: float | None
    run: float
    peak: float
    exit: int


def _number(key: str, number: int, changes: dict[str, Any]) -> bytes:
    return json.dumps({**declaration(key, mrn=numbered_mrn(number)), **changes}, ensure_ascii=False).encode()


def _flood(puppet: Puppet, count: int) -> None:
    """Interchanges of one declaration each, as old as their numbers say."""
    signer = puppet.signer
    wire = puppet.cusdec(declaration("T-NUMBER", mrn=numbered_mrn(1)))
    begun = int(time.time()) - count - 10
    for number in range(1, count + 1):
        body = wire.body.replace("T-NUMBER", f"T-{number}").replace(numbered_mrn(1), numbered_mrn(number))
        path = puppet.put(puppet.seal(puppet.interchange(type(wire)(wire.identifier, body, wire.segments)),
                                      signer=signer).content)
        os.utime(path, (begun + number, begun + number))


def _passage(puppet: Puppet) -> None:
    office = {"role": "exit", "code": "TGCKS"}
    puppet.send(puppet.cusres("CROSS-OUT", numbered_mrn(KNOWN), reference="TGCKS-1", office=office,
                              happened=datetime(2026, 3, 12, 8, 0, tzinfo=UTC)))


def _stored(root: Path, count: int, limit: str, *, same: bool) -> tuple[Office, str, Path]:
    togo, burkina, mali, _ = offices(root, names=NAMES, run=limit)
    friend = Puppet(togo, burkina)
    friend.send(friend.cusdec(declaration("KNOWN", mrn=numbered_mrn(KNOWN))))
    burkina.run("edi-receive")
    _flood(friend if same else Puppet(mali, burkina), count)
    _passage(friend)
    return burkina, "edi-receive", burkina.home / "national" / "in" / "events"


def _national(root: Path, count: int, limit: str, *, declares: bool) -> tuple[Office, str, Path]:
    togo, _, _, niger = offices(root, names=NAMES, run=limit)
    far = {"office_of_destination": {"code": "NENIR"}, "country_of_destination": "NE",
           "offices_of_transit": [{"code": "BFCKS", "order": 1}, {"code": "NETRD", "order": 2}]}
    togo.drop("declarations", {"known.json": _number("KNOWN", KNOWN, far)})
    known = togo.run("edi-send")
    assert known.exit == 0 and list(niger.mailbox("TGOTR").iterdir()), known.err
    for path in niger.mailbox("TGOTR").iterdir():
        path.unlink()
    togo.drop("declarations", {f"flood-{number:06d}.json": _number(f"F-{number}", number, {})
                               for number in range(1, count + 1)})
    if declares:
        first = '    - match: "*.xml"\n'
        togo.settings.write_text(togo.settings.read_text("utf-8").replace(
            first, f'    - {{match: "urgent-*.json", dialect: neutral/json, urgent: yes}}\n{first}', 1), "utf-8")
        togo.drop("declarations", {"urgent-1.json": _number("URGENT", KNOWN + 1, far)})
    else:
        togo.drop("events", {"passage.json": json.dumps({
            "word": "CROSS-OUT", "mrn": numbered_mrn(KNOWN), "happened": "2026-03-12T08:00Z",
            "office": {"role": "exit", "code": "TGCKS"}}).encode()})
    return togo, "edi-send", niger.mailbox("TGOTR")


SCENES: dict[str, Callable[[Path, int, str], tuple[Office, str, Path]]] = {
    "stored": lambda root, count, limit: _stored(root, count, limit, same=False),
    "partner": lambda root, count, limit: _stored(root, count, limit, same=True),
    "national": lambda root, count, limit: _national(root, count, limit, declares=False),
    "urgent": lambda root, count, limit: _national(root, count, limit, declares=True)}


def play(root: Path, scene: str, count: int, limit: str = "15m") -> Waited:
    """One scene in a world of its own below `root`."""
    office, program, folder = SCENES[scene](root, count, limit)
    before = set(folder.iterdir()) if folder.is_dir() else set()
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "gateway.cli", program, "--config", str(office.settings)],
                               cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
    waited = None
    ended = 0
    while not ended:
        if waited is None and folder.is_dir() and set(folder.iterdir()) - before:
            waited = round(time.monotonic() - begun, 2)
        time.sleep(0.02)
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    run = round(time.monotonic() - begun, 2)
    if waited is None and folder.is_dir() and set(folder.iterdir()) - before:
        waited = run
    return Waited(scene, count, limit, waited, run, round(used.ru_maxrss / 1024, 1), process.returncode)


def main(words: Sequence[str] | None = None) -> int:
    """The campaign as a command; exit 1 when a message did not come through in its run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", choices=[*SCENES], action="append")
    parser.add_argument("--flood", type=int, default=10_000)
    parser.add_argument("--limit", default="15m", help="limits.run of the gateway")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    found = []
    for scene in options.scene or SCENES:
        with tempfile.TemporaryDirectory(prefix="campaign-flood-") as folder:
            found.append(play(Path(folder), scene, options.flood, options.limit))
            print(found[-1], file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"schema": 1, "kind": "campaign", "name": "flood", "scenes": [asdict(one) for one in found]}))
    return 1 if any(one.waited is None for one in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
