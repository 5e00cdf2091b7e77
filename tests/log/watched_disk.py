"""Watches, and on demand breaks, what SQLite does to the disk in this process.

SQLite talks to files through a table of functions (sqlite.org/vfs.html). Here that table is replaced by one that tells
each call and may fail it, so that "synced before answered" is seen at the place where it happens.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_POINTER = ctypes.c_void_p
_INT = ctypes.c_int
_LONG = ctypes.c_int64
_CHAR = ctypes.c_char_p

_READ = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _POINTER, _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)
_OPEN = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, ctypes.POINTER(_INT))
_DELETE = ctypes.CFUNCTYPE(_INT, _POINTER, _CHAR, _INT)


class _Methods(ctypes.Structure):
    _fields_ = (
        ("version", _INT),
        ("close", _POINTER),
        ("read", _READ),
        ("write", _READ),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        ("rest", _POINTER * 13),
    )


class _File(ctypes.Structure):
    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", _INT),
        ("file_size", _INT),
        ("longest_path", _INT),
        ("next", _POINTER),
        ("name", _CHAR),
        ("data", _POINTER),
        ("open", _OPEN),
        ("delete", _DELETE),
        ("rest", _POINTER * 14),
    )


@dataclass
class Disk:
    """What was asked of the disk, in order, as `"sync consent.db"`, and what shall fail.

    `fail` is asked before each call and gives an SQLite error code, or 0 to let it pass.
    """

    calls: list[str] = field(default_factory=list)
    fail: Callable[[str], int] = lambda call: 0
    names: dict[int, str] = field(default_factory=dict)

    def asked(self, what: str, name: str) -> int:
        call = f"{what} {name.rpartition('/')[2]}"
        self.calls.append(call)
        return self.fail(call)


def reachable() -> bool:
    """Whether this Python's SQLite is a library of its own, whose functions can be found."""
    return hasattr(_library(), "sqlite3_vfs_find")


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(getattr(_sqlite3, "__file__", None))


@contextmanager
def watched_disk() -> Iterator[Disk]:
    """SQLite connections opened within the block go through the returned `Disk`."""
    library = _library()
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    real = library.sqlite3_vfs_find(None)
    disk = Disk()
    vfs, keep = _watched(real, disk)
    library.sqlite3_vfs_register(ctypes.byref(vfs), 1)
    try:
        yield disk
    finally:
        library.sqlite3_vfs_register(real, 1)
        library.sqlite3_vfs_unregister(ctypes.byref(vfs))
        del keep


def _watched(real: ctypes._Pointer[_Vfs], disk: Disk) -> tuple[_Vfs, list[object]]:
    keep: list[object] = []
    tables: dict[int, _Methods] = {}

    def open_file(vfs: int, name: int | None, file: int, flags: int, out: ctypes._Pointer[ctypes.c_int]) -> int:
        # SQLite keeps this pointer, so it is handed on as it is and not as a Python string.
        text = ctypes.string_at(name).decode() if name else "temporary"
        if code := disk.asked("open", text):
            ctypes.cast(file, ctypes.POINTER(_File)).contents.methods = None
            return code
        result = real.contents.open(vfs, name, file, flags, out)
        handle = ctypes.cast(file, ctypes.POINTER(_File)).contents
        if result == 0 and handle.methods:
            disk.names[file] = text
            original = ctypes.addressof(handle.methods.contents)
            if original not in tables:
                tables[original] = _table(handle.methods.contents, disk, keep)
            handle.methods = ctypes.pointer(tables[original])
        return int(result)

    def delete(vfs: int, name: bytes, sync: int) -> int:
        return disk.asked("delete", name.decode()) or real.contents.delete(vfs, name, sync)

    vfs = _Vfs.from_buffer_copy(real.contents)
    vfs.name = b"watched"
    vfs.open, vfs.delete = _OPEN(open_file), _DELETE(delete)
    keep += [vfs, tables, vfs.open, vfs.delete]
    return vfs, keep


def _table(real: _Methods, disk: Disk, keep: list[object]) -> _Methods:
    table = _Methods.from_buffer_copy(real)
    read, write, truncate, sync = real.read, real.write, real.truncate, real.sync

    def asked(what: str, file: int) -> int:
        return disk.asked(what, disk.names.get(file, "?"))

    table.read = _READ(lambda f, data, size, at: asked("read", f) or read(f, data, size, at))
    table.write = _READ(lambda f, data, size, at: asked("write", f) or write(f, data, size, at))
    table.truncate = _TRUNCATE(lambda f, size: asked("truncate", f) or truncate(f, size))
    table.sync = _SYNC(lambda f, flags: asked("sync", f) or sync(f, flags))
    keep += [read, write, truncate, sync, table]
    return table
