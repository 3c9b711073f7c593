"""Is the library below us one whose known weaknesses are closed? (THREATS section 2)"""

from __future__ import annotations

import re

import cryptography

from gateway.errors import LocalError
from gateway.findings import Finding

LEAST, BELOW = "50.0.0", "51"
"""`cryptography`: at least the first, below the second, because its ASN.1 interface is declared unstable."""


def check_version(found: str = cryptography.__version__) -> None:
    """Refuse to start beside a `cryptography` outside its pins. Raises LocalError E_VERSION."""
    if not _numbers(LEAST) <= _numbers(found) < _numbers(BELOW):
        raise LocalError(Finding(code="E_VERSION", values={
            "library": "cryptography", "found": found, "least": LEAST, "below": BELOW}))


def _numbers(version: str) -> tuple[int, ...]:
    """Release numbers of a version; a pre-release of the least version counts as before it."""
    match = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = tuple(map(int, match[0].split("."))) if match else ()
    if match and re.match(r"(?:a|b|rc|\.dev)", version[match.end():]):
        return (*numbers[:-1], numbers[-1] - 1)
    return numbers
