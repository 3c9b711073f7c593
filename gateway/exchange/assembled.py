"""What the settings of one gateway name, opened when first asked for: keys, partners, corridors, dialects.

Everything that costs time is opened here once. Nothing here decides, and nothing here knows a ledger: what that adds is
`assembly.Gateway`. The packages below are named, not their names imported: each loads what is used of it, and a command
that opens no key loads no cryptography.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from msgspec import Struct

from gateway import mapping, security, transport
from gateway.config import Partner, Settings
from gateway.errors import LocalError
from gateway.exchange.budget import session_seconds
from gateway.exchange.own_keys import OwnPair
from gateway.findings import Finding

PATIENCE = timedelta(hours=24)
"""How long a message, ours or a partner's, waits for the movement it speaks of before somebody is asked (DESIGN
section 6, 6)."""


class Occasion(Struct, frozen=True):
    """What a run is given from outside.

    now         the one instant it reckons with
    identifier  gives fresh identifiers, 32 hex digits
    clock       monotonic seconds, for limits of the link
    chance      draws from 0 up to 1: how much of what may be waited is waited; by itself nothing is
    at_once     partners are tried although their time has not come (``--now``)
    """

    now: datetime
    identifier: Callable[[], str]
    clock: Callable[[], float]
    chance: Callable[[], float] = float
    at_once: bool = False


class Assembly:
    """What the settings name, opened when first asked for: keys, partners' certificates, corridors, dialects."""

    def __init__(self, settings: Settings, versions: mapping.Versions | None = None,
                 now: datetime | None = None) -> None:
        """Raises LocalError E_VERSION beside a library that is too old to trust; the process leaves no dumps.

        versions, now  what was activated, and the instant whose versions count; without them the files rule
        """
        security.check_versions()
        security.forbid_dumps()
        self.settings = settings
        self._versions = versions
        self._now = now
        self._dialects: dict[str, mapping.Dialect] = {}
        self._trusts: dict[str, security.Trust] = {}

    @property
    def name(self) -> str:
        """Our gateway id."""
        return str(self.settings.gateway)

    @property
    def test(self) -> bool:
        """Everything but production writes and requires UNB 0035 = 1."""
        return self.settings.environment != "production"

    @cached_property
    def search(self) -> list[Path]:
        """Folders that hold mappings, first wins."""
        return mapping.search_path(self.settings.paths.mappings)

    @cached_property
    def versions(self) -> mapping.Versions:
        """What was activated of the mappings."""
        return mapping.NOTHING_ACTIVATED if self._versions is None else self._versions

    @cached_property
    def corridors(self) -> mapping.Corridors:
        """The corridors with the versions of their mappings that are in force, and the offices."""
        return mapping.load_corridors(self.search, self.versions, self._now)

    @cached_property
    def product(self) -> str:
        """Name and version, as receipts carry them."""
        try:
            return f"corridor-gateway {version('corridor-gateway')}"
        except PackageNotFoundError:  # run from a checkout that is not installed
            return "corridor-gateway checkout"

    @cached_property
    def passphrase(self) -> bytes | None:
        """What our private keys are encrypted with; None where they lie open."""
        path = self.settings.keys.passphrase
        return None if path is None else security.read_passphrase(path)

    @cached_property
    def signer(self) -> security.Signer:
        """Our signing key. Raises LocalError K024 for one that was made for another environment."""
        pair = self.settings.keys.signing
        signer = security.load_signer(pair.key, pair.certificate, self.passphrase)
        security.check_environment(signer.certificate, self.settings.environment)
        return signer

    @cached_property
    def decryption_keys(self) -> list[security.DecryptionKey]:
        """Every encryption key of ours that partners may still use. Raises LocalError K024 as `signer` does."""
        keys: list[security.DecryptionKey] = [
            security.load_decryption_key(key, certificate, self.passphrase)
            for key, certificate in self._encryption_pairs()]
        for key in keys:
            security.check_environment(key.certificate, self.settings.environment)
        return keys

    def _encryption_pairs(self) -> list[tuple[Path, Path]]:
        return [(pair.key, pair.certificate) for pair in self.settings.keys.encryption]

    def settings_pairs(self, use: str) -> list[OwnPair]:
        """Our pairs of one use as the settings name them, the newest last."""
        keys = self.settings.keys
        certificates = [(pair, security.load_certificate(pair.certificate))
                        for pair in ((keys.signing,) if use == security.SIGNING else keys.encryption)]
        return [OwnPair(number=None, sha256=certificate.sha256, key=pair.key, certificate=pair.certificate)
                for pair, certificate in sorted(certificates, key=lambda one: one[1].not_before)]

    def signer_for(self, name: str) -> security.Signer:
        """The key that signs what goes to a partner."""
        return self.signer

    def partner(self, name: str) -> Partner:
        """The partner of that name. Raises LocalError X010 when the settings have none."""
        try:
            return self.settings.partners[name]
        except KeyError:
            raise LocalError(Finding(code="X010", values={"partner": name,
                                                          "known": ", ".join(sorted(self.settings.partners))}))

    def chosen(self, names: Sequence[str]) -> list[str]:
        """The partners of these names, or all where none is given. Raises LocalError X010 for an unknown one."""
        return [self.partner(name).partner for name in names] or sorted(self.settings.partners)

    def known_partner(self, name: str) -> str:
        """The name of a partner whose file is there, even broken: then its messages wait. Raises LocalError X010."""
        return name if name in self.settings.broken_partners else self.partner(name).partner

    def dialect(self, identifier: str) -> mapping.Dialect:
        """A dialect, loaded once."""
        if identifier not in self._dialects:
            self._dialects[identifier] = mapping.load_dialect(identifier, self.search)
        return self._dialects[identifier]

    def trust(self, name: str) -> security.Trust:
        """What we hold of a partner's certificates."""
        if name not in self._trusts:
            partner = self.partner(name)
            authority = partner.authority
            self._trusts[name] = security.Trust(
                partner=partner.partner,
                certificates=self.certificates(name),
                authority=security.load_certificate(authority.certificate), further=self.further(name),
                revocation=self.revocation(name),
                reason=authority.reason or "", algorithms=partner.agreement.algorithms,
                cbc_until=None if partner.agreement.cbc is None else partner.agreement.cbc.until)
        return self._trusts[name]

    def certificates(self, name: str) -> tuple[security.TrustedCertificate, ...]:
        """What counts of a partner's certificates: the list of its file."""
        return self.listed(name)

    def further(self, name: str) -> tuple[security.Certificate, ...]:
        """Authorities of a partner beside that of its file; only a ledger knows of any."""
        return ()

    def listed(self, name: str) -> tuple[security.TrustedCertificate, ...]:
        """The list of a partner's file."""
        return tuple(
            security.trusted_certificate(entry.file, sha256=entry.sha256, use=entry.use, use_from=entry.from_,
                                         accept_until=entry.until) for entry in self.partner(name).certificates)

    def revocation(self, name: str) -> security.RevocationLists | None:
        """The revocation lists that count for a partner; None for an authority that publishes none."""
        from gateway.exchange.revocation_lists import lists_of  # wanted with a partner's keys alone

        return lists_of(self.partner(name), self.settings.paths.state, self.list_numbers(name))

    def list_numbers(self, name: str) -> dict[str, int]:
        """The highest numbers seen of a partner's lists; nothing is known of them without a ledger."""
        return {}

    def recipients(self, name: str, now: datetime) -> Sequence[security.Certificate]:
        """The partner's encryption certificates in force: the current one, and the next during a change.

        Raises LocalError when there is none: nothing may be sent in clear.
        """
        return security.recipients_of(self.trust(name), now=now, environment=self.settings.environment)

    def lane(self, name: str, direction: str) -> transport.SftpLane | transport.DirectoryLane:
        """Where we push to a partner (``outbound``) or collect from (``inbound``)."""
        mailbox = self.partner(name).mailbox
        box = mailbox.outbound if direction == "outbound" else mailbox.inbound
        if box.kind == "directory":
            return transport.DirectoryLane(path=box.path, mode=transport.Mode(box.mode))
        secret = self.passphrase if box.passphrase is None else security.read_passphrase(box.passphrase)
        return transport.SftpLane(
            host=box.host, port=box.port, user=box.user, key=box.key, host_keys=tuple(box.host_keys), base=box.base,
            mode=transport.Mode(box.mode),
            passphrase=None if secret is None else secret.decode("utf-8", "replace"),
            kept=self.settings.paths.state / "arriving" / name if direction == "inbound" else None,
            limits=transport.Limits(session=session_seconds(self.settings.limits.run, len(self.settings.partners))))
