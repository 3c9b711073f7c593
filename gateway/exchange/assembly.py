"""One gateway put together from its settings and its ledger, at the instant of its run.

Everything that a run needs and that costs time is opened here once. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path

from gateway import mapping, security
from gateway.config import Settings, load_settings
from gateway.errors import LocalError
from gateway.exchange.assembled import PATIENCE, Assembly, Occasion
from gateway.exchange.content_store import content_store
from gateway.exchange.generation import mark, marked
from gateway.exchange.known_keys import KnownKeys, read_known_keys
from gateway.exchange.machine import require_fit
from gateway.exchange.own_keys import OwnPair, chain, chosen, consents_of
from gateway.exchange.restoring import watch
from gateway.exchange.trusting import authorities, effective
from gateway.findings import Finding, Place
from gateway.ledger import Ledger
from gateway.ledger.reading.trust import KeyLookups
from gateway.ledger.upgrading import stands

__all__ = ["PATIENCE", "Assembly", "Gateway", "Occasion", "open_gateway", "standing_gateway", "standing_versions",
           "versions_of"]


class Gateway(Assembly):
    """An opened gateway: an assembly with its ledger, at the instant of its run. Use `open_gateway`."""

    def __init__(self, settings: Settings, ledger: Ledger, now: datetime) -> None:
        super().__init__(settings, now=now)
        self.ledger = ledger
        self.now = now
        self._known: KnownKeys | None = None
        self._signers: dict[str, security.Signer] = {}

    def list_numbers(self, name: str) -> dict[str, int]:
        """The highest numbers seen of a partner's lists."""
        with self.ledger.reading() as queries:
            return queries.list_numbers(name)

    @cached_property
    def versions(self) -> mapping.Versions:
        """What was activated until the first question after it."""
        return versions_of(self.ledger)

    # --- offices: those of the corridors, and those that administrations publish

    @cached_property
    def corridors(self) -> mapping.Corridors:
        """As of `Assembly`, with the offices of our reference data and of partners' beside those of the files."""
        from gateway.exchange.published_offices import published_offices  # only who looks at a corridor

        with self.ledger.reading() as queries:
            return super().corridors.with_offices(published_offices(self.settings, queries, self.now))

    def forget_offices(self) -> None:
        """A version of reference data has come: the offices are read anew when they are asked for again."""
        self.__dict__.pop("corridors", None)

    # --- keys that change: the settings and the partners' files, with what the ledger knows since

    def renew_keys(self, lookups: KeyLookups) -> bool:
        """Take note of changes of keys since they were read; True when there were any.

        Called where a transaction begins, for a certificate that was revoked a moment ago must not count any more, and
        where one seals: a consent that came with the same batch counts already.
        """
        if self._known is None:
            self._known = read_known_keys(lookups)
            return False
        if lookups.key_changes() == self._known.changes:
            return False
        self._known = read_known_keys(lookups)
        self._trusts.clear()
        self.__dict__.pop("decryption_keys", None)
        return True

    @property
    def known_keys(self) -> KnownKeys:
        """What the ledger says of keys."""
        if self._known is None:
            with self.ledger.reading() as queries:
                self._known = read_known_keys(queries)
        return self._known

    def certificates(self, name: str) -> tuple[security.TrustedCertificate, ...]:
        """The list of a partner's certificates: that of its file, with what became of it since."""
        return effective(self.listed(name), self.known_keys.trusted.get(name, ()))

    def further(self, name: str) -> tuple[security.Certificate, ...]:
        """Authorities of a partner beside that of its file, let in by hand during a change of authority."""
        return authorities(self.known_keys.trusted.get(name, ()))

    def own_chain(self, use: str) -> list[OwnPair]:
        """Our pairs of one use, each after the one it follows; at least one."""
        return chain(self.settings_pairs(use), self.known_keys.own_of(use))

    def pair_in_use(self, use: str, name: str, now: datetime) -> OwnPair | None:
        """The pair of a use that a partner has of us at an instant; None when it has none that still holds."""
        return chosen(self.own_chain(use), self.settings_pairs(use)[-1].sha256,
                      consents_of(name, self.known_keys.consents), now)

    def signer_for(self, name: str) -> security.Signer:
        """The key that signs what goes to a partner now: the newest that it takes.

        Raises LocalError K077 when it takes none that still holds: what is meant for it waits. Else as `signer`.
        """
        if not self.known_keys.own_of(security.SIGNING):
            return self.signer
        settled = self.settings_pairs(security.SIGNING)[-1].sha256
        pair = self.pair_in_use(security.SIGNING, name, self.now)
        if pair is None:
            raise LocalError(Finding(code="K077", place=Place(interchange=name), values={
                "partner": name, "sha256": self.own_chain(security.SIGNING)[-1].sha256}))
        if pair.sha256 == settled:
            return self.signer
        if pair.sha256 not in self._signers:
            signer = security.load_signer(pair.key, pair.certificate, self.passphrase)
            if signer.certificate.sha256 != pair.sha256:
                raise LocalError(Finding(code="K009", place=Place(file=str(pair.certificate)), values={
                    "path": str(pair.certificate), "found": signer.certificate.sha256, "expected": pair.sha256}))
            security.check_environment(signer.certificate, self.settings.environment)
            self._signers[pair.sha256] = signer
        return self._signers[pair.sha256]

    def _encryption_pairs(self) -> list[tuple[Path, Path]]:
        """Those of the settings, and every other one to which something may still be on its way."""
        if not self.known_keys.own_of(security.ENCRYPTION):
            return super()._encryption_pairs()
        listed = {pair.sha256 for pair in self.settings_pairs(security.ENCRYPTION)}
        return super()._encryption_pairs() + [
            (pair.key, pair.certificate) for pair in self.own_chain(security.ENCRYPTION)
            if pair.sha256 not in listed and pair.opens(self.now)]

    def mapping_used(self, identifier: str, digest: str) -> mapping.Mapping:
        """A mapping as it was when it was used. Raises LocalError M401 for one that the ledger cannot give."""
        try:
            today = mapping.load_mapping(identifier, self.search)
        except LocalError:  # gone or broken since
            today = None
        return today if today is not None and today.digest == digest else self.versions.load(digest)

    def dialect_used(self, identifier: str, digest: str | None) -> mapping.Dialect:
        """A dialect as it was when it read a file; as it is today where that was not kept.

        Raises LocalError M401 for one that the ledger cannot give, else as `load_dialect`.
        """
        try:
            today = self.dialect(identifier)
        except LocalError:  # gone or broken since
            if digest is None:
                raise
            today = None
        if today is not None and digest in (None, today.archive.digest):
            return today
        assert digest is not None
        return mapping.load_archived_dialect(self.versions.archive(digest))


