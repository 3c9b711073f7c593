"""Do the cases of the envelope show every clause of the rows of the threat table that they belong to?

The case tables stand beside the rules (`test_security_outer`, `_inner`); here they are looked at by threat: each clause
of a row has cases, each case gets its code, none is accepted, and no private key is used for what is not agreed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import pytest

import gateway
from gateway.cli.commands import program_of
from tests.hostile import test_security_inner, test_security_outer
from tests.tools import loose_sealer as loose
from tests.tools.security_world import NOW, Case, Delivery, world

CASES = {case.name: case for table in (test_security_outer, test_security_inner) for case in table.CASES}
USES_NO_KEY = {"E_ASN1", "E_OUTER", "E_CONTENT_TYPE", "E_RECIPIENTS", "E_ALG", "E_NOT_FOR_US"}


def outcomes(names: Sequence[str]) -> dict[str, str]:
    """What becomes of these cases."""
    return {name: CASES[name].delivery().outcome() for name in names}


def expected(names: Sequence[str]) -> dict[str, str]:
    """What must become of them."""
    return {name: CASES[name].code for name in names}


def refused(clauses: Mapping[str, Sequence[str]]) -> None:
    """Every clause has cases, and every case is refused with its code."""
    for clause, names in clauses.items():
        assert names, clause
        assert outcomes(names) == expected(names), clause
        assert "accepted" not in expected(names).values(), clause


def matching(*starts: str) -> list[str]:
    """The refused cases whose names begin so; each beginning has at least one."""
    found = {start: [name for name, case in CASES.items() if name.startswith(start) and case.code != "accepted"]
             for start in starts}
    assert all(found.values()), {start: names for start, names in found.items() if not names}
    return [name for names in found.values() for name in names]


def test_t07_what_is_not_signed_by_its_own_signature_is_refused() -> None:
    """Bare payloads, encrypted ones without signature or signer, and the signature of another object are refused."""
    refused({
        "bare": ["the bare interchange", "the bare entity", "a signed object that is not encrypted"],
        "encrypted but unsigned": ["the payload encrypted but not signed", "nothing encrypted",
                                   "plain data encrypted", "another sealed file encrypted"],
        "no signer": ["no signer", "a detached content"],
        "the signature of another object": ["another content under a good signature"],
    })


def test_t07_no_setting_and_no_option_of_a_command_accepts_unsigned() -> None:
    """Neither the settings, nor a partner's file, nor any option of a command has a word for accepting less."""
    words = re.compile(r"unsigned|insecure|unverified|skip|no.?verify|allow|tolera|trust.?all|plain", re.IGNORECASE)
    schemas = Path(gateway.__file__).parent / "schema"
    found = [f"{name}: {key}" for name in ("settings.json", "partner.json")
             for key in keys(json.loads((schemas / name).read_text("utf-8"))) if words.search(key)]
    assert found == []
    group = program_of("edi")
    assert isinstance(group, click.Group)
    assert [option for option in options(group) if words.search(option)] == []


def keys(schema: object) -> set[str]:
    """Every property that a schema knows."""
    if isinstance(schema, list):
        return {key for one in schema for key in keys(one)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {}))
    return own | {key for one in schema.values() for key in keys(one)}


def options(command: click.Command) -> set[str]:
    """Every option of a command and of those below it."""
    own = {option for parameter in command.params for option in parameter.opts}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            own |= options(inner)
    return own


def test_t08_signed_attributes_are_never_content_never_twice_and_never_of_two_values() -> None:
    """Attributes turned into content, left out, doubled, of two values or of another content type are refused."""
    refused({
        "turned into content": ["attributes turned into content", "a signature without attributes",
                                "an empty set of attributes", "a signature over the content itself"],
        "left out": matching("without attribute "),
        "twice": ["messageDigest twice, right and wrong", "capabilities twice"],
        "two values": ["messageDigest with two values", "messageDigest without value"],
        "content type": ["contentType of another type", "a content type inside other than data",
                         "signed data as the encrypted type"],
    })


