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
    """The path to read is not a plain file; ``strerror`` says what it is."""


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file for reading bytes.

    Raises:
        NotPlainError: it is something else, e.g. a pipe, a device or a folder.
        OSError: it is missing or cannot be read.
    """
    # Without O_NONBLOCK, opening a pipe blocks before its type can be checked; plain files ignore the flag.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _refuse_other(os.fstat(descriptor).st_mode, path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_plain(path: Path, most: int | None = None) -> bytes:
    """Return the content of a plain file.

    Args:
        path: the file.
        most: the largest size allowed, in bytes.

    Raises:
        NotPlainError: it is something else, or larger.
        OSError: it is missing or cannot be read.
    """
    with open_plain(path) as file:
        content = file.read() if most is None else file.read(most + 1)
    if most is not None and len(content) > most:
        raise NotPlainError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


def read_with_state(path: str | Path) -> tuple[bytes, os.stat_result]:
    """Return the content of a plain file, and its state just before it was read.

    Raises:
        NotPlainError: it is something else.
        OSError: it is missing or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        state = os.fstat(descriptor)
        _refuse_other(state.st_mode, path)
        content = os.read(descriptor, state.st_size + 1)
        # A file that grows, or one that the system reads in parts.
        while len(content) != state.st_size and (more := os.read(descriptor, 1_000_000)):
            content += more
        return content, state
    finally:
        os.close(descriptor)


def check_plain(path: Path) -> None:
    """Refuse anything but a plain file, without opening it.

    Raises:
        NotPlainError: it is something else, e.g. a pipe, a device or a folder.
        OSError: it is missing.
    """
    _refuse_other(os.stat(path).st_mode, path)


def is_broken_link(path: Path) -> bool:
    """Say whether a path is a link to something missing."""
    return path.is_symlink() and not path.exists()


def _refuse_other(mode: int, path: str | Path) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise NotPlainError(errno.EINVAL, f"it is {kind}, and a plain file is needed", str(path))
