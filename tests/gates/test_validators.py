"""Validators bound to the consent state."""

from __future__ import annotations

import re

from consentkit.gates.validators import Conditions, request_conditions, response_validators

ONE, TWO, THREE = b"11111111", b"22222222", b"33333333"


def test_only_our_tags_of_this_state_go_in() -> None:
    """On a navigation foreign tags, other states and `*` are dropped; ours lose their suffix."""
    value = b'"a-ckit-11111111", W/"b-ckit-22222222", "plain", *'
    headers = [(b"host", b"h"), (b"if-none-match", value), (b"if-modified-since", b"d")]
    found = request_conditions(headers, [TWO], navigation=True)
    assert found.headers == [(b"host", b"h"), (b"if-none-match", b'"b", W/"b"'), (b"if-modified-since", b"d")]
    assert (found.digest, found.tag) == (TWO, b'W/"b-ckit-22222222"')
    assert request_conditions(headers, [THREE], navigation=True) == Conditions([(b"host", b"h")])


def test_the_first_state_that_fits_counts_alone() -> None:
    """Of several good states only one can be what a 304 stands for."""
    headers = [(b"if-none-match", b'"a-ckit-11111111", "b-ckit-22222222"')]
    found = request_conditions(headers, [TWO, ONE], navigation=True)
    assert found == Conditions([(b"if-none-match", b'"b", W/"b"')], TWO, b'W/"b-ckit-22222222"')


def test_what_was_never_rewritten_keeps_its_conditions() -> None:
    """A script's request for data is as conditional as it was; a page of another state still doesn't count."""
    plain = [(b"if-none-match", b'"v1", *'), (b"if-modified-since", b"d")]
    assert request_conditions(plain, [TWO], navigation=False) == Conditions(plain)
    mixed = [(b"if-none-match", b'"v1", "a-ckit-11111111"')]
    assert request_conditions(mixed, [TWO], navigation=False).headers == [(b"if-none-match", b'"v1", W/"v1"')]


def test_tags_go_out_weak_and_bound() -> None:
    """A rewritten page is no longer byte for byte the app's: weak tag, no digests of the old body."""
    headers = [
        (b"ETag", b'"v"'),
        (b"Last-Modified", b"d"),
        (b"Content-MD5", b"m"),
        (b"Repr-Digest", b"r"),
        (b"x", b"y"),
    ]
    bound = (b"etag", b'W/"v-ckit-11111111"')
    assert response_validators(headers, ONE) == [(b"Last-Modified", b"d"), (b"x", b"y"), bound]


def test_a_malformed_tag_is_dropped() -> None:
    """What can't be bound is not sent on."""
    assert response_validators([(b"etag", b"nonsense")], ONE) == []


def test_a_page_with_a_date_alone_gets_a_tag_that_stands_for_it() -> None:
    """The date goes on to the app only with the tag of the right state; the tag itself never does."""
    sent = response_validators([(b"last-modified", b"yesterday")], ONE)
    tag = dict(sent)[b"etag"]
    assert re.fullmatch(rb'W/"ckit-date-[0-9a-f]{16}-ckit-11111111"', tag)
    assert dict(response_validators([(b"last-modified", b"today")], ONE))[b"etag"] != tag
    headers = [(b"if-none-match", tag), (b"if-modified-since", b"yesterday")]
    found = request_conditions(headers, [ONE], navigation=True)
    assert found == Conditions([(b"if-modified-since", b"yesterday")], ONE, tag)
    assert request_conditions(headers, [TWO], navigation=True) == Conditions([])
    assert response_validators([], ONE, found.tag) == [(b"etag", tag)]
