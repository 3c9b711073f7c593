"""A bundle as a folder: whole or absent, with the script that checks it and the list of its files (GW-1 section 12)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from datetime import datetime
from importlib import resources
from pathlib import Path

from gateway.errors import LocalError
from gateway.exchange.evidence import Evidence, Exhibit
from gateway.exchange.evidence_story import story
from gateway.findings import Finding, Place
from gateway.spool import make_folder, write_together
from gateway.texts import Language

THERE = "C060"
SUMS = "SHA256SUMS"


def bundle_files(evidence: Evidence, gateway: str, now: datetime) -> dict[str, bytes]:
    """Every file of the bundle by its path in it. gateway: who makes it."""
    files = {
        "verify.sh": resources.files("gateway.exchange").joinpath("verify.sh").read_bytes(),
        "bundle.txt": _plan(evidence, gateway, now),
        **{f"story.{language.value}.txt": story(evidence, language, gateway, now).encode() for language in Language},
        **{f"trust/{name}.pem": trust.pem for name, trust in evidence.trust.items()},
    }
    for name, exhibit in named(evidence):
        files[f"{name}/message.cms"] = exhibit.message.inner
        files[f"{name}/leaf.txt"] = exhibit.leaf
        if exhibit.receipt is not None:
            files[f"{name}/receipt.cms"] = exhibit.receipt.inner
        if exhibit.agreed is not None:
            files[f"{name}/proof.tlog-proof"] = exhibit.agreed.proof
            files[f"{name}/checkpoint-{exhibit.sender}.cms"] = exhibit.agreed.of_sender.inner
            files[f"{name}/checkpoint-{exhibit.recipient}.cms"] = exhibit.agreed.of_recipient.inner
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return {**files, SUMS: sums.encode("ascii")}


def write_bundle(evidence: Evidence, gateway: str, out: Path, now: datetime) -> Path:
    """Write the bundle to a folder of its own below `out`; that folder.

    Raises LocalError C060 when it is there already (a bundle is never changed), B003, B006.
    """
    target = out / evidence.movement.mrn
    if target.exists():
        raise LocalError(Finding(code=THERE, place=Place(file=str(target)), values={"folder": str(target)}))
    make_folder(out)
    making = out / f".{target.name}.partial"
    shutil.rmtree(making, ignore_errors=True)  # what a run left that was cut
    files = bundle_files(evidence, gateway, now)
    for folder in sorted({(making / name).parent for name in files}):
        make_folder(folder, 0o755)
    write_together({making / name: content for name, content in files.items()}, 0o644)
    making.rename(target)
    return target


def named(evidence: Evidence) -> Iterator[tuple[str, Exhibit]]:
    """Each exhibit with the folder it lies in."""
    for number, one in enumerate(evidence.exhibits, 1):
        yield f"{number:03d}-{one.sender}-{one.recipient}-{one.sequence}", one


def _plan(evidence: Evidence, gateway: str, now: datetime) -> bytes:
    """What the script is to find: one line for each gateway's trust and each object.

    object FOLDER FROM TO SEQUENCE TIME RECEIPT TIME SIZE TIME TIME ABOUT: seconds since 1970 at which each signature is
    checked; ``missing`` and ``-`` where there is nothing yet; the movement's number where the payload names it.
    """
    lines = ["gw-evidence/1", f"movement {evidence.movement.mrn}", f"made {now:%Y-%m-%dT%H:%M:%SZ} {gateway}"]
    lines += [f"trust {name} {'lists' if trust.windows else 'none'}" for name, trust in sorted(evidence.trust.items())]
    for folder, one in named(evidence):
        of_sender, of_recipient = evidence.trust[one.sender], evidence.trust[one.recipient]
        receipt, agreed = one.receipt, one.agreed
        lines.append(" ".join((
            "object", folder, one.sender, one.recipient, str(one.sequence),
            _seconds(of_sender.stated(one.message.at)),
            "missing" if receipt is None else "processed" if one.disposition == "processed" else "refused",
            "-" if receipt is None else _seconds(of_recipient.stated(receipt.at)),
            "missing" if agreed is None else str(agreed.size),
            "-" if agreed is None else _seconds(of_sender.stated(agreed.of_sender.at)),
            "-" if agreed is None else _seconds(of_recipient.stated(agreed.of_recipient.at)),
            evidence.movement.mrn if one.names else "-")))
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))
