"""Where do our rules on certificates and lists differ from `openssl verify -crl_check_all`, and why?

Hundreds of generated chains with no fault, one or two, over dates, usages, paths and lists, each judged by both. Where
the verdicts differ one of the faults must stand in the tables below with the reason: most often that GW-1 is narrower.
Nothing here counts on what openssl refuses; the tables are compared whole with the 3.0 line only, whose verdicts they
record.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.errors import PartnerError
from gateway.security import RevocationLists, Trust, TrustedCertificate
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.security_world import product
from tests.tools.stock import openssl

pytestmark = pytest.mark.needs_openssl

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAIRS = 240
UNKNOWN = [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]
POINT = [x509.DistributionPoint([x509.UniformResourceIdentifier("http://crl.example/delta")], None, None, None)]


@dataclass
class Plan:
    """A chain to be made: how many authorities stand between, and options for the loose sealer.

    lists   of the issuer of the leaf; None for no list at all.  above  of the authority, where another stands between
    """

    between: int
    root: dict[str, Any] = field(default_factory=dict)
    middle: dict[str, Any] = field(default_factory=dict)
    leaf: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, Any] | None = field(default_factory=dict)
    above: dict[str, Any] | None = field(default_factory=dict)
    revoked: dict[str, Any] | None = None
    revoked_middle: bool = False
    forged: bool = False
    list_forged: bool = False
    list_of_another: bool = False
    least_number: int = 0


Fault = Callable[[Plan], None]


def _put(part: str, **options: Any) -> Fault:
    """These options for a certificate or list, if it is still there."""
    def apply(plan: Plan) -> None:
        target = getattr(plan, part)
        if target is not None:
            target.update(options)
    return apply


def _set(**values: Any) -> Fault:
    """These values of the plan itself."""
    def apply(plan: Plan) -> None:
        for name, value in values.items():
            setattr(plan, name, value)
    return apply


def _all(*faults: Fault) -> Fault:
    """Several at once."""
    def apply(plan: Plan) -> None:
        for fault in faults:
            fault(plan)
    return apply


def _scope(**options: Any) -> dict[str, Any]:
    return {"extensions": [(x509.IssuingDistributionPoint(**{
        "full_name": None, "relative_name": None, "only_contains_user_certs": False, "only_contains_ca_certs": False,
        "only_some_reasons": None, "indirect_crl": False, "only_contains_attribute_certs": False, **options}), True)]}


FAULTS: Mapping[str, Fault] = {
    # dates
    "leaf expired": _put("leaf", end=-HOUR),
    "leaf of tomorrow": _put("leaf", start=DAY),
    "middle expired": _put("middle", end=-HOUR),
    "middle of tomorrow": _put("middle", start=DAY),
    "authority expired": _put("root", end=-HOUR),
    "authority of tomorrow": _put("root", start=DAY),
    # usage
    "leaf without extended key usage": _put("leaf", purposes=None),
    "leaf for servers": _put("leaf", purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    "leaf for any purpose": _put("leaf", purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
    "leaf with a usage too many": _put("leaf", bits=(*loose.SIGNING_BITS, "key_encipherment")),
    "leaf without nonRepudiation": _put("leaf", bits=("digital_signature",)),
    "leaf for key agreement": _put("leaf", bits=loose.AGREEMENT_BITS),
    "leaf whose usage is not critical": _put("leaf", critical=False),
    "leaf that is an authority": _put("leaf", ca=True),
    # path
    "leaf with an unknown critical extension": _put("leaf", extensions=UNKNOWN),
    "middle with an unknown critical extension": _put("middle", extensions=UNKNOWN),
    "middle that may not certify": _put("middle", bits=("crl_sign",)),
    "middle that is no authority": _put("middle", ca=False),
    "authority that lets none stand between": _put("root", path_length=0),
    "middle that lets none stand below": _put("middle", path_length=0),
    "two between": _set(between=2),
    "leaf signed by another key": _set(forged=True),
    # lists
    "no list": _set(lists=None),
    "no list of the authority": _set(above=None),
    "list past its end by more than the grace": _put("lists", start=-9 * DAY, end=-25 * HOUR),
    "list past its end within the grace": _put("lists", start=-9 * DAY, end=-23 * HOUR),
    "list of the authority within the grace": _put("above", start=-9 * DAY, end=-23 * HOUR),
    "list of tomorrow": _put("lists", start=HOUR),
    "list without number": _put("lists", number=None),
    "list older than the last": _set(least_number=7),
    "list signed by another key": _set(list_forged=True),
    "list of another issuer": _set(list_of_another=True),
    "list with a scope of all": _put("lists", **_scope(full_name=[x509.DNSName("crl.example")])),
    "list of user certificates": _put("lists", **_scope(only_contains_user_certs=True)),
    "list of authorities": _put("lists", **_scope(only_contains_ca_certs=True)),
    "list for some reasons": _put("lists", **_scope(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise]))),
    "delta list": _put("lists", extensions=[(x509.DeltaCRLIndicator(1), True)]),
    "list that names a delta list": _put("lists", extensions=[(x509.FreshestCRL(POINT), False)]),
    "leaf that names a delta list": _put("leaf", extensions=[(x509.FreshestCRL(POINT), False)]),
    "unknown critical extension in the list": _put("lists", extensions=UNKNOWN),
    "unknown critical extension in an entry": _put("lists", revoked=[77], entry_extensions=UNKNOWN),
    "authorities without cRLSign": _all(_put("root", bits=("key_cert_sign",)), _put("middle", bits=("key_cert_sign",))),
    "leaf revoked": _set(revoked={}),
    "leaf on hold": _set(revoked={"reason": x509.ReasonFlags.certificate_hold}),
    "middle revoked": _set(revoked_middle=True),
}

STRICTER: Mapping[str, str] = {
    "leaf without extended key usage": "K1: a certificate without extendedKeyUsage is refused",
    "leaf with a usage too many": "K1: digitalSignature and nonRepudiation, no others",
    "leaf without nonRepudiation": "K1: digitalSignature and nonRepudiation",
    "leaf whose usage is not critical": "K1: keyUsage is critical",
    "leaf that is an authority": "K1: a signer is no authority",
    "two between": "K3: at most three certificates",
    "list without number": "K4: a CRL number must be there",
    "list older than the last": "K4: never older than the last one seen, which openssl does not keep",
    "delta list": "K4: openssl takes it for a complete one, in which what the base list revokes is not revoked",
    "list of user certificates": "K4: no issuing distribution point",
    "list that names a delta list": "K4: what a delta list may add is not known here",
    "leaf that names a delta list": "K4: what a delta list may add is not known here",
}
"""Fault -> why we refuse what the openssl command accepts."""

LAXER: Mapping[str, str] = {
    "list past its end within the grace": "K4: a list counts for a day longer, so that a late one stops nobody",
    "list of the authority within the grace": "K4: a list counts for a day longer, so that a late one stops nobody",
}
"""Fault -> why we accept what the openssl command refuses."""


@cache
def _key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Made:
    """The faults of a chain and its files."""

    faults: tuple[str, ...]
    plan: Plan
    root: x509.Certificate
    between: Sequence[x509.Certificate]
    leaf: x509.Certificate
    lists: Sequence[bytes]

    def ours(self) -> str:
        """"accepted", or our code."""
        root, leaf, *others = (product(one) for one in (self.root, self.leaf, *self.between))
        entry = TrustedCertificate(leaf, "signing", NOW - 400 * DAY, NOW + 400 * DAY)
        numbers = ((self.root.subject.rfc4514_string(), self.plan.least_number),
                   *((one.subject.rfc4514_string(), self.plan.least_number) for one in self.between))
        trust = Trust("XA", (entry,), root, RevocationLists(tuple(self.lists), numbers=numbers))
        try:
            trust.check(entry, now=NOW, environment="production", others=others)
        except PartnerError as refused:
            return refused.code
        return "accepted"

    def theirs(self, folder: Path) -> str:
        """"accepted", or what the openssl command says first."""
        folder.mkdir()
        pem = Encoding.PEM
        (folder / "root.pem").write_bytes(self.root.public_bytes(pem))
        (folder / "leaf.pem").write_bytes(self.leaf.public_bytes(pem))
        (folder / "between.pem").write_bytes(b"".join(one.public_bytes(pem) for one in self.between))
        (folder / "lists.pem").write_bytes(b"".join(
            x509.load_der_x509_crl(one).public_bytes(pem) for one in self.lists))
        done = openssl().try_(
            "verify", "-crl_check_all", "-purpose", "smimesign", "-CAfile", "root.pem",
            *(("-untrusted", "between.pem") if self.between else ()),
            *(("-CRLfile", "lists.pem") if self.lists else ()), "-attime", int(NOW.timestamp()), "leaf.pem",
            folder=folder)
        said = (done.stdout + done.stderr).decode()
        return "accepted" if done.returncode == 0 else next(
            (line for line in said.splitlines() if line.startswith("error ")), said)


def _author(key: Any, issuer: Author | None, name: str, options: Mapping[str, Any], *, ca: bool) -> Author:
    usual: dict[str, Any] = {"bits": ("key_cert_sign", "crl_sign"), "purposes": None} if ca else {}
    merged = {"name": name, "ca": ca, "start": -20 * DAY, "end": 365 * DAY, **usual, **options}
    return Author(key, loose.certificate(key, issuer, now=NOW, **merged))


def make(faults: Sequence[str], between: int) -> Made:
    """A chain with these faults."""
    plan = Plan(between)
    for name in faults:
        FAULTS[name](plan)
    root = issuer = above = _author(_key(0), None, "root of XA", plan.root, ca=True)
    chain = []
    for number in range(plan.between):
        above, issuer = issuer, _author(_key(number + 1), issuer, f"authority {number} of XA", plan.middle, ca=True)
        chain.append(issuer)
    leaf = _author(_key(9), Author(_key(8), issuer.certificate) if plan.forged else issuer, "XA signing", plan.leaf,
                   ca=False)
    lists = []
    if plan.lists is not None:
        lists.append(_list(plan, issuer, leaf))
    if plan.between and plan.above is not None:
        serials = [issuer.certificate.serial_number] if plan.revoked_middle else []
        lists.append(loose.revocation_list(above, NOW, revoked=serials, **plan.above))
        if plan.between > 1:
            lists.append(loose.revocation_list(root, NOW))
    return Made(tuple(faults), plan, root.certificate, [one.certificate for one in chain], leaf.certificate, lists)


def _list(plan: Plan, issuer: Author, leaf: Author) -> bytes:
    options = dict(plan.lists or {})
    if plan.revoked is not None:
        options |= {"revoked": [leaf.certificate.serial_number, *options.get("revoked", [])], **plan.revoked}
    if plan.list_forged:
        options["signed_by"] = _key(7)
    if plan.list_of_another:
        issuer = _author(_key(6), None, "authority of XC", {}, ca=True)
    return loose.revocation_list(issuer, NOW, **options)


def touched(name: str) -> set[tuple[str, str]]:
    """What a fault changes in a plan: two that change the same do not go together."""
    plan = Plan(1)
    FAULTS[name](plan)
    usual = asdict(Plan(1))
    changed: set[tuple[str, str]] = set()
    for part, value in asdict(plan).items():
        if value != usual[part]:
            changed |= {(part, option) for option in value} if isinstance(value, dict) and value else {(part, "")}
    dates = {(part, "dates") for part, option in changed if option in ("start", "end")}
    return changed | dates


def chains() -> list[Made]:
    """No fault, every fault alone and many pairs; below the authority itself, and with one between."""
    names = list(FAULTS)
    apart = [pair for pair in itertools.combinations(names, 2) if not touched(pair[0]) & touched(pair[1])]
    pairs = random.Random(20261126).sample(apart, PAIRS)
    alone = [make(faults, between) for between in (0, 1) for faults in ((), *((name,) for name in names))]
    return alone + [make(pair, number % 2) for number, pair in enumerate(pairs)]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Made, str, str]]:
    """Every chain with our verdict and openssl's."""
    folder, made = tmp_path_factory.mktemp("chains"), chains()
    openssl()
    with ThreadPoolExecutor(2) as pool:
        theirs = pool.map(lambda pair: pair[1].theirs(folder / str(pair[0])), enumerate(made))
        return [(one, one.ours(), said) for one, said in zip(made, theirs, strict=True)]


