"""A change of keys with objects on the way, and announcements that a thief or a hostile partner may send.

Everything is dated and the clock is moved: nobody sleeps, nothing is stored.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from msgspec.structs import replace

from gateway.exchange.trusting import effective
from gateway.ledger.key_rows import TrustedRow, TrustedState
from gateway.security import (
    KEYS,
    Certificate,
    EnvelopeError,
    Opened,
    Sealed,
    Signer,
    Trust,
    TrustedCertificate,
    check_payload_kind,
    open_envelope,
    recipients_of,
    seal,
)
from gateway.security.algorithms import PrivateKey
from gateway.security.issuing import issue, issue_authority
from gateway.security.key_notice import KeyNotice, judge_key_notice, key_notice_payload, read_key_notice
from gateway.security.keys import FileDecryptionKey, FileSigner, load_private_key
from gateway.security.stored import read_stored
from tests.tools.identities import NOW, identity
from tests.tools.offices import offices
from tests.tools.records import declaration_json

FIRST, LAST = NOW + timedelta(days=30), NOW + timedelta(days=44)
"""First day of the new key, last of the old one."""


class World:
    """XA changes its keys; XB receives. Certificates of XA are issued by XA's own authority."""

    def __init__(self, folder: Path) -> None:
        self.xa, self.xb = identity(folder, "XA"), identity(folder, "XB")
        self.authority = load_private_key(self.xa.folder / "authority.key", None)
        self.keys = {use: ec.generate_private_key(ec.SECP256R1()) for use in ("signing", "encryption")}
        self.new = {use: self.issue(key, use) for use, key in self.keys.items()}

    def issue(self, key: PrivateKey, use: str, *, environment: str = "demo", start: datetime = NOW,
              end: datetime = NOW + timedelta(days=500)) -> Certificate:
        """A certificate of XA's own authority."""
        return issue(self.authority, self.xa.identity.authority, key, gateway="XA", environment=environment, use=use,
                     start=start, end=end)

    @property
    def signer(self) -> FileSigner:
        """The new signing key."""
        return FileSigner(self.keys["signing"], self.new["signing"])

    @property
    def opener(self) -> FileDecryptionKey:
        """The new decryption key."""
        return FileDecryptionKey(self.keys["encryption"], self.new["encryption"])

    def old(self, use: str) -> Certificate:
        """The certificate in force until then."""
        return self.xa.identity.signing if use == "signing" else self.xa.identity.encryption

    def notice(self, use: str = "signing") -> KeyNotice:
        """A lawful announcement."""
        return KeyNotice(use, self.old(use).sha256, FIRST, LAST, self.new[use])

    def trust(self, use: str = "signing", state: TrustedState = TrustedState.ACCEPTED,
              accept_until: datetime | None = LAST) -> Trust:
        """What XB holds of XA after the announcement and what was decided of it."""
        held = self.xa.trust()
        rows = [row(self.new[use], use, state, FIRST),
                row(self.old(use), use, TrustedState.ACCEPTED, NOW, accept_until)]
        return dataclasses.replace(held, certificates=effective(held.certificates, rows))

    def seal(self, signer: Signer, at: datetime, *, content_type: str = "application/EDIFACT",
             payload: bytes = b"UNB+UNOC:3+XA+XB+261126:1200+1'UNZ+0+1'") -> Sealed:
        """An object of XA on the link to XB."""
        header = self.xa.header("XB", at=at, content_type=content_type)
        return seal(header, payload, signer=signer, recipients=[self.xb.identity.encryption], signing_time=at)

    def open(self, sealed: Sealed, trust: Trust, now: datetime) -> Opened:
        """Open it at XB."""
        return open_envelope(sealed.name, sealed.content, recipient="XB", keys=[self.xb.key], trust=trust, now=now,
                             environment="demo")

    def verdict(self, sealed: Sealed, trust: Trust, now: datetime) -> str:
        """Who signed it, or the code that refuses it."""
        try:
            return self.open(sealed, trust, now).certificate_sha256
        except EnvelopeError as error:
            return error.code


