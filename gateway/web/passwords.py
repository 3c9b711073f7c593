"""Passwords of local accounts: Argon2id with the library's parameters, those of RFC 9106 section 4 for servers with
little memory (64 MiB, three passes). What makes a password good: its length (NIST SP 800-63B section 5.1.1.2)."""

from __future__ import annotations

from gateway.errors import LocalError
from gateway.findings import Finding

SHORTEST, LONGEST = 12, 200

_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Y29ycmlkb3JzYWx0MDAwMA$+xDBypJ29yzL1h8fA3dyASao0Pc+MGACxDd4ltSA+Cg"
"""The hash of a password that nobody has: checking it takes as long as checking that of an account."""


def require_library() -> None:
    """Raises LocalError C200 where the extra ``web`` is not installed."""
    try:
        import argon2  # noqa: F401 an extra
    except ImportError as error:
        raise LocalError(Finding(code="C200", values={"reason": str(error)})) from error


def require_good(password: str, login: str) -> None:
    """Raises LocalError C201 {least, most} for what is too short, too long, or holds nothing but the login."""
    plain = password.casefold().replace(login.casefold(), "")
    if not SHORTEST <= len(password) <= LONGEST or len(set(plain)) < SHORTEST // 2:
        raise LocalError(Finding(code="C201", values={"least": str(SHORTEST), "most": str(LONGEST)}))


def hashed(password: str) -> str:
    """The hash of a password, with its parameters and its salt. Raises LocalError C200."""
    require_library()
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether a password is that of a hash. None: there is no such account, and finding out takes as long."""
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        matches = PasswordHasher().verify(stored or _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    return matches and stored is not None
