"""The one way GW-1 refuses: a code of section 6 and the values its sentence needs.

Nothing else about a refused object leaves this package: no cause of a failed decryption, no unauthenticated header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import PartnerError
from gateway.findings import Finding

if TYPE_CHECKING:
    from gateway.security.opening import Opened

NEGATIVE_RECEIPT = frozenset({
    "E_DUPLICATE", "E_VOID", "E_CHAIN", "E_DATE", "E_OLD", "E_PAYLOAD", "E_UNB", "E_TEST_FLAG"})
"""Codes that may be answered by a negative receipt; for all others silence is the rule (GW-1 section 6)."""

LEAF = frozenset({"E_DATE", "E_OLD", "E_PAYLOAD", "E_UNB", "E_TEST_FLAG", "E_RECEIPT", "E_RECEIPT_UNKNOWN", "E_FORK"})
"""Codes whose object is authentic and ours: it gets its ledger leaf although it is refused."""

RELEASABLE = frozenset({"E_CERT_RETIRED", "E_CERT_TIME", "E_CRL", "E_DATE", "E_OLD"})
"""Codes an operator may release from quarantine, with a reason, after a check by telephone."""


class EnvelopeError(PartnerError):
    """An object is refused.

    code    a code of GW-1 section 6
    opened  the object itself for the codes of LEAF and for those of V30 and V31; None for all codes before
    """

    def __init__(self, code: str, *, opened: Opened | None = None, **values: str) -> None:
        super().__init__(Finding(code=code, values=values))
        self.opened = opened
