"""Tests of the warnings about places that damage SQLite files."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from consentkit.log.place import concerns, unusable, warn_about_place

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /srv rw,relatime shared:2 - nfs4 server:/export rw
41 40 8:2 / /srv/local\\040disk rw - xfs /dev/sdb1 rw
damaged line
"""


def test_network_file_system() -> None:
    """A log on NFS is warned about; one on a local disk mounted below it is not."""
    assert "nfs4" in concerns(Path("/srv/news/consent.db"), MOUNTS)[0]
    assert concerns(Path("/srv/local disk/consent.db"), MOUNTS) == []
    assert concerns(Path("/srvother/consent.db"), MOUNTS) == []
    assert concerns(Path("/srvother/consent.db"), "") == []


def test_links(tmp_path: Path) -> None:
    """A symbolic link and a second hard link are warned about, a plain file is not."""
    plain = tmp_path / "plain.db"
    plain.touch()
    assert concerns(plain, "") == []
    link = tmp_path / "link.db"
    link.symlink_to(plain)
    assert "symbolic link" in concerns(link, "")[0]
    (tmp_path / "second.db").hardlink_to(plain)
    assert "hard links" in concerns(plain, "")[0]


def test_warning_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The warning names the file."""
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    with caplog.at_level(logging.WARNING):
        warn_about_place(link)
    assert str(link) in caplog.text


def test_unusable(tmp_path: Path) -> None:
    """A missing directory and a directory in the file's place can't hold a log; a new file in a directory can."""
    assert unusable(tmp_path / "consent.db") is None
    assert unusable(tmp_path) == "it is a directory"
    assert "no directory" in str(unusable(tmp_path / "none" / "consent.db"))
