"""Turn every bit of a good GW-1 object, outside and inside the encryption, at four key combinations.

    python -m tests.campaigns.envelope_bits [--runs N] [--seed S] [--json]

Without --runs all positions are turned (about 130,000 openings, two to four minutes), else N drawn by the seed. The
outcome is good when every altered object is refused with a code of GW-1 section 6 other than E_INTERNAL.
THREATS rows 8 to 11 and 19.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator

from tests.tools.loose_sealer import Author
from tests.tools.security_world import CountingKey, Delivery, World, world


def turned(content: bytes, bit: int) -> bytes:
    """The content with one bit turned."""
    at = bit // 8
    return content[:at] + bytes((content[at] ^ (1 << bit % 8),)) + content[at + 1:]


def altered(w: World, runs: int | None, chance: random.Random) -> Iterator[bytes]:
    """Altered sealed files: all of them, or as many as asked for."""
    combinations = [(signer, recipient) for signer in (w.ec, w.rsa) for recipient in (w.ours_ec, w.ours_rsa)]
    places: list[tuple[bytes, bytes, Author, int]] = []
    for signer, recipient in combinations:
        inner = w.inner(author=signer)
        outer = w.outer(inner, [recipient.certificate])
        places += [(outer, b"", recipient, bit) for bit in range(len(outer) * 8)]
        places += [(b"", inner, recipient, bit) for bit in range(len(inner) * 8)]
    for outer, inner, recipient, bit in places if runs is None else chance.sample(places, min(runs, len(places))):
        yield turned(outer, bit) if outer else w.outer(turned(inner, bit), [recipient.certificate])


def main() -> int:
    """Run; exit 1 when one was accepted or failed in another way than by a listed code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    w = world()
    keys: list[CountingKey] = w.keys()
    trust = w.trust()
    outcomes = Counter(Delivery(content, keys=keys, trust=trust).outcome()
                       for content in altered(w, options.runs, random.Random(options.seed)))
    bad = outcomes["accepted"] + outcomes["E_INTERNAL"]
    if options.json:
        print(json.dumps({"schema": 1, "kind": "campaign", "name": "envelope_bits", "runs": outcomes.total(),
                          "outcomes": dict(sorted(outcomes.items())), "ok": not bad}))
    else:
        for code, count in sorted(outcomes.items()):
            print(f"{count:8d} {code}")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
