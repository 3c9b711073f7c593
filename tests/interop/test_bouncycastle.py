"""Does BouncyCastle open what we seal, and do we open what it makes? (GW-1; Java, Debian's 1.72)

Every pair: signers on P-256, P-384, RSA-3072 (PSS) and Ed25519, recipients on P-256, P-384 and RSA-3072 (OAEP). Its
output in DER is taken, its default output is BER and refused. Release 1.72 has no class that opens AES-GCM content
under a key from ECDH: tests/interop/java/Gw1.java brings the forty lines that a partner writes for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import PartnerError
from gateway.security import Opened, file_name, open_envelope, seal
from gateway.security.header import build_entity
from tests.tools import parties
from tests.tools.identities import Party
from tests.tools.parties import ALL_AGREED, PAIRS, RECIPIENTS
from tests.tools.stock import BouncyCastle

NOW = datetime.now(UTC).replace(microsecond=0)  # BouncyCastle signs at the time of the clock
PAYLOAD = "UNB+UNOC:3+XA+XB+261126:1200+1'FTX+AAA+++Café à Lomé'".encode("latin-1") + b"\r\n\r\n" + bytes(range(256))

pytestmark = pytest.mark.needs_java


@pytest.fixture(scope="module")
def bouncy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BouncyCastle]:
    """One Java process for all tests of the file."""
    process = BouncyCastle(tmp_path_factory.mktemp("classes"))
    yield process
    process.close()


@pytest.fixture(scope="module")
def senders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Party]:
    """XA, once with each kind of signing key."""
    made = parties.parties(tmp_path_factory.mktemp("senders"), "XA", [(kind, "P-256") for kind in parties.SIGNERS],
                           now=NOW)
    return {signing: party for (signing, _), party in made.items()}


@pytest.fixture(scope="module")
def receivers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Party]:
    """XB, once with each kind of encryption key."""
    made = parties.parties(tmp_path_factory.mktemp("receivers"), "XB", [("P-256", kind) for kind in RECIPIENTS],
                           now=NOW)
    return {encryption: party for (_, encryption), party in made.items()}


def _open(content: bytes, sender: Party, recipient: Party, *, cbc: bool = False) -> Opened:
    now = datetime.now(UTC).replace(microsecond=0)
    trust = dataclasses.replace(sender.trust(since=NOW - timedelta(days=1), algorithms=ALL_AGREED),
                    cbc_until=now if cbc else None)
    return open_envelope(file_name(content), content, recipient="XB", keys=[recipient.key], now=now, trust=trust,
                         environment="demo")


def _opened_by_bouncy(bouncy: BouncyCastle, folder: Path, content: bytes, sender: Party,
                      recipient: Party) -> tuple[bytes, bytes]:
    """The inner object and the ENTITY, as BouncyCastle finds them."""
    sealed, inner, entity = folder / "X.p7m", folder / "inner.der", folder / "entity"
    sealed.write_bytes(content)
    bouncy("decrypt", recipient.folder / "encryption.key", recipient.folder / "encryption.crt", sealed, inner)
    bouncy("verify", sender.folder / "authority.crt", inner, entity)
    return inner.read_bytes(), entity.read_bytes()


def _made_by_bouncy(bouncy: BouncyCastle, folder: Path, sender: Party, kind: str, *recipients: Party,
                    inner_form: str = "DER", outer_form: str = "DER", cipher: str = "GCM") -> bytes:
    """A sealed file of the test's payload."""
    entity, inner, sealed = folder / "made-entity", folder / "made-inner", folder / "made.p7m"
    entity.write_bytes(build_entity(sender.header("XB", at=NOW), PAYLOAD))
    bouncy("sign", sender.folder / "signing.key", sender.folder / "signing.crt", kind, inner_form, entity, inner)
    bouncy("encrypt", cipher, outer_form, inner, sealed,
           *(recipient.folder / "encryption.crt" for recipient in recipients))
    return sealed.read_bytes()


@pytest.mark.parametrize(("signer", "receiver"), PAIRS)
def test_bouncycastle_opens_what_we_seal(bouncy: BouncyCastle, senders: dict[str, Party],
                                         receivers: dict[str, Party], tmp_path: Path, signer: str,
                                         receiver: str) -> None:
    sender, recipient = senders[signer], receivers[receiver]
    sealed = sender.seal_for(recipient, PAYLOAD, at=NOW)
    assert _opened_by_bouncy(bouncy, tmp_path, sealed.content, sender, recipient) == (
        sealed.inner, build_entity(sender.header("XB", at=NOW), PAYLOAD))


@pytest.mark.parametrize(("signer", "receiver"), PAIRS)
def test_we_open_what_bouncycastle_makes_in_der(bouncy: BouncyCastle, senders: dict[str, Party],
                                                receivers: dict[str, Party], tmp_path: Path, signer: str,
                                                receiver: str) -> None:
    sender, recipient = senders[signer], receivers[receiver]
    opened = _open(_made_by_bouncy(bouncy, tmp_path, sender, signer, recipient), sender, recipient)
    assert (opened.header, opened.payload) == (sender.header("XB", at=NOW), PAYLOAD)


