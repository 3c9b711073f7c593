"""Does a run keep its sessions, give them up in time, and say once what went wrong with them?"""

from __future__ import annotations

import hashlib
import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko.sftp import CMD_CLOSE, CMD_READ, CMD_WRITE

from gateway.exchange import budget, cycle
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.summary import Summary
from gateway.ledger.rows import Outage
from gateway.transport.directory import DirectoryMailbox
from gateway.transport.mailbox import Entries
from gateway.transport.served import SftpSubsystem
from tests.tools.malice import Puppet, codes, well
from tests.tools.offices import Office, offices
from tests.tools.one_host import CountingServer, served
from tests.tools.records import declaration, declaration_json, numbered_mrn

EVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Puppet, Office]:
    """Togo in the hands of a test, and Burkina Faso."""
    togo, burkina = offices(tmp_path)
    return Puppet(togo, burkina), burkina


def sent(togo: Puppet, *numbers: int) -> None:
    """A declaration of each number lies in Burkina Faso's mailbox."""
    for number in numbers:
        togo.send(togo.cusdec(declaration(f"T-{number}", mrn=numbered_mrn(number))))


def outages(office: Office, partner: str) -> list[Outage]:
    with open_gateway(office.settings, datetime.now(UTC)) as gateway, gateway.ledger.reading() as queries:
        return [one for each in ("inbound", "outbound") if (one := queries.outage(partner, each)) is not None]


def crossed(office: Office) -> list[tuple[str, int, int, int]]:
    """Direction, files fetched, files published, failures of each session."""
    with open_gateway(office.settings, datetime.now(UTC)) as gateway, gateway.ledger.reading() as queries:
        return [(row.direction, row.files_in, row.files_out, row.failed) for row in queries.traffic(since=EVER)]


# --- a session that is kept -------------------------------------------------------------------------------------------

