"""What has to be true of two gateways at rest, whatever happened before: every declaration once, and nothing left over.

`judge(world)` asks the ledgers themselves, by SQL of its own, and the folders; it trusts no report of the gateway but
`edi audit verify`, and that in addition to SQLite's own check. What it finds wrong is one of

    lost      a declaration, an event, an answer that is not there; a receipt for what is not stored
    doubled   one of them taken, sent, judged or told more than once
    leaked    a plaintext or a temporary file where, or when, none should be
    broken    anything else: a ledger that does not verify, a link halted, a mailbox not empty, a defect
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.campaigns.mailbox_world import CANARY, PASSING, NeverQuiet, World
from tests.tools.offices import Office

_NAME = re.compile(r"[0-9a-f]{32}\.p7m")
_NUMBER = re.compile(r"\.[0-9](\.(?:xml|csv))")
PARTIAL = ".partial"
_PLAIN = ("national/sent/declarations", "national/in/declarations", "national/refused/declarations",
          "national/out/declarations", "state")
"""Folders that hold plaintext by right: of those of the state, the ledger and what is claimed."""


@dataclass(slots=True)
class Verdict:
    """What was wrong after one case, in words, by kind."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing was wrong."""
        return not (self.lost or self.doubled or self.leaked or self.broken)

    def words(self) -> list[str]:
        """Everything that was wrong."""
        return [f"{name}: {what}" for name in ("lost", "doubled", "leaked", "broken")
                for what in getattr(self, name)]


def rows(office: Office, question: str, *values: object) -> list[tuple[Any, ...]]:
    """The answer of an office's ledger to a question in SQL; none where it was never made."""
    path = office.home / "state" / "ledger.sqlite"
    if not path.exists():
        return []
    connection = sqlite3.connect(path, timeout=30)
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()


def settle_and_judge(world: World, *, patience: Sequence[timedelta] = PASSING, quarantined: bool = False,
                     statuses: frozenset[int] = frozenset({0})) -> Verdict:
    """Let the world come to rest and judge it; that it never does is a fault, too. Options of `judge` and `quiet`."""
    try:
        world.quiet(patience=patience, statuses=statuses)
    except (NeverQuiet, TimeoutError) as error:
        verdict = judge(world, quarantined=quarantined)
        verdict.broken.append(f"never at rest: {error}")
        return verdict
    return judge(world, quarantined=quarantined)


def judge(world: World, *, quarantined: bool = False) -> Verdict:
    """Judge two gateways at rest.

    quarantined  whether the case brought anything about that is rightly in quarantine
    """
    verdict = Verdict()
    _count(verdict, world)
    _objects(verdict, world)
    for office, partner in ((world.togo, world.burkina), (world.burkina, world.togo)):
        _ledger(verdict, world, office)
        _folders(verdict, office, partner, quarantined)
    _refused(verdict, world)
    _left_behind(verdict, world)
    return verdict


def _count(verdict: Verdict, world: World) -> None:
    """Declarations, events and answers, each on its way from one side to the other."""
    togo, burkina, work = world.togo, world.burkina, world.work
    keys = dict(rows(togo, "select key, mrn from movement"))
    expected = {world.standing: True}
    for key, good in work.declarations.items():
        if key in keys:
            expected[keys[key]] = good
        else:
            verdict.lost.append(f"{key} was never taken")
    accepted = {mrn for mrn, good in expected.items() if good}

    for what, office, question in (
            ("declarations taken", togo, "select mrn from declaration"),
            ("declarations queued", togo, "select mrn from message where direction = 'out' and type = 'CUSDEC'"),
            ("declarations judged", burkina, "select mrn from message where direction = 'in' and type = 'CUSDEC'"),
            ("answers queued", burkina,
             "select mrn from message where direction = 'out' and word in ('ACCEPTED', 'REJECTED')"),
            ("answers taken", togo, "select mrn from message where direction = 'in' and word in "
             "('ACCEPTED', 'REJECTED')")):
        _once(verdict, what, [*expected], _first(rows(office, question)))
    _once(verdict, "accepted", accepted, _first(rows(
        burkina, "select mrn from message where direction = 'in' and type = 'CUSDEC' and state = 'ACCEPTED'")))
    _once(verdict, "movements", accepted, _first(rows(burkina, "select mrn from movement")))
    _once(verdict, "told to Ouagadougou", accepted, _members(_told(burkina, "declarations"), "mrn"))
    answers = {name: content for name, content in _told(togo, "answers").items() if not name.endswith(".mrn.json")}
    words = {(mrn, "ACCEPTATION" if good else "REJET") for mrn, good in expected.items()}
    _once(verdict, "answers told to Lomé", words,
          zip(_members(answers, "mrn"), _members(answers, "word"), strict=True))
    for what, office, question in (
            ("events taken", burkina, "select word from event where mrn = ? and source_id is not null"),
            ("events queued", burkina, "select word from message where direction = 'out' and mrn = ? "
             "and word not in ('ACCEPTED', 'REJECTED')"),
            ("events known", togo, "select word from event where mrn = ? and word not in ('ACCEPTED', 'REJECTED')")):
        _once(verdict, what, work.events, _first(rows(office, question, world.standing)))
    told = _told(togo, "events")
    _once(verdict, "events told to Lomé", range(len(work.events)), range(len(told)))


