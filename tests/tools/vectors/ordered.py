"""Files that are judged beside what came before: V30, V31, and what gateways say about a link (sections 9 to 11)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from unittest import mock

from gateway.security import Certificate, Opened, Trust, TrustedCertificate, open_envelope, published
from gateway.security.keys import FileDecryptionKey
from tests.tools import loose_sealer as loose
from tests.tools.vectors.keys import AT, END, START
from tests.tools.vectors.parts import INTERCHANGE, Tools, Vector

_CHECKPOINT, _WITHDRAW = "application/vnd.gw.checkpoint", "application/vnd.gw.withdraw"
_KEYS, _RESEND = "application/vnd.gw.keys", "application/vnd.gw.resend"
_FIRST = "ordered/first.p7m"
_OTHER = INTERCHANGE.replace(b"1200+1+", b"1200+2+").replace(b"+0+1'", b"+0+2'")


def ordered() -> Iterator[Vector]:
    """Each is judged by a gateway that has received `after` and sent nothing but receipts."""
    yield _vector("first", "accepted", "V30", "Number 1 of the link", _numbered(1, "0" * 64))
    yield _vector("second", "accepted", "V31", "Number 2, whose predecessor is number 1", _second(INTERCHANGE),
                  after=[_FIRST])
    yield _vector("other-content", "accepted", "V30", "Number 1 again, with another content",
                  _numbered(1, "0" * 64, _OTHER), after=[_FIRST], then="E_DUPLICATE")
    yield _vector("other-predecessor", "accepted", "V31", "Number 2, whose predecessor is not number 1",
                  _numbered(2, "ab" * 32), after=[_FIRST], then="E_CHAIN")
    yield _vector("taken-back", "accepted", "V30", "Number 2, which the sender took back before it came",
                  _second(_OTHER), after=[_FIRST, "ordered/withdraw.p7m"], then="E_VOID")
    yield _vector("withdraw", "accepted", "V34", "Number 3 takes number 2 back", _withdraw, after=[_FIRST])
    yield _vector("withdraw-what-was-accepted", "accepted", "V34", "Number 2 takes back number 1, which was accepted",
                  _withdraw_first, after=[_FIRST], then="E_PAYLOAD")
    yield _vector("heads", "accepted", "V34", "A checkpoint that is true: number 1 of this link, nothing of the other",
                  _heads(_true_root, 0), after=[_FIRST])
    yield _vector("forked", "accepted", "V34", "A checkpoint with another root for number 1",
                  _heads(lambda t: bytes(32), 0), after=[_FIRST], then="E_FORK")
    yield _vector("ahead", "accepted", "V34", "A checkpoint that knows 1000 objects of XB, who sent none",
                  _heads(_true_root, 1000), after=[_FIRST], then="E_LEDGER")
    yield _vector("resend", "accepted", "V34", "XA asks for number 1 of XB again", _said(
        2, _RESEND, lambda t: b"gw-resend/1\n1\n"), after=[_FIRST])
    yield _vector("keys", "accepted", "V34", "XA announces its next signing certificate, 31 days ahead", _said(
        2, _KEYS, _announced("xa-signing-next", 31)), after=[_FIRST])
    yield _vector("keys-too-soon", "accepted", "V34", "The same, ten days ahead", _said(
        2, _KEYS, _announced("xa-signing-next", 10)), after=[_FIRST], then="E_PAYLOAD")
    yield _vector("keys-for-encryption", "accepted", "V34", "A signing certificate announced for encryption", _said(
        2, _KEYS, _announced("xa-signing-next", 31, "encryption")), after=[_FIRST], then="E_PAYLOAD")


def _vector(name: str, verdict: str, rule: str, sentence: str, make: Callable[[Tools], bytes], *,
            after: Sequence[str] = (), then: str | None = None) -> Vector:
    return Vector("ordered", name, verdict, rule, sentence, make, after=after, then=then)


def _numbered(number: int, previous: str, payload: bytes = INTERCHANGE) -> Callable[[Tools], bytes]:
    return lambda t: t.sealed(t.entity(payload, sequence_number=number, previous=previous))


def _second(payload: bytes) -> Callable[[Tools], bytes]:
    return lambda t: t.sealed(t.entity(payload, sequence_number=2, previous=_made(t, "first").mic))


def _said(number: int, kind: str, payload: Callable[[Tools], bytes]) -> Callable[[Tools], bytes]:
    """An object of XA about the link, right behind number 1."""
    return lambda t: t.sealed(t.entity(payload(t), sequence_number=number, content_type=kind,
                                       previous=_made(t, "first").mic))


def _withdraw(t: Tools) -> bytes:
    back = _made(t, "taken-back")
    return t.sealed(t.entity(_leaf(back), sequence_number=3, content_type=_WITHDRAW, previous=back.mic))


def _withdraw_first(t: Tools) -> bytes:
    first = _made(t, "first")
    return t.sealed(t.entity(_leaf(first), sequence_number=2, content_type=_WITHDRAW, previous=first.mic))


def _heads(root: Callable[[Tools], bytes], theirs: int) -> Callable[[Tools], bytes]:
    def payload(t: Tools) -> bytes:
        other = hashlib.sha256(b"").digest() if theirs == 0 else bytes(32)
        return b"\n".join(f"gw-1/{link}\n{size}\n{base64.b64encode(one).decode()}\n".encode() for link, size, one in (
            ("XA/XB", 1, root(t)), ("XB/XA", theirs, other)))
    return _said(2, _CHECKPOINT, payload)


def _true_root(t: Tools) -> bytes:
    return hashlib.sha256(b"\x00" + _leaf(_made(t, "first"))).digest()


def _announced(name: str, days: int, use: str = "signing") -> Callable[[Tools], bytes]:
    def payload(t: Tools) -> bytes:
        old = t.author() if use == "signing" else t.author("xa-encryption-p256")
        start, end = (f"{AT + timedelta(days=count):%Y-%m-%dT%H:%M:%SZ}" for count in (days, days + 20))
        pem = t.kit.certificate_file(name).read_text("ascii")
        digest = hashlib.sha256(loose.der_of(old.certificate)).hexdigest()
        return (f"gw-keys/1\nuse: {use}\nreplaces: sha-256={digest}\nuse-from: {start}\naccept-old-until: {end}\n{pem}"
                ).encode("ascii")
    return payload


def _leaf(opened: Opened) -> bytes:
    return (f"gw-leaf/1\n{opened.header.sequence}\n{opened.header.message_id}\nsha-256={opened.mic}\n"
            f"sha-256={opened.signature_digest}\n").encode("ascii")


def _made(t: Tools, name: str) -> Opened:
    """A vector that was made before, opened: its signature is not what anybody could compute."""
    content = (t.kit.folder / "ordered" / f"{name}.p7m").read_bytes()
    signer, key = t.author(), t.author("xb-encryption-p256")
    with mock.patch.object(published, "KEYS", frozenset()):
        trust = Trust("XA", (TrustedCertificate(_product(signer), "signing", START, END),),
                      _product(t.author("xa-authority")))
        return open_envelope(loose.named(content), content, recipient="XB", trust=trust, now=AT, environment="test",
                             keys=[FileDecryptionKey(key.key, _product(key))])


def _product(author: loose.Author) -> Certificate:
    return Certificate(loose.der_of(author.certificate))
