"""Do two gateways come to each other over servers that cannot rename, have no tmp, or let nothing be removed?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import pytest
from paramiko import SFTPAttributes

from gateway.exchange.summary import Exit
from gateway.transport.modes import Mark
from gateway.transport.served import ServedHandle
from tests.tools.hosts import agree_on_mode, hosted
from tests.tools.lacking_server import LACKING
from tests.tools.malice import Puppet, at, codes, later, refused, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, declaration_json, numbered_mrn

FITTING = {"no-rename": "marker", "store": "direct", "one-folder": "suffix", "quiet": "posix-rename"}


@pytest.fixture
def world(tmp_path: Path) -> tuple[Office, Office]:
    """Togo and Burkina Faso; Togo has one declaration to send."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d1.json": declaration_json("C")})
    return togo, burkina


def tried(office: Office, partner: str, direction: str, name: str) -> dict[str, Any]:
    """One check of `edi partner test`."""
    return next(line for line in office.lines("partner", "test", partner)
                if line.get("lane") == direction and line.get("name") == name)


@pytest.mark.parametrize(("kind", "mode"), FITTING.items())
def test_the_mode_that_a_test_of_the_partner_names_works_on_that_server(world: tuple[Office, Office], kind: str,
                                                                        mode: str) -> None:
    togo, burkina = world
    folder, subsystem = LACKING[kind]
    with hosted(togo, "BFDGD", direction="outbound", folder=folder, subsystem=subsystem):
        check = tried(togo, "BFDGD", "outbound", "rights")
        assert (check["verdict"], [finding["code"] for finding in check["findings"]]) == ("failed", ["B110", "B115"])
        assert f"mode: {mode}" in check["findings"][1]["hint"]
        ran = togo.run("edi-send")
        assert ran.exit == Exit.LATER, ran.err
    assert list(burkina.mailbox("TGOTR").iterdir()) == []
    agree_on_mode(burkina, "TGOTR", "inbound", mode)
    with hosted(togo, "BFDGD", direction="outbound", folder=folder, subsystem=subsystem, mode=mode):
        assert tried(togo, "BFDGD", "outbound", "rights")["verdict"] == "ok"
        well(togo.run("edi-send", "--now"))
    well(burkina.run("edi-receive"))
    assert len(burkina.movements()) == 1
    assert list(burkina.mailbox("TGOTR").iterdir()) == []
    well(togo.run("edi-receive"))
    (movement,) = togo.movements().values()
    assert movement["state"] == "CONFIRMED"


KEEPS, _ = LACKING["keeps"]


class Watched(KEEPS):  # type: ignore[valid-type,misc]
    """Keeps everything, and counts what is read."""

    read: ClassVar[list[str]] = []

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> ServedHandle | int:
        if not flags & os.O_WRONLY:
            self.read.append(path.rpartition("/")[2])
        answer: ServedHandle | int = super().open(path, flags, attr)
        return answer


@pytest.fixture
def keeping(tmp_path: Path) -> tuple[Puppet, Office]:
    """Togo in the hands of a test, and Burkina Faso, whose mailbox lets nothing be removed."""
    Watched.read.clear()
    togo, burkina = offices(tmp_path)
    return Puppet(togo, burkina), burkina


def sent(malice: Puppet, number: int) -> Path:
    """A declaration that lies in the mailbox."""
    return malice.send(malice.cusdec(declaration(f"T-{number}", mrn=numbered_mrn(number))))


def test_what_may_not_be_removed_is_taken_once_and_told_once(keeping: tuple[Puppet, Office]) -> None:
    malice, burkina = keeping
    paths = [sent(malice, 1), sent(malice, 2)]
    with hosted(burkina, "TGOTR", folder=Watched):
        check = tried(burkina, "TGOTR", "inbound", "waiting")
        assert (check["verdict"], [finding["code"] for finding in check["findings"]]) == ("noted", ["B117"])
        refused(burkina.run("edi-receive"), Exit.PERSON, "B114", place="TGOTR")
        assert sorted(Watched.read) == sorted(path.name for path in paths)
        for _ in range(2):
            well(burkina.run("edi-receive"))
        rehearsed = burkina.run("edi-receive", "--dry-run")
        assert (rehearsed.exit, [path.name for path in paths if path.name in rehearsed.out]) == (0, [])
        paths.append(sent(malice, 3))
        well(burkina.run("edi-receive"))
        assert sorted(Watched.read) == sorted(path.name for path in paths)
    assert sorted(burkina.movements()) == [numbered_mrn(number) for number in (1, 2, 3)]
    assert all(path.exists() for path in paths)