def test_t08_the_right_and_the_wrong_digest_are_refused_in_either_order() -> None:
    """Two messageDigest attributes are refused whichever of them is the right one and whichever comes first."""
    w = world()
    right, wrong = hashlib.sha256(w.entity()).digest(), bytes(32)
    for values in ((right, wrong), (wrong, right), (right, right)):
        one, other = (loose.attribute(loose.MESSAGE_DIGEST, loose.octets(value)) for value in values)
        for ordered in (True, False):
            sealed = w.sealed(attributes={loose.MESSAGE_DIGEST: one}, extra=[other], ordered=ordered)
            assert Delivery(sealed).outcome() in {"E_ATTRS", "E_ASN1"}


def test_t09_every_weaker_algorithm_is_refused_by_name_or_by_key() -> None:
    """SHA-1, RSA below 3072 bits, PKCS#1 v1.5, 3DES, other salts, other curves and AES-128 wrap are refused."""
    refused({
        "SHA-1": ["SHA-1 for the content", "ECDSA with SHA-1", "PSS with SHA-1", "OAEP with SHA-1",
                  "OAEP with MGF1 over SHA-1", "a certificate named by SHA-1"],
        "short RSA": ["RSA with 1024 bits", "RSA with 2048 bits"],
        "PKCS#1 v1.5": ["PKCS#1 v1.5", "PKCS#1 v1.5 for the content key"],
        "3DES": ["triple DES", "AES-128-GCM"],
        "salts": ["PSS with a salt of 0", "PSS with a salt of 20", "PSS with another salt than declared"],
        "curves": ["P-521 for a recipient", "P-521 in the certificate"],
        "ECDH with SHA-1": ["ECDH with SHA-1"],
        "AES-128 wrap": ["AES-128 key wrap"],
        "what nobody agreed": ["P-384 that nobody agreed", "Ed25519 that nobody agreed", "P-384 without agreement"],
    })


def test_t09_no_private_key_is_used_before_the_algorithms_were_judged() -> None:
    """What is refused by its structure, recipients or algorithms outside costs no use of a private key."""
    cases = [case for case in test_security_outer.CASES if case.code in USES_NO_KEY]
    assert {case.code for case in cases} == USES_NO_KEY
    assert [case.name for case in cases if uses(case)] == []
    assert uses(CASES["a good file for an elliptic curve"]) == 1


def uses(case: Case) -> int:
    """How often private keys were used for a case."""
    delivery = case.delivery()
    delivery.outcome()
    return sum(key.uses for key in delivery.keys)


@pytest.mark.parametrize("size", [15, 14, 13, 12, 8, 4, 1, 0])
def test_t10_a_tag_of_fewer_than_16_octets_is_refused_however_it_is_declared(size: int) -> None:
    """Tags have exactly 16 octets: shorter ones are refused declared or not, before a key is used."""
    w = world()
    for declared in (size, 16):
        delivery = Delivery(w.outer(tag_octets=size, written_tag=declared))
        assert (delivery.outcome(), [key.uses for key in delivery.keys]) == ("E_ALG", [0, 0])


@pytest.mark.parametrize("size", [8, 11, 13, 16])
def test_t10_a_nonce_of_another_length_than_12_octets_is_refused(size: int) -> None:
    """Nonces have exactly 12 octets."""
    assert Delivery(world().outer(nonce_octets=size)).outcome() == "E_ALG"


def test_t10_gcm_in_enveloped_data_is_refused() -> None:
    """AES-GCM named in EnvelopedData, where no tag is checked, is refused, also where CBC is agreed."""
    w = world()
    assert Delivery(w.outer(outer_type=loose.ENVELOPED_DATA)).outcome() == "E_OUTER"
    assert Delivery(loose.enveloped_cbc(w.inner(), [w.ours_ec.certificate], algorithm=loose.AES_256_GCM, iv_octets=12),
                    trust=dataclasses.replace(w.trust(), cbc_until=NOW)).outcome() == "E_ALG"


def test_t19_what_is_nested_mis_sized_or_too_many_is_refused() -> None:
    """Depth, lengths, indefinite form, nine recipients, huge identifiers and numbers are refused as they are read."""
    refused({
        "depth": matching("forty thousand nested sequences"),
        "lengths": ["a length in long form", "an octet behind the file", "an octet behind the signed object"],
        "indefinite form": ["indefinite length outside"],
        "too many": ["nine recipients", "nine certificates", "two entries behind one ephemeral key"],
        "huge": ["a huge object identifier", "a huge version", "a serial of 22 octets"],
        "negative": ["a negative version", "a negative serial"],
        "order": ["recipients out of order", "attributes out of order"],
    })