def test_t24_hundreds_of_chains_are_judged_as_openssl_judges_them_but_for_what_is_explained(
        judged: list[tuple[Made, str, str]]) -> None:
    """Ours differs from `openssl verify -crl_check_all` only for a fault whose difference is recorded and explained."""
    assert len(judged) == 2 * (1 + len(FAULTS)) + PAIRS
    unexplained = []
    for made, ours, theirs in judged:
        table = STRICTER if theirs == "accepted" else LAXER
        if (ours == "accepted") != (theirs == "accepted") and not set(made.faults) & set(table):
            unexplained.append((made.faults, made.plan.between, ours, theirs))
    assert unexplained == []


def test_what_either_accepts_without_a_fault_the_other_accepts_too(judged: list[tuple[Made, str, str]]) -> None:
    assert [(ours, theirs) for made, ours, theirs in judged if not made.faults] == [("accepted", "accepted")] * 2


def test_every_explained_difference_is_one_that_the_3_0_line_shows(judged: list[tuple[Made, str, str]]) -> None:
    if openssl().version[:2] != (3, 0):
        pytest.skip("the tables record the verdicts of the 3.0 line")
    stricter = {made.faults[0] for made, ours, theirs in judged
                if len(made.faults) == 1 and theirs == "accepted" != ours}
    laxer = {made.faults[0] for made, ours, theirs in judged
             if len(made.faults) == 1 and ours == "accepted" != theirs}
    assert (stricter, laxer) == (set(STRICTER), set(LAXER))
