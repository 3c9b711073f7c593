"""Are the libraries below us ones whose known weaknesses are closed? (THREATS section 2)

Looked up where Python itself would find them: the first installation on the path counts, as it does for an import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import cryptography

from gateway.errors import LocalError
from gateway.findings import Finding

SAFE = {
    "cryptography": ("50", "51"),
    "lxml": ("6.1.1", "7"),
    "paramiko": ("5.1", "6"),
}
"""At least the first, below the second. The upper pin of `cryptography` stands for its ASN.1 interface, which is
declared unstable; those of the others for a major version whose advisories nobody has read here yet.

    cryptography  CVE-2026-69247 (PKCS#7 decryption oracle), CVE-2026-34073, CVE-2026-26007, CVE-2024-26130
    lxml          CVE-2026-41066 (external entities while parsing piece by piece), CVE-2022-2309
    paramiko      CVE-2026-44405 (SHA-1 with RSA), CVE-2023-48795 (prefix truncation), CVE-2022-24302
"""

_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+){0,5}")
_PRE = re.compile(r"\.?(?:a|b|c|rc|dev)", re.IGNORECASE)
_PARTS = 6


@cache
def installed() -> Mapping[str, str]:
    """The versions of the libraries of `SAFE` on this machine; one that is not installed is left out."""
    found = {"cryptography": cryptography.__version__}  # imported by now: what runs counts, not what lies on the disk
    for library in SAFE.keys() - found:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # nothing that could be imported either
            continue
    return found


def check_versions(found: Mapping[str, str] | None = None) -> None:
    """Refuse to start beside libraries outside their safe versions. Raises LocalError E_VERSION, all in one."""
    findings = [Finding(code="E_VERSION", values={"library": library, "found": held, "least": least, "below": below})
                for library, held in sorted((installed() if found is None else found).items())
                for least, below in [SAFE[library]] if not _within(held, least, below)]
    if findings:
        raise LocalError(*findings)


def _within(held: str, least: str, below: str) -> bool:
    """A pre-release counts as before its version for the lower bound, and as that version for the upper one."""
    match = _RELEASE.match(held)
    if match is None:
        return False
    release, before = _numbers(match[0]), bool(_PRE.match(held, match.end()))
    return (release, not before) >= (_numbers(least), True) and release < _numbers(below)


def _numbers(release: str) -> tuple[int, ...]:
    numbers = tuple(map(int, release.split(".")))
    return numbers + (0,) * (_PARTS - len(numbers))
