"""Is a folder that a server refuses a matter of that folder, though one connection serves two of them?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import paramiko
import pytest
from paramiko.sftp import CMD_OPENDIR, SFTP_PERMISSION_DENIED

from gateway.exchange.assembly import open_gateway
from gateway.transport.served import SftpSubsystem
from tests.tools.malice import Puppet, codes
from tests.tools.offices import Office, offices
from tests.tools.one_host import served
from tests.tools.records import declaration, numbered_mrn

INBOUND, OUTBOUND = b"BFDGD/TGOTR/v1/in/new", b"TGOTR/BFDGD/v1/in/new"
"""Where Burkina Faso collects, and where it answers."""


class Refusing(SftpSubsystem):
    """Lists no folder whose path has a certain part."""

    part = b""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_OPENDIR and type(self).part in message.asbytes():
            cast(Any, self)._send_status(number, SFTP_PERMISSION_DENIED)
            return
        super()._process(kind, number, message)


@pytest.fixture
def burkina(tmp_path: Path) -> Office:
    """Burkina Faso, in whose mailbox a declaration of Togo lies."""
    togo, burkina = offices(tmp_path)
    puppet = Puppet(togo, burkina)
    puppet.send(puppet.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    return burkina


def outages(office: Office) -> list[tuple[str, int, str]]:
    """Direction, failures and code of each outage that lasts."""
    with open_gateway(office.settings, datetime.now(UTC)) as gateway, gateway.ledger.reading() as queries:
        return [(one.direction, one.failures, one.code) for one in queries.outages()]


def told(office: Office) -> list[str]:
    """What the history says of outages."""
    with open_gateway(office.settings, datetime.now(UTC)) as gateway, gateway.ledger.reading() as queries:
        return [f"{row.event} {row.text.split(' ')[0]}" for row in queries.history() if row.subject == "outage"]


def test_receipts_leave_while_the_folder_to_collect_from_is_refused(
        burkina: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(burkina, "TGOTR", subsystem=Refusing):
        monkeypatch.setattr(Refusing, "part", OUTBOUND)
        burkina.run("edi-receive")  # collects, and cannot answer
        monkeypatch.setattr(Refusing, "part", INBOUND)
        ran = burkina.run("edi-receive", "--now")
    assert (ran.exit, codes(ran), ran.counts["objects_dispatched"]) == (4, ["B120"], 3)


def test_a_refused_folder_is_one_outage_that_lasts_and_not_one_that_ends_in_each_run(
        burkina: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other folder of the same connection holds each time, which says nothing of this one."""
    with served(burkina, "TGOTR", subsystem=Refusing):
        monkeypatch.setattr(Refusing, "part", OUTBOUND)
        for count in range(1, 4):
            assert codes(burkina.run("edi-receive", "--now")) == ["B120"]
            assert outages(burkina) == [("outbound", count, "B120")]
        monkeypatch.setattr(Refusing, "part", b"nothing of the kind")
        assert codes(burkina.run("edi-receive", "--now")) == []
    assert outages(burkina) == []
    assert told(burkina) == ["begin outbound", "end outbound"]


def test_a_key_that_opens_no_connection_is_told_once_for_both_directions(
        burkina: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(burkina, "TGOTR", subsystem=Refusing):
        monkeypatch.setattr(Refusing, "part", OUTBOUND)
        burkina.run("edi-receive")  # collects, and cannot answer
        (burkina.home / "keys" / "ssh").chmod(0o644)
        ran = burkina.run("edi-receive", "--now")
        assert [found["code"] for found in ran.counts["findings"]] == ["E_KEYFILE"]
