"""Are proofs made in one walk those that RFC 9162 gives, for trees of every shape?"""

from __future__ import annotations

import pytest

from gateway.security.merkle import (
    EMPTY_ROOT,
    inclusion_proof,
    inclusion_proofs,
    leaf_hash,
    proof_text,
    proves_inclusion,
    root,
)

LEAVES = [leaf_hash(b"%d" % number) for number in range(70)]


@pytest.mark.parametrize("size", [*range(1, 20), 31, 32, 33, 64, 70])
def test_every_leaf_of_a_tree_has_the_proof_that_the_plain_way_gives(size: int) -> None:
    hashes = LEAVES[:size]
    proofs, found = inclusion_proofs(range(size), size, iter(hashes))
    assert found == root(hashes)
    assert proofs == {index: inclusion_proof(index, hashes) for index in range(size)}
    assert all(proves_inclusion(hashes[index], index, size, proof, found) for index, proof in proofs.items())


def test_no_leaf_has_no_proof_and_the_empty_root() -> None:
    assert inclusion_proofs([], 0, []) == ({}, EMPTY_ROOT)


@pytest.mark.parametrize(("index", "size", "given"), [(3, 3, 3), (-1, 3, 3), (0, 3, 2), (0, 3, 4)])
def test_what_is_not_in_the_tree_and_leaves_that_are_not_of_its_size_are_refused(
        index: int, size: int, given: int) -> None:
    with pytest.raises(ValueError, match="tree"):
        inclusion_proofs([index], size, LEAVES[:given])


def test_a_proof_is_written_as_the_specification_of_logs_has_it() -> None:
    assert proof_text(5, [b"\0" * 32], b"gw-1/XA/XB\n6\nroot\n") == (
        b"c2sp.org/tlog-proof@v1\nindex 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\ngw-1/XA/XB\n6\nroot\n")