def row(certificate: Certificate, use: str, state: TrustedState, use_from: datetime,
        accept_until: datetime | None = None) -> TrustedRow:
    return TrustedRow(id=1, partner="XA", use=use, sha256=certificate.sha256, der=certificate.der, replaces=None,
                      use_from=use_from, accept_until=accept_until, state=state, reason="", at=NOW, changed=NOW,
                      object_id=None)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize(("key", "sealed", "received", "expected"), [
    ("old", 0, 1, "old"), ("old", 29, 31, "old"), ("old", 35, 36, "old"), ("old", 43, 44, "old"),
    ("old", 43, 44.01, "E_CERT_RETIRED"), ("old", 50, 51, "E_CERT_RETIRED"), ("old", 1, 60, "E_CERT_RETIRED"),
    ("new", 29, 29.5, "E_CERT_RETIRED"), ("new", 30, 30, "new"), ("new", 31, 35, "new"), ("new", 60, 61, "new"),
    ("new", 29.9, 30.1, "new")])
def test_t27_each_key_is_accepted_in_its_days_by_the_time_of_receipt(world: World, key: str, sealed: float,
                                                                     received: float, expected: str) -> None:
    """Old and new overlap; the old one is refused after accept_until (E_CERT_RETIRED), judged at receipt, whatever time
    of signing is claimed."""
    signer = world.xa.signer if key == "old" else world.signer
    shas = {"old": world.old("signing").sha256, "new": world.new["signing"].sha256}
    found = world.verdict(world.seal(signer, NOW + timedelta(days=sealed)), world.trust(),
                          NOW + timedelta(days=received))
    assert found == shas.get(expected, expected)


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_t27_objects_of_both_keys_open_in_either_order_during_the_overlap(world: World, order: Sequence[str]) -> None:
    """Both orders of arrival: an object of the old key behind one of the new, and before it."""
    signers = {"old": world.xa.signer, "new": world.signer}
    made = {name: world.seal(signer, NOW + timedelta(days=31)) for name, signer in signers.items()}
    trust, when = world.trust(), NOW + timedelta(days=32)
    assert [world.verdict(made[name], trust, when) for name in order] == [
        signers[name].certificate.sha256 for name in order]


def test_t27_before_the_consent_the_new_key_counts_for_nothing(world: World) -> None:
    """A certificate that waits for a person, or was refused, is not on file (E_SIGNER_UNKNOWN)."""
    sealed = world.seal(world.signer, NOW + timedelta(days=31))
    for state in (TrustedState.PROPOSED, TrustedState.REFUSED):
        assert world.verdict(sealed, world.trust(state=state), NOW + timedelta(days=32)) == "E_SIGNER_UNKNOWN"


def test_t27_encryption_goes_to_both_keys_in_the_overlap_and_what_was_sealed_to_the_old_one_opens_after_it(
        world: World) -> None:
    """Sealed before and received after the change: the old decryption key stays until nothing can be on its way."""
    trust = world.trust("encryption")
    to = {day: recipients_of(trust, now=NOW + timedelta(days=day), environment="demo") for day in (1, 31, 45)}
    old, new = world.old("encryption"), world.new["encryption"]
    assert {day: set(certificates) for day, certificates in to.items()} == {1: {old}, 31: {old, new}, 45: {new}}
    for day, keys in ((1, [world.xa.key]), (31, [world.xa.key]), (31, [world.opener]), (45, [world.opener])):
        header = world.xb.header("XA", at=NOW + timedelta(days=day))
        sealed = seal(header, b"UNB+'", signer=world.xb.signer, recipients=to[day],
                      signing_time=NOW + timedelta(days=day))
        opened = open_envelope(sealed.name, sealed.content, recipient="XA", keys=keys, trust=world.xb.trust(),
                               now=NOW + timedelta(days=80), environment="demo")
        assert opened.payload == b"UNB+'"


