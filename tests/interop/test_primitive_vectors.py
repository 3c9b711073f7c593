"""Do our wrappers of the primitives give what the published vectors say, and refuse what GW-1 does not list?

NIST's files of the package cryptography-vectors, run through the functions that the gateway itself calls: key agreement
and RSA-OAEP of a decryption key, key unwrapping and AES-256-GCM of the opener, the signature check of the verifier. To
be run at each raise of the pin of cryptography.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from gateway.errors import LocalError, PartnerError
from gateway.security import Certificate, asn1, unwrapping
from gateway.security.algorithms import OAEP, SHARED_INFO, scheme_of, verify
from gateway.security.certificates import ENCRYPTION
from gateway.security.issuing import issue, issue_authority
from gateway.security.keys import FileDecryptionKey
from gateway.security.sealing import derive
from tests.tools import parties
from tests.tools.identities import NOW
from tests.tools.nist_vectors import ROOT, cases

CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
GCM_FILE = "ciphers/AES/GCM/gcmDecrypt256.rsp"


def _key_of_ours(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> FileDecryptionKey:
    """A decryption key with a certificate of profile K1."""
    ours = parties.key_of("XB", "authority", "P-256")
    dates: dict[str, Any] = {"start": NOW - timedelta(hours=1), "end": NOW + timedelta(days=1)}
    authority = issue_authority(ours, gateway="XB", environment="test", **dates)
    certificate = issue(ours, authority, key, gateway="XB", environment="test", use=ENCRYPTION, **dates)
    return FileDecryptionKey(key, certificate)


class FixedKey:
    """A decryption key whose private operations give a vector's value."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    @property
    def certificate(self) -> Certificate:
        """None: nobody is named here."""
        raise NotImplementedError

    def decrypt(self, encrypted_key: bytes) -> bytes:
        """The value, whatever was encrypted."""
        return self._value

    def agree(self, point: bytes) -> bytes:
        """The value, whoever asks."""
        return self._value


# --- X9.63 ------------------------------------------------------------------------------------------------------------


def _by_hand(secret: bytes, information: bytes, octets: int) -> bytes:
    """ANSI X9.63 with SHA-256, written out: hash of secret, counter from 1, shared information."""
    blocks = (hashlib.sha256(secret + counter.to_bytes(4, "big") + information).digest() for counter in range(1, 9))
    return b"".join(blocks)[:octets]


def test_keys_are_derived_as_x963_says() -> None:
    """The vectors hold a few lines of our own to the standard, and those hold `derive` with its one shared info."""
    seen = 0
    for section, case in cases("KDF/ansx963_2001.txt", begins="COUNT"):
        if section[""] == "SHA-256":
            secret, information, wanted = (bytes.fromhex(case[name]) for name in ("Z", "SharedInfo", "key_data"))
            assert _by_hand(secret, information, len(wanted)) == wanted
            assert X963KDF(hashes.SHA256(), len(wanted), information or None).derive(secret) == wanted
            seen += 1
    assert seen == 20
    for octets in (32, 48):
        secret = bytes(range(octets))
        assert derive(secret) == _by_hand(secret, SHARED_INFO, 32)


# --- ECDH -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("section", "curve"), [("EC - SHA256", "P-256"), ("ED - SHA384", "P-384")])
def test_a_secret_is_agreed_only_with_a_point_on_the_curve_and_as_nist_says(section: str, curve: str) -> None:
    file, seen = "asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_resp.fax", Counter[str]()
    width = CURVES[curve].key_size // 8
    for heading, case in cases(file, begins="COUNT"):
        if heading.get("") != section:
            continue
        key = _key_of_ours(ec.derive_private_key(int(case["dsIUT"], 16), CURVES[curve]))
        point = b"\x04" + b"".join(int(case[name], 16).to_bytes(width, "big") for name in ("QsCAVSx", "QsCAVSy"))
        try:
            secret = key.agree(point).hex()
        except ValueError:
            assert "PKV" in case["Result"]
            seen["refused"] += 1
            continue
        right = hashlib.new({"P-256": "sha256", "P-384": "sha384"}[curve], bytes.fromhex(secret)).hexdigest()
        assert (secret == case["Z"] and right == case["CAVSHashZZ"]) == case["Result"].startswith("P")
        seen["agreed" if case["Result"].startswith("P") else "seen to differ"] += 1
    assert (seen.total(), seen["refused"] > 0, seen["agreed"] > 0) == (30, True, True)