@pytest.mark.parametrize("receiver", RECIPIENTS)
def test_by_agreement_bouncycastle_opens_what_we_seal_with_cbc_and_we_what_it_makes(
        bouncy: BouncyCastle, senders: dict[str, Party], receivers: dict[str, Party], tmp_path: Path,
        receiver: str) -> None:
    sender, recipient = senders["P-256"], receivers[receiver]
    sealed = seal(sender.header("XB", at=NOW), PAYLOAD, signer=sender.signer, signing_time=NOW, cbc=True,
                  recipients=[recipient.identity.encryption])
    assert _opened_by_bouncy(bouncy, tmp_path, sealed.content, sender, recipient)[0] == sealed.inner
    made = _made_by_bouncy(bouncy, tmp_path, sender, "P-256", recipient, cipher="CBC")
    assert _open(made, sender, recipient, cbc=True).payload == PAYLOAD
    with pytest.raises(PartnerError) as refused:
        _open(made, sender, recipient)
    assert refused.value.code == "E_OUTER"


@pytest.mark.parametrize(("inner", "outer"), [("BER", "DER"), ("DER", "BER"), ("BER", "BER")])
def test_what_bouncycastle_writes_unless_told_otherwise_is_ber_and_refused(
        bouncy: BouncyCastle, senders: dict[str, Party], receivers: dict[str, Party], tmp_path: Path, inner: str,
        outer: str) -> None:
    sender, recipient = senders["P-256"], receivers["P-256"]
    content = _made_by_bouncy(bouncy, tmp_path, sender, "P-256", recipient, inner_form=inner, outer_form=outer)
    with pytest.raises(PartnerError) as refused:
        _open(content, sender, recipient)
    assert refused.value.code == "E_ASN1"


def test_each_of_three_recipients_opens_what_we_seal(bouncy: BouncyCastle, senders: dict[str, Party],
                                                     receivers: dict[str, Party], tmp_path: Path) -> None:
    sender, all_three = senders["RSA-3072"], [receivers[kind] for kind in RECIPIENTS]
    sealed = seal(sender.header("XB", at=NOW), PAYLOAD, signer=sender.signer, signing_time=NOW,
                  recipients=[party.identity.encryption for party in all_three])
    found = [_opened_by_bouncy(bouncy, tmp_path, sealed.content, sender, party)[0] for party in all_three]
    assert found == [sealed.inner] * 3


def test_each_of_two_recipients_opens_what_bouncycastle_makes(bouncy: BouncyCastle, senders: dict[str, Party],
                                                              receivers: dict[str, Party], tmp_path: Path) -> None:
    sender, both = senders["RSA-3072"], [receivers[kind] for kind in ("P-384", "P-256")]
    content = _made_by_bouncy(bouncy, tmp_path, sender, "RSA-3072", *both)
    assert [_open(content, sender, party).payload for party in both] == [PAYLOAD] * 2


def test_recipients_of_two_kinds_stand_in_the_order_of_der_or_are_refused(
        bouncy: BouncyCastle, senders: dict[str, Party], receivers: dict[str, Party], tmp_path: Path) -> None:
    """Release 1.72 compares the first octets of a SET OF as signed numbers and so writes [1] before SEQUENCE."""
    sender, both = senders["P-256"], [receivers[kind] for kind in ("RSA-3072", "P-256")]
    content = _made_by_bouncy(bouncy, tmp_path, sender, "P-256", *both)
    key_agree, key_trans = content.index(b"\xa1\x81\xf7"), content.index(b"\x30\x82\x02\x17\x02\x01\x00")
    if key_trans < key_agree:  # a release that sorts as DER says
        assert _open(content, sender, both[0]).payload == PAYLOAD
    else:
        with pytest.raises(PartnerError) as refused:
            _open(content, sender, both[0])
        assert refused.value.code == "E_ASN1"


def test_bouncycastle_finds_a_turned_bit_and_a_false_signature(bouncy: BouncyCastle, senders: dict[str, Party],
                                                               receivers: dict[str, Party], tmp_path: Path) -> None:
    """That it opens a good object says something only if it opens no other."""
    sender, recipient = senders["P-256"], receivers["P-256"]
    sealed = sender.seal_for(recipient, PAYLOAD, at=NOW)
    (tmp_path / "X.p7m").write_bytes(sealed.content[:-1] + bytes((sealed.content[-1] ^ 1,)))
    (tmp_path / "inner.der").write_bytes(sealed.inner.replace(b"UNB+UNOC", b"UNB+UNOB"))
    answers = [
        bouncy.answer("decrypt", recipient.folder / "encryption.key", recipient.folder / "encryption.crt",
                      tmp_path / "X.p7m", tmp_path / "out"),
        bouncy.answer("verify", sender.folder / "authority.crt", tmp_path / "inner.der", tmp_path / "out")]
    assert [answer.startswith("failed: ") for answer in answers] == [True, True]
