"""The published test vectors of GW-1, in samples/gw1: keys, files good and bad, and what must become of each.

    python -m tests.tools.vectors          make what is not there yet; what is there stays as it is
    python -m tests.tools.vectors --check  exit 1 when something is missing, or the index is not what stands here

Whole files hold fresh random, so they are made once and frozen. The index is written anew each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.tools import loose_sealer as loose
from tests.tools.vectors import good, header, inner, made, ordered, outer
from tests.tools.vectors.keys import AT, END, LISTED, RETIRED, SPECS, START, Kit, public_key
from tests.tools.vectors.parts import Tools, Vector

FOLDER = Path(__file__).parents[3] / "samples" / "gw1"
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def vectors() -> list[Vector]:
    """Every vector, good ones first."""
    return [*good.pairs(), *good.good(), *made.made(), *outer.outer(), *outer.cbc(), *inner.inner(),
            *inner.certificates(), *header.header(), *header.payload(), *ordered.ordered()]


def published(kit: Kit) -> list[str]:
    """The SHA-256 of every public key whose private half is published, sorted."""
    return sorted({hashlib.sha256(public_key(kit.author(name).certificate)).hexdigest() for name in kit.names})


def index(folder: Path = FOLDER) -> dict[str, Any]:
    """What index.json says: the circumstances of XB, then every file with its verdict."""
    kit = Kit(folder)
    return {
        "format": "gw-vectors/1", "recipient": "XB", "sender": "XA", "environment": "test", "at": AT.strftime(_FORM),
        "decryption": [{"key": _key(name), "certificate": f"certificates/{name}.crt"}
                       for name in SPECS if name.startswith("xb-encryption")],
        "trust": {"authority": "certificates/xa-authority.crt",
                  "certificates": [_entry(kit, name) for name in LISTED]},
        "unb": {"XA": "XA:ZZZ", "XB": "XB:ZZZ"},
        "published-keys": published(kit),
        "files": [_described(vector, folder) for vector in vectors()],
    }


def rendered(folder: Path = FOLDER) -> str:
    """index.json."""
    return json.dumps(index(folder), indent=1, ensure_ascii=False) + "\n"


def missing(folder: Path = FOLDER) -> Iterator[Vector]:
    """Vectors whose file is not there."""
    return (vector for vector in vectors() if not (folder / vector.path).is_file())


def make(folder: Path = FOLDER) -> None:
    """Make what is not there yet, and the index."""
    kit = Kit(folder)
    kit.make()
    for vector in missing(folder):
        path = folder / vector.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(vector.make(Tools(kit, vector.name)))
    (folder / "index.json").write_text(rendered(folder), "utf-8")


def _key(name: str) -> str:
    return f"keys/{name}.PUBLIC.key"


def _entry(kit: Kit, name: str) -> dict[str, str]:
    der = loose.der_of(kit.author(name).certificate)
    return {"file": f"certificates/{name}.crt", "sha256": hashlib.sha256(der).hexdigest(), "use": SPECS[name].use,
            "from": START.strftime(_FORM), "until": (RETIRED if name.endswith("retired") else END).strftime(_FORM)}


def _described(vector: Vector, folder: Path) -> dict[str, Any]:
    content = (folder / vector.path).read_bytes()
    told: dict[str, Any] = {
        "file": vector.path, "name": vector.delivered or loose.named(content), "verdict": vector.verdict,
        "rule": vector.rule, "content": vector.sentence, "maker": vector.maker, "at": vector.at.strftime(_FORM),
        "agreed": list(vector.agreed), "revocation": f"crl/{vector.revocation}"}
    if vector.after or vector.then:
        told |= {"after": list(vector.after), "then": vector.then or vector.verdict}
    return told
