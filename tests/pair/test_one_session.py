"""Does a run speak with each partner in one session, for all there is to say and to fetch, and in none where there is
nothing?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.ledger.line_rows import Traffic
from tests.tools.offices import Office, offices
from tests.tools.one_host import logins, move_to
from tests.tools.records import declaration_json
from tests.tools.sshd import Sshd, running_sshd

pytestmark = pytest.mark.needs_sshd

EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Corridor:
    """Togo and Burkina Faso, all of whose mailboxes lie on one server."""

    togo: Office
    burkina: Office
    sshd: Sshd
    counted: int = 0

    def sessions(self) -> int:
        """Sessions since this was asked last."""
        before, self.counted = self.counted, logins(self.sshd.log)
        return self.counted - before


@pytest.fixture
def corridor(tmp_path: Path) -> Iterator[Corridor]:
    with running_sshd(tmp_path, []) as sshd:
        togo, burkina = offices(tmp_path, sshd)
        move_to(togo, "BFDGD", sshd)
        move_to(burkina, "TGOTR", sshd)
        yield Corridor(togo, burkina, sshd)


def crossed(office: Office) -> list[Traffic]:
    with open_gateway(office.settings, datetime.now(UTC)) as gateway, gateway.ledger.reading() as queries:
        return queries.traffic(since=EVER)


def test_receiving_and_answering_is_one_session(corridor: Corridor) -> None:
    corridor.togo.drop("declarations", {"d1.json": declaration_json("A")})
    sent = corridor.togo.run("edi-send")
    assert (sent.exit, sent.err, corridor.sessions()) == (0, "", 1)
    received = corridor.burkina.run("edi-receive")
    assert (received.exit, received.err, corridor.sessions()) == (0, "", 1)
    assert (received.counts["messages_accepted"], received.counts["objects_dispatched"]) == (1, 3)


def test_receiving_answering_and_sending_is_one_session(corridor: Corridor) -> None:
    """What came in, its receipts and answers, and a declaration of the day: all of it in the session of edi-sync."""
    corridor.togo.drop("declarations", {"d1.json": declaration_json("A")})
    corridor.togo.run("edi-send")
    corridor.burkina.run("edi-receive")
    corridor.sessions()
    corridor.togo.drop("declarations", {"d2.json": declaration_json("B")})
    ran = corridor.togo.run("edi-sync")
    assert (ran.exit, ran.err, corridor.sessions()) == (0, "", 1)
    assert {name: ran.counts[name] for name in ("objects_collected", "receipts_taken", "answers_taken",
                                                "objects_dispatched")} == {
        "objects_collected": 3, "receipts_taken": 1, "answers_taken": 2, "objects_dispatched": 4}


def test_nothing_to_say_is_no_session_and_nothing_to_fetch_is_one(corridor: Corridor) -> None:
    assert (corridor.togo.run("edi-send").exit, corridor.sessions()) == (0, 0)
    assert (corridor.togo.run("edi-sync").exit, corridor.sessions()) == (0, 1)


def test_two_accounts_are_two_sessions_each_at_most_once(tmp_path: Path) -> None:
    """Mailboxes of different hosts: a session with each, and none with the one where there is nothing to do."""
    with running_sshd(tmp_path, []) as sshd, running_sshd(tmp_path / "other", []) as other:
        togo, burkina = offices(tmp_path, sshd)
        (tmp_path / "other" / "sshd" / "authorized").write_bytes((tmp_path / "sshd" / "authorized").read_bytes())
        (other.root / "BFDGD").symlink_to(sshd.root / "BFDGD")
        move_to(burkina, "TGOTR", other)
        togo.drop("declarations", {"d1.json": declaration_json("A")})
        togo.run("edi-send")
        before = logins(sshd.log)
        received = burkina.run("edi-sync")
        assert (received.exit, received.err, received.counts["messages_accepted"]) == (0, "", 1)
        assert (logins(sshd.log) - before, logins(other.log)) == (1, 1)
        assert burkina.run("edi-sync").exit == 0
        assert (logins(sshd.log) - before, logins(other.log)) == (1, 2)


def test_octets_files_and_time_of_both_directions_are_counted(corridor: Corridor) -> None:
    """Of the one connection each direction has its part: the handshake belongs to the first."""
    corridor.togo.drop("declarations", {"d1.json": declaration_json("A")})
    corridor.togo.run("edi-send")
    (sent,) = crossed(corridor.togo)
    assert (sent.partner, sent.direction, sent.sessions, sent.failed, sent.files_in, sent.files_out, sent.day) == (
        "BFDGD", "outbound", 1, 0, 0, 1, False)
    corridor.burkina.run("edi-receive")
    fetched, answered = crossed(corridor.burkina)
    assert (fetched.direction, fetched.files_in, fetched.files_out) == ("inbound", 1, 0)
    assert (answered.direction, answered.files_in, answered.files_out) == ("outbound", 0, 3)
    (lying,) = {path.stat().st_size for path in corridor.togo.mailbox("BFDGD").iterdir()
                if path.stat().st_size == max(each.stat().st_size for each in corridor.togo.mailbox("BFDGD").iterdir())}
    assert answered.octets_out > lying > answered.octets_in > 0
    assert fetched.octets_in > 4000 and fetched.octets_out > 1000
    assert fetched.milliseconds > 0


def test_a_host_that_does_not_answer_is_tried_once_in_a_run(corridor: Corridor) -> None:
    """Both directions are one connection: its failure is told once, and counted once."""
    corridor.togo.drop("declarations", {"d1.json": declaration_json("A")})
    file = corridor.togo.home / "partners" / "BFDGD.yaml"
    file.write_text(file.read_text("utf-8").replace(f"port: {corridor.sshd.port}", "port: 1"), "utf-8")
    ran = corridor.togo.run("edi-sync")
    assert (ran.exit, [found["code"] for found in ran.counts["findings"]]) == (4, ["B102"])
    (failed,) = crossed(corridor.togo)
    assert (failed.direction, failed.failed, failed.octets_in) == ("inbound", 1, 0)
