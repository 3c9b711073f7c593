"""The tree over a link: leaves, roots and proofs of inclusion (GW-1 section 11; RFC 6962 section 2.1, RFC 9162 2.1.3).

One tree per link, kept by both sides; the index of an object is its sequence less one. Hashes are 32 octets.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from msgspec import Struct

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf(sequence: int, message_id: str, mic: str, signature_digest: str) -> bytes:
    """The leaf of an object; message id in angle brackets, MIC and signature digest as 64 hex digits."""
    return (f"gw-leaf/1\n{sequence}\n{message_id}\nsha-256={mic}\nsha-256={signature_digest}\n").encode("ascii")


def leaf_hash(content: bytes) -> bytes:
    """Hash of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Root over leaf hashes in order; the empty tree has the hash of nothing."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:  # an odd last one moves up as it is, which is the tree of RFC 6962
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2:]
    return level[0]


class Frontier(Struct, frozen=True):
    """A tree as far as it has to be known to grow: the roots of its whole subtrees, the largest first.

    size   leaves
    peaks  one hash for each bit that is set in `size`
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def extended(self, hashes: Iterable[bytes]) -> Frontier:
        """The tree with more leaves, by their hashes in order."""
        size, peaks = self.size, list(self.peaks)
        for hashed in hashes:
            whole, below = hashed, size
            while below & 1:  # two subtrees of one size become one
                whole = node_hash(peaks.pop(), whole)
                below >>= 1
            peaks.append(whole)
            size += 1
        return Frontier(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """Root of the tree, as `root` computes it over all leaf hashes."""
        if not self.peaks:
            return EMPTY_ROOT
        folded = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            folded = node_hash(peak, folded)
        return folded

    def dump(self) -> bytes:
        """The peaks one after the other; `load` takes them with the size."""
        return b"".join(self.peaks)

    @classmethod
    def load(cls, size: int, peaks: bytes) -> Frontier:
        """What `dump` wrote. Raises ValueError when it is not as long as the size asks for."""
        if len(peaks) != 32 * size.bit_count():
            raise ValueError("not the frontier of a tree of this size")
        return cls(size, tuple(peaks[at:at + 32] for at in range(0, len(peaks), 32)))


def inclusion_proof(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from a leaf to the root, lowest first. Raises ValueError for an index outside the tree."""
    if not 0 <= index < len(hashes):
        raise ValueError("index outside the tree")
    proof: list[bytes] = []
    level, at = list(hashes), index
    while len(level) > 1:
        sibling = at ^ 1
        if sibling < len(level):
            proof.append(level[sibling])
        paired = [node_hash(level[one], level[one + 1]) for one in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2:]
        at //= 2
    return proof


def inclusion_proofs(indexes: Iterable[int], size: int,
                     hashes: Iterable[bytes]) -> tuple[dict[int, list[bytes]], bytes]:
    """Proofs for several leaves of one tree, and its root, in one walk over its leaf hashes in order.

    Nothing but the peaks of the tree and the proofs is held, however large the tree is. Raises ValueError for an index
    outside the tree, or another number of hashes than `size`.
    """
    proofs: dict[int, list[bytes]] = {index: [] for index in indexes}
    if any(not 0 <= index < size for index in proofs):
        raise ValueError("index outside the tree")
    peaks: list[tuple[bytes, int, list[int]]] = []  # root and leaves of a subtree, and those of the wanted in it
    seen = 0
    for seen, hashed in enumerate(hashes, 1):
        whole, leaves, wanted = hashed, 1, [seen - 1] if seen - 1 in proofs else []
        while peaks and peaks[-1][1] == leaves:
            left, _, those = peaks.pop()
            whole, wanted = _joined(proofs, left, those, whole, wanted)
            leaves *= 2
        peaks.append((whole, leaves, wanted))
    if seen != size:
        raise ValueError("not the leaves of a tree of this size")
    if not peaks:
        return proofs, EMPTY_ROOT
    whole, _, wanted = peaks.pop()
    while peaks:
        left, _, those = peaks.pop()
        whole, wanted = _joined(proofs, left, those, whole, wanted)
    return proofs, whole


def _joined(proofs: dict[int, list[bytes]], left: bytes, in_left: list[int], right: bytes,
            in_right: list[int]) -> tuple[bytes, list[int]]:
    """Two neighbouring subtrees as one: each leaf that is wanted takes the other's root into its proof."""
    for index in in_left:
        proofs[index].append(right)
    for index in in_right:
        proofs[index].append(left)
    return node_hash(left, right), in_left + in_right


def proves_inclusion(hash_of_leaf: bytes, index: int, size: int, proof: Sequence[bytes], of_root: bytes) -> bool:
    """Tell whether a proof leads from a leaf hash to a root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, current = index, size - 1, hash_of_leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            current = node_hash(sibling, current)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and current == of_root


def proof_text(index: int, proof: Sequence[bytes], head: bytes) -> bytes:
    """A proof of inclusion as a file (c2sp.org/tlog-proof@v1); head: the text of `head_text`."""
    lines = [b"c2sp.org/tlog-proof@v1", f"index {index}".encode("ascii"), *map(base64.b64encode, proof), b"", head]
    return b"\n".join(lines)


def head_text(sender: str, recipient: str, size: int, of_root: bytes) -> bytes:
    """The text of a head, in the body form of c2sp.org/tlog-checkpoint."""
    encoded = base64.b64encode(of_root).decode("ascii")
    return f"gw-1/{sender}/{recipient}\n{size}\n{encoded}\n".encode("ascii")
