"""From a certificate to the partner's authority: the path of rule K3, built by `cryptography.x509.verification`.

What that library leaves to its caller is done here: an authority must say that it is one and that it may sign
certificates; the path ends at the one authority that was asked for. Key sizes and profile are judged by `certificates`,
revocation by `revocation`. Source: GW-1 sections 10 (K2, K3) and 15, RFC 5280 section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509 import verification

from gateway.security.certificates import Certificate

MOST_BETWEEN = 1
"""Authorities between a certificate and the partner's: a path has at most 3 certificates (K3)."""


class NoPath(Exception):
    """No path leads from the certificate to the authority."""


def build_path(certificate: Certificate, others: Sequence[Certificate], authority: Certificate, moment: datetime, *,
               most_between: int = MOST_BETWEEN, purpose: bool = True) -> Sequence[Certificate]:
    """The path from a certificate, first, to an authority, last, as it holds at `moment`.

    others        certificates that may stand between: hints without weight
    purpose       demand an extendedKeyUsage of the first one, whatever it says; for other people's suites of
                  certificates this can be left out

    Raises NoPath.
    """
    verifier = (verification.PolicyBuilder().store(verification.Store([authority.x509])).time(moment)
                .max_chain_depth(most_between)
                .extension_policies(ca_policy=_CA_POLICY, ee_policy=_END_POLICY if purpose else _ANY_END_POLICY)
                .build_client_verifier())
    try:
        chain = verifier.verify(certificate.x509, [other.x509 for other in others if other != certificate]).chain
    except verification.VerificationError:
        raise NoPath from None
    if not 2 <= len(chain) <= most_between + 2 or chain[-1] != authority.x509:
        raise NoPath
    known = {one.x509: one for one in (certificate, *others, authority)}
    return [known[one] for one in chain]


def _is_authority(_policy: verification.Policy, _certificate: x509.Certificate, value: x509.BasicConstraints) -> None:
    if not value.ca:
        raise ValueError("not a CA")


def _may_certify(_policy: verification.Policy, _certificate: x509.Certificate, value: x509.KeyUsage) -> None:
    if not value.key_cert_sign:
        raise ValueError("may not sign certificates")


def _has_purpose(_policy: verification.Policy, _certificate: x509.Certificate, value: x509.ExtendedKeyUsage) -> None:
    """The usages themselves are judged by profile K1."""


_CA_POLICY = (
    verification.ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, _is_authority)
    .require_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _may_certify)
)
_ANY_END_POLICY = verification.ExtensionPolicy.permit_all()
_END_POLICY = _ANY_END_POLICY.require_present(
    x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, _has_purpose)
