"""Makes a failing document small: pieces are taken away as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable

_TRIES = 3000


def shrink(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """The smallest document found, by taking away ever smaller pieces of `data`, for which `fails` holds."""
    size = max(1, len(data) // 2)
    tries = 0
    while size and tries < _TRIES:
        shorter, used = _without_pieces(data, size, fails)
        tries += used
        size = size if len(shorter) < len(data) and size > 1 else size // 2
        data = shorter
    return data


def _without_pieces(data: bytes, size: int, fails: Callable[[bytes], bool]) -> tuple[bytes, int]:
    at = tries = 0
    while at < len(data):
        shorter = data[:at] + data[at + size :]
        tries += 1
        if fails(shorter):
            data = shorter
        else:
            at += size
    return data, tries
