"""What become files that somebody makes with the openssl command, well and carelessly, in `edi open` and `edi-receive`?

The command is the maker, never the judge: what it would accept says nothing here.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.security import LEAF, Certificate
from tests.tools import loose_sealer as loose
from tests.tools.command import command
from tests.tools.offices import Office
from tests.tools.receiving import Circumstances, Listed, holds, named, opened, received, receiver
from tests.tools.vectors.keys import LISTED, Kit
from tests.tools.vectors.made import ECDH, OAEP, PSS
from tests.tools.vectors.parts import INTERCHANGE

pytestmark = pytest.mark.needs_openssl


def now() -> datetime:
    """This second: the command signs by the clock, however long the tests before these have taken."""
    return datetime.now(UTC).replace(microsecond=0)


NOW = now()
SIGN = ("-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256")
P256, RSA = "xa-signing-p256", "xa-signing-rsa3072"


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Keys of this run, made like those of the published vectors."""
    made = Kit(tmp_path_factory.mktemp("keys"))
    made.make()
    return made


@pytest.fixture(scope="module")
def made(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, bytes]]:
    """Every file of `files`, made once."""
    return files(Maker(kit, tmp_path_factory.mktemp("making")))


def openssl(place: Path, *words: object) -> None:
    """The command."""
    subprocess.run(["openssl", *map(str, words)], cwd=place, check=True, capture_output=True)


def entity(number: int, **header: object) -> bytes:
    """Header and payload, dated now."""
    options = {"date": NOW, "sequence_number": number, "previous": f"{number:064x}", "identifier": f"{number:032x}"}
    return loose.header(**{**options, **header}) + INTERCHANGE  # type: ignore[arg-type]


class Maker:
    """Files by the command, step by step."""

    def __init__(self, kit: Kit, place: Path) -> None:
        self.kit, self.place = kit, place
        place.mkdir(exist_ok=True)

    def signed(self, content: bytes, *options: str, signers: Sequence[str] = (P256,),
               words: Sequence[str] = SIGN) -> bytes:
        """The inner object; `options` are added to the usual words."""
        (self.place / "entity").write_bytes(content)
        who = [word for name in signers for word in (
            "-signer", str(self.kit.certificate_file(name)), "-inkey", str(self.kit.key_file(name)),
            *(PSS if name == RSA and "pkcs1" not in options else ()))]
        openssl(self.place, "cms", *words, "-in", "entity", *who, *(one for one in options if one != "pkcs1"),
                *(() if "-outform" in options else ("-outform", "DER")), "-out", "inner")
        return (self.place / "inner").read_bytes()

    def sealed(self, plain: bytes, *options: str, to: str = "xb-encryption-p256",
               cipher: str = "-aes-256-gcm", recipient: Sequence[str] | None = None) -> bytes:
        """The outer object."""
        (self.place / "plain").write_bytes(plain)
        usual = (OAEP if "rsa" in to else ECDH) if recipient is None else recipient
        openssl(self.place, "cms", "-encrypt", "-binary", cipher, "-in", "plain", *options, "-recip",
                self.kit.certificate_file(to), *usual, *(() if "-outform" in options else ("-outform", "DER")),
                "-out", "sealed")
        return (self.place / "sealed").read_bytes()


