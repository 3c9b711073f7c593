"""A ledger that is put back from a copy: is it noticed, held, and brought back to what the partner holds of it?"""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from tests.tools.malice import at, codes, later
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, numbered_mrn


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso after one declaration and everything that answers it."""
    togo, burkina = offices(tmp_path, valid=timedelta(days=400))
    declare(togo, 1)
    for _ in range(2):
        burkina.run("edi-sync")
        togo.run("edi-sync")
    return [togo, burkina]


def declare(office: Office, number: int) -> None:
    office.drop("declarations", {f"d{number}.json": declaration_json(f"N{number}", mrn=numbered_mrn(number))})
    assert office.run("edi-send").exit == 0


def ledger(office: Office) -> Path:
    return office.home / "state" / "ledger.sqlite"


def rows(office: Office, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(ledger(office))
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def link(office: Office, direction: str) -> list[tuple[object, ...]]:
    return rows(office, f"SELECT sequence, message_id, mic, leaf FROM object WHERE direction = '{direction}' "
                        "ORDER BY sequence")


def copied(office: Office) -> Path:
    file = office.home / "ledger-copy.sqlite"
    assert office.run("edi", "ledger", "copy", str(file)).exit == Exit.DONE
    return file


def go_on(togo: Office, burkina: Office) -> None:
    """Two more declarations, and all that answers them: Togo's copy is then behind on both links."""
    for number in (2, 3):
        declare(togo, number)
    for _ in range(3):
        burkina.run("edi-sync")
        togo.run("edi-sync")


def restored(togo: Office, burkina: Office) -> list[tuple[object, ...]]:
    """Togo copies, goes on, loses everything since and restores; its link as it was before."""
    copy = copied(togo)
    go_on(togo, burkina)
    before = link(togo, "out")
    ran = togo.run("edi", "restore", str(copy))
    assert (ran.exit, "BFDGD: held" in ran.err) == (Exit.DONE, True)
    assert len(link(togo, "out")) < len(before)
    return before


def recovered(togo: Office, burkina: Office, folder: Path) -> None:
    ran = togo.run("edi", "reconcile", "BFDGD")
    assert ran.exit == Exit.TRUST
    beyond = ran.out.split("--beyond ")[1].split()[0]
    assert burkina.run("edi", "ledger", "objects", "TGOTR", "--beyond", beyond, "--out", str(folder)).exit == Exit.DONE
    ran = togo.run("edi", "reconcile", "BFDGD", "--objects", str(folder))
    assert (ran.exit, ran.err) == (Exit.LATER, "")
    assert "came back" in ran.out


def test_after_a_restoration_nothing_is_sealed_sent_or_collected_until_the_partner_was_asked(pair: list[Office]
                                                                                          ) -> None:
    togo, burkina = pair
    restored(togo, burkina)
    stands = link(togo, "out")
    togo.drop("declarations", {"d9.json": declaration_json("N9", mrn=numbered_mrn(9))})
    for program in ("edi-sync", "edi-send"):
        ran = togo.run(program)
        assert (ran.exit, codes(ran)) == (Exit.TRUST, ["L030"]), program
    assert (togo.home / "national" / "out" / "declarations" / "d9.json").exists()
    assert link(togo, "out") == stands
    assert not list(burkina.mailbox("TGOTR").iterdir())
    assert togo.run("edi", "link", "checkpoint", "--partner", "BFDGD").exit != Exit.DONE
    ran = togo.run("edi", "partner", "resume", "BFDGD", "--reason", "in a hurry")
    assert ran.exit == Exit.TRUST
    assert "L030" in ran.err
    assert rows(togo, "SELECT DISTINCT halted FROM link") == [("L030",)]
    ran = togo.run("edi", "status")
    assert (ran.exit, ran.err.count("L030"), "edi reconcile BFDGD" in ran.err) == (Exit.DONE, 1, True)


def test_what_was_lost_comes_back_from_the_partner_and_no_number_is_given_out_twice(pair: list[Office],
                                                                                   tmp_path: Path) -> None:
    togo, burkina = pair
    before = restored(togo, burkina)
    held = link(burkina, "in")
    recovered(togo, burkina, tmp_path / "objects")
    assert link(togo, "out")[:len(before)] == before
    declare(togo, 4)
    for minutes in range(1, 7):
        assert codes(at(burkina, "edi-sync", later(minutes=minutes))) == []
        assert codes(at(togo, "edi-sync", later(minutes=minutes))) == []
    assert link(burkina, "in")[:len(held)] == held
    assert link(burkina, "in") == link(togo, "out")[:len(link(burkina, "in"))]
    assert link(togo, "in") == link(burkina, "out")[:len(link(togo, "in"))]
    assert len(link(burkina, "out")) - len(link(togo, "in")) <= 1
    assert sorted(burkina.movements()) == [numbered_mrn(number) for number in (1, 2, 3, 4)]
    for office in pair:
        assert rows(office, "SELECT DISTINCT halted FROM link") == [(None,)]
        assert office.run("edi", "audit", "verify").exit == Exit.DONE
    references = rows(togo, "SELECT control_reference FROM interchange WHERE direction = 'out'")
    assert len(references) == len(set(references))


def test_an_old_ledger_that_is_only_copied_back_is_noticed(pair: list[Office]) -> None:
    togo, burkina = pair
    copy = copied(togo)
    go_on(togo, burkina)
    for suffix in ("-wal", "-shm"):
        ledger(togo).with_name(ledger(togo).name + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, ledger(togo))
    ran = togo.run("edi-sync")
    assert (ran.exit, codes(ran)) == (Exit.TRUST, ["L030"])
    assert rows(togo, "SELECT DISTINCT halted FROM link") == [("L030",)]