@pytest.mark.parametrize("curve", [ec.SECP192R1(), ec.SECP224R1(), ec.SECP521R1(), ec.SECP256K1(),
                                   ec.BrainpoolP256R1()], ids=lambda curve: curve.name)
def test_no_key_on_another_curve_is_a_decryption_key(curve: ec.EllipticCurve) -> None:
    with pytest.raises(LocalError) as refused:
        _key_of_ours(ec.generate_private_key(curve))
    assert refused.value.code == "K006"


# --- AES key wrap -----------------------------------------------------------------------------------------------------


def _unwrapped(monkeypatch: pytest.MonkeyPatch, kek: bytes, wrapped: bytes) -> bytes | None:
    """The content key as the opener finds it, the key-encryption key given."""
    monkeypatch.setattr(unwrapping, "derive", lambda secret: secret)
    entry = asn1.Recipient(b"name", encrypted_key=wrapped, point=b"\x04")
    return unwrapping._content_key(entry, FixedKey(kek))


@pytest.mark.parametrize("file", ["KW_AE_256.txt", "KW_AD_256.txt"])
def test_a_content_key_is_unwrapped_as_nist_says_and_no_other_length_is(monkeypatch: pytest.MonkeyPatch,
                                                                        file: str) -> None:
    seen = Counter[str]()
    for section, case in cases(f"keywrap/kwtestvectors/{file}", begins="COUNT"):
        found = _unwrapped(monkeypatch, bytes.fromhex(case["K"]), bytes.fromhex(case["C"]))
        ours = section["PLAINTEXT LENGTH"] == "256"
        assert found == (bytes.fromhex(case["P"]) if ours and "FAIL" not in case else None)
        seen["ours" if ours else "other lengths"] += 1
        seen["false"] += "FAIL" in case
    assert (seen["ours"], seen["other lengths"], seen["false"] > 0) == (100, 400, file == "KW_AD_256.txt")


# --- AES-GCM ----------------------------------------------------------------------------------------------------------


def _sealed(case: Any) -> asn1.Outer:
    nonce, ciphertext, tag = (bytes.fromhex(case[name]) for name in ("IV", "CT", "Tag"))
    return asn1.Outer(True, (), asn1.DATA, b"", nonce, len(tag), ciphertext, tag)


def test_content_is_decrypted_as_nist_says_and_no_other_nonce_or_tag_is_looked_at() -> None:
    seen = Counter[str]()
    for section, case in cases(GCM_FILE, begins="Count"):
        if section["AADlen"] != "0":
            continue
        outer, entry = _sealed(case), asn1.Recipient(b"name")
        if (section["IVlen"], section["Taglen"]) != ("96", "128"):
            with pytest.raises(PartnerError) as refused:
                unwrapping.judge_algorithms(outer, ())
            assert refused.value.code == "E_ALG"
            seen["other nonces and tags"] += 1
            continue
        unwrapping.judge_algorithms(outer, ())
        key = FixedKey(bytes.fromhex(case["Key"]))
        if "FAIL" in case:
            with pytest.raises(PartnerError) as refused:
                unwrapping.decrypt(outer, entry, key)
            assert refused.value.code == "E_DECRYPT"
            seen["false"] += 1
        else:
            assert unwrapping.decrypt(outer, entry, key) == bytes.fromhex(case["PT"])
            seen["true"] += 1
    assert (seen["true"] + seen["false"], seen["false"] > 20, seen["other nonces and tags"]) == (75, True, 1500)


# --- RSA --------------------------------------------------------------------------------------------------------------


def _oaep_examples() -> list[tuple[rsa.RSAPrivateKey, bytes, bytes]]:
    """Key, message and encryption of each example of SHA-256 with MGF1 of SHA-256."""
    text = (ROOT / "asymmetric/RSA/oaep-custom/oaep-sha256-sha256.txt").read_text("ascii")
    found = []
    for block in text.split("# Private key\n")[1:]:
        lines = [line for line in block.split("# ====")[0].splitlines() if not line.startswith("#")]
        n, e, d, p, q, dp, dq, inverse = (int(line, 16) for line in lines[:8])
        key = rsa.RSAPrivateNumbers(p, q, d, dp, dq, inverse, rsa.RSAPublicNumbers(e, n)).private_key()
        pairs = [bytes.fromhex(line) for line in lines[8:] if line.strip()]
        found += [(key, *pair) for pair in zip(pairs[::2], pairs[1::2], strict=True)]
    return found


