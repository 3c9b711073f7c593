"""Is other people's CMS refused in an orderly way? (the package cryptography-vectors: PKITS's 224 signed mails, PKCS#7)

Each is tried as a file of its own and as what a sealed file of ours holds inside; no code of ours may be its defect.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from functools import cache

from tests.tools.nist_vectors import ROOT
from tests.tools.security_world import Delivery, world


@cache
def corpus() -> tuple[bytes, ...]:
    """CMS objects in DER or BER."""
    found = []
    for path in sorted((ROOT / "x509" / "PKITS_data" / "smime").glob("*.eml")):
        part = path.read_text("ascii").split("smime.p7s")[-1].split("\n\n", 1)[1].split("\n--", 1)[0]
        found.append(base64.b64decode(part))
    for path in sorted((ROOT / "pkcs7").iterdir()):
        content = path.read_bytes()
        pem = re.search(rb"-----BEGIN (?:PKCS7|CMS)-----(.*?)-----END", content, re.DOTALL)
        found.append(base64.b64decode(pem[1]) if pem else content)
    return tuple(found)


def test_no_foreign_object_is_a_sealed_file() -> None:
    codes = Counter(Delivery(content).outcome() for content in corpus())
    assert set(codes) <= {"E_ASN1", "E_OUTER"}
    assert codes["E_OUTER"] > 200


def test_t19_no_foreign_object_is_what_a_sealed_file_holds() -> None:
    """Other people's CMS inside a well encrypted file is refused by a listed code, never by a defect of ours."""
    w = world()
    codes = Counter(Delivery(w.outer(content)).outcome() for content in corpus())
    assert codes.total() > 230
    assert set(codes) == {"E_ASN1", "E_UNSIGNED", "E_DETACHED"}
