"""Turn every bit of a good GW-1 object, outside and inside the encryption, for every pair of algorithms.

    python -m tests.campaigns.envelope_bits [--runs N] [--seed S] [--workers N] [--json]

Every signer of the list for every kind of recipient, in GCM and by agreement in CBC. Without --runs all positions are
turned (about half a million openings, some minutes on two cores), else N drawn by the seed. The outcome is good when
every altered object is refused with a code of GW-1 section 6 other than E_INTERNAL: none is accepted, for no bit of a
sealed file of ours is without meaning. THREATS rows 8 to 11 and 19.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from ctypes import c_longlong
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing.connection import Connection
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.security import Trust
from gateway.security.keys import FileDecryptionKey
from tests.campaigns.envelope_examined import CODES
from tests.campaigns.workers import Drawn, Result, examined, limit_memory, run_workers, tell
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.security_world import NOW, CountingKey, Delivery, edwards, product, world

AGREED = ("P-384", "Ed25519", "ECDH-P-384")
PAIRS = 24
"""Four signers, three kinds of recipient, GCM and CBC."""
SLOTS = 8 * 2 * 4096
"""Positions counted for each sample: none has more octets than that, outside and inside."""


@dataclass(frozen=True)
class Sample:
    """A good object of one pair. outside  the sealed file, for bits outside; inside  the signed object, encrypted
    again when a bit of it was turned."""

    name: str
    outside: bytes
    inside: bytes
    recipient: Author
    cbc: bool
    trust: Trust
    keys: Sequence[CountingKey]

    @property
    def bits(self) -> int:
        """Positions, outside first."""
        return 8 * (len(self.outside) + len(self.inside))

    def turned(self, bit: int) -> bytes:
        """The file with one bit turned."""
        if bit < 8 * len(self.outside):
            return _turned(self.outside, bit)
        return _seal(_turned(self.inside, bit - 8 * len(self.outside)), self.recipient, self.cbc)


def _turned(content: bytes, bit: int) -> bytes:
    at = bit // 8
    return content[:at] + bytes((content[at] ^ (1 << bit % 8),)) + content[at + 1:]


def _seal(inner: bytes, recipient: Author, cbc: bool) -> bytes:
    return (loose.enveloped_cbc if cbc else loose.outer)(inner, [recipient.certificate])


@cache
def samples() -> tuple[Sample, ...]:
    """Every pair of algorithms, made once per process."""
    w = world()
    signers: dict[str, Author] = {"P-256": w.ec, "RSA-3072": w.rsa, "Ed25519": edwards(),
                                  "P-384": w.author(ec.generate_private_key(ec.SECP384R1()))}
    recipients: dict[str, Author] = {"P-256": w.ours_ec, "RSA-3072": w.ours_rsa, "P-384": _ours_384()}
    made = []
    for signer, author in signers.items():
        inner = w.inner(author=author)
        for name, recipient in recipients.items():
            for cbc in (False, True):
                key = CountingKey(FileDecryptionKey(recipient.key, product(recipient.certificate)))
                trust = w.trust(author, algorithms=AGREED, cbc_until=NOW)
                made.append(Sample(f"{signer} to {name} in {'CBC' if cbc else 'GCM'}", _seal(inner, recipient, cbc),
                                   inner, recipient, cbc, trust, [key]))
    assert len(made) == PAIRS
    assert max(sample.bits for sample in made) <= SLOTS
    return tuple(made)


def _ours_384() -> Author:
    key: Any = ec.generate_private_key(ec.SECP384R1())
    return Author(key, loose.certificate(key, world().ca, name="XB with P-384", now=NOW, bits=loose.AGREEMENT_BITS))


def place(number: int, runs: int | None, seed: int) -> tuple[Sample, int]:
    """Sample and bit of an input: the number counts all positions, or N are drawn. Sizes differ by some octets from
    process to process, for signatures do, so each sample has SLOTS positions; a bit beyond its end is no input."""
    if runs is None:
        return samples()[number // SLOTS], number % SLOTS
    chance = random.Random(f"{seed}/{number}")
    sample = chance.choice(samples())
    return sample, chance.randrange(sample.bits)


def parts(numbers: range, runs: int | None, seed: int, current: c_longlong | None = None) -> Iterator[Result]:
    """The campaign in this process, bit by bit (`workers.examined`)."""
    def drawn(number: int) -> Drawn:
        sample, bit = place(number, runs, seed)
        if bit >= sample.bits:
            return b"", lambda: ["beyond the end"]
        content = sample.turned(bit)

        def outcomes() -> list[str]:
            outcome = Delivery(content, keys=sample.keys, trust=sample.trust).outcome()
            assert outcome in CODES, f"{sample.name}, bit {bit}: {outcome}"
            return [outcome]
        return content, outcomes

    return examined(numbers, drawn, current)


def run(runs: int, seed: int) -> Result:
    """N positions in this process."""
    result = Result()
    for part in parts(range(runs), runs, seed):
        result.add(part)
    return result


def work(runs: int | None, numbers: range, seed: int, current: c_longlong, told: Connection) -> None:
    """What a worker does: tell one result after the other."""
    limit_memory()
    for part in parts(numbers, runs, seed, current):
        told.send(part)


def main() -> int:
    """Run; exit 1 when one was accepted or failed in another way than by a listed code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    result = run_workers(options.runs or SLOTS * PAIRS, options.seed, max(1, options.workers),
                         lambda line: print(line, file=sys.stderr, flush=True), partial(work, options.runs),
                         lambda _: b"")
    beyond = result.outcomes.pop("beyond the end", 0)
    told = {**result.figures(time.monotonic() - began), "runs": result.done - beyond}
    return tell("envelope_bits", result, told, seed=options.seed, workers=options.workers, as_json=options.json)


if __name__ == "__main__":
    raise SystemExit(main())
