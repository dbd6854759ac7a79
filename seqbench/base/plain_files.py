"""Opens plain files only, and refuses pipes, devices and folders at once.

Opening a pipe without a writer waits forever, and a device may give bytes forever. Imports nothing of seqbench.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


class NotPlainError(OSError):
    """What was to be read is no plain file; its ``strerror`` says what it is."""


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file to be read as bytes.

    Raises:
        NotPlainError: it is something else, such as a pipe, a device or a folder.
        OSError: it is not there, or cannot be read.
    """
    # Without O_NONBLOCK a pipe is waited for before one can see that it is one; plain files do not mind.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _refuse_other(os.fstat(descriptor).st_mode, path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_plain(path: Path, most: int | None = None) -> bytes:
    """Return what a plain file holds.

    Args:
        path: the file.
        most: bytes that it may have.

    Raises:
        NotPlainError: it is something else, or larger.
        OSError: it is not there, or cannot be read.
    """
    with open_plain(path) as file:
        content = file.read() if most is None else file.read(most + 1)
    if most is not None and len(content) > most:
        raise NotPlainError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


def check_plain(path: Path) -> None:
    """Refuse what is there and no plain file, without opening it.

    Raises:
        NotPlainError: it is something else, such as a pipe, a device or a folder.
        OSError: it is not there.
    """
    _refuse_other(os.stat(path).st_mode, path)


def is_broken_link(path: Path) -> bool:
    """Say whether a path is a link to something that is not there."""
    return path.is_symlink() and not path.exists()


def _refuse_other(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise NotPlainError(errno.EINVAL, f"it is {kind}, and a plain file is needed", str(path))
