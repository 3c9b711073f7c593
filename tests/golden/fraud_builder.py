"""The story of 2,000 packages that became 800, told by two real gateways at fixed moments (`samples/fraud`).

    with told() as fraud:          two gateways in a temporary folder, their mailboxes, ledgers and keys
        fraud.departure.settings   settings of the gateway of Lomé; `fraud.destination` that of Ouagadougou
        fraud.mrn, fraud.end       the movement, and the moment at which everything had been said

    python -m tests.golden.fraud_builder            write samples/fraud/verdict again
    python -m tests.golden.fraud_builder --check    exit 1 and a unified diff when something differs

Lomé declares 2,000 cartons; the truck is weighed there and at the border, with the same result. At Ouagadougou a second
declaration is keyed by hand: 800 cartons, and televisions that have become plastic goods. The seals are whole, every
message is signed by the administration that made it, and both ledgers hold the same: that is what the mirror and the
evidence are about. Everything is real but the moments: keys and sealed files differ each time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from tests.golden.story.offices import ROOT, Office, open_offices
from tests.golden.story.scenarios import BURKINA, SAMPLES, TOGO
from tests.golden.story.telling import PAUSE, ROUNDS, Files
from tests.golden.story_builder import differences

FOLDER = SAMPLES / "fraud"
VERDICT = FOLDER / "verdict"
MRN = "26TGLPLG0000000014"
"""What the gateway of Lomé gives its first declaration of 2026."""

BEGIN = datetime(2026, 9, 14, tzinfo=UTC)
"""From when the keys are good."""

END = datetime(2026, 9, 19, 8, tzinfo=UTC)
"""The morning after the discharge: both have signed the heads of both links of the day before."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that an administration says: its national file, and when its gateway runs."""

    at: datetime
    gateway: str
    kind: str
    file: str


def _said(day: int, hour: int, minute: int, gateway: str, file: str, kind: str = "events") -> Said:
    return Said(datetime(2026, 9, day, hour, minute, tzinfo=UTC), gateway, kind, file)


STEPS = (
    _said(14, 10, 20, "TGOTR", "declaration.json", "declarations"),
    _said(15, 16, 35, "TGOTR", "1-sortie-TGCKS.json"),
    _said(15, 18, 10, "BFDGD", "1-entree-BFCKS.json"),
    _said(17, 9, 25, "BFDGD", "2-arrivee-BFOUI.json"),
    _said(17, 14, 15, "BFDGD", "3-controle-BFOUI.json"),
    _said(18, 10, 50, "BFDGD", "4-apurement-BFOUI.json"),
)


@dataclass(frozen=True, slots=True)
class Fraud:
    """Both gateways after everything was said and answered; `end` is the moment to ask at."""

    departure: Office
    destination: Office
    mrn: str = MRN
    end: datetime = END

    @property
    def offices(self) -> tuple[Office, Office]:
        """Both, the departure first."""
        return self.departure, self.destination


@contextlib.contextmanager
def told(root: Path | None = None) -> Iterator[Fraud]:
    """Tell the story in a folder, a temporary one when None. The gateways stand until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        yield tell(root or Path(folder))


def tell(root: Path, ledgers: Mapping[str, str] = MappingProxyType({})) -> Fraud:
    """Tell the story below a folder, with new keys, and leave the gateways there. ledgers: as `open_offices`."""
    offices = open_offices(root, (TOGO, BURKINA), BEGIN, ledgers=ledgers)
    by_name = {office.name: office for office in offices}
    for said in STEPS:
        content = (FOLDER / said.gateway.lower() / said.file).read_bytes()
        by_name[said.gateway].drop(said.kind, said.file, content.replace(b"{mrn}", MRN.encode()))
        by_name[said.gateway].run(said.at)
        _everybody(offices, said.at + PAUSE)
    for morning in (END - timedelta(hours=2), END - timedelta(hours=1)):  # the heads of the day before, and back
        _everybody(offices, morning)
    return Fraud(offices[0], offices[1])


def _everybody(offices: list[Office], at: datetime) -> None:
    for round_ in range(ROUNDS):
        for office in offices:
            office.run(at + round_ * PAUSE)


ASKED = {"mirror": ("mirror", MRN), "worst": ("mirror", "--since", "2026-09-01"),
         "importers": ("mirror", "--since", "2026-09-01", "--by", "importer"), "seals": ("seals", MRN)}
"""Name of a file of the verdict -> what is asked at the gateway of departure."""


def verdict(fraud: Fraud) -> Files:
    """What the gateway of departure answers, in French, in English and for programs, by its name in the folder."""
    return {f"{name}.{ending}": answer(fraud.departure, words)
            for name, asked in ASKED.items()
            for ending, words in (("fr.txt", (*asked, "--lang", "fr")), ("en.txt", (*asked, "--lang", "en")),
                                  ("jsonl", (*asked, "--json")))}


def answer(office: Office, words: tuple[str, ...]) -> bytes:
    """What `edi` prints for some words, by a process of its own. Raises CalledProcessError when it refuses."""
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words, "--config", str(office.settings)], cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"}, check=True, capture_output=True, timeout=60).stdout


def held() -> Files:
    """What stands in the checkout of the verdict."""
    return {path.name: path.read_bytes() for path in sorted(VERDICT.iterdir())}


def main(arguments: list[str]) -> int:
    """Write, or check."""
    with told() as fraud:
        made = verdict(fraud)
    if arguments == ["--check"]:
        found = list(differences(made, held(), "samples/fraud/verdict"))
        print("\n".join(found) or "samples/fraud/verdict: as it is made")
        return 1 if found else 0
    if arguments:
        print(__doc__)
        return 2
    shutil.rmtree(VERDICT, ignore_errors=True)
    VERDICT.mkdir()
    for name, content in made.items():
        (VERDICT / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
