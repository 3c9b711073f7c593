"""Two administrations that know each other by their packs alone: do declarations cross, and after new keys as well?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from tests.tools.malice import Puppet, refused, well
from tests.tools.newcomers import PEOPLE, edi, new_gateway, pack_of
from tests.tools.offices import Office
from tests.tools.records import declaration, declaration_json, numbered_mrn


def made_and_introduced(tmp_path: Path) -> tuple[Office, Office]:
    """Togo and Burkina Faso, made and introduced by commands; each pushes into a folder that the other collects."""
    made = []
    for gateway, country in (("TGOTR", "TG"), ("BFDGD", "BF")):
        new_gateway(tmp_path / gateway.lower(), gateway, country)
        made.append(Office(gateway, tmp_path / gateway.lower(), tmp_path / "mail"))
    togo, burkina = made
    for office, partner in ((togo, burkina), (burkina, togo)):
        introduced(office, partner, tmp_path)
        for box in ("tmp", "new"):
            office.mailbox(partner.name).with_name(box).mkdir(parents=True, mode=0o700)
    return togo, burkina


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    """The two, with nothing sent yet."""
    return made_and_introduced(tmp_path)


def introduced(office: Office, partner: Office, folder: Path, *words: str) -> None:
    """One office imports the other's pack."""
    pack = pack_of(partner.settings, folder / f"{partner.name}.tar")
    status, _, err = edi("partner", "import", pack, "--outbound", partner.mailbox(office.name).parent, "--inbound",
                         office.mailbox(partner.name).parent, *words, *PEOPLE, "--config", office.settings)
    assert status == 0, err


def crossed(togo: Office, burkina: Office, key: str) -> None:
    """A declaration of Togo's is accepted by Burkina Faso, and Togo knows it."""
    before = set(togo.movements())
    togo.drop("declarations", {f"{key}.json": declaration_json(key)})
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive"),
                            (burkina, "edi-receive")):
        well(office.run(program))
    [mrn] = set(togo.movements()) - before
    assert (burkina.movements()[mrn]["state"], togo.movements()[mrn]["state"]) == ("EXPECTED", "CONFIRMED")


def test_declarations_cross_between_two_that_know_each_other_by_packs_alone(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    for office, partner in ((togo, burkina), (burkina, togo)):
        assert office.run("edi", "partner", "test", partner.name).exit == 0
    crossed(togo, burkina, "T-1")


def test_after_a_compromise_new_keys_enter_by_a_pack_and_the_old_ones_end(pair: tuple[Office, Office],
                                                                          tmp_path: Path) -> None:
    togo, burkina = pair
    crossed(togo, burkina, "T-1")
    well(togo.run("edi-receive"))  # what was encrypted to the old key is opened with it
    thief = Puppet(Office("TGOTR", tmp_path / "stolen", togo.mail), burkina)
    (tmp_path / "stolen").mkdir()
    (togo.home / "keys").rename(tmp_path / "stolen" / "keys")  # the thief has them all; Togo begins anew
    assert edi("keys", "init", "--config", togo.settings)[0] == 0
    introduced(burkina, togo, tmp_path, "--replace")
    bad = thief.seal(thief.interchange(thief.cusdec(declaration("T-9", mrn=numbered_mrn(9)))), sequence=2,
                     previous="1" * 64)
    thief.put(bad.content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_SIGNER_UNKNOWN", place=f"TGOTR/{bad.name}")
    crossed(togo, burkina, "T-2")
    assert len(burkina.movements()) == 2
