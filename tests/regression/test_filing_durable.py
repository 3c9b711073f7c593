"""Is what filing noted gone for good once it is done, and does what a killed run was moving leave nothing behind?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.exchange import failpoints, filing, intake
from gateway.exchange.summary import Exit
from tests.tools.malice import refused_files, sent_files, well
from tests.tools.offices import ROOT, Office, offices
from tests.tools.records import declaration_json

STORY = ROOT / "samples" / "story" / "tgotr"
TWINS = {"20417.xml": (STORY / "declaration-1.xml").read_bytes(),
         "20417-t1.csv": (STORY / "declaration-1-t1.csv").read_bytes()}


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, with Burkina Faso and Mali as its partners."""
    return offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))[0]


@pytest.mark.parametrize("taken", [True, False])
def test_what_was_to_be_filed_is_forgotten_before_its_names_may_come_again(
        togo: Office, monkeypatch: pytest.MonkeyPatch, taken: bool) -> None:
    """A note that a power cut brought back would file away the next files of these names, untaken or refused."""
    seen: list[str] = []
    unlink, fsync = Path.unlink, os.fsync

    def forgetting(path: Path, missing_ok: bool = False) -> None:
        if path.exists() and path.name.endswith(".filing.json"):
            seen.append(f"forget {path.name}")
        unlink(path, missing_ok=missing_ok)

    def flushing(handle: int) -> None:
        fsync(handle)
        place = Path(f"/proc/self/fd/{handle}").readlink()
        if place == togo.home / "state" / "claimed":
            seen.append("flush")

    togo.drop("declarations", TWINS if taken else {
        name: content.replace(b"26TGLPLT0000204177", b"26TGLPLT0000204178") for name, content in TWINS.items()})
    monkeypatch.setattr(Path, "unlink", forgetting)
    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(intake, "reach", lambda name: seen.append("filed") if name == failpoints.FILED else None)
    togo.run("edi-send")
    done = seen.index("forget declarations.filing.json")
    assert seen[done:done + 3] == ["forget declarations.filing.json", "flush", "filed"]
    assert sent_files(togo, "declarations") == (sorted(TWINS) if taken else [])


def test_a_run_killed_while_it_moved_a_file_costs_no_name_and_leaves_no_reason_alone(togo: Office) -> None:
    togo.drop("declarations", {"bad.json": declaration_json("A", without_gross_mass=1).replace(b"{", b"[", 1),
                               "good.json": declaration_json("B")})
    claimed, refused = (togo.home / "state" / "claimed", togo.home / "national" / "refused" / "declarations")
    (claimed / "declarations").mkdir(parents=True, mode=0o700)
    refused.mkdir(parents=True, mode=0o700)
    for left in (claimed / "declarations" / ".good.json.move.partial", refused / ".bad.json.move.partial",
                 refused / ".bad.json.reason.99-1.partial", claimed / ".declarations.filing.json.99-1.partial"):
        left.write_bytes(b"")
    (refused / "bad.json.reason").write_text("what the killed run had found\n", "utf-8")
    assert togo.run("edi-send").exit == Exit.PERSON
    assert sent_files(togo, "declarations") == ["good.json"]
    assert refused_files(togo, "declarations") == ["bad.json", "bad.json.reason"]
    assert [path for path in claimed.rglob("*") if path.is_file()] == []
    well(togo.run("edi-send"))


def test_a_name_that_a_person_takes_at_the_same_moment_parts_no_file_from_its_reason(
        togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    togo.drop("declarations", {"bad.json": b"["})
    refused = togo.home / "national" / "refused" / "declarations"
    monkeypatch.setattr(filing, "reach", lambda name: (refused / "bad.json").write_bytes(b"put there by hand")
                        if name == failpoints.REASONED else None)
    togo.run("edi-send")
    monkeypatch.undo()
    assert refused_files(togo, "declarations") == ["bad.1.json", "bad.1.json.reason", "bad.json"]
