"""Validators bound to the consent state."""

from __future__ import annotations

from consentkit.gates.validators import request_conditions, response_validators


def test_only_our_tags_of_this_state_go_in() -> None:
    """Foreign tags, other states and `*` are dropped; ours lose their suffix."""
    value = b'"a-ckit-11111111", W/"b-ckit-22222222", "plain", *'
    headers = [(b"host", b"h"), (b"if-none-match", value), (b"if-modified-since", b"d")]
    assert request_conditions(headers, "22222222") == [
        (b"host", b"h"),
        (b"if-none-match", b'"b", W/"b"'),
        (b"if-modified-since", b"d"),
    ]
    assert request_conditions(headers, "33333333") == [(b"host", b"h")]


def test_tags_go_out_weak_and_bound() -> None:
    """A rewritten page is no longer byte for byte the app's: weak tag, no digests of the old body."""
    headers = [
        (b"ETag", b'"v"'),
        (b"Last-Modified", b"d"),
        (b"Content-MD5", b"m"),
        (b"Repr-Digest", b"r"),
        (b"x", b"y"),
    ]
    assert response_validators(headers, "abc", rewritten=True) == [(b"etag", b'W/"v-ckit-abc"'), (b"x", b"y")]


def test_a_malformed_tag_is_dropped() -> None:
    """What can't be bound is not sent on."""
    assert response_validators([(b"etag", b"nonsense")], "abc", rewritten=True) == []
