"""The host burns and the keys with it: does an administration come back by the manual, with nothing lost or doubled?

The steps are those of the operator's guide, section "Host and keys lost together": the newest backup, new keys, a pack
that people compare by telephone, a restored ledger that is held, what the partner gives back, and what lay encrypted to
the lost key put up again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from tests.pair.test_introduced_by_packs import introduced, made_and_introduced
from tests.tools.malice import at, codes, later, well
from tests.tools.newcomers import edi
from tests.tools.offices import Office
from tests.tools.older_ledgers import ledger_file
from tests.tools.records import declaration_json, numbered_mrn


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    """Togo and Burkina Faso, made by commands and introduced by packs; one declaration is answered."""
    togo, burkina = made_and_introduced(tmp_path)
    declare(togo, 1)
    for _ in range(2):
        well(burkina.run("edi-sync"))
        well(togo.run("edi-sync"))
    return togo, burkina


def declare(togo: Office, number: int) -> None:
    togo.drop("declarations", {f"d{number}.json": declaration_json(f"N{number}", mrn=numbered_mrn(number))})
    well(togo.run("edi-send"))


def test_after_host_and_keys_are_lost_nothing_is_lost_and_nothing_is_doubled(pair: tuple[Office, Office],
                                                                            tmp_path: Path) -> None:
    togo, burkina = pair
    assert togo.run("edi", "backup", "--to", str(tmp_path / "safe")).exit == Exit.DONE
    [backup] = (tmp_path / "safe").iterdir()
    declare(togo, 2)  # answered before the fire: only the partner still knows
    well(burkina.run("edi-sync"))
    declare(togo, 3)  # arrived at the partner, whose answers lie encrypted to a key that burns
    well(burkina.run("edi-sync"))
    assert len(burkina.movements()) == 3
    shutil.rmtree(togo.home)

    # a new host: the folders of the backup, and new keys
    for folder in (togo.home, togo.home / "state"):
        folder.mkdir(mode=0o700)
    shutil.copy(backup / "settings.yaml", togo.settings)
    shutil.copytree(backup / "partners", togo.home / "partners")
    for kind in ("declarations", "events"):
        (togo.home / "national" / "out" / kind).mkdir(parents=True, mode=0o700)
    assert edi("keys", "init", "--config", togo.settings)[0] == 0
    # the ledger, held; nothing is sealed, sent or collected
    ran = togo.run("edi", "restore", str(backup))
    assert (ran.exit, "BFDGD: held" in ran.err) == (Exit.DONE, True)
    assert codes(togo.run("edi-sync")) == ["L030"]
    # new keys announced by people, who compare the fingerprints by telephone
    introduced(burkina, togo, tmp_path, "--replace")
    # what was lost comes back from the partner, signed with keys that are gone
    ran = togo.run("edi", "reconcile", "BFDGD")
    assert ran.exit == Exit.TRUST, ran.err
    beyond = ran.out.split("--beyond ")[1].split()[0]
    folder = tmp_path / "TGOTR-objects"
    ran = burkina.run("edi", "ledger", "objects", "TGOTR", "--beyond", beyond, "--out", str(folder))
    assert ran.exit == Exit.DONE, ran.err
    ran = togo.run("edi", "reconcile", "BFDGD", "--objects", str(folder))
    # what lies in the mailbox is encrypted to the key that burnt: refused, asked for, put up again for the new one
    told = [line for line in ran.err.splitlines() if line.startswith("BFDGD/")]
    assert (ran.exit, {line.split(": ")[1] for line in told}) == (Exit.LATER, {"E_NOT_FOR_US"})
    declare(togo, 4)
    for minutes in range(1, 9):
        at(burkina, "edi-sync", later(minutes=minutes))
        at(togo, "edi-sync", later(minutes=minutes))
    wanted = [numbered_mrn(number) for number in (1, 2, 3, 4)]
    assert sorted(togo.movements()) == sorted(burkina.movements()) == wanted
    assert {line["state"] for line in togo.movements().values()} == {"CONFIRMED"}
    assert [office.movements().keys() == set(wanted) for office in pair] == [True, True]
    references = [line["reference"] for line in togo.interchanges("out")]
    assert len(references) == len(set(references))
    for office in pair:
        ran = office.run("edi", "audit", "verify")
        assert ran.exit == Exit.DONE, ran.out
    assert ledger_file(togo).exists()
