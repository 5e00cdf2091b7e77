"""The newsletter box: an address and when it was left. A real site would now send a letter that asks to confirm."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

_SCHEMA = """
CREATE TABLE IF NOT EXISTS subscribers (
    address TEXT PRIMARY KEY,
    asked TEXT NOT NULL,
    confirmed TEXT
)
"""


class SubscriberStore:
    """The subscribers table. `confirmed` stays empty here: in this demo no letter is sent. Every method blocks."""

    def __init__(self, database: str) -> None:
        self._database = database
        with closing(self._connect()) as connection:
            connection.execute(_SCHEMA)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._database, timeout=2.0)

    def add(self, address: str, asked: datetime) -> None:
        """Keep an address, once."""
        with closing(self._connect()) as connection, connection:
            connection.execute(
                "INSERT OR IGNORE INTO subscribers (address, asked) VALUES (?, ?)",
                (address, asked.astimezone(UTC).isoformat()),
            )