def test_t24_a_certificate_revoked_by_us_is_refused_at_once_whatever_is_claimed_and_nobody_may_release_it(
        world: World) -> None:
    """Revoked locally: E_CERT_REVOKED within its dates, after them, and past every rule that a release passes over."""
    held = world.xa.trust()
    revoked = row(world.old("signing"), "signing", TrustedState.REVOKED, NOW)
    for rows in ([revoked], [replace(revoked, accept_until=LAST)]):
        trust = dataclasses.replace(held, certificates=effective(held.certificates, rows))
        for signed, received in ((-10, 0), (1, 2), (1, 80)):
            sealed = world.seal(world.xa.signer, NOW + timedelta(days=signed))
            with pytest.raises(EnvelopeError) as raised:
                open_envelope(sealed.name, sealed.content, recipient="XB", keys=[world.xb.key], trust=trust,
                              now=NOW + timedelta(days=received), environment="demo",
                              waive=("E_CERT_RETIRED", "E_CERT_TIME", "E_CRL", "E_OLD"))
            assert raised.value.code == "E_CERT_REVOKED"
    with pytest.raises(EnvelopeError):
        trust.check(replace(trust.certificates[0]), now=NOW, environment="demo")


def test_t24_a_revoked_certificate_stays_revoked_though_the_partners_file_loses_or_regains_it(world: World) -> None:
    """No file makes a revoked certificate count again, and its code stays E_CERT_REVOKED when no file has it."""
    revoked = [row(world.old("signing"), "signing", TrustedState.REVOKED, NOW)]
    sealed = world.seal(world.xa.signer, NOW)
    for listed in (world.xa.trust().certificates, ()):
        trust = dataclasses.replace(world.xa.trust(), certificates=effective(listed, revoked))
        assert world.verdict(sealed, trust, NOW) == "E_CERT_REVOKED"


@pytest.mark.parametrize("statement", [
    "UPDATE trusted SET state = 'ACCEPTED'", "UPDATE trusted SET use_from = 0",
    "UPDATE trusted SET accept_until = 9000000000000000", "UPDATE trusted SET partner = 'MLDGD'",
    "UPDATE trusted SET der = x'00'", "UPDATE trusted SET use = 'authority'",
    "UPDATE own_key SET state = 'ANNOUNCED' WHERE state = 'MADE'", "UPDATE own_key SET reason = 'x'",
    "INSERT INTO trusted SELECT 99, partner, 'authority', sha256, der, NULL, use_from, NULL, 'ACCEPTED', '', at,"
    " changed, NULL FROM trusted LIMIT 1"])
def test_t31_what_is_written_into_the_ledger_by_hand_makes_nobody_believed(tmp_path: Path, statement: str) -> None:
    """A certificate, a date or a state that the history does not vouch for stops everything (K089)."""
    togo, burkina = offices(tmp_path, valid=timedelta(days=730))
    file = burkina.home / "partners" / "TGOTR.yaml"
    file.write_text(file.read_text("utf-8").replace("order: loose", "order: loose\n  consent: by-hand"), "utf-8")
    for office in (togo, burkina):
        assert office.run("edi", "keys", "rotate", "signing").exit == 0
    togo.run("edi", "keys", "announce", "signing")
    togo.run("edi-send")
    burkina.run("edi-receive")
    assert burkina.run("edi", "keys", "list").exit == 0
    with sqlite3.connect(burkina.home / "state" / "ledger.sqlite") as connection:
        assert connection.execute(statement).rowcount > 0
    listed = burkina.run("edi", "keys", "list")
    assert listed.exit == 5 and "K089" in listed.err
    togo.drop("declarations", {"d1.json": declaration_json("A")})
    togo.run("edi-send")
    received = burkina.run("edi-receive")
    assert (received.exit, received.counts["objects_collected"]) == (5, 0)
    assert "K089" in {one["code"] for one in received.counts["findings"]}


def _weak(world: World) -> KeyNotice:
    return replace(world.notice(), certificate=world.issue(rsa.generate_private_key(65537, 2048), "signing"))


def _foreign(world: World) -> KeyNotice:
    """Issued by another authority of the same name."""
    key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    other = issue_authority(own, gateway="XA", environment="demo", start=NOW, end=NOW + timedelta(days=900))
    return replace(world.notice(), certificate=issue(
        own, other, key, gateway="XA", environment="demo", use="signing", start=NOW, end=NOW + timedelta(days=500)))


