"""Which certificates count for a partner, and why: rules K1 to K4 and V25.

A certificate counts when it is in the partner's own dated list and its path leads to the partner's authority; never
because of its name, and never because it came along with an object. The path is judged at receipt, once per certificate
and run. Source: GW-1 sections 5 (V25), 10 (K1 to K4) and 15.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.security.algorithms import Agreement, Digest
from gateway.security.certificates import ENCRYPTION, Certificate, load_certificate
from gateway.security.paths import NoPath, build_path
from gateway.security.published import is_published, refuse_published
from gateway.security.refusals import EnvelopeError
from gateway.security.revocation import RevocationLists, check_revocation

_MOST_REFUSED = 64
"""Paths whose refusal is kept for a run: hints that come along make as many paths as a partner likes."""


class TrustedCertificate(Struct, frozen=True):
    """One line of a partner's dated list: used from `use_from` on, accepted until `accept_until`, aware UTC.

    revoked  since when it is in doubt, by a decision of ours (K7); then it counts at no instant, whatever was claimed
    """

    certificate: Certificate
    use: str
    use_from: datetime
    accept_until: datetime
    revoked: datetime | None = None


@dataclass(frozen=True)
class Trust:
    """All that makes objects of one partner acceptable.

    partner       gateway id
    certificates  the partner's dated list
    authority     the partner's own authority
    further       authorities beside it that two people have let in, while the partner changes from one to the other
    revocation    their lists as bytes; None where the authority publishes none, with the reason
    algorithms    words of Agreement: what the two partners added to the profile
    cbc_until     last instant at which AES-256-CBC counts between the two (section 14); None where it never does
    list_numbers  numbers of the revocation lists that judgements used, by issuer: lower ones must not count later (K4)

    Raises LocalError K022 for an unknown algorithm, K090 for an authority whose key everybody holds. That "no list" has
    a reason is a rule of the partner's file.
    """

    partner: str
    certificates: tuple[TrustedCertificate, ...]
    authority: Certificate
    revocation: RevocationLists | bytes | None = None
    reason: str = ""
    algorithms: Collection[str] = ()
    cbc_until: datetime | None = None
    further: tuple[Certificate, ...] = ()
    agreed: frozenset[Agreement] = field(init=False)
    lists: RevocationLists | None = field(init=False)
    list_numbers: dict[str, int] = field(init=False, default_factory=dict, repr=False, compare=False)
    _paths: dict[tuple[str, str, str], tuple[datetime, Sequence[Certificate]]] = field(
        init=False, default_factory=dict, repr=False, compare=False)
    _refused: dict[tuple[tuple[str, ...], datetime, bool], Finding] = field(
        init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for authority in (self.authority, *self.further):
            refuse_published(authority)
        words = {agreement.value: agreement for agreement in Agreement}
        unknown = sorted(set(self.algorithms) - words.keys())
        if unknown:
            raise LocalError(*(Finding(code="K022", values={"partner": self.partner, "name": word,
                                                            "known": ", ".join(words)}) for word in unknown))
        object.__setattr__(self, "agreed", frozenset(words[word] for word in self.algorithms))
        lists = RevocationLists((self.revocation,)) if isinstance(self.revocation, bytes) else self.revocation
        object.__setattr__(self, "lists", lists)

    def takes_cbc(self, now: datetime) -> bool:
        """Tell whether AES-256-CBC is agreed with this partner at this instant."""
        return self.cbc_until is not None and now <= self.cbc_until

    def by_digest(self, digest: bytes, use: str, algorithm: Digest = Digest.SHA_256) -> TrustedCertificate | None:
        """The entry of the list whose certificate has this digest, and this use (V19)."""
        return next((entry for entry in self.certificates
                     if entry.certificate.digest_by(algorithm) == digest and entry.use == use), None)

    def check(self, entry: TrustedCertificate, *, now: datetime, environment: str,
              others: Sequence[Certificate] = (), waive: Collection[str] = (), signed: datetime | None = None) -> None:
        """Judge one entry at receipt: dates, usage, environment, path, revocation.

        signed  when the signature says it was made: the certificate was valid then, too
        others  further certificates that came along: hints for the path without weight of their own
        waive   codes of this list that a person has decided to pass over (`open_envelope`): of a certificate outside
                its dates the path is judged at the nearest instant within them; without a usable list the authority's
                own older ones still tell what was revoked

        Raises EnvelopeError E_CERT_RETIRED, E_CERT_TIME, E_CERT_USAGE, E_CERT_PATH, E_CRL, E_CERT_REVOKED.
        Of what hints may change only a good outcome is kept for the run, so that one bad object cannot spoil the next.
        """
        certificate = entry.certificate
        if entry.revoked is not None:
            raise EnvelopeError("E_CERT_REVOKED", date=entry.revoked.isoformat())
        if not entry.use_from <= now <= entry.accept_until and "E_CERT_RETIRED" not in waive:
            date = entry.accept_until if now > entry.accept_until else entry.use_from
            raise EnvelopeError("E_CERT_RETIRED", date=date.isoformat())
        if "E_CERT_TIME" not in waive:
            check_time(certificate, now)
            if signed is not None:
                check_time(certificate, signed)
        key = (certificate.sha256, entry.use, environment)
        known = self._paths.get(key)
        if known is not None and known[0] == now:
            return
        if certificate.uses != {entry.use} or certificate.environment != environment or is_published(certificate):
            raise EnvelopeError("E_CERT_USAGE")
        chain = self._path(certificate, others, now, min(max(now, certificate.not_before), certificate.not_after))
        if self.lists is not None:
            self._clear(chain, self.lists, now, required="E_CRL" not in waive)
        if not waive:
            self._paths[key] = (now, chain)

    def _clear(self, chain: Sequence[Certificate], lists: RevocationLists, now: datetime, *, required: bool) -> None:
        """Revocation, judged once for each path and run, a refusal too: a list may be long, and files are many (K3)."""
        key = (tuple(one.sha256 for one in chain), now, required)
        known = self._refused.get(key)
        if known is not None:
            raise EnvelopeError(known.code, opened=None, **known.values)
        try:
            self.list_numbers.update(check_revocation(chain, lists, now, required=required))
        except EnvelopeError as error:
            if len(self._refused) < _MOST_REFUSED:
                self._refused[key] = error.findings[0]
            raise

    def _path(self, certificate: Certificate, others: Sequence[Certificate], now: datetime,
              moment: datetime) -> Sequence[Certificate]:
        """The path as it is at `moment`, to an authority that holds `now`."""
        for authority in (self.authority, *self.further):
            if authority.valid_at(now):
                with suppress(NoPath):
                    return build_path(certificate, others, authority, moment)
        raise EnvelopeError("E_CERT_PATH")


def check_time(certificate: Certificate, moment: datetime) -> None:
    """Raise EnvelopeError E_CERT_TIME {date} unless the certificate is valid at that instant."""
    if not certificate.valid_at(moment):
        date = certificate.not_after if moment > certificate.not_after else certificate.not_before
        raise EnvelopeError("E_CERT_TIME", date=date.isoformat())


def trusted_certificate(path: Path, *, sha256: str, use: str, use_from: datetime,
                        accept_until: datetime) -> TrustedCertificate:
    """One line of a partner's list with its file. Raises LocalError K004, K090; K009 when the file is another one."""
    certificate = load_certificate(path)
    refuse_published(certificate)
    if certificate.sha256 != sha256.lower():
        raise LocalError(Finding(code="K009", place=Place(file=str(path)), values={
            "path": str(path), "found": certificate.sha256, "expected": sha256}))
    return TrustedCertificate(certificate, use, use_from, accept_until)


def recipients_of(trust: Trust, *, now: datetime, environment: str) -> tuple[Certificate, ...]:
    """The partner's certificates to encrypt to: all that are in their dates and hold, newest first (K6).

    Raises LocalError K021 when there is none, with the code that each of them failed by.
    """
    good, failed = [], []
    for entry in sorted(trust.certificates, key=lambda entry: entry.use_from, reverse=True):
        if entry.use != ENCRYPTION:
            continue
        try:
            trust.check(entry, now=now, environment=environment)
        except EnvelopeError as error:
            failed.append(error.findings[0])
        else:
            good.append(entry.certificate)
    if not good:
        raise LocalError(Finding(code="K021", values={"partner": trust.partner}), *failed)
    return tuple(good)