def test_a_ledger_that_is_gone_is_not_begun_anew(pair: list[Office]) -> None:
    togo, _ = pair
    for suffix in ("", "-wal", "-shm"):
        ledger(togo).with_name(ledger(togo).name + suffix).unlink(missing_ok=True)
    declared = declaration_json("N9", mrn=numbered_mrn(9))
    togo.drop("declarations", {"d9.json": declared})
    ran = togo.run("edi-send")
    assert (ran.exit, codes(ran)) == (Exit.TRUST, ["L030"])
    assert link(togo, "out") == []


def test_what_the_partner_has_not_collected_yet_is_waited_for(pair: list[Office]) -> None:
    togo, burkina = pair
    copy = copied(togo)
    declare(togo, 2)
    togo.run("edi", "restore", str(copy))
    ran = togo.run("edi", "reconcile", "BFDGD")
    assert "L035" in ran.err
    burkina.run("edi-receive")
    assert "L035" not in togo.run("edi", "reconcile", "BFDGD").err


@pytest.mark.parametrize("fault", ["one missing", "one changed", "no heads", "not asked"])
def test_a_folder_that_does_not_give_back_our_link_changes_nothing(fault: str, pair: list[Office],
                                                                   tmp_path: Path) -> None:
    togo, burkina = pair
    restored(togo, burkina)
    stands, folder = link(togo, "out"), tmp_path / "objects"
    if fault != "not asked":
        togo.run("edi", "reconcile", "BFDGD")
    burkina.run("edi", "ledger", "objects", "TGOTR", "--beyond", str(len(stands)), "--out", str(folder))
    first = sorted(folder.glob("0*.cms"))[0]
    if fault == "one missing":
        first.unlink()
    elif fault == "one changed":
        content = bytearray(first.read_bytes())
        content[-20] ^= 1
        first.write_bytes(content)
    elif fault == "no heads":
        (folder / "checkpoint.cms").unlink()
    ran = togo.run("edi", "reconcile", "BFDGD", "--objects", str(folder))
    assert ("L037" if fault == "not asked" else "L034") in ran.err
    assert link(togo, "out") == stands
    assert rows(togo, "SELECT DISTINCT halted FROM link") == [("L030",)]


def test_a_copy_of_another_gateway_and_a_broken_one_are_not_put_in_place(pair: list[Office]) -> None:
    togo, burkina = pair
    stands = link(togo, "out")
    ran = togo.run("edi", "restore", str(copied(burkina)))
    assert "L032" in ran.err
    broken = togo.home / "broken.sqlite"
    for content in (b"", b"no ledger at all", copied(togo).read_bytes()[:40_000]):
        broken.write_bytes(content)
        ran = togo.run("edi", "restore", str(broken))
        assert ran.exit != Exit.DONE
        assert "L031" in ran.err
    assert "L033" in togo.run("edi", "restore", str(togo.home / "absent.sqlite")).err
    assert link(togo, "out") == stands
    assert rows(togo, "SELECT DISTINCT halted FROM link") == [(None,)]


def test_the_receiver_of_declarations_answers_once_more_and_nothing_is_doubled_at_the_sender(pair: list[Office],
                                                                                            tmp_path: Path) -> None:
    """Its lost answers come back; what they answered comes again and is answered again: the sender has both."""
    togo, burkina = pair
    copy = copied(burkina)
    go_on(togo, burkina)
    before, movements = link(burkina, "out"), togo.movements()
    assert burkina.run("edi", "restore", str(copy)).exit == Exit.DONE
    ran = burkina.run("edi", "reconcile", "TGOTR", "--json")
    line, = checked("reconcile", ran.out)
    folder = tmp_path / "objects"
    ran = togo.run("edi", "ledger", "objects", "BFDGD", "--beyond", str(line["beyond"]), "--out", str(folder),
                   "--json")
    given, = checked("ledger-objects", ran.out)
    assert given["objects"] == len(before) - line["beyond"]
    ran = burkina.run("edi", "reconcile", "TGOTR", "--objects", str(folder), "--json")
    assert checked("reconcile", ran.out)[0]["size"] == len(before)
    for minutes in range(1, 7):
        assert codes(at(togo, "edi-sync", later(minutes=minutes))) == []
        assert codes(at(burkina, "edi-sync", later(minutes=minutes))) == []
    assert link(burkina, "out")[:len(before)] == before
    assert burkina.movements().keys() == movements.keys()
    assert {mrn: (one["state"], one["flags"]) for mrn, one in togo.movements().items()} == \
        {mrn: (one["state"], one["flags"]) for mrn, one in movements.items()}
    for office in pair:
        assert rows(office, "SELECT DISTINCT halted FROM link") == [(None,)]


def test_lines_for_programs_fit_their_schemas(pair: list[Office]) -> None:
    togo, _ = pair
    file = togo.home / "one.sqlite"
    line, = checked("ledger-copy", togo.run("edi", "ledger", "copy", str(file), "--json").out)
    assert (line["file"], line["octets"]) == (str(file), file.stat().st_size)
    assert file.stat().st_mode & 0o777 == 0o600
    line, = checked("restore", togo.run("edi", "restore", str(file), "--json").out)
    assert line["held"] == ["BFDGD"]
    assert Path(line["kept"]).is_file()
