"""Replaces a file at once: it is there whole, as it was, or not at all.

A temporary file in the same folder is written, put on the disk and renamed. Its name tells which process writes
it, so that what a killed process left can be told from what is being written. Imports process_identity alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from seqbench.base.process_identity import temporary_prefix


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o644, is_synced: bool = True) -> None:
    """Write a whole file, in the place of one that is there; a text is written as UTF-8.

    Args:
        path: the file; its folder has to be there.
        content: what it will hold.
        mode: its permissions.
        is_synced: return only when it is on the disk; see `replacing`.

    Raises:
        OSError: it cannot be written; what was there before is as it was.
    """
    with replacing(path, mode=mode, is_synced=is_synced) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path, *, mode: int = 0o644, is_synced: bool = True, prefix: str = "") -> Iterator[IO[bytes]]:
    """Give a file to write to; it becomes the file at a path when the block ends, unless it raises.

    Args:
        path: the file; its folder has to be there.
        mode: its permissions.
        is_synced: wait until content and name are on the disk, so that they outlive the machine. Without it a file
            may be cut after a loss of power: for what is checked when it is read, or is written again soon.
        prefix: what the temporary name tells beside its process.

    Raises:
        OSError: it cannot be written; what was there before is as it was.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=temporary_prefix() + prefix, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if is_synced:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if is_synced:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Not every file system can be asked for that.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
