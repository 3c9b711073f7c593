"""Do path and revocation rules refuse every invalid case of NIST's Public Key Interoperability Test Suite?

PKITS (public domain) comes with the package cryptography-vectors; the expected result of a case stands in its name.
Its keys have 2048 bits and its certificates no extendedKeyUsage, so path (K3) and lists (K4) are judged without the
rules on key sizes and usage. All authorities are offered as hints and all lists lie at hand, as in a house that
collects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import cryptography_vectors
import pytest

from gateway.security.certificates import Certificate
from gateway.security.paths import NoPath, build_path
from gateway.security.refusals import EnvelopeError
from gateway.security.revocation import RevocationLists, check_revocation, read_lists

PKITS = Path(cryptography_vectors.__file__).parent / "x509" / "PKITS_data"
NOW = datetime(2020, 1, 1, tzinfo=UTC)
ANCHOR = "TrustAnchorRootCertificate"
UNREADABLE = {"DSAParametersInheritedCACert", "ValidDSAParameterInheritanceTest5EE",
              "InvalidNegativeSerialNumberTest15EE"}
"""Inherited DSA parameters, which the parser does not know; a serial number that no CMS object of GW-1 can name."""

_SUBJECT = re.compile(r"(Valid|Invalid).*Test[0-9]+EE")

ACCEPTED = [
    "CertificatePathTest1", "DNSnameConstraintsTest30", "DNSnameConstraintsTest32",
    "GeneralizedTimeCRLnextUpdateTest13", "GeneralizedTimenotAfterDateTest8", "LongSerialNumberTest16",
    "LongSerialNumberTest17", "NameUIDsTest6", "NegativeSerialNumberTest14", "NoissuingDistributionPointTest10",
    "RFC3280MandatoryAttributeTypesTest7", "RFC3280OptionalAttributeTypesTest8", "RFC822nameConstraintsTest21",
    "RFC822nameConstraintsTest23", "RFC822nameConstraintsTest25", "TwoCRLsTest7", "UTF8StringEncodedNamesTest9",
    "UnknownNotCriticalCertificateExtensionTest1", "basicConstraintsNotCriticalTest4", "keyUsageNotCriticalTest3",
    "pathLenConstraintTest13", "pathLenConstraintTest14", "pathLenConstraintTest7", "pathLenConstraintTest8",
    "pre2000UTCnotBeforeDateTest3",
]
"""The Valid cases that fit the narrow profile; should the list change, a person looks at why."""

REFUSED_FOR = {
    "issuing distribution points, delta and indirect lists, lists for some reasons only": (
        r"IDP|deltaCRL|distributionPoint|cRLIssuer|onlyContains|onlySomeReasons", "E_CRL"),
    "a key for lists apart from the authority's, or the keys of a self-issued change of keys": (
        r"SeparateCertificateandCRLKeys|BasicSelfIssued", "E_CRL"),
    "policy mapping, explicit policies, inhibited policies": (
        r"PolicyMapping|inhibitPolicyMapping|requireExplicitPolicy|RequireExplicitPolicy|inhibitAnyPolicy", "no path"),
    "constraints on directory names and addresses": (
        r"DNnameConstraints|DNandRFC822nameConstraints|URInameConstraints", "no path"),
    "names that are equal only after folding case, space or string type": (
        r"NameChaining|CaseInsensitive|Rolloverfrom", "no path"),
    "DSA": (r"DSA", "no path"),
    "a GeneralizedTime before 2050": (r"GeneralizedTimenotBefore", "no path"),
    "self-issued certificates that do not count for the length of a path": (r"SelfIssuedpathLen", "no path"),
}
"""Why the other Valid cases are refused -> their names, how they are refused. All are outside GW-1 on purpose."""


@cache
def certificates() -> dict[str, Certificate]:
    """All certificates of the suite that can be read, by name of file."""
    found = {}
    for path in sorted((PKITS / "certs").glob("*.crt")):
        try:
            found[path.stem] = Certificate(path.read_bytes())
        except ValueError:
            assert path.stem in UNREADABLE
    return found


@cache
def lists() -> RevocationLists:
    """All revocation lists of the suite."""
    return RevocationLists(tuple(path.read_bytes() for path in sorted((PKITS / "crls").glob("*.crl"))))


def outcome(name: str) -> str:
    """"accepted", "no path", E_CRL or E_CERT_REVOKED."""
    known = certificates()
    authorities = [one for other, one in known.items() if other != ANCHOR and not re.search(r"Test[0-9]+EE$", other)]
    try:
        path = build_path(known[name], authorities, known[ANCHOR], NOW, most_between=8, purpose=False)
        check_revocation(path, lists(), NOW)
    except NoPath:
        return "no path"
    except EnvelopeError as refused:
        return refused.code
    return "accepted"


@cache
def outcomes() -> dict[str, str]:
    """Outcome of every case whose name says what is expected."""
    return {name: outcome(name) for name in certificates() if _SUBJECT.fullmatch(name)}


def _of(expected: str) -> Iterable[tuple[str, str]]:
    return [(name, found) for name, found in outcomes().items() if name.startswith(expected)]


def test_t24_no_invalid_case_of_pkits_is_accepted() -> None:
    """Every one of the 115 invalid paths and revoked certificates of NIST's suite is refused; one is not even read."""
    assert Counter(found for _, found in _of("Invalid")) == {"no path": 69, "E_CRL": 42, "E_CERT_REVOKED": 3}


def test_the_valid_cases_of_pkits_that_fit_the_profile_are_those_recorded() -> None:
    accepted = [name.removeprefix("Valid").removesuffix("EE") for name, found in _of("Valid") if found == "accepted"]
    assert accepted == ACCEPTED
    assert len(list(_of("Valid"))) + 1 == 88  # with the one that cannot be read


@pytest.mark.parametrize("reason", REFUSED_FOR)
def test_the_other_valid_cases_of_pkits_are_refused_for_what_the_profile_leaves_out(reason: str) -> None:
    pattern, expected = REFUSED_FOR[reason]
    matching = [found for name, found in _of("Valid") if re.search(pattern, name) and found != "accepted"]
    assert set(matching) == {expected}


def test_no_valid_case_of_pkits_is_refused_for_a_reason_that_nobody_wrote_down() -> None:
    reasons = [pattern for pattern, _ in REFUSED_FOR.values()]
    unexplained = [name for name, found in _of("Valid")
                   if found != "accepted" and not any(re.search(pattern, name) for pattern in reasons)]
    assert unexplained == []


def test_t24_a_certificate_revoked_on_a_delta_list_only_is_refused() -> None:
    """A certificate or list that names a delta list is never judged without it: no usable list."""
    name, issuer = "InvaliddeltaCRLTest4EE", certificates()["deltaCRLCA1Cert"]
    serial = certificates()[name].serial
    base, delta = (read_lists([(PKITS / "crls" / f"{one}.crl").read_bytes()])[0]
                   for one in ("deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"))
    assert base.issuer == delta.issuer == issuer.x509.subject
    assert base.get_revoked_certificate_by_serial_number(serial) is None
    assert delta.get_revoked_certificate_by_serial_number(serial) is not None
    assert outcomes()[name] == "E_CRL"
