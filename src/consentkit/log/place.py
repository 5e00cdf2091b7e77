"""Places that can't hold a log file, and places where one gets damaged (sqlite.org/howtocorrupt.html, section 2)."""

from __future__ import annotations

import logging
import os
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = {"9p", "afs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "nfs", "nfs4", "smb3", "smbfs"}

_logger = logging.getLogger("consentkit.log")


def unusable(path: Path) -> str | None:
    """Why no log can be written at `path`, as far as the file system tells; None if nothing speaks against it."""
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}"
    if path.is_dir():
        return "it is a directory"
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=True):
        return f"this process may not write in {path.parent}, where SQLite needs its journal"
    if path.exists() and not os.access(path, os.W_OK, effective_ids=True):
        return "this process may not write the file"
    return None


def warn_about_place(path: Path) -> None:
    """Log a warning if the log file is reached through a link or lies on a network file system."""
    for concern in concerns(path, _mounts()):
        _logger.warning("the consent log %s %s", path, concern)


def concerns(path: Path, mounts: str) -> list[str]:
    """What speaks against keeping a log at `path`, given the text of the system's `mountinfo`."""
    found: list[str] = []
    if path.is_symlink():
        found.append("is a symbolic link; give the real path, so that every process locks the same file")
    elif path.exists() and path.stat().st_nlink > 1:
        found.append("has hard links; two names for one file mix up its journal and can damage it")
    kind = _file_system(path.parent.resolve(), mounts)
    if kind in _NETWORK:
        found.append(f"lies on a network file system ({kind}), where locks can't be relied on; use a local disk")
    return found


def _mounts() -> str:
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return ""


def _file_system(folder: Path, mounts: str) -> str:
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4].replace("\\040", " ") if after else ""
        if point and len(point) >= len(best) and folder.is_relative_to(point):
            best, kind = point, after.split(" ")[0]
    return kind
