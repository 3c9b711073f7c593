"""Do header, MIC, leaf, tree and algorithm identifiers give the published vectors to the octet?"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from gateway.security import (
    EDIFACT,
    FIRST_PREVIOUS,
    Header,
    head_text,
    inclusion_proof,
    leaf,
    leaf_hash,
    proves_inclusion,
    root,
)
from gateway.security.algorithms import ECDH_IDENTIFIER, OAEP_IDENTIFIER, SCHEMES, SHARED_INFO, Signature
from gateway.security.header import build_entity, read_entity

# RFC 6962 reference leaves and roots by size (public test data of the certificate transparency project).
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

# The GW-1 chain: MIC, signature digest, leaf hash.
CHAIN = [
    ("2ac2a01c45854f5d3685c695bece523adf125519c7ff7d4ffdab41d05aca9133",
     "11b4cced5f8cf28d429d5cdf4d44ae2ba1bc5ee1cd0b09a0bf36d3db17dc6bad",
     "59bdae44207bbf703031d2db978504ef56089985ec08c5e4c60bf4121a54fa6d"),
    ("a685add053a13afbd228794026cfabf92d066c9acb504465ed0aba2325a6771b",
     "a5a58192a1b96df07c290b0014934fb2f3a1bb9154d53308b224c02c662b1464",
     "163fa4b29c1027a3c57ce0a28919dc9dfcd10b628f7318755a5266bb455b03dd"),
    ("38ca5df1a77bcbf6c37290a13e3980a973bafcdcf4fe2ba97b612270bb7507b6",
     "e5ba3511ea03e6a49edd7e9c7bc35f5b7a44a99dba330cd327a7f59f133caf02",
     "26009a31e27d53bbfe7bfb12eb9c55c3e8ff0c070143e4f9c0ad017186e9f844"),
]


def chain() -> list[tuple[Header, bytes]]:
    """The three objects of the chain: header and ENTITY."""
    made: list[tuple[Header, bytes]] = []
    previous = FIRST_PREVIOUS
    for k in (1, 2, 3):
        date = datetime(2026, 1, k, tzinfo=UTC)
        header = Header(f"<{k:032d}@XA>", "XA", "XB", date, k, previous, EDIFACT, f"v{k}.edi")
        entity = build_entity(header, f"UNB+UNOC:3+XA+XB+26010{k}:0000+{k}'UNZ+0+{k}'".encode())
        previous = hashlib.sha256(entity).hexdigest()
        made.append((header, entity))
    return made


def test_the_chain_has_the_published_sizes_mics_and_leaf_hashes() -> None:
    found = []
    for k, (header, entity) in enumerate(chain(), 1):
        mic, signature = hashlib.sha256(entity).hexdigest(), hashlib.sha256(f"signature {k}".encode()).hexdigest()
        found.append((mic, signature, leaf_hash(leaf(header.sequence, header.message_id, mic, signature)).hex()))
        assert len(entity) == 377
    assert found == CHAIN


def test_a_written_header_reads_back() -> None:
    for header, entity in chain():
        assert read_entity(entity) == (header, entity[entity.index(b"\r\n\r\n") + 4:])


def test_the_head_text_and_the_proof_of_the_chain_are_the_published_ones() -> None:
    hashes = [bytes.fromhex(row[2]) for row in CHAIN]
    assert head_text("XA", "XB", 3, root(hashes)) == b"gw-1/XA/XB\n3\nAp2VUB9Bl+MstBW9biSHyZShUAInWCFsU88Z4YCdltM=\n"
    assert [base64.b64encode(one).decode() for one in inclusion_proof(1, hashes)] == [
        "Wb2uRCB7v3AwMdLbl4UE71YImYXsCMXkxgv0EhpU+m0=", "JgCaMeJ9U7v+e/sS65xVw+j/DAcBQ+T5wK0BcYbp+EQ="]


def test_the_roots_of_rfc_6962_are_the_reference_ones() -> None:
    hashes = [leaf_hash(content) for content in LEAVES]
    assert [root(hashes[:size]).hex() for size in range(9)] == ROOTS


def test_every_leaf_of_every_tree_below_forty_is_proven_and_no_other() -> None:
    hashes = [leaf_hash(bytes([number])) for number in range(40)]
    for size in range(1, 40):
        top = root(hashes[:size])
        for index in range(size):
            proof = inclusion_proof(index, hashes[:size])
            assert proves_inclusion(hashes[index], index, size, proof, top)
            assert not proves_inclusion(hashes[index], (index + 1) % (size + 1), size, proof, top)
            assert not proves_inclusion(hashes[39], index, size, proof, top)
            assert not proves_inclusion(hashes[index], index, size, [*proof, top], top)
            assert not proof or not proves_inclusion(hashes[index], index, size, proof[:-1], top)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_outside_the_tree(index: int) -> None:
    with pytest.raises(ValueError, match="outside the tree"):
        inclusion_proof(index, [bytes(32)] * 3)


def test_algorithm_identifiers_are_written_as_published() -> None:
    pss = SCHEMES[Signature.RSA_PSS].identifier
    assert [octets.hex() for octets in (SHARED_INFO, ECDH_IDENTIFIER, OAEP_IDENTIFIER, pss)] == [
        "3015300b060960864801650304012da206040400000100",
        "301506062b8104010b01300b060960864801650304012d",
        "303806092a864886f70d010107302ba00d300b0609608648016503040201"
        "a11a301806092a864886f70d010108300b0609608648016503040201",
        "303d06092a864886f70d01010a3030a00d300b0609608648016503040201"
        "a11a301806092a864886f70d010108300b0609608648016503040201a203020120"]


FAULTS: list[dict[str, object]] = [
    {"message_id": "<1@XA>"}, {"message_id": f"<{'0' * 32}@XB>"}, {"message_id": f"{'0' * 32}@XA"}, {"sender": "xa"},
    {"recipient": "X" * 33}, {"sequence": 0}, {"sequence": 10**18}, {"previous": "0" * 63},
    {"content_type": "text/plain"}, {"filename": "../x"}, {"filename": ""}, {"previous": "1" * 64},
    {"date": datetime(2026, 1, 1, 0, 0, 0, 5, UTC)},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(next(iter(fault.items()))))
def test_a_header_that_nobody_could_read_is_not_written(fault: dict[str, object]) -> None:
    date = datetime(2026, 1, 1, tzinfo=UTC)
    header = Header(f"<{'0' * 32}@XA>", "XA", "XB", date, 1, FIRST_PREVIOUS, EDIFACT, "a.edi")
    with pytest.raises(ValueError, match="not a header"):
        build_entity(replace(header, **fault), b"")
