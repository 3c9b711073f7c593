"""Two gateways with a hostile mailbox host between them: does everything arrive once all the same, or is it told?

The host does to the files whatever its dice say: deletes, holds back, puts back, renames, cuts off, swaps folders,
turns bits, plants rubbish. Time passes in hours. In the end it becomes honest, and some days later both ledgers agree,
every declaration was released exactly once, every receipt is here, and nothing but known codes was told meanwhile.
"""

from __future__ import annotations

import hashlib
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.trees import head_at
from tests.tools.malice import at, codes, later
from tests.tools.offices import Office, Ran, offices
from tests.tools.records import declaration_json, numbered_mrn

HOSTILE, HONEST, DECLARATIONS = 10, 6, 6
"""Hours of the one, days of the other."""

TOLD = {
    "E_NAME", "E_ASN1", "E_DECRYPT", "E_OUTER", "E_ALG", "E_RECIPIENTS", "E_CONTENT_TYPE", "E_NOT_FOR_US",
    "E_SIGNER_UNKNOWN", "E_GAP", "X051", "X063"}
"""What a host can bring about: files that are not whole, not for the reader, missing, uncollected, unanswered."""


class Host:
    """Whoever rules the mailboxes: he sees files and folders, and has an unfailing memory."""

    def __init__(self, chance: random.Random, boxes: list[Path]) -> None:
        self.chance = chance
        self.boxes = boxes
        self.seen: dict[Path, dict[str, bytes]] = {box: {} for box in boxes}
        self.held: list[tuple[Path, str, bytes]] = []
        self.deeds: list[str] = []

    def act(self) -> None:
        """Look at every file once, and do to it what the dice say."""
        for box in self.boxes:
            for path in sorted(box.iterdir()):
                self.seen[box][path.name] = path.read_bytes()
                deed = self.chance.choice([self._leave, self._leave, self._delete, self._hold, self._rename, self._cut,
                                           self._swap, self._turn])
                deed(box, path)
                self.deeds.append(deed.__name__)
            if self.seen[box] and self.chance.random() < 0.4:  # an old file again
                name = self.chance.choice(sorted(self.seen[box]))
                (box / name).write_bytes(self.seen[box][name])
                self.deeds.append("replay")
            if self.chance.random() < 0.2:
                rubbish = self.chance.randbytes(200)
                (box / f"{hashlib.sha256(rubbish).hexdigest()[:32]}.p7m").write_bytes(rubbish)
        if self.held and self.chance.random() < 0.5:
            self._release(self.chance.randrange(len(self.held)))

    def repent(self) -> None:
        """Give back what was held; from now on everything is left as it is."""
        while self.held:
            self._release(0)

    def _release(self, number: int) -> None:
        box, name, content = self.held.pop(number)
        (box / name).write_bytes(content)

    def _leave(self, box: Path, path: Path) -> None:
        """Nothing."""

    def _delete(self, box: Path, path: Path) -> None:
        path.unlink()

    def _hold(self, box: Path, path: Path) -> None:
        self.held.append((box, path.name, path.read_bytes()))
        path.unlink()

    def _rename(self, box: Path, path: Path) -> None:
        path.rename(box / f"{self.chance.randbytes(16).hex()}.p7m")

    def _cut(self, box: Path, path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[:self.chance.randrange(len(content))])

    def _swap(self, box: Path, path: Path) -> None:
        other = next(one for one in self.boxes if one != box)
        path.rename(other / path.name)

    def _turn(self, box: Path, path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[self.chance.randrange(len(content))] ^= 1 << self.chance.randrange(8)
        path.unlink()
        (box / f"{hashlib.sha256(content).hexdigest()[:32]}.p7m").write_bytes(content)


def heads(office: Office, partner: str) -> dict[str, tuple[int, str]]:
    """Size and root of both links as an office has them, by the name of the link."""
    found = {}
    with open_gateway(office.settings, later(days=60)) as gateway, gateway.ledger.reading() as queries:
        for state in queries.links():
            if state.partner == partner:
                head = head_at(queries, office.name, partner, state.direction, state.sequence)
                found[f"{head.sender}/{head.recipient}"] = (head.size, head.root.hex())
                assert (state.halted, state.gaps, state.parked) == (None, (), 0), (office.name, state)
    return found


@pytest.mark.threat(1)
@pytest.mark.threat(2)
@pytest.mark.threat(3)
@pytest.mark.threat(4)
@pytest.mark.threat(13)
@pytest.mark.parametrize("seed", range(2))
def test_t03_after_a_day_of_a_hostile_host_both_ledgers_agree_and_everything_was_released_once(
        seed: int, tmp_path: Path) -> None:
    """Whatever a host deletes, holds, repeats, renames, cuts or swaps for a day comes again and counts once."""
    togo, burkina = pair = offices(tmp_path, valid=timedelta(days=800))
    boxes = [burkina.mailbox("TGOTR"), togo.mailbox("BFDGD")]
    host = Host(random.Random(20261126 + seed), boxes)
    told: list[str] = []
    moment = later()

    def run(office: Office, when: datetime) -> Ran:
        ran = at(office, "edi-sync", when)
        assert "Traceback" not in ran.err
        told.extend(codes(ran))
        return ran

    for hour in range(HOSTILE):
        if hour < DECLARATIONS:
            togo.drop("declarations", {f"d{hour}.json": declaration_json(f"N{hour}", mrn=numbered_mrn(hour + 1))})
        for number, office in enumerate(pair):
            run(office, moment + timedelta(hours=hour, minutes=number))
        host.act()
    host.repent()
    for day in range(HONEST):
        for hours in (12, 24):
            for number, office in enumerate(pair):
                run(office, moment + timedelta(days=day, hours=HOSTILE + hours, minutes=number))
    last = run(togo, moment + timedelta(days=HONEST, hours=HOSTILE, minutes=2))  # what the other one said last
    assert set(told) <= TOLD, (sorted(set(told)), host.deeds)
    assert len(set(host.deeds)) >= 6
    assert sorted(burkina.movements()) == [numbered_mrn(number) for number in range(1, DECLARATIONS + 1)]
    assert len(burkina.inbox("declarations")) == DECLARATIONS
    assert heads(togo, "BFDGD") == heads(burkina, "TGOTR")
    assert {line["state"] for line in togo.interchanges("out") if line["type"] == "CUSDEC"} == {"ACKNOWLEDGED"}
    assert codes(last) == []