@pytest.mark.parametrize(("made", "code"), [
    (lambda world: world.notice(), None),
    (lambda world: replace(world.notice(), replaces="00" * 32), "K070"),
    (lambda world: replace(world.notice(), use="encryption"), "K070"),
    (lambda world: replace(world.notice("encryption"), certificate=world.new["signing"]), "K072"),
    (lambda world: replace(world.notice(), use_from=FIRST - timedelta(seconds=1)), "K071"),
    (lambda world: replace(world.notice(), accept_old_until=LAST - timedelta(seconds=1)), "K071"),
    (lambda world: replace(world.notice(), use_from=LAST, accept_old_until=FIRST), "K071"),
    (lambda world: replace(world.notice(), certificate=world.new["encryption"]), "K072"),
    (lambda world: replace(world.notice(), certificate=world.issue(
        world.keys["signing"], "signing", environment="production")), "K072"),
    (lambda world: replace(world.notice(), certificate=world.issue(
        world.keys["signing"], "signing", end=FIRST - timedelta(days=1))), "K072"),
    (lambda world: replace(world.notice(), certificate=world.issue(
        ec.generate_private_key(ec.SECP384R1()), "signing")), "K072"),
    (lambda world: replace(world.notice(), certificate=world.issue(
        ec.generate_private_key(ec.SECP384R1()), "encryption"), use="encryption",
        replaces=world.old("encryption").sha256), "K072"),
    (_weak, "K072"), (_foreign, "K076"),
], ids=["lawful", "replaces an unknown one", "replaces one of another use", "signing for encryption", "too soon",
        "overlap too short", "dates the wrong way round", "encryption for signing", "of another environment",
        "over before its first day", "P-384 without agreement", "ECDH P-384 without agreement", "RSA-2048",
        "of another authority"])
def test_an_announcement_is_judged_before_anybody_may_consent(world: World, made: Callable[[World], KeyNotice],
                                                             code: str | None) -> None:
    notice = made(world)
    opened = _announced(world, notice, world.xa.signer)
    assert read_key_notice(opened.payload) == notice
    judgement = judge_key_notice(notice, world.xa.trust(), signer=opened.certificate_sha256,
                                 signed=opened.signing_time, now=NOW, environment="demo")
    fault = judgement.refusal or judgement.doubt
    assert (fault and fault.code) == code
    assert (judgement.doubt is not None) is (code == "K076")


def test_a_signing_key_is_replaced_only_by_itself(world: World) -> None:
    """A second signing key that counts, too, cannot announce in the name of the one that it does not replace."""
    held = world.xa.trust()
    second = TrustedCertificate(world.new["signing"], "signing", NOW, NOW + timedelta(days=500))
    trust = dataclasses.replace(held, certificates=(*held.certificates, second))
    third = world.issue(ec.generate_private_key(ec.SECP256R1()), "signing")
    notice = replace(world.notice(), certificate=third)
    judgement = judge_key_notice(notice, trust, signer=second.certificate.sha256, signed=NOW, now=NOW,
                                 environment="demo")
    assert judgement.refusal is not None and judgement.refusal.code == "K073"


@pytest.mark.parametrize("change", [
    lambda text: text.replace(b"\n", b"\r\n"), lambda text: text[:-1], lambda text: text + b"\n",
    lambda text: text.replace(b"gw-keys/1", b"gw-keys/2"), lambda text: text.replace(b"use: signing", b"use: both"),
    lambda text: text.replace(b"T12:00:00Z", b"T25:00:00Z", 1), lambda text: text.replace(b"2026-12-", b"2026-13-", 1),
    lambda text: text.replace(b"-----END CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n" * 2),
    lambda text: text + text[text.index(b"-----BEGIN"):], lambda text: text.replace(b"sha-256=", b"SHA-256=", 1),
    lambda text: text.replace(b"-----\nMII", b"-----\nAII"), lambda text: b"",
    lambda text: text.replace(b"BEGIN", b"BEGUN")])
def test_a_text_that_is_not_exactly_an_announcement_is_none(world: World, change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_key_notice(change(key_notice_payload(world.notice())))


def _announced(world: World, notice: KeyNotice, signer: Signer) -> Opened:
    """The announcement as it arrives: sealed, opened, its grammar judged, stored and read again."""
    sealed = world.seal(signer, NOW, content_type=KEYS, payload=key_notice_payload(notice))
    opened = world.open(sealed, world.xa.trust(), NOW)
    check_payload_kind(opened)
    assert read_stored(opened.inner) == opened
    return opened

