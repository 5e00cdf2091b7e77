"""Tests of the record and its stored bytes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.errors import LogCorruptError
from consentkit.log.record import Record, new_record_id
from tests.log.records import NOON, make_record

_TEXT = st.text(max_size=40)


@given(
    site=_TEXT,
    region=st.none() | _TEXT,
    signals=st.lists(_TEXT, max_size=3),
    services=st.dictionaries(_TEXT, st.booleans()),
)
def test_round_trip(site: str, region: str | None, signals: list[str], services: dict[str, bool]) -> None:
    """Any text, in any Unicode form and even with lone surrogates, comes back from the stored bytes as it was."""
    record = make_record(site=site, region=region, signals=tuple(signals), services=services)
    data = record.canonical()
    assert Record.from_canonical(data) == record
    assert Record.from_canonical(data).canonical() == data
    assert data.isascii()


def test_lone_surrogate() -> None:
    """A lone surrogate is no reason to lose a record."""
    record = make_record(site="\ud800")
    assert Record.from_canonical(record.canonical()) == record


def test_unicode_forms_stay_apart() -> None:
    """Composed and decomposed letters give different bytes: nothing is normalised behind the record's back."""
    assert (
        make_record(record_id="0" * 32, site="\u00e9").canonical()
        != make_record(record_id="0" * 32, site="e\u0301").canonical()
    )


def test_order_of_choices_is_fixed() -> None:
    """The same choices in another order give the same bytes."""
    one = make_record(record_id="0" * 32, categories={"a": True, "b": False})
    two = make_record(record_id="0" * 32, categories={"b": False, "a": True})
    assert one.canonical() == two.canonical()


def test_everything_is_in_the_bytes() -> None:
    """Each field of a record is part of what is hashed."""
    fields = json.loads(make_record(idempotency="k").canonical())
    assert set(fields) == set(Record.__dataclass_fields__) | {"v"}


def test_time_is_fixed_width() -> None:
    """A time without a fraction is written with one, so that all times have the same form."""
    whole = make_record(time=NOON.replace(microsecond=0))
    assert json.loads(whole.canonical())["time"] == "2026-03-01T12:00:00.000000Z"


def test_choices_are_copied() -> None:
    """Changing the caller's mapping afterwards does not change the record."""
    choices = {"analytics": False}
    record = make_record(categories=choices)
    choices["analytics"] = True
    assert record.categories == {"analytics": False}


@pytest.mark.parametrize(
    "change",
    [
        {"record_id": "x"},
        {"record_id": "A" * 32},
        {"record_id": "0" * 32 + "\n"},
        {"previous_id": "1"},
        {"time": datetime(2026, 1, 1)},  # noqa: DTZ001 - a naive time is the point
        {"time": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))},
        {"action": "accept"},
        {"mechanism": "curl"},
        {"policy_digest": ""},
        {"notice_digest": "zz"},
        {"idempotency": ""},
        {"idempotency": "k" * 201},
    ],
)
def test_wrong_shape_is_refused(change: dict[str, Any]) -> None:
    """A field of the wrong shape never becomes a record."""
    with pytest.raises(ValueError, match=next(iter(change))):
        make_record(**change)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b'{"v":1}', b"[" * 100_000, b'"' + b"a" * 50 + b'"']
)
def test_unreadable_bytes(data: bytes) -> None:
    """Bytes that hold no record are told apart from a record without any other error."""
    with pytest.raises(LogCorruptError):
        Record.from_canonical(data)


def test_later_version_is_readable() -> None:
    """A record written by a later version, with a key unknown here, can still be read."""
    record = make_record()
    fields = json.loads(record.canonical()) | {"v": 2, "later": {"x": 1}}
    assert Record.from_canonical(json.dumps(fields).encode()) == record


def test_new_ids() -> None:
    """An id is 128 random bits in lower-case hex, and comes from the source it is given."""
    assert new_record_id(lambda n: bytes(range(n))) == "000102030405060708090a0b0c0d0e0f"
    assert len({new_record_id() for _ in range(1000)}) == 1000
