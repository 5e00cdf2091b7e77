"""The hash tree of RFC 6962 (section 2.1), as far as a growing log needs it.

A leaf and an inner node are hashed with different first bytes, so that neither can be passed off as the
other.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

_LEAF = b"\x00"
_NODE = b"\x01"
_SEAL = b"consentkit checkpoint row 1\n"


def commitment(salt: bytes, payload: bytes) -> bytes:
    """SHA-256 over salt and stored bytes. Without the salt nobody can guess a record from it."""
    return sha256(salt + payload).digest()


def leaf_hash(data: bytes) -> bytes:
    """The leaf of `data` (here: of a commitment), 32 bytes."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node above two subtrees, 32 bytes."""
    return sha256(_NODE + left + right).digest()


def entry_leaf(salt: bytes, payload: bytes) -> bytes:
    """The leaf of one log entry: the leaf hash of its commitment."""
    return leaf_hash(commitment(salt, payload))


class Frontier:
    """The right edge of the tree: enough to add leaves and to name the root, whatever the size.

    `size` counts leaves; `hashes` are the roots of the full subtrees from left to right, one for each 1 in
    the binary form of `size`.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if size < 0 or len(self.hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves does not have {len(self.hashes)} full subtrees")

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Read back what `to_bytes` gave. Raises `ValueError` if it does not fit `size`."""
        if len(data) % HASH_SIZE:
            raise ValueError("a frontier is made of whole hashes")
        return cls(size, [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)])

    def to_bytes(self) -> bytes:
        return b"".join(self.hashes)

    def copy(self) -> Frontier:
        return Frontier(self.size, self.hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash on the right."""
        node = leaf
        filled = self.size
        while filled & 1:
            node = sha256(_NODE + self.hashes.pop() + node).digest()
            filled >>= 1
        self.hashes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree so far, 32 bytes."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def checkpoint_seal(previous: bytes, size: int, root: bytes, frontier: bytes, time: bytes) -> bytes:
    """What ties a checkpoint row to the row before it, so that a changed or missing row shows.

    It is no signature: whoever can write the file can write it anew. Its prefix keeps it apart from leaves
    and nodes.
    """
    body = b"\n".join((previous, b"%d" % size, root, frontier, time))
    return sha256(_SEAL + body).digest()
