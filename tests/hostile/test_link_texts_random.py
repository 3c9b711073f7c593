"""Whatever a partner with good keys says about the links: is it stored or refused with its code, and never a defect?"""

from __future__ import annotations

import base64
import random
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.exchange import cycle
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.security import CHECKPOINT, LEAVES, RESEND, ROOTS, WITHDRAW
from tests.tools.malice import Puppet, later
from tests.tools.offices import offices
from tests.tools.records import declaration_json

OBJECTS = 40
_LINKS = ("gw-1/TGOTR/BFDGD", "gw-1/BFDGD/TGOTR", "gw-1/TGOTR/TGOTR", "gw-1/MLDGD/BFDGD")
_NUMBERS = (1, 2, 3, 4, 5, 9, 61, 10 ** 17, 10 ** 18 - 1)


def _hash(chance: random.Random) -> str:
    return base64.b64encode(chance.choice((bytes(32), chance.randbytes(32)))).decode()


def _text(chance: random.Random) -> tuple[str, str]:
    """A kind and a text of its grammar, more often near the truth than far from it."""
    def number() -> int:
        return chance.choice(_NUMBERS)

    def link() -> str:
        return chance.choices(_LINKS, (6, 6, 1, 1))[0]

    kind = chance.choice((CHECKPOINT, RESEND, WITHDRAW, LEAVES, ROOTS))
    if kind == CHECKPOINT:
        heads = [f"{link()}\n{chance.choice((0, number()))}\n{_hash(chance)}\n" for _ in range(chance.randint(1, 8))]
        return kind, "\n".join(heads)
    if kind == RESEND:
        lines = [chance.choice((f"{number()}", f"{number()}-{number()}")) for _ in range(chance.randint(1, 4))]
        return kind, "gw-resend/1\n" + "".join(f"{line}\n" for line in lines)
    if kind == WITHDRAW:
        return kind, "".join(
            f"gw-leaf/1\n{(one := number())}\n<{one:032x}@{chance.choice(('TGOTR', 'BFDGD'))}>\n"
            f"sha-256={chance.randbytes(32).hex()}\nsha-256={chance.randbytes(32).hex()}\n"
            for _ in range(chance.randint(1, 3)))
    if kind == LEAVES:
        first, lines = number(), [f"{_hash(chance)}\n" for _ in range(chance.randint(1, 3))]
        last = chance.choice((first + len(lines) - 1, number()))
        return kind, f"gw-leaves/1\n{link()}\n{first} {min(last, 10 ** 18 - 1)}\n{''.join(lines)}"
    return kind, f"gw-roots/1\n{link()}\nask\n{number()} {_hash(chance)}\n"


@pytest.mark.parametrize("seed", range(3))
def test_texts_about_links_of_every_sort_are_judged_and_break_nothing(seed: int, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    burkina.drop("declarations", {"d.json": declaration_json("A")})
    burkina.run("edi-send")
    chance, malice = random.Random(seed), Puppet(togo, burkina)
    for _ in range(OBJECTS):
        kind, text = _text(chance)
        malice.put(malice.seal(text.encode("ascii"), kind=kind, filename="t.txt").content)
        if chance.random() < 0.05:
            malice.sequence += chance.choice((1, 5, 10 ** 12))
    numbers = iter(range(10 ** 6))
    for hour in (0, 1, 2, 25, 49):
        occasion = Occasion(later(hours=hour), lambda: f"{next(numbers):032x}", lambda: 0.0)
        with open_gateway(burkina.settings, occasion.now) as gateway:
            summary = cycle.sync(gateway, occasion)
            assert summary.defects == []
            with gateway.ledger.transaction() as transaction:
                transaction.resume_links("TGOTR", "the test goes on", occasion.now + timedelta(minutes=1))
    with open_gateway(burkina.settings, later(hours=50)) as gateway, gateway.ledger.reading() as queries:
        stored = [one for number in range(1, 500) if (one := queries.object_of(number)) is not None]
        held = [one for one in stored if (one.direction, one.partner) == ("in", "TGOTR") and one.state != "VOID"]
        assert len(held) == OBJECTS - len(list(burkina.mailbox("TGOTR").iterdir()))
        assert {one.code for one in held} <= {None, "E_PAYLOAD", "E_FORK", "E_LEDGER"}
    assert burkina.run("edi", "audit", "verify").exit == 0
