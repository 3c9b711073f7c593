"""What the demonstration expects, and what the three ledgers and national folders say happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from gateway.demo.world import BURKINA, MALI, TOGO, Administration
from gateway.mapping import search_path
from gateway.mapping.dialect import load_dialect
from gateway.references import Tree

Say = Callable[..., str]
Listing = Callable[[Administration, str], list[dict[str, str]]]

_GIVEN_ON_THE_WAY = ("prepared", "amendment", "function")
"""What the gateway of departure adds to a record that the national system left open."""


class Check(Struct, frozen=True):
    """One line of the table."""

    subject: str
    expected: str
    happened: str

    @property
    def holds(self) -> bool:
        """Whether it happened as expected."""
        return self.expected == self.happened


def compare(subject: str, expected: object, happened: object) -> Check:
    """A line for two values."""
    return Check(subject, str(expected), str(happened))


def judge(root: Path, mrns: Mapping[str, str], say: Say, name: Callable[[Administration], str],
          listing: Listing) -> list[Check]:
    """The end of the story in the ledgers, and the received national file against the sent one."""
    checks = []
    for who, states in ((TOGO, {"first": "CLOSED", "second": "CONFIRMED", "third": "SENT"}),
                        (BURKINA, {"first": "CLOSED", "second": "EXPECTED", "third": "-"}),
                        (MALI, {"first": "DISCHARGED", "second": "EXPECTED", "third": "-"})):
        movements = {row["mrn"]: row for row in listing(who, "movement")}
        for number, state in states.items():
            happened = movements.get(mrns[number], {"state": "-"})["state"]
            checks.append(compare(say(f"check.state.{number}", who=name(who), mrn=mrns[number]), state, happened))
    flags = next(row["flags"] for row in listing(TOGO, "movement") if row["mrn"] == mrns["third"])
    checks.append(compare(say("check.rejected_by"), "REJECTED-BY", "REJECTED-BY" if "REJECTED-BY" in flags else flags))
    out = [row for row in listing(TOGO, "interchange") if row["direction"] == "out" and row["type"] == "CUSDEC"]
    checks.append(compare(say("check.acknowledged"), "ACKNOWLEDGED ACKNOWLEDGED",
                          " ".join(row["state"] for row in out)))
    for who in (BURKINA, MALI):
        same = _received(root, who, mrns["first"]) == _sent(root)
        checks.append(compare(say("check.same", who=name(who)), say("yes"), say("yes" if same else "no")))
    return checks


def _sent(root: Path) -> Tree:
    """The first declaration as Togo's national side gave it."""
    folder = TOGO.home(root) / "national" / "sent" / "declarations"
    return _read("tgotr/asycuda", {path.name: path.read_bytes() for path in folder.iterdir()
                                   if path.name.startswith("declaration-1")})


def _received(root: Path, who: Administration, mrn: str) -> Tree:
    """The same declaration as an inbox holds it."""
    folder = who.home(root) / "national" / "in" / "declarations"
    return _read(who.inbox, {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith(mrn)})


def _read(dialect: str, files: dict[str, bytes]) -> Tree:
    records = load_dialect(dialect, search_path()).read(files).records
    return {name: value for name, value in records[0].tree.items() if name not in _GIVEN_ON_THE_WAY} if records else {}
