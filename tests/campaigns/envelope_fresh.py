"""Are all content keys, nonces and ephemeral keys different, however often the same thing is sealed?

    python -m tests.campaigns.envelope_fresh [--runs N] [--json]

Seals the same payload for the same recipient, in GCM and every tenth time in CBC, opens the content key of each file
and ends with 1 when anything came twice. 100,000 seals take about a minute. THREATS row 40.
"""

from __future__ import annotations

import argparse
import json
import time

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from gateway.security import EDIFACT, FIRST_PREVIOUS, Header, asn1, seal
from gateway.security.keys import FileDecryptionKey, FileSigner
from gateway.security.sealing import derive
from tests.tools.security_world import NOW, PAYLOAD, product, world


def drawn(runs: int) -> dict[str, int]:
    """How many different content keys, nonces (or initial vectors) and ephemeral keys `runs` seals drew."""
    w = world()
    signer, recipients = FileSigner(w.ec.key, product(w.ec.certificate)), [product(w.ours_ec.certificate)]
    key = FileDecryptionKey(w.ours_ec.key, recipients[0])
    header = Header(f"<{'0f' * 16}@XA>", "XA", "XB", NOW, 1, FIRST_PREVIOUS, EDIFACT, "d1.edi")
    content_keys, nonces, points = set[bytes](), set[bytes](), set[bytes]()
    for number in range(runs):
        cbc = number % 10 == 9
        content = seal(header, PAYLOAD, signer=signer, recipients=recipients, signing_time=NOW, cbc=cbc).content
        outer = asn1.read_enveloped(content) if cbc else asn1.read_outer(content)
        (recipient,) = outer.recipients
        assert recipient.point is not None
        assert outer.nonce is not None
        content_keys.add(aes_key_unwrap(derive(key.agree(recipient.point)), recipient.encrypted_key))
        nonces.add(outer.nonce)
        points.add(recipient.point)
    return {"content keys": len(content_keys), "nonces": len(nonces), "ephemeral keys": len(points)}


def main() -> int:
    """Run; exit 1 when anything was drawn twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    different = drawn(options.runs)
    good = set(different.values()) == {options.runs}
    seconds = round(time.monotonic() - began)
    if options.json:
        print(json.dumps({"schema": 1, "kind": "campaign", "name": "envelope_fresh", "runs": options.runs,
                          "seconds": seconds, "different": different, "ok": good}))
    else:
        for name, count in different.items():
            print(f"{count:9d} different {name}")
        print(f"runs {options.runs}, seconds {seconds}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