def files(make: Maker) -> dict[str, tuple[str, bytes]]:
    """What somebody tries with the command: name -> verdict, file."""
    rsa, number = "xb-encryption-rsa3072", iter(range(1001, 2000, 2))

    def good() -> bytes:
        return make.signed(entity(next(number)))

    plain_words = ("-sign", "-binary", "-nodetach", "-nosmimecap", "-md", "sha256")
    return {
        "as the specification says": ("accepted", make.sealed(good())),
        "by RSA to RSA": ("accepted", make.sealed(make.signed(entity(next(number)), signers=[RSA]), to=rsa)),
        "with capabilities": ("accepted", make.sealed(make.signed(entity(next(number)), words=[
            word for word in SIGN if word != "-nosmimecap"]))),
        "with the authority's certificate": ("accepted", make.sealed(make.signed(
            entity(next(number)), "-certfile", str(make.kit.certificate_file("xa-authority"))))),
        "without -cades": ("E_ATTRS", make.sealed(make.signed(entity(next(number)), words=plain_words))),
        "without attributes": ("E_NO_SIGNED_ATTRS", make.sealed(make.signed(
            entity(next(number)), "-noattr", words=plain_words))),
        "without -nodetach": ("E_DETACHED", make.sealed(make.signed(entity(next(number)), words=[
            word for word in SIGN if word != "-nodetach"]))),
        "without certificate": ("E_CERTS", make.sealed(make.signed(entity(next(number)), "-nocerts"))),
        "with SHA-1, which names the certificate in the old way": ("E_ATTRS", make.sealed(make.signed(
            entity(next(number)), words=[word if word != "sha256" else "sha1" for word in SIGN]))),
        "with SHA-512": ("E_ALG", make.sealed(make.signed(entity(next(number)), words=[
            word if word != "sha256" else "sha512" for word in SIGN]))),
        "with PKCS#1 v1.5": ("E_ALG", make.sealed(make.signed(entity(next(number)), "pkcs1", signers=[RSA]))),
        "by two signers": ("E_SIGNERS", make.sealed(make.signed(entity(next(number)), signers=[P256, RSA]))),
        "by P-384 without agreement": ("E_ALG", make.sealed(make.signed(
            entity(next(number)), signers=["xa-signing-p384"], words=[
                word if word != "sha256" else "sha384" for word in SIGN]))),
        "by a stranger": ("E_SIGNER_UNKNOWN", make.sealed(make.signed(
            entity(next(number)), signers=["stranger-signing"]))),
        "by somebody retired": ("E_CERT_RETIRED", make.sealed(make.signed(
            entity(next(number)), signers=["xa-signing-retired"]))),
        "by somebody revoked": ("E_CERT_REVOKED", make.sealed(make.signed(
            entity(next(number)), signers=["xa-signing-revoked"]))),
        "by RSA with 2048 bits": ("E_CERT_WEAK", make.sealed(make.signed(
            entity(next(number)), "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32",
            signers=["xa-signing-rsa2048"]))),
        "with lines that end in LF": ("E_HEADER", make.sealed(make.signed(entity(next(number), end="\n")))),
        "without header": ("E_HEADER", make.sealed(make.signed(INTERCHANGE))),
        "for another administration": ("E_WRONG_RECIPIENT", make.sealed(make.signed(
            entity(next(number), recipient="XC")))),
        "in another's name": ("E_WRONG_SENDER", make.sealed(make.signed(
            entity(next(number), sender="XC", maker="XC")))),
        "only encrypted": ("E_ASN1", make.sealed(entity(next(number)))),
        "only signed": ("E_OUTER", good()),
        "to another": ("E_NOT_FOR_US", make.sealed(good(), to="xc-encryption-p256")),
        "without the digest of the key derivation": ("E_ALG", make.sealed(good(), recipient=())),
        "with OAEP over SHA-1": ("E_ALG", make.sealed(good(), to=rsa, recipient=OAEP[:2])),
        "with PKCS#1 v1.5 for the key": ("E_ALG", make.sealed(good(), to=rsa, recipient=())),
        "with AES-128-GCM": ("E_ALG", make.sealed(good(), cipher="-aes-128-gcm", recipient=ECDH)),
        "with AES-256-CBC": ("E_OUTER", make.sealed(good(), cipher="-aes-256-cbc")),
        "with triple DES": ("E_OUTER", make.sealed(good(), cipher="-des3")),
        "as PEM": ("E_ASN1", make.sealed(good(), "-outform", "PEM")),
        "as S/MIME": ("E_ASN1", make.sealed(good(), "-outform", "SMIME")),
        "as a stream": ("E_ASN1", make.sealed(good(), "-stream")),
        "signed as a stream": ("E_ASN1", make.sealed(make.signed(entity(next(number)), "-stream"))),
        "signed twice": ("E_HEADER", make.sealed(make.signed(good()))),
        "encrypted twice": ("E_UNSIGNED", make.sealed(make.sealed(good()))),
    }


