"""Chooses a folder whose name is short enough for the sockets of processes.

The path of a Unix socket has at most 107 bytes. multiprocessing adds two names of its own below the folder for
temporary files, and schedulers give that folder long names.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.util import get_temp_dir

from seqbench.errors import ExperimentError, reason

LONGEST = 107 - len("/pymp-xxxxxxxx/listener-xxxxxxxx")
"""Bytes that the path of the folder may have."""


@contextmanager
def sockets_fit() -> Iterator[None]:
    """Make multiprocessing create its folder of sockets, during the block, where their paths are short enough.

    It makes one and keeps to it; all other temporary files stay where they belong.

    Raises:
        ExperimentError: no folder for temporary files can be written to, or none has a short enough name.
    """
    try:
        usual = tempfile.gettempdir()
        tempfile.tempdir = short_folder(usual)
        try:
            get_temp_dir()
            yield
        finally:
            tempfile.tempdir = usual
    except FileNotFoundError as error:
        raise ExperimentError(
            f"no process can be started: {reason(error)}; set TMPDIR to such a folder"
        ) from error


def short_folder(usual: str) -> str:
    """Return the folder for temporary files, or another one where its path is too long.

    >>> short_folder("/somewhere")
    '/somewhere'

    Raises:
        ExperimentError: there is none.
    """
    others = (os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp", "/dev/shm")
    for folder in (usual, *others):
        is_short = 0 < len(os.fsencode(folder)) <= LONGEST
        if is_short and (folder == usual or (os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK))):
            return folder
    raise ExperimentError(
        f"the folder for temporary files, {usual}, has a path of {len(os.fsencode(usual))} bytes, and the sockets"
        f" of processes fit below {LONGEST} bytes only; set TMPDIR to a folder with a shorter path, or take"
        " the executor serial"
    )
