"""Lists the files of records with what shows that one has changed: size, times of change and inode."""

from __future__ import annotations

import os
from pathlib import Path

from seqbench.records.layout import is_record_file

State = tuple[int, int, int, int]
"""Size, time of change of the content and of the file, in nanoseconds, and inode."""


def states_in(folder: Path) -> dict[str, State | None]:
    """Return the states of all record files, in the order of their names."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        # The system looks a name up more quickly in an open folder than along a path.
        return {name: _state(name, opened) for name in sorted(filter(is_record_file, os.listdir(opened)))}
    except OSError:
        return {}
    finally:
        os.close(opened)


def _state(name: str, folder: int) -> State | None:
    try:
        status = os.stat(name, dir_fd=folder)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