def office_for(root: Path, kit: Kit, *, rsa: bool = True) -> Office:
    """XB with the keys of this run."""
    listed = tuple(Listed(Certificate(loose.der_of(kit.author(name).certificate)),
                          "encryption" if "encryption" in name else "signing", NOW - timedelta(days=100),
                          NOW - timedelta(days=1) if name.endswith("retired") else NOW + timedelta(days=100))
                   for name in LISTED)
    kinds = ("p256", "rsa3072") if rsa else ("p256",)
    return receiver(root, Circumstances(
        now=NOW, keys=tuple(kit.author(f"xb-encryption-{kind}") for kind in kinds), listed=listed,
        authority=Certificate(loose.der_of(kit.author("xa-authority").certificate)),
        revocation=(kit.folder / "crl" / "xa.crl").read_bytes()))


def test_files_by_the_command_meet_the_same_verdict_in_both_commands(
        kit: Kit, made: dict[str, tuple[str, bytes]], tmp_path: Path) -> None:
    office = office_for(tmp_path, kit)
    moment = now()
    by_hand = {name: opened(office, content, moment) for name, (_, content) in made.items()}
    told = received(office, {named(content): content for _, content in made.values()}, moment)
    expected = {name: verdict for name, (verdict, _) in made.items()}
    assert by_hand == expected
    assert {name: told[named(content)] for name, (_, content) in made.items()} == expected
    assert list(office.mailbox("XA").iterdir()) == []
    quarantined = {path.read_bytes() for path in (office.home / "state" / "quarantine").glob("*.bin")}
    assert quarantined == {content for verdict, content in made.values() if verdict not in {"accepted", *LEAF}}


def test_what_is_refused_leaves_nothing_of_its_content(
        kit: Kit, made: dict[str, tuple[str, bytes]], tmp_path: Path) -> None:
    """Every file that is refused and does not lie open itself, in an office that accepts nothing."""
    refused = [content for verdict, content in made.values() if verdict != "accepted" and b"UNZ+0+1" not in content]
    office = office_for(tmp_path, kit)
    moment = now()
    for content in refused:
        assert opened(office, content, moment) != "accepted"
    assert "accepted" not in received(office, {named(content): content for content in refused}, moment).values()
    assert len(refused) > 25
    assert holds(office.home, b"UNZ+0+1") == []
    assert list((office.mail / "XA").rglob("*.p7m")) == []


def test_a_file_larger_than_agreed_is_not_read(kit: Kit, tmp_path: Path) -> None:
    office = office_for(tmp_path, kit, rsa=False)
    content = bytes((32 << 20) + 1)
    moment = now()
    assert opened(office, content, moment) == "E_SIZE"
    assert received(office, {named(content): content}, moment) == {named(content): "E_SIZE"}
    assert [path.stat().st_size for path in office.mailbox("XA").iterdir()] == [len(content)]


