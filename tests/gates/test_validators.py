"""Validators bound to the consent state."""

from __future__ import annotations

from consentkit.gates.validators import request_conditions, response_validators


def test_only_our_tags_of_this_state_go_in() -> None:
    """On a navigation foreign tags, other states and `*` are dropped; ours lose their suffix."""
    value = b'"a-ckit-11111111", W/"b-ckit-22222222", "plain", *'
    headers = [(b"host", b"h"), (b"if-none-match", value), (b"if-modified-since", b"d")]
    assert request_conditions(headers, "22222222", navigation=True) == [
        (b"host", b"h"),
        (b"if-none-match", b'"b", W/"b"'),
        (b"if-modified-since", b"d"),
    ]
    assert request_conditions(headers, "33333333", navigation=True) == [(b"host", b"h")]


def test_what_was_never_rewritten_keeps_its_conditions() -> None:
    """A script's request for data is as conditional as it was; a page of another state still doesn't count."""
    plain = [(b"if-none-match", b'"v1", *'), (b"if-modified-since", b"d")]
    assert request_conditions(plain, "22222222", navigation=False) == plain
    mixed = [(b"if-none-match", b'"v1", "a-ckit-11111111"')]
    assert request_conditions(mixed, "22222222", navigation=False) == [(b"if-none-match", b'"v1", W/"v1"')]


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
