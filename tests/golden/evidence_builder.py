"""The evidence bundle of the story of 2,000 packages that became 800, as it lies in ``samples/fraud/evidence``.

    python -m tests.golden.evidence_builder     tell the story with new keys, and put the bundle of Lomé there

The keys are made for it and thrown away with the gateways: nothing else was ever signed with them. The times at which
signatures are checked are stated in the bundle, so that it is as true in twenty years as today.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.exchange.assembly import open_gateway
from gateway.exchange.evidence import gather
from gateway.exchange.evidence_files import write_bundle
from gateway.security import load_certificate
from gateway.security.keys import load_private_key
from gateway.security.own_list import issue_list
from tests.golden.fraud_builder import BEGIN, FOLDER, MRN, Fraud, told
from tests.golden.story.offices import LIFE
from tests.golden.story.telling import PAUSE

EVIDENCE = FOLDER / "evidence"
ROUNDS = 3


@dataclass(frozen=True)
class Built:
    """A bundle, and the gateways that it was made from."""

    folder: Path
    fraud: Fraud
    at: datetime


@contextmanager
def built(out: Path) -> Iterator[Built]:
    """Tell the story, let two more days pass, so that both have signed heads over all of it, and make the bundle."""
    with told() as fraud:
        at = fraud.end
        for hours in (4, 28):
            for round_ in range(ROUNDS):
                at = fraud.end + timedelta(hours=hours) + round_ * PAUSE
                for office in fraud.offices:
                    office.run(at)
        _lists(fraud)
        yield Built(bundle(fraud, out, at), fraud, at)


def _lists(fraud: Fraud) -> None:
    """The revocation list of each authority, at its own gateway and where the other one keeps what it has used."""
    for office, partner in (fraud.offices, fraud.offices[::-1]):
        keys = office.home / "keys"
        content = issue_list(load_private_key(keys / "authority.key", None), load_certificate(keys / "authority.crt"),
                             now=BEGIN, valid=LIFE, revoked=[], before=None)
        (keys / "authority.crl").write_bytes(content)
        kept = partner.home / "state" / "revocation" / "kept" / office.name
        kept.mkdir(parents=True, exist_ok=True)
        (kept / f"{BEGIN:%Y-%m-%d}-{hashlib.sha256(content).hexdigest()[:32]}.crl").write_bytes(content)


def bundle(fraud: Fraud, out: Path, at: datetime) -> Path:
    """The bundle that the gateway of departure makes at a moment."""
    with open_gateway(fraud.departure.settings, at) as gateway:
        return write_bundle(gather(gateway, fraud.mrn), gateway.name, out, at)


def main() -> None:
    """Make the committed bundle anew."""
    with tempfile.TemporaryDirectory() as folder, built(Path(folder)) as made:
        shutil.rmtree(EVIDENCE / MRN, ignore_errors=True)
        EVIDENCE.mkdir(exist_ok=True)
        shutil.copytree(made.folder, EVIDENCE / MRN)


if __name__ == "__main__":
    main()
