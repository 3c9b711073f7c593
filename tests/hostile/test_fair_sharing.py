"""Does the small message of one partner wait for the flood of another, or for its own partner's declarations?"""

from __future__ import annotations

import gc
import hashlib
import itertools
import sqlite3
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.edifact import WireMessage
from gateway.exchange import budget, cycle, dispatch, lots, process
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.summary import Summary
from tests.tools.malice import Puppet, codes, quarantined, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, declaration_json, numbered_mrn

KNOWN = 900
EXIT = {"role": "exit", "code": "TGCKS"}


@dataclass
class World:
    """Burkina Faso, with Togo and Mali in the hands of a test, and one movement of Togo's that it knows."""

    burkina: Office
    togo: Puppet
    mali: Puppet

    def flood(self, puppet: Puppet, numbers: range) -> None:
        """Interchanges of one declaration each."""
        for number in numbers:
            puppet.send(puppet.cusdec(declaration(f"T-{number}", mrn=numbered_mrn(number))))

    def passage(self, number: int = KNOWN) -> None:
        """Togo says that a movement has left it."""
        self.togo.send(self.togo.cusres("CROSS-OUT", numbered_mrn(number), reference=f"TGCKS-{number}", office=EXIT))

    def judged(self) -> list[tuple[str, str, str]]:
        """Partner, type and MRN of what was judged since the movement came in, in its order."""
        with sqlite3.connect(self.burkina.home / "state" / "ledger.sqlite") as ledger:
            return list(ledger.execute(
                "select partner, type, mrn from message where direction = 'in' order by id"))[1:]

    def run(self, clock: Callable[[], float] = lambda: 0.0) -> Summary:
        """A run of edi-receive by a clock."""
        moment = datetime.now(UTC).replace(microsecond=0)
        identifiers = (hashlib.sha256(f"{moment} {number}".encode()).hexdigest()[:32] for number in itertools.count())
        with open_gateway(self.burkina.settings, moment) as gateway:
            return cycle.receive(gateway, Occasion(moment, lambda: next(identifiers), clock))


@pytest.fixture
def world(tmp_path: Path) -> World:
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    made = World(burkina, Puppet(togo, burkina), Puppet(mali, burkina))
    made.flood(made.togo, range(KNOWN, KNOWN + 1))
    well(burkina.run("edi-receive"))
    return made


def test_t16_a_passage_does_not_wait_for_the_flood_of_another_partner(world: World) -> None:
    """However many interchanges one partner has put up, another's one message is judged after one of them at most."""
    world.flood(world.mali, range(1, 13))
    world.passage()
    world.run()
    judged = world.judged()
    assert len(judged) == 13
    assert ("TGOTR", "CUSRES", numbered_mrn(KNOWN)) in judged[:2]


def test_t16_a_passage_does_not_wait_for_declarations_of_its_own_partner(world: World) -> None:
    """Status messages go before declarations, unless they speak of a movement that one of those may bring."""
    world.flood(world.togo, range(1, 6))
    world.passage(5)
    world.flood(world.togo, range(6, 8))
    world.passage()
    assert world.run().problems == []
    assert [(kind, mrn) for _, kind, mrn in world.judged()] == [
        ("CUSRES", numbered_mrn(KNOWN)), *(("CUSDEC", numbered_mrn(number)) for number in range(1, 6)),
        ("CUSRES", numbered_mrn(5)), ("CUSDEC", numbered_mrn(6)), ("CUSDEC", numbered_mrn(7))]


def test_t16_a_strict_link_is_judged_in_its_order(world: World) -> None:
    """Where the agreement says strict, no status goes before a declaration that was sealed before it."""
    settings = world.burkina.home / "partners" / "TGOTR.yaml"
    settings.write_text(settings.read_text("utf-8").replace("order: loose", "order: strict"), "utf-8")
    world.flood(world.togo, range(1, 4))
    world.passage()
    world.run()
    assert [kind for _, kind, _ in world.judged()] == ["CUSDEC"] * 3 + ["CUSRES"]


def test_t16_judging_ends_in_time_and_what_is_left_is_the_next_run_s(world: World,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """A run judges for a part of its time, then answers what it has judged; nothing of the rest is lost, nobody is
    left out, and the national side has what was judged before the run ends."""
    now = 0.0
    honest = process._Judging._judge
    handed: list[int] = []

    def slow(*words: Any) -> None:
        nonlocal now
        handed.append(len(world.burkina.inbox("events")))
        honest(*words)
        now += 60

    monkeypatch.setattr(process._Judging, "_judge", slow)
    world.flood(world.mali, range(1, 13))
    world.passage()
    first = world.run(lambda: now)
    assert [(int(status), finding.code, finding.values) for status, finding in first.problems] == [
        (4, "X097", {"n": "4"})]
    assert (first.interchanges_processed, handed[-1]) == (9, 1)
    now = 0.0
    second = world.run(lambda: now)
    assert (second.problems, second.interchanges_processed, len(world.judged())) == ([], 4, 13)


def test_t16_what_is_told_of_one_partner_does_not_grow_with_its_flood(world: World) -> None:
    """Of bad files by the thousand the first hundred are told, and how many more; all of them are kept."""
    for number in range(130):
        world.mali.put(b"rubbish %d" % number)
    world.togo.put(b"rubbish")
    ran = world.burkina.run("edi-receive")
    assert Counter(codes(ran)) == {"E_ASN1": 101, "X099": 1}
    assert "more findings with the code E_ASN1 than are told here: 30" in ran.err
    assert len(quarantined(world.burkina)) == 131


def peak(office: Office, program: str) -> int:
    """Octets that a run of Python's own objects took at most."""
    gc.collect()
    tracemalloc.start()
    try:
        assert office.run(program).exit in (0, 1)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_t16_memory_of_receiving_does_not_grow_with_what_lies_there(world: World,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    """Six times as many large interchanges take no more memory: that of a batch, and of one interchange judged."""
    for module in (budget, dispatch):
        monkeypatch.setattr(module, "BATCH_OCTETS", 1 << 20)
    wrong = world.mali.cusdec(declaration("T-1", mrn=numbered_mrn(1)))
    large = WireMessage(wrong.identifier, wrong.body + "FTX+ZZZ+++" + "X" * 300_000 + "'", wrong.segments + 1)
    peaks = []
    for count in (4, 4, 24):  # the first run loads what the others have
        for _ in range(count):
            world.mali.send(large)
        peaks.append(peak(world.burkina, "edi-receive"))
    assert peaks[2] < peaks[1] + (2 << 20) < peaks[1] + 20 * 300_000


def test_t16_memory_of_sending_does_not_grow_with_what_lies_there(world: World,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """Six times as many large national files take no more memory: that of a lot of them."""
    monkeypatch.setattr(lots, "OCTETS", 1 << 20)
    togo = world.togo.office
    peaks = []
    for round_, count in enumerate((4, 4, 24)):
        togo.drop("declarations", {
            f"d{round_}-{number}.json": declaration_json(f"T-{round_}-{number}") + b" " * 300_000
            for number in range(count)})
        peaks.append(peak(togo, "edi-send"))
    assert peaks[2] < peaks[1] + (2 << 20) < peaks[1] + 20 * 300_000