def test_the_programs_end_with_5_and_leave_no_output(kit: Kit, tmp_path: Path) -> None:
    """The commands as processes of their own, in both languages."""
    make = Maker(kit, tmp_path / "making")
    office = office_for(tmp_path, kit, rsa=False)
    good, bad = make.sealed(make.signed(entity(11))), make.sealed(make.signed(entity(13, recipient="XC")))
    for content, name in ((good, "a file with another name"), (bad, "bad.p7m")):
        (tmp_path / name).write_bytes(content)
    config = ("--config", office.settings)
    for lang in ("fr", "en"):
        said = command("open", tmp_path / "bad.p7m", "-o", tmp_path / "bad.edi", *config, lang=lang)
        assert (said.exit, said.out, "E_WRONG_RECIPIENT: " in said.err, "Traceback" in said.err) == (5, "", True, False)
    assert not (tmp_path / "bad.edi").exists()
    taken = command("open", tmp_path / "a file with another name", "-o", tmp_path / "good.edi", *config)
    assert (taken.exit, (tmp_path / "good.edi").read_bytes()) == (0, INTERCHANGE)
    assert (tmp_path / "good.edi").stat().st_mode & 0o777 == 0o600
    for content in (good, bad):
        (office.mailbox("XA") / named(content)).write_bytes(content)
    run = command("edi-receive", *config, "--json")
    assert (run.exit, "E_WRONG_RECIPIENT: " in run.err, "Traceback" in run.err) == (5, True, False)
    assert [path.read_bytes() for path in (office.home / "state" / "quarantine").glob("*.bin")] == [bad]
    assert {path.name for path in office.home.rglob("*") if path.is_file() and os.access(path, os.R_OK)
            and path.stat().st_mode & 0o077 and path.parts[-2] == "quarantine"} == set()


def test_the_partner_is_found_by_whose_certificate_signed_or_is_named(kit: Kit, tmp_path: Path) -> None:
    """Without --from each partner is tried, also where only one of them agreed to what the file uses."""
    make = Maker(kit, tmp_path / "making")
    office = office_for(tmp_path, kit, rsa=False)
    words = [word if word != "sha256" else "sha384" for word in SIGN]
    content = make.sealed(make.signed(entity(21), signers=["xa-signing-p384"], words=words))
    folder = office.home / "partners"
    first = (folder / "XA.yaml").read_text("utf-8")
    (folder / "XA.yaml").write_text(first.replace("agreement:\n", "agreement:\n  algorithms: [P-384]\n"), "utf-8")
    other = loose.authority("another", NOW)
    (folder / "other.crt").write_bytes(Certificate(loose.der_of(other.certificate)).pem())
    for name in ("AA", "ZZ"):  # before and after XA
        text = first.replace("partner: XA", f"partner: {name}").replace("authority.crt", "other.crt").replace(
            "identifier: XA", f"identifier: {name}").replace("mail/XB/XA", f"mail/XB/{name}").replace(
            "mail/XA/XB", f"mail/{name}/XB")
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    assert opened(office, content, now()) == "accepted"
    assert opened(office, content, now(), partner="XA") == "accepted"
    assert [opened(office, content, now(), partner=name) for name in ("AA", "ZZ")] == ["E_ALG", "E_ALG"]
    stranger = make.sealed(make.signed(entity(23), signers=["stranger-signing"]))
    assert opened(office, stranger, now()) == "E_SIGNER_UNKNOWN"


def test_what_people_revoked_is_refused_by_both_commands(kit: Kit, tmp_path: Path) -> None:
    """A decision that stands in the ledger alone counts for a file that is opened by hand, too."""
    make = Maker(kit, tmp_path / "making")
    office = office_for(tmp_path, kit, rsa=False)
    before, after = (make.sealed(make.signed(entity(number))) for number in (31, 33))
    assert opened(office, before, now()) == "accepted"
    digest = Certificate(loose.der_of(kit.author(P256).certificate)).sha256
    ran = office.run("edi", "keys", "revoke", "XA", digest, "--since", f"{NOW:%Y-%m-%d}", "--reason", "a stolen key",
                     "--by", "A Person")
    assert ran.exit == 0, ran.err
    moment = now() + timedelta(minutes=1)
    assert [opened(office, content, moment) for content in (before, after)] == ["E_CERT_REVOKED"] * 2
    assert received(office, {named(after): after}, moment) == {named(after): "E_CERT_REVOKED"}
