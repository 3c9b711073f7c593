"""Opening: rules V1 to V29, V32 and V33 of GW-1 section 5, one after the other, behind one boundary.

What comes out is an opened object or one code. No private key is used before V8; every failure to decrypt is the same
E_DECRYPT and takes the same way; nothing of the plaintext leaves this module before V28.
V30 and V31 need the ledger and are `order.judge_order`; V34 is `payloads` and the caller.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.errors import LocalError
from gateway.security import asn1
from gateway.security.header import Header, read_entity
from gateway.security.keys import DecryptionKey
from gateway.security.refusals import RELEASABLE, EnvelopeError
from gateway.security.sealing import LARGEST_FILE, file_name
from gateway.security.trust import Trust
from gateway.security.unwrapping import decrypt, judge_algorithms, judge_recipients, our_entry
from gateway.security.verifying import Verified, verify_inner

MOST_AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=90)
DATE_TOLERANCE = timedelta(hours=24)

_NAME = re.compile(r"[0-9a-f]{32}\.p7m")


class Opened(Struct, frozen=True):
    """An authentic object for us.

    header              the protected header
    payload             the payload, untouched
    inner               the SignedData, kept as proof
    mic                 SHA-256 of the ENTITY, 64 hex digits
    signature_digest    SHA-256 of the signature value, 64 hex digits
    signing_time        aware UTC
    certificate_sha256  the signer's certificate, 64 hex digits
    """

    header: Header
    payload: bytes
    inner: bytes
    mic: str
    signature_digest: str
    signing_time: datetime
    certificate_sha256: str


def is_file_name(name: str) -> bool:
    """V1: tell whether a mailbox name is one that a gateway writes."""
    return _NAME.fullmatch(name) is not None


def open_envelope(name: str, content: bytes, *, recipient: str, keys: Sequence[DecryptionKey], trust: Trust,
                  now: datetime, environment: str, limit: int = LARGEST_FILE,
                  waive: Collection[str] = ()) -> Opened:
    """Open one file of a partner's folder.

    name         file name in the mailbox
    recipient    our gateway id
    keys         our live decryption keys
    trust        the partner whose folder it lay in
    now          time of receipt, the same for a whole run
    environment  demo, test or production
    limit        largest file in octets; one above 32 MiB counts as 32 MiB (section 3.4)
    waive        codes of RELEASABLE that a person has decided to pass over for this one file, with a reason that is
                 recorded where the decision is; every other rule is judged as ever

    Raises ValueError for a code that nobody may pass over, EnvelopeError with a code of section 6. E_FUTURE may be
    tried again later. E_DATE and E_OLD carry the object itself in `opened`, because V30 and V31 come before them and
    because it gets its leaf. LocalError passes through: a token that holds a key of ours does not answer (K093).
    """
    if not RELEASABLE.issuperset(waive):
        raise ValueError("only what section 6 calls releasable may be waived")
    with _boundary():
        return _open(name, content, recipient, keys, trust, now, environment, min(limit, LARGEST_FILE), waive)


def open_again(inner: bytes, *, recipient: str, trust: Trust, now: datetime, environment: str,
               waive: Collection[str]) -> Opened:
    """Judge the SignedData of a stored object once more, V11 to V33, past the codes in `waive`.

    Arguments as of `open_envelope`; raises EnvelopeError and ValueError as that.
    """
    if not RELEASABLE.issuperset(waive):
        raise ValueError("only what section 6 calls releasable may be waived")
    with _boundary():
        verified = verify_inner(inner, trust, now=now, environment=environment, waive=waive)
        return _timely(_address(verified, inner, recipient, trust), now, waive)


@contextmanager
def _boundary() -> Iterator[None]:
    """The one boundary of section 5. What a panic of the library below raises is no Exception, and stopped as well.

    LocalError passes: a key of ours is out of reach now, its token say, and no file is at fault.
    """
    try:
        yield
    except (EnvelopeError, LocalError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise EnvelopeError("E_INTERNAL", error=_where(error)) from None  # its message may hold values: dropped


def _open(name: str, content: bytes, recipient: str, keys: Sequence[DecryptionKey], trust: Trust, now: datetime,
          environment: str, limit: int, waive: Collection[str]) -> Opened:
    if not is_file_name(name):  # V1
        raise EnvelopeError("E_NAME", name=name[:64])
    if len(content) > limit:  # V2
        raise EnvelopeError("E_SIZE", size=str(len(content)), limit=str(limit))
    if file_name(content) != name:  # V3
        raise EnvelopeError("E_NAME", name=name)
    inner, verified = _verified(content, keys, trust, now, environment, waive)
    return _timely(_address(verified, inner, recipient, trust), now, waive)


def _timely(opened: Opened, now: datetime, waive: Collection[str]) -> Opened:
    if opened.signing_time > now + MOST_AHEAD:  # V29
        raise EnvelopeError("E_FUTURE", signed=opened.signing_time.isoformat())
    if "E_DATE" not in waive and abs(opened.header.date - opened.signing_time) > DATE_TOLERANCE:  # V32
        raise EnvelopeError("E_DATE", opened=opened, date=opened.header.date.isoformat(),
                            signed=opened.signing_time.isoformat())
    if "E_OLD" not in waive and now - opened.signing_time > OLDEST:  # V33
        raise EnvelopeError("E_OLD", opened=opened, signed=opened.signing_time.isoformat())
    return opened


def _verified(content: bytes, keys: Sequence[DecryptionKey], trust: Trust, now: datetime, environment: str,
              waive: Collection[str]) -> tuple[bytes, Verified]:
    """V4 to V25. Where nothing authenticates the encryption, an inner object that cannot be read (V11) is a failed
    decryption, too: nobody shall learn from us whether the padding fitted (section 14)."""
    outer = _outer(content, trust, now)
    inner, authenticated = _decrypt(outer, keys, trust), outer.authenticated
    del outer  # the ciphertext may be large
    try:
        return inner, verify_inner(inner, trust, now=now, environment=environment, waive=waive)
    except EnvelopeError as error:
        if error.code == "E_ASN1" and not authenticated:
            raise EnvelopeError("E_DECRYPT") from None
        raise


def _outer(content: bytes, trust: Trust, now: datetime) -> asn1.Outer:
    try:
        try:
            return asn1.read_outer(content)
        except asn1.OtherType as other:
            if other.args[0] != asn1.ENVELOPED_DATA or not trust.takes_cbc(now):  # V5
                raise EnvelopeError("E_OUTER", name=other.args[0]) from None
        return asn1.read_enveloped(content)
    except asn1.NotDer:  # V4
        raise EnvelopeError("E_ASN1") from None


def _decrypt(outer: asn1.Outer, keys: Sequence[DecryptionKey], trust: Trust) -> bytes:
    if outer.content_type != asn1.DATA:  # V6
        raise EnvelopeError("E_CONTENT_TYPE", name=outer.content_type)
    judge_recipients(outer.recipients)  # V7
    judge_algorithms(outer, trust.agreed)  # V8
    entry, key = our_entry(outer.recipients, keys)  # V9
    return decrypt(outer, entry, key)  # V10


def _address(verified: Verified, inner: bytes, recipient: str, trust: Trust) -> Opened:
    header, payload = read_entity(verified.entity)  # V26
    if not header.sender == header.maker == trust.partner:  # V27
        other = header.maker if header.sender == trust.partner else header.sender
        raise EnvelopeError("E_WRONG_SENDER", sender=other, folder=trust.partner)
    if header.recipient != recipient:  # V28
        raise EnvelopeError("E_WRONG_RECIPIENT", recipient=header.recipient)
    return Opened(header, payload, inner, verified.mic, hashlib.sha256(verified.signature).hexdigest(),
                  verified.signing_time, verified.certificate_sha256)


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"
