"""Replaces files atomically: a reader sees the new content, the old content, or no file.

A temporary file in the same folder is written, synced to disk and renamed. Its name identifies the process that
writes it, so that leftovers of killed processes can be recognised. Imports only process_identity.
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
    """Write a whole file, and replace an existing one; a text is written as UTF-8.

    Args:
        path: the file; its folder must exist.
        content: its new content.
        mode: its permissions.
        is_synced: return only when it is on the disk; see `replacing`.

    Raises:
        OSError: it cannot be written; an earlier file stays unchanged.
    """
    with replacing(path, mode=mode, is_synced=is_synced) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


def write_first(path: Path, content: str) -> bool:
    """Write a whole file as UTF-8 unless there is one; of several writers at once one is the first.

    Returns:
        Whether it was written.

    Raises:
        OSError: it cannot be written.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=temporary_prefix(), suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        _link(temporary, path)
    except FileExistsError:
        return False
    finally:
        Path(temporary).unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def _link(temporary: str, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links: who writes last is the one.
        os.replace(temporary, path)


@contextmanager
def replacing(path: Path, *, mode: int = 0o644, is_synced: bool = True, prefix: str = "") -> Iterator[IO[bytes]]:
    """Yield a temporary file that becomes the file at a path at the end of the block, unless the block raises.

    Args:
        path: the file; its folder must exist.
        mode: its permissions.
        is_synced: wait until content and name are on the disk, so that they survive a crash of the machine.
            Without it a file may be truncated after a power failure; use that for files that are checked on
            reading, or rewritten soon.
        prefix: text in the temporary name, beside the process.

    Raises:
        OSError: it cannot be written; an earlier file stays unchanged.
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
    # Not every file system supports this.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