def test_a_file_that_was_put_up_anew_is_taken_anew_and_its_receipt_repeated(keeping: tuple[Puppet, Office]) -> None:
    malice, burkina = keeping
    path = sent(malice, 1)
    with hosted(burkina, "TGOTR", folder=Watched):
        assert codes(burkina.run("edi-receive")) == ["B114"]
        receipts = malice.receipts()
        malice.collect()
        os.utime(path, (1_700_000_000, 1_700_000_000))
        ran = burkina.run("edi-receive")
        well(ran)
        assert ran.counts["objects_repeated"] == 1
        assert malice.receipts() == receipts
    assert Watched.read == [path.name] * 2


def test_once_removing_is_permitted_all_of_it_goes_and_a_new_refusal_is_told_again(
        keeping: tuple[Puppet, Office], tmp_path: Path) -> None:
    malice, burkina = keeping
    for number in range(1, 71):
        sent(malice, number)
    with hosted(burkina, "TGOTR", folder=Watched):
        assert codes(burkina.run("edi-receive")) == ["B114"]
    with hosted(burkina, "TGOTR"):
        well(burkina.run("edi-receive"))
    assert list(burkina.mailbox("TGOTR").iterdir()) == []
    sent(malice, 71)
    with hosted(burkina, "TGOTR", folder=Watched):
        assert codes(burkina.run("edi-receive")) == ["B114"]
    assert len(Watched.read) == 71


def test_what_the_host_clears_himself_is_forgotten(keeping: tuple[Puppet, Office]) -> None:
    malice, burkina = keeping
    path = sent(malice, 1)
    with hosted(burkina, "TGOTR", folder=Watched):
        assert codes(burkina.run("edi-receive")) == ["B114"]
        path.unlink()
        well(burkina.run("edi-receive"))
        sent(malice, 2)
        assert codes(burkina.run("edi-receive")) == ["B114"]


def test_in_the_mode_with_markers_as_well(keeping: tuple[Puppet, Office]) -> None:
    malice, burkina = keeping
    path = sent(malice, 1)
    with hosted(burkina, "TGOTR", folder=Watched, mode="marker"):
        well(burkina.run("edi-receive"))
        assert (burkina.movements(), Watched.read) == ({}, [])
        path.with_name(f"{path.name}.ok").write_bytes(bytes(Mark.of(path.read_bytes())))
        assert codes(burkina.run("edi-receive")) == ["B114"]
        well(burkina.run("edi-receive"))
    assert sorted(Watched.read) == [path.name, f"{path.name}.ok"]
    with hosted(burkina, "TGOTR", mode="marker"):
        well(burkina.run("edi-receive"))
    assert list(burkina.mailbox("TGOTR").iterdir()) == []


@pytest.mark.parametrize("mode", ["direct", "marker"])
def test_an_upload_that_was_cut_is_put_up_whole_by_the_next_run_where_files_are_written_in_place(
        world: tuple[Office, Office], mode: str) -> None:
    togo, burkina = world
    folder, subsystem = LACKING["no-rename"]
    agree_on_mode(burkina, "TGOTR", "inbound", mode)
    with hosted(togo, "BFDGD", direction="outbound", folder=folder, subsystem=subsystem, mode=mode):
        well(togo.run("edi-send"))
        path = next(path for path in burkina.mailbox("TGOTR").iterdir() if path.suffix == ".p7m")
        content = path.read_bytes()
        path.write_bytes(content[:1000])
        assert burkina.run("edi-receive").exit in (Exit.LATER, Exit.TRUST)
        well(at(togo, "edi-send", later(hours=5)))
        assert path.read_bytes() == content
    well(burkina.run("edi-receive"))
    assert len(burkina.movements()) == 1


def test_a_file_that_grows_from_run_to_run_is_on_its_way_and_one_that_does_not_is_no_file_of_that_name(
        world: tuple[Office, Office]) -> None:
    togo, burkina = world
    for office, direction, partner in ((togo, "outbound", "BFDGD"), (burkina, "inbound", "TGOTR")):
        agree_on_mode(office, partner, direction, "direct")
    well(togo.run("edi-send"))
    (path,) = burkina.mailbox("TGOTR").iterdir()
    content = path.read_bytes()
    for size in (1000, 1500, 2000):
        path.write_bytes(content[:size])
        refused(burkina.run("edi-receive"), Exit.TRUST, "E_NAME", place=f"TGOTR/{path.name}")
        assert path.exists()
    path.write_bytes(content)
    well(burkina.run("edi-receive"))
    assert len(burkina.movements()) == 1
    path.write_bytes(content[:2000])
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_NAME", place=f"TGOTR/{path.name}")
    assert not path.exists()
