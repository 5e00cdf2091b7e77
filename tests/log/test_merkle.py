"""Tests of the hash tree against RFC 6962, by its own definition and by known values."""

from __future__ import annotations

from hashlib import sha256

import pytest

from consentkit.log.merkle import EMPTY_ROOT, Frontier, checkpoint_seal, commitment, entry_leaf, leaf_hash, node_hash

# The leaves that the Certificate Transparency implementations test with, and the roots of the first 0 to 8 of them.
LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
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


def definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + definition(leaves[:split]) + definition(leaves[split:])).digest()


def frontier_of(leaves: list[bytes]) -> Frontier:
    """A frontier with these leaves appended."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf_hash(leaf))
    return frontier


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    """The roots are those published for the test leaves of Certificate Transparency."""
    assert frontier_of(LEAVES[:size]).root().hex() == ROOTS[size]


def test_follows_the_definition() -> None:
    """Up to 130 leaves, over every shape of the tree, the root is the one the RFC defines."""
    leaves = [bytes([n]) * 3 for n in range(130)]
    for size in range(131):
        assert frontier_of(leaves[:size]).root() == definition(leaves[:size])


def test_continues_from_bytes() -> None:
    """A tree written down at any size and read back grows into the same tree."""
    leaves = [bytes([n]) for n in range(40)]
    for size in range(40):
        early = frontier_of(leaves[:size])
        later = Frontier.from_bytes(size, early.to_bytes())
        for leaf in leaves[size:]:
            later.append(leaf_hash(leaf))
        assert later.root() == definition(leaves)


@pytest.mark.parametrize(("size", "data"), [(1, b""), (3, bytes(32)), (0, bytes(32)), (1, bytes(31)), (-1, bytes(32))])
def test_frontier_must_fit(size: int, data: bytes) -> None:
    """Bytes that can't be the frontier of a tree of that size are refused."""
    with pytest.raises(ValueError, match=r"subtrees|whole hashes"):
        Frontier.from_bytes(size, data)


def test_copy_is_apart() -> None:
    """A copy grows without its original."""
    original = frontier_of(LEAVES[:3])
    copy = original.copy()
    copy.append(leaf_hash(b"x"))
    assert (original.size, original.root().hex()) == (3, ROOTS[3])
    assert copy.size == 4


def test_kinds_of_hashes_are_kept_apart() -> None:
    """The same bytes as entry, as inner node and as checkpoint row have different hashes."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert len({leaf_hash(left + right), node_hash(left, right), sha256(left + right).digest()}) == 3
    assert checkpoint_seal(b"", 2, node_hash(left, right), left + right, b"t") != leaf_hash(left + right)


def test_entry_leaf() -> None:
    """An entry's leaf is the leaf of the commitment SHA-256(salt, bytes), so without the salt nobody can guess it."""
    salt, payload = bytes(32), b"bytes"
    assert commitment(salt, payload) == sha256(salt + payload).digest()
    assert entry_leaf(salt, payload) == sha256(b"\x00" + sha256(salt + payload).digest()).digest()
    assert Frontier().root() == EMPTY_ROOT
