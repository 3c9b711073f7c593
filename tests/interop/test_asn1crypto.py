"""Does another reader of ASN.1 see in an object what ours sees, field by field? (asn1crypto, in Python throughout)

It parses lazily and knows neither the parameters of GCM nor GW-1's ECDH scheme by name: every field is forced, and what
it has no name for is compared as octets. It reads only here, never in the product.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core, tsp, x509

from gateway.security import asn1, seal
from tests.tools import parties
from tests.tools.frozen_objects import Frozen, kept
from tests.tools.identities import NOW
from tests.tools.parties import PAIRS, RECIPIENTS

PAYLOAD = b"UNB+UNOC:3+XA+XB+261126:1200+1'UNZ+0+1'"


def _whole(content: bytes) -> Any:
    """A ContentInfo with nothing behind it, every field of it parsed, and the same octets when written again."""
    info = cms.ContentInfo.load(content, strict=True)
    assert info.native is not None  # forces every field
    assert info.dump(force=True) == content
    return info


def _named(rid: Any) -> bytes:
    assert rid.name == "issuer_and_serial_number"
    name: bytes = rid.chosen.dump()
    return name


def _inner_by_asn1crypto(content: bytes) -> asn1.Inner:
    """The values of `asn1.read_inner`, as asn1crypto finds them."""
    info = _whole(content)
    assert info["content_type"].native == "signed_data"
    data = info["content"]
    assert (data["version"].native, data["crls"].native) == ("v1", None)
    signers = []
    for signer in data["signer_infos"]:
        assert signer["version"].native == "v1"
        attributes = signer["signed_attrs"]
        signers.append(asn1.SignerInfo(
            _named(signer["sid"]), signer["digest_algorithm"].contents,
            tuple((one["type"].dotted, tuple(value.dump() for value in one["values"])) for one in attributes),
            b"\x31" + attributes.dump()[1:], signer["signature_algorithm"].contents, signer["signature"].native,
            signer["unsigned_attrs"].native is not None))
    encapsulated = data["encap_content_info"]
    return asn1.Inner(tuple(one.contents for one in data["digest_algorithms"]),
                      encapsulated["content_type"].dotted, encapsulated["content"].native,
                      tuple(one.chosen.dump() for one in data["certificates"]), tuple(signers))


def _outer_by_asn1crypto(content: bytes) -> asn1.Outer:
    """The values of `asn1.read_outer`, as asn1crypto finds them."""
    info = _whole(content)
    assert info["content_type"].dotted == asn1.AUTH_ENVELOPED_DATA
    data = info["content"]
    assert (data["version"].native, data["originator_info"].native, data["auth_attrs"].native,
            data["unauth_attrs"].native) == ("v0", None, None, None)
    sealed = data["auth_encrypted_content_info"]
    parameters = core.Sequence.load(sealed["content_encryption_algorithm"]["parameters"].dump())
    nonce, octets = parameters[0].native, parameters[1].native
    return asn1.Outer(True, tuple(map(_recipient, data["recipient_infos"])), sealed["content_type"].dotted,
                      sealed["content_encryption_algorithm"].contents, nonce, octets,
                      sealed["encrypted_content"].native, data["mac"].native)


def _recipient(entry: Any) -> asn1.Recipient:
    one = entry.chosen
    if entry.name == "ktri":
        assert one["version"].native == "v0"
        return asn1.Recipient(_named(one["rid"]), one["key_encryption_algorithm"].contents,
                              one["encrypted_key"].native)
    assert (entry.name, one["version"].native, one["ukm"].native) == ("kari", "v3", None)
    assert one["originator"].name == "originator_key"
    key = one["originator"].chosen
    (wrapped,) = one["recipient_encrypted_keys"]
    return asn1.Recipient(_named(wrapped["rid"]), one["key_encryption_algorithm"].contents,
                          wrapped["encrypted_key"].native, key["public_key"].contents[1:], key["algorithm"].contents)


@pytest.mark.parametrize("frozen", [pytest.param(one, id=one.name) for one in kept()])
def test_a_signed_object_of_every_maker_is_read_alike(frozen: Frozen) -> None:
    content = frozen.read(".der")
    ours = asn1.read_inner(content)
    assert ours == _inner_by_asn1crypto(content)
    values = dict(ours.signers[0].attributes or ())
    (time,), (ess,) = values[asn1.SIGNING_TIME], values[asn1.SIGNING_CERTIFICATE_V2]
    theirs = cms.Time.load(time, strict=True).native
    assert isinstance(theirs, datetime)
    assert asn1.read_signing_time(time) == theirs
    named, reference = asn1.read_signing_certificate(ess), tsp.SigningCertificateV2.load(ess, strict=True)
    first = reference["certs"][0]
    assert (named.algorithm, named.digest) == (
        first["hash_algorithm"]["algorithm"].dotted, first["cert_hash"].native)
    serial = first["issuer_serial"]
    assert named.issuer_serial == (None if serial.native is None else (
        serial["issuer"][0].chosen.untag().dump(), serial["serial_number"].native))


@pytest.mark.parametrize(("signer", "receiver"), PAIRS)
def test_a_sealed_object_of_ours_is_read_alike_outside_and_inside(tmp_path: Path, signer: str, receiver: str) -> None:
    sender = parties.party(tmp_path, "XA", signing=signer, now=NOW)
    recipient = parties.party(tmp_path, "XB", encryption=receiver, now=NOW)
    sealed = sender.seal_for(recipient, PAYLOAD)
    assert asn1.read_outer(sealed.content) == _outer_by_asn1crypto(sealed.content)
    assert asn1.read_inner(sealed.inner) == _inner_by_asn1crypto(sealed.inner)


def test_an_object_for_three_recipients_is_read_alike(tmp_path: Path) -> None:
    sender, all_three = parties.party(tmp_path, "XA", now=NOW), []
    for kind in RECIPIENTS:
        (tmp_path / kind).mkdir()
        all_three.append(parties.party(tmp_path / kind, "XB", encryption=kind, now=NOW).identity.encryption)
    sealed = seal(sender.header("XB"), PAYLOAD, signer=sender.signer, recipients=all_three, signing_time=NOW)
    assert asn1.read_outer(sealed.content) == _outer_by_asn1crypto(sealed.content)


def test_a_certificate_is_called_by_the_same_issuer_and_serial(tmp_path: Path) -> None:
    certificate = parties.party(tmp_path, "XA", now=NOW).identity.signing
    theirs = x509.Certificate.load(certificate.der, strict=True)
    assert certificate.name == asn1.Name(
        cms.IssuerAndSerialNumber({"issuer": theirs.issuer, "serial_number": theirs.serial_number}).dump(),
        theirs.issuer.dump(), theirs.serial_number)
