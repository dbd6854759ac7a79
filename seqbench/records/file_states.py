"""Lists the files of records with what shows that one has changed: size, times of change and inode."""

from __future__ import annotations

import os
from operator import attrgetter
from pathlib import Path

from seqbench.records.layout import is_record_file

State = tuple[int, int, int, int]
"""Size, time of change of the content and of the file, in nanoseconds, and inode."""


def states_in(folder: Path) -> dict[str, State | None]:
    """Return the states of all record files, in the order of their names."""
    try:
        with os.scandir(folder) as found:
            files = sorted((each for each in found if is_record_file(each.name)), key=attrgetter("name"))
            return {each.name: _state(each) for each in files}
    except OSError:
        return {}


def _state(file: os.DirEntry[str]) -> State | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