def _objects(verdict: Verdict, world: World) -> None:
    """Each sealed object once on both sides, under the same number, acknowledged where it has to be, and never without
    being stored; nobody has what nobody sent."""
    for sender, receiver in ((world.togo, world.burkina), (world.burkina, world.togo)):
        sent = rows(sender, "select sequence, message_id, mic, kind, state, receipt_due from object "
                    "where direction = 'out' and state <> 'WITHDRAWN'")
        held = rows(receiver, "select sequence, message_id, mic from object where direction = 'in'")
        stored = set(held)
        name = f"{sender.name} to {receiver.name}"
        for sequence, message_id, mic, kind, state, due in sent:
            if (sequence, message_id, mic) not in stored:
                verdict.lost.append(f"{name}: object {sequence} {kind} is {state}, and not stored")
            if state == "PREPARED" or (state == "DISPATCHED" and due is not None):
                verdict.lost.append(f"{name}: object {sequence} {kind} is {state}")
        _once(verdict, f"numbers {name}", range(1, len(sent) + 1), [row[0] for row in sent])
        _once(verdict, f"stored {name}", stored, held)
        for one in stored - {row[:3] for row in sent}:
            verdict.doubled.append(f"{name}: object {one[0]} was stored and never sent")
        for direction, office in (("out", sender), ("in", receiver)):
            for reference, kind, state in rows(office, "select control_reference, type, state from interchange "
                                               "where direction = ?", direction):
                if state not in (("RECEIVED",) if kind == "CONTRL" and direction == "out" else
                                 ("TAKEN", "ACKNOWLEDGED")):
                    verdict.lost.append(f"{name}: interchange {direction} {reference} {kind} is {state}")


def _ledger(verdict: Verdict, world: World, office: Office) -> None:
    for pragma, sound in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
        if (found := rows(office, f"pragma {pragma}")) != sound:
            verdict.broken.append(f"{office.name}: {pragma}: {found[:3]}")
    audit = world.run(office.name, "edi", "audit", "verify", "--json")
    if audit.exit:
        verdict.broken.append(f"{office.name}: edi audit verify: {audit.out.strip()[:400]} {audit.err.strip()[:400]}")
    for link in rows(office, "select partner, direction, halted from link where halted is not null"):
        verdict.broken.append(f"{office.name}: a link is halted: {link}")


def _folders(verdict: Verdict, office: Office, partner: Office, quarantined: bool) -> None:
    for path in office.mailbox(partner.name).iterdir():
        verdict.broken.append(f"{office.name}: {path.name} lies in the mailbox from {partner.name}")
    for path in (office.mailbox(partner.name).parent / "tmp").iterdir():
        if not _NAME.fullmatch(path.name):
            verdict.leaked.append(f"{office.name}: {path.name} lies in tmp")
    for folder in ("state/claimed", "national/out", "state/defects", *([] if quarantined else ["state/quarantine"])):
        for path in _files(office.home / folder):
            if not path.name.endswith(PARTIAL):
                said = f":\n{path.read_text('utf-8')}" if path.parent.name == "defects" else ""
                verdict.broken.append(f"{office.name}: {path.relative_to(office.home)} is left{said}")


def _refused(verdict: Verdict, world: World) -> None:
    """What is wrong at home is put aside, every file once and beside its reason, and nothing of it is sent.

    A name that an interrupted move has reserved is not used: the file then has a number before its suffix.
    """
    expected = [name for one in world.work.refused for name in (one, f"{one}.reason")]
    _once(verdict, "refused at home", expected, (
        _NUMBER.sub(r"\1", path.name) for office in world.offices.values()
        for path in _files(office.home / "national" / "refused") if not path.name.endswith(PARTIAL)))


def _left_behind(verdict: Verdict, world: World) -> None:
    """Two days later: what interrupted writings leave lives for one day, and plaintext only where it belongs."""
    world.pass_time(days=2)
    for office in world.offices.values():
        if any(path.name.endswith(PARTIAL) for path in _files(office.home)):
            ran = world.run(office.name, "edi", "retention")
            if ran.exit:
                verdict.broken.append(f"{office.name}: edi retention: {ran.err.strip()[:400]}")
    for path in _files(world.system):
        verdict.leaked.append(f"{path.name} was left in the folder for temporary files")
    for office in world.offices.values():
        for path in _files(office.home):
            if path.name.endswith(PARTIAL):
                verdict.leaked.append(f"{office.name}: {path.relative_to(office.home)} outlives its day")
    for top in (*(office.home for office in world.offices.values()), world.togo.mail):
        for path in _files(top):
            inside = str(path.parent.relative_to(top))
            if inside not in _PLAIN and CANARY.encode() in path.read_bytes():
                verdict.leaked.append(f"{path.relative_to(world.folder)} holds the text of a declaration")


def _once(verdict: Verdict, what: str, expected: Iterable[object], found: Iterable[object]) -> None:
    """Compare two lists in which each thing should stand once."""
    awaited, there = Counter(expected), Counter(found)
    verdict.lost.extend(f"{what}: {one}" for one in awaited - there)
    verdict.doubled.extend(f"{what}: {one}" for one in there - awaited)


def _first(found: Iterable[tuple[Any, ...]]) -> Iterator[object]:
    return (row[0] for row in found)


def _members(files: dict[str, bytes], name: str) -> list[object]:
    """A member of each file; a file that is not whole counts as its own text, and as no file that is expected."""
    found: list[object] = []
    for content in files.values():
        try:
            found.append(json.loads(content)[name])
        except (ValueError, KeyError, TypeError):
            found.append(content[:80])
    return found


def _told(office: Office, kind: str) -> dict[str, bytes]:
    """What the national side finds in its inbox; what an interrupted writing left has a hidden name, and one day."""
    return {name: content for name, content in office.inbox(kind).items()
            if not (name.startswith(".") and name.endswith(PARTIAL))}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