def versions_of(ledger: Ledger) -> mapping.Versions:
    """What was activated, with the archives that the ledger keeps."""
    from gateway.mapping.archive import Archive, parse  # with it comes the language of mappings: only who asks for them

    def archive(digest: str) -> Archive:
        with ledger.reading() as queries:
            text = queries.mapping_text(digest)
        return parse(text or "", digest)

    with ledger.reading() as queries:
        activated = [mapping.Activated(mapping=row.mapping, version=row.version, digest=row.digest, starts=row.starts)
                     for row in queries.activations()]
    return mapping.Versions(activated, archive)


@contextmanager
def standing_versions(settings: Settings, now: datetime) -> Iterator[mapping.Versions]:
    """What was activated, without making a ledger: where that would be needed, nothing was. Raises LocalError as
    `Ledger.open`."""
    with _standing_ledger(settings, now) as ledger:
        yield mapping.NOTHING_ACTIVATED if ledger is None else versions_of(ledger)


@contextmanager
def standing_gateway(settings: Settings, now: datetime) -> Iterator[Assembly]:
    """A gateway for a command that only reads: with its ledger where that stands already, else without. Raises
    LocalError as `Ledger.open`."""
    with _standing_ledger(settings, now) as ledger:
        yield Assembly(settings) if ledger is None else Gateway(settings, ledger, now)


@contextmanager
def _standing_ledger(settings: Settings, now: datetime) -> Iterator[Ledger | None]:
    """The ledger as it stands; None where it would have to be made."""
    if not stands(settings.ledger):
        yield None
        return
    try:
        ledger = Ledger.open(settings.ledger, now=now, create=False, contents=content_store(settings))
    except LocalError as error:
        if error.code != "L004" or error.findings[0].values["found"] != "-":
            raise
        yield None
        return
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def open_gateway(settings: Settings | Path, now: datetime, *, rehearse: bool = False) -> Iterator[Gateway]:
    """Open a gateway and close its ledger at the end. Raises LocalError for whatever is wrong with the settings.

    rehearse  what is written to the ledger is undone at the end; none is made or brought to a new schema (L001, L004)
    """
    security.check_versions()
    security.forbid_dumps()
    loaded = settings if isinstance(settings, Settings) else load_settings(settings)
    require_fit(loaded)
    before = marked(loaded.paths.state)
    ledger = Ledger.open(loaded.ledger, now=now, create=not rehearse, contents=content_store(loaded))
    try:
        if rehearse:
            ledger.rehearse()
        watch(loaded, ledger, before, now, moved=not rehearse)
        yield Gateway(loaded, ledger, now)
    finally:
        if not rehearse:
            mark(loaded.paths.state, ledger)
        ledger.close()
