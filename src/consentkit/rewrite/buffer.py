"""Bytes on their way through: what has come in, what may go out, and the edits in between."""

from __future__ import annotations

from consentkit.rewrite.shortcut import LOG_LIMIT


class Buffer:
    """The bytes not yet passed on. Positions count from the first of them; `_offset` bytes have left before it."""

    _data = b""
    _pos = 0
    _done = 0
    _mark: int | None = None
    _script_from: int | None = None
    _searched = 0
    _offset = 0
    _log: list[bytes] | None = None
    _log_from = 0

    def __init__(self) -> None:
        self._out: list[bytes | memoryview] = []

    def _accept(self, data: bytes) -> None:
        """Add the next bytes of the document."""
        self._data = self._data + data if self._data else data

    def _start_log(self) -> None:
        """Keep what comes from here on, so that it can be read again, as far as the limit goes."""
        self._log = []
        self._log_from = self._offset + self._pos

    def _logged(self) -> bytes | None:
        """What came since the log was started, up to where reading stands; None: more than is kept."""
        here = self._offset + self._pos
        if self._log is None or here - self._log_from > LOG_LIMIT:
            return None
        return b"".join((*self._log, self._data[max(0, self._log_from - self._offset) : self._pos]))

    def _note(self, keep: int) -> None:
        """The first bytes leave: put them into the log."""
        if self._log is not None and self._offset + keep > self._log_from:
            self._log.append(self._data[max(0, self._log_from - self._offset) : keep])
            if self._offset + keep - self._log_from > LOG_LIMIT:
                self._log = None

    def _take(self) -> bytes:
        """What can be passed on now."""
        keep = self._pos if self._mark is None else self._mark
        self._flush(keep)
        self._note(keep)
        self._data = self._data[keep:]
        self._offset += keep
        self._pos -= keep
        self._searched = max(0, self._searched - keep)
        self._done = 0
        if self._mark is not None:
            self._mark = 0
            if self._script_from is not None:
                self._script_from -= keep
        output = b"".join(self._out)
        self._out.clear()
        return output

    def _flush(self, end: int) -> None:
        if end > self._done:
            piece = self._data if end - self._done == len(self._data) else memoryview(self._data)[self._done : end]
            self._out.append(piece)
            self._done = end

    def _insert(self, position: int, text: bytes) -> None:
        """Put `text` before the byte at `position`, which must not have been passed on."""
        self._flush(position)
        self._out.append(text)

    def _replace(self, end: int, text: bytes) -> None:
        """Put `text` in the place of what is held, up to `end`."""
        if self._mark is not None:
            self._insert(self._mark, text)
            self._done = end
            self._release()

    def _release(self) -> None:
        """Hold nothing back any more."""
        self._mark = self._script_from = None
