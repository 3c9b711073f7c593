"""What does a partner get told who forgets an option of the openssl command, or picks another one?

Every file is made by the command itself and differs from a good one in that option; ours answers with the code that the
text of the profile names for it (GW-1 sections 5 and 13). Nothing is concluded from what openssl takes or refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import PartnerError
from gateway.security import file_name, open_envelope
from gateway.security.header import build_entity
from tests.tools import parties
from tests.tools.identities import Party
from tests.tools.parties import ALL_AGREED
from tests.tools.stock import openssl

pytestmark = pytest.mark.needs_openssl

NOW = datetime.now(UTC).replace(microsecond=0)
PAYLOAD = b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1'UNZ+0+1'"

SIGN = ("-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256")
PSS = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32")
OAEP = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256")
ECDH = ("-keyopt", "ecdh_kdf_md:sha256")


@dataclass(frozen=True)
class Way:
    """How a file is made: options of the two commands, and kinds of keys. None for an encryption leaves it out."""

    code: str
    sign: Sequence[object] | None = SIGN
    encrypt: Sequence[object] | None = ("-binary", "-aes-256-gcm")
    wrap: Sequence[object] = ECDH
    signer: str = "P-256"
    recipient: str = "P-256"
    form: str = "DER"


def _without(option: str) -> tuple[str, ...]:
    return tuple(word for word in SIGN if word != option)


def _digest(name: str) -> tuple[str, ...]:
    return (*SIGN[:-1], name)


WAYS: Mapping[str, Way] = {
    "nothing is forgotten": Way("accepted"),
    "nothing is forgotten, with RSA": Way("accepted", sign=(*SIGN, *PSS), wrap=OAEP, signer="RSA-3072",
                                          recipient="RSA-3072"),
    "the capabilities of the sender are written": Way("accepted", sign=_without("-nosmimecap")),
    # signing
    "-cades forgotten": Way("E_ATTRS", sign=_without("-cades")),
    "-nodetach forgotten": Way("E_DETACHED", sign=_without("-nodetach")),
    "-md sha1": Way("E_ATTRS", sign=_digest("sha1")),  # with it, -cades writes the old signingCertificate
    "-md sha384 with P-256": Way("E_ALG", sign=_digest("sha384")),
    "-md sha512 with P-256": Way("E_ALG", sign=_digest("sha512")),
    "-md sha256 with P-384": Way("E_ALG", signer="P-384"),
    "no -keyopt with RSA: PKCS#1 v1.5": Way("E_ALG", signer="RSA-3072"),
    "PSS with the longest salt": Way("E_ALG", sign=(*SIGN, *PSS[:2], "-keyopt", "rsa_pss_saltlen:-2"),
                                     signer="RSA-3072"),
    "PSS with a salt of 20": Way("E_ALG", sign=(*SIGN, *PSS[:2], "-keyopt", "rsa_pss_saltlen:20"), signer="RSA-3072"),
    "PSS with a mask of SHA-1": Way("E_ALG", sign=(*SIGN, *PSS, "-keyopt", "rsa_mgf1_md:sha1"), signer="RSA-3072"),
    "-noattr": Way("E_NO_SIGNED_ATTRS", sign=("-binary", "-nodetach", "-noattr", "-md", "sha256")),
    "-nocerts": Way("E_CERTS", sign=(*SIGN, "-nocerts")),
    "-keyid": Way("E_ASN1", sign=(*SIGN, "-keyid")),
    "-econtent_type of another content": Way("E_ASN1", sign=(  # its version is 3 then (RFC 5652 5.1): V11
        *SIGN, "-econtent_type", "pkcs7-signedData")),
    "a receipt asked for within CMS": Way("E_ATTRS", sign=(
        *SIGN, "-receipt_request_all", "-receipt_request_to", "desk@example.tg")),
    "-stream: BER": Way("E_ASN1", sign=(*SIGN, "-stream")),
    "not signed": Way("E_ASN1", sign=None),
    # encrypting
    "-aes-128-gcm": Way("E_ALG", encrypt=("-binary", "-aes-128-gcm")),
    "-aes-256-cbc without agreement": Way("E_OUTER", encrypt=("-binary", "-aes-256-cbc")),
    "-des3": Way("E_OUTER", encrypt=("-binary", "-des3")),
    "no -keyopt for a curve: a key derived with SHA-1": Way("E_ALG", wrap=()),
    "no -keyopt for RSA: PKCS#1 v1.5": Way("E_ALG", wrap=(), recipient="RSA-3072"),
    "OAEP with SHA-1": Way("E_ALG", wrap=OAEP[:2], recipient="RSA-3072"),
    "OAEP with a mask of SHA-1": Way("E_ALG", wrap=(*OAEP[:4], "-keyopt", "rsa_mgf1_md:sha1"), recipient="RSA-3072"),
    "a recipient by key identifier": Way("E_RECIPIENTS", encrypt=("-binary", "-aes-256-gcm", "-keyid"), wrap=OAEP,
                                         recipient="RSA-3072"),
    "a curve's recipient by key identifier": Way("E_RECIPIENTS", encrypt=("-binary", "-aes-256-gcm", "-keyid")),
    "a shared key beside the recipient": Way("E_RECIPIENTS", encrypt=(
        "-binary", "-aes-256-gcm", "-secretkey", "00" * 32, "-secretkeyid", "01")),
    "encrypted with -stream: BER": Way("E_ASN1", encrypt=("-binary", "-aes-256-gcm", "-stream")),
    "not encrypted": Way("E_OUTER", encrypt=None),
    # what is written
    "PEM": Way("E_ASN1", form="PEM"),
    "S/MIME": Way("E_ASN1", form="SMIME"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[Party, Party]]:
    """XA and XB for each pair of kinds (signer, recipient)."""
    found = {}
    for pair in {(way.signer, way.recipient) for way in WAYS.values()}:
        folder = tmp_path_factory.mktemp("pair")
        found[pair] = (parties.party(folder, "XA", signing=pair[0], now=NOW),
                       parties.party(folder, "XB", encryption=pair[1], now=NOW))
    return found


def _file(way: Way, sender: Party, recipient: Party, entity: bytes, folder: Path) -> bytes:
    run = openssl()
    (folder / "entity").write_bytes(entity)
    last = "entity"
    if way.sign is not None:
        stream = "-stream" in way.sign
        run("cms", "-sign", "-in", "entity", "-signer", sender.folder / "signing.crt", "-inkey",
            sender.folder / "signing.key", *way.sign, "-outform", "DER", "-out", "inner.der", folder=folder)
        assert stream == (b"\x24\x80" in (folder / "inner.der").read_bytes()[:80])  # further on stands what is drawn
        last = "inner.der"
    if way.encrypt is not None:
        run("cms", "-encrypt", *way.encrypt, "-in", last, "-recip", recipient.folder / "encryption.crt", *way.wrap,
            "-outform", way.form, "-out", "X.p7m", folder=folder)
        last = "X.p7m"
    return (folder / last).read_bytes()


def _outcome(content: bytes, sender: Party, recipient: Party) -> str:
    now = datetime.now(UTC).replace(microsecond=0)
    trust = sender.trust(since=NOW - timedelta(days=1), algorithms=ALL_AGREED)
    try:
        open_envelope(file_name(content), content, recipient="XB", keys=[recipient.key], trust=trust, now=now,
                      environment="demo")
    except PartnerError as refused:
        return refused.code
    return "accepted"


@pytest.mark.parametrize("name", WAYS)
def test_a_file_made_with_another_option_is_refused_by_its_code(
        made: dict[tuple[str, str], tuple[Party, Party]], tmp_path: Path, name: str) -> None:
    way = WAYS[name]
    sender, recipient = made[way.signer, way.recipient]
    content = _file(way, sender, recipient, build_entity(sender.header("XB", at=NOW), PAYLOAD), tmp_path)
    assert _outcome(content, sender, recipient) == way.code


ENTITIES: Mapping[str, tuple[str, bytes, bytes]] = {
    "lines end with LF": ("E_HEADER", b"\r\n", b"\n"),
    "a field is missing": ("E_HEADER", b"MIME-Version: 1.0\r\n", b""),
    "a field more": ("E_HEADER", b"Gateway-Profile: 1\r\n", b"Gateway-Profile: 1\r\nSubject: transit\r\n"),
    "another profile": ("E_PROFILE", b"Gateway-Profile: 1\r\n", b"Gateway-Profile: 2\r\n"),
    "the payload encoded": ("E_HEADER", b"Content-Disposition", b"Content-Transfer-Encoding: base64\r\n"
                                                               b"Content-Disposition"),
    "another recipient": ("E_WRONG_RECIPIENT", b"To-Gateway: XB", b"To-Gateway: XC"),
    "another sender": ("E_WRONG_SENDER", b"From-Gateway: XA", b"From-Gateway: XC"),
    "another maker of the message id": ("E_WRONG_SENDER", b"@XA>", b"@XC>"),
    "a number with a zero in front": ("E_HEADER", b"Sequence: 1", b"Sequence: 01"),
    "a time with an offset": ("E_HEADER", b"Z\r\nSequence", b"+00:00\r\nSequence"),
    "a file name with a path": ("E_HEADER", b'filename="d1.edi"', b'filename="../d1.edi"'),
}
"""What a partner writes wrong into the ten lines -> the code, what is replaced, by what."""


@pytest.mark.parametrize("name", ENTITIES)
def test_a_header_written_wrong_is_refused_though_the_signature_is_true(
        made: dict[tuple[str, str], tuple[Party, Party]], tmp_path: Path, name: str) -> None:
    code, good, bad = ENTITIES[name]
    sender, recipient = made["P-256", "P-256"]
    entity = build_entity(sender.header("XB", at=NOW), PAYLOAD)
    assert good in entity
    content = _file(WAYS["nothing is forgotten"], sender, recipient, entity.replace(good, bad), tmp_path)
    assert _outcome(content, sender, recipient) == code


def test_text_that_is_not_signed_as_binary_is_another_text(made: dict[tuple[str, str], tuple[Party, Party]],
                                                           tmp_path: Path) -> None:
    """Without -binary the command signs the text with line ends changed to CR LF: what was signed is what counts."""
    sender, recipient = made["P-256", "P-256"]
    payload = b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1'\nUNZ+0+1'"
    entity = build_entity(sender.header("XB", at=NOW), payload)
    way = Way("accepted", sign=_without("-binary"))
    content = _file(way, sender, recipient, entity, tmp_path)
    opened = open_envelope(file_name(content), content, recipient="XB", keys=[recipient.key],
                           trust=sender.trust(since=NOW - timedelta(days=1)),
                           now=datetime.now(UTC).replace(microsecond=0), environment="demo")
    assert opened.payload == payload.replace(b"\n", b"\r\n")


def test_two_signers_are_one_too_many(made: dict[tuple[str, str], tuple[Party, Party]], tmp_path: Path) -> None:
    sender, recipient = made["P-256", "P-256"]
    other = recipient.folder
    way = Way("E_SIGNERS", sign=(*SIGN, "-signer", other / "signing.crt", "-inkey", other / "signing.key"))
    content = _file(way, sender, recipient, build_entity(sender.header("XB", at=NOW), PAYLOAD), tmp_path)
    assert _outcome(content, sender, recipient) == "E_SIGNERS"


def test_nine_recipients_and_one_twice_are_refused(made: dict[tuple[str, str], tuple[Party, Party]],
                                                   tmp_path: Path) -> None:
    sender, recipient = made["P-256", "P-256"]
    (tmp_path / "more").mkdir()
    others = []
    for number in range(8):
        other = parties.party(tmp_path / "more", f"XC{number}", now=NOW)
        others += ["-recip", other.folder / "encryption.crt", *ECDH]
    twice = ["-recip", recipient.folder / "encryption.crt", *ECDH]
    entity = build_entity(sender.header("XB", at=NOW), PAYLOAD)
    outcomes = {}
    for name, more in (("eight", others[:-4]), ("nine", others), ("twice", twice)):
        way = Way("E_RECIPIENTS", encrypt=("-binary", "-aes-256-gcm", *more))
        outcomes[name] = _outcome(_file(way, sender, recipient, entity, tmp_path), sender, recipient)
    assert outcomes == {"eight": "accepted", "nine": "E_RECIPIENTS", "twice": "E_RECIPIENTS"}