def test_oaep_with_sha_256_decrypts_as_published_and_their_short_keys_are_not_ours() -> None:
    examples = _oaep_examples()
    assert [key.decrypt(sealed, OAEP) for key, _, sealed in examples] == [message for _, message, _ in examples]
    assert len(examples) == 60
    sizes = {key.key_size for key, _, _ in examples}
    assert max(sizes) <= 2048
    for key in {key.key_size: key for key, _, _ in examples}.values():
        with pytest.raises(LocalError) as refused:
            _key_of_ours(key)
        assert refused.value.code == "K006"


def test_a_true_pss_signature_with_another_salt_is_none() -> None:
    """NIST's PSS vectors have a salt of ten octets: each that is true under its own salt is false under ours."""
    seen = Counter[str]()
    for section, case in cases("asymmetric/RSA/FIPS_186-2/SigVerPSS_186-3.rsp", begins="SHAAlg"):
        if case["SHAAlg"] != "SHA256" or section["mod"] not in ("3072", "4096") or case["Result"][0] != "P":
            continue
        key = rsa.RSAPublicNumbers(int(case["e"], 16), int(section["n"], 16)).public_key()
        signature, message = bytes.fromhex(case["S"]), bytes.fromhex(case["Msg"])
        key.verify(signature, message, padding.PSS(padding.MGF1(hashes.SHA256()), 10), hashes.SHA256())
        assert not verify(key, signature, message)
        seen[section["mod"]] += 1
    assert set(seen) == {"3072", "4096"}


# --- signatures on curves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("curve", "digest"), [("P-256", "SHA-256"), ("P-384", "SHA-384")])
def test_ecdsa_signatures_are_judged_as_nist_says(curve: str, digest: str) -> None:
    seen = Counter[bool]()
    for section, case in cases("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", begins="Msg"):
        if section[""] != f"{curve},{digest}":
            continue
        key = ec.EllipticCurvePublicNumbers(int(case["Qx"], 16), int(case["Qy"], 16), CURVES[curve]).public_key()
        signature = encode_dss_signature(int(case["R"], 16), int(case["S"], 16))
        true = verify(key, signature, bytes.fromhex(case["Msg"]))
        assert true == case["Result"].startswith("P")
        seen[true] += 1
    assert (seen.total(), seen[True] > 0, seen[False] > 0) == (15, True, True)


@pytest.mark.parametrize(("curve", "digest"), [("P-256", "SHA-384"), ("P-256", "SHA-512"), ("P-384", "SHA-256"),
                                               ("P-256", "SHA-1"), ("P-384", "SHA-1")])
def test_a_true_ecdsa_signature_with_the_digest_of_another_curve_is_none(curve: str, digest: str) -> None:
    chosen = {"SHA-1": hashes.SHA1(), "SHA-256": hashes.SHA256(), "SHA-384": hashes.SHA384(),
              "SHA-512": hashes.SHA512()}[digest]
    true = 0
    for section, case in cases("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", begins="Msg"):
        if section[""] == f"{curve},{digest}" and case["Result"].startswith("P"):
            key = ec.EllipticCurvePublicNumbers(int(case["Qx"], 16), int(case["Qy"], 16), CURVES[curve]).public_key()
            signature, message = encode_dss_signature(int(case["R"], 16), int(case["S"], 16)), case["Msg"]
            key.verify(signature, bytes.fromhex(message), ec.ECDSA(chosen))
            assert not verify(key, signature, bytes.fromhex(message))
            true += 1
    assert true > 0


def test_ed25519_signatures_are_judged_as_published() -> None:
    """Every vector is true, and false with the message, the signature or the key of its neighbour."""
    lines = (ROOT / "asymmetric/Ed25519/sign.input").read_text("ascii").split("\n")[:200]
    vectors = [(ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)), bytes.fromhex(signed)[:64],
                bytes.fromhex(message)) for _, public, message, signed, _ in (line.split(":") for line in lines)]
    assert all(verify(key, signature, message) for key, signature, message in vectors)
    for (key, signature, message), (other, false, forged) in itertools.pairwise(vectors):
        assert not verify(key, signature, forged)
        assert not verify(key, false, message)
        assert not verify(other, signature, message)


def test_keys_of_other_kinds_and_sizes_have_no_scheme(tmp_path: Path) -> None:
    others = [rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(),
              *(ec.generate_private_key(curve).public_key() for curve in (ec.SECP521R1(), ec.SECP256K1()))]
    assert [scheme_of(key) for key in others] == [None, None, None]