def hang_up_before(step: str, server: CountingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends what lies idle, just before a step of the run."""
    honest = getattr(cycle, step)

    def stepping(*words: Any, **named: Any) -> None:
        server.hang_up()
        honest(*words, **named)

    monkeypatch.setattr(cycle, step, stepping)


def test_a_server_that_ends_an_idle_session_is_met_again_and_nobody_hears_of_it(
        pair: tuple[Puppet, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    sent(togo, 1)
    with served(burkina, "TGOTR") as server:
        hang_up_before("process_stored", server, monkeypatch)
        ran = burkina.run("edi-receive")
        well(ran)
        assert (len(server.made), server.live()) == (2, 0)
    assert ran.counts["objects_dispatched"] == 3
    assert outages(burkina, "TGOTR") == []
    assert crossed(burkina) == [("inbound", 1, 0, 0), ("outbound", 0, 3, 0)]


def test_a_run_leaves_no_session_open_whatever_happens_in_it(pair: tuple[Puppet, Office],
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    sent(togo, 1)

    def broken(*_: object) -> None:
        raise KeyError("a defect of ours")

    monkeypatch.setattr(cycle, "process_stored", broken)
    with served(burkina, "TGOTR") as server:
        assert codes(burkina.run("edi-receive")) == ["C021"]
        assert (len(server.made), server.live()) == (1, 0)


# --- a session that breaks --------------------------------------------------------------------------------------------

class Breaking(SftpSubsystem):
    """Ends the connection at the nth request of a kind."""

    kind, number = CMD_READ, 1
    seen = 0

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == type(self).kind:
            type(self).seen += 1
            if type(self).seen >= type(self).number:
                assert self.sock is not None
                self.sock.get_transport().close()
                return
        super()._process(kind, number, message)


@pytest.mark.parametrize("nth", [1, 4])
def test_a_link_that_breaks_while_files_are_fetched_is_said_once_and_counts_as_failed(
        pair: tuple[Puppet, Office], nth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was whole by then is stored; one finding, not one for each file; both directions wait for the next run."""
    togo, burkina = pair
    sent(togo, *range(1, 21))
    monkeypatch.setattr(Breaking, "kind", CMD_CLOSE)
    monkeypatch.setattr(Breaking, "number", 1 + nth)  # the first CLOSE is that of the listing
    with served(burkina, "TGOTR", subsystem=Breaking) as server:
        ran = burkina.run("edi-receive")
        assert (ran.exit, codes(ran)) == (4, ["B105"]), ran.err
        assert len(server.made) == 1
    assert {(one.direction, one.failures, one.code) for one in outages(burkina, "TGOTR")} == {
        ("inbound", 1, "B105"), ("outbound", 1, "B105")}
    (only,) = crossed(burkina)
    assert only == ("inbound", ran.counts["objects_collected"], 0, 1)
    again = burkina.run("edi-receive")
    assert (again.exit, codes(again)) == (0, []), again.err
    assert len(burkina.movements()) == 20
    assert outages(burkina, "TGOTR") == []


def test_a_link_that_breaks_while_files_are_published_is_said_once_and_counts_as_failed(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = offices(tmp_path)
    monkeypatch.setattr(Breaking, "kind", CMD_WRITE)
    with served(togo, "BFDGD", subsystem=Breaking):
        togo.drop("declarations", {f"d{number}.json": declaration_json(f"A-{number}") for number in range(3)})
        ran = togo.run("edi-send")
        assert (ran.exit, codes(ran), ran.counts["objects_dispatched"]) == (4, ["B105"], 0), ran.err
    assert crossed(togo) == [("outbound", 0, 0, 1)]
    again = togo.run("edi-send")
    assert (again.exit, codes(again), again.counts["objects_dispatched"]) == (0, [], 1), again.err
    assert burkina.run("edi-receive").counts["messages_accepted"] == 3


# --- time -------------------------------------------------------------------------------------------------------------

class Lingering(SftpSubsystem):
    """A quarter of a second for each file."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_CLOSE:
            time.sleep(0.25)
        super()._process(kind, number, message)


def test_a_slow_line_is_no_outage_and_what_is_left_is_for_the_next_run(
        pair: tuple[Puppet, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut by our own limit while files still came: that is said, the next run goes on, and nothing is put off."""
    togo, burkina = pair
    sent(togo, *range(1, 13))
    monkeypatch.setattr(budget, "_LEAST", 0.0)
    monkeypatch.setitem(budget.PHASES, "inbound", 2 / 720)  # two seconds
    with served(burkina, "TGOTR", subsystem=Lingering):
        first = burkina.run("edi-receive")
        taken = first.counts["objects_collected"]
        assert (first.exit, codes(first)) == (4, ["X096"]), first.err
        assert 0 < taken < 12
        assert outages(burkina, "TGOTR") == []
        assert crossed(burkina)[0] == ("inbound", taken, 0, 0)
    monkeypatch.undo()
    well(burkina.run("edi-receive"))
    assert len(burkina.movements()) == 12


@dataclass
class Clock:
    """Stands still; each listing of a mailbox takes as long as a test says."""

    now: float = 0.0
    listed: list[str] = field(default_factory=list)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock by which each listing of a partner's mailbox takes five minutes."""
    made = Clock()
    honest = DirectoryMailbox.list

    def listing(self: DirectoryMailbox, *words: Any, **named: Any) -> Entries:
        made.now += 300
        made.listed.append(self._new.parents[2].name)
        return honest(self, *words, **named)

    monkeypatch.setattr(DirectoryMailbox, "list", listing)
    return made


def received(office: Office, clock: Clock, *partners: str) -> Summary:
    """A run of edi-receive by that clock; whom it asked stands in the clock."""
    moment = datetime.now(UTC).replace(microsecond=0)
    identifiers = (hashlib.sha256(str(number).encode()).hexdigest()[:32] for number in itertools.count())
    clock.now, clock.listed = 0.0, []
    with open_gateway(office.settings, moment) as gateway:
        return cycle.receive(gateway, Occasion(moment, lambda: next(identifiers), lambda: clock.now),
                             partners=partners)


def test_a_run_whose_time_is_up_says_whom_it_left_and_the_next_begins_with_them(tmp_path: Path, clock: Clock) -> None:
    """Two of three partners take all the time there is to collect; nobody is left twice in a row."""
    burkina, *_ = offices(tmp_path, names=("BFDGD", "MLDGD", "NEDGD", "TGOTR"))
    asked = []
    for _ in range(3):
        summary = received(burkina, clock)
        asked.append(clock.listed)
        left = [finding.values["partner"] for _, finding in summary.problems if finding.code == "X095"]
        assert sorted([*clock.listed, *left]) == ["MLDGD", "NEDGD", "TGOTR"]
        assert [int(status) for status, _ in summary.problems] == [4]
    assert asked == [["MLDGD", "NEDGD"], ["TGOTR", "MLDGD"], ["NEDGD", "TGOTR"]]


def test_whose_turn_it_is_survives_a_run_that_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                         clock: Clock) -> None:
    """The turn is written before the session: whoever hangs a run is not the first of the next."""
    burkina, *_ = offices(tmp_path, names=("BFDGD", "MLDGD", "NEDGD", "TGOTR"))

    def killed(*_: object, **__: object) -> Entries:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(DirectoryMailbox, "list", killed)
        received(burkina, clock)
    received(burkina, clock)
    assert clock.listed == ["NEDGD", "TGOTR"]


def test_a_run_in_which_everybody_had_his_session_leaves_no_turn(tmp_path: Path, clock: Clock,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a run that came to no end changes the order: else files would come in another order each time."""
    burkina, *_ = offices(tmp_path, names=("BFDGD", "MLDGD", "NEDGD", "TGOTR"))
    received(burkina, clock)
    monkeypatch.setitem(budget.PHASES, "inbound", 1.0)
    for _ in range(2):
        asked = received(burkina, clock)
        assert asked.problems == []
    assert clock.listed == ["MLDGD", "NEDGD", "TGOTR"]


def test_a_partner_that_is_asked_alone_has_no_turn(tmp_path: Path, clock: Clock) -> None:
    burkina, *_ = offices(tmp_path, names=("BFDGD", "MLDGD", "NEDGD", "TGOTR"))
    received(burkina, clock, "NEDGD")
    assert clock.listed == ["NEDGD"]
    received(burkina, clock)
    assert clock.listed == ["MLDGD", "NEDGD"]
