"""Reads files that torch.save wrote, and refuses those with a changed byte.

Such a file is a zip archive, and each part has a CRC-32, which torch does not check when it reads.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from seqbench.base.plain_files import check_plain
from seqbench.base.printable import one_line
from seqbench.errors import told


class DamagedFileError(ValueError):
    """A file is not as it was written."""


def load_tensors(path: Path, *, mmap: bool = False) -> Any:
    """Return what a file holds, tensors on the CPU; nothing in it is run as code.

    Args:
        path: the file.
        mmap: leave the tensors in the file until they are looked at.

    Raises:
        DamagedFileError: it is empty, cut, or a byte in it was changed.
        OSError: it is not there, no plain file, or cannot be read.
        Exception: it holds what torch refuses or cannot read; a broken file breaks its reader in many ways.
    """
    import torch

    check_plain(path)
    if path.stat().st_size == 0:
        raise DamagedFileError("it is empty")
    try:
        with zipfile.ZipFile(path) as parts:
            damaged = parts.testzip()
    except Exception as error:
        # A broken archive breaks its reader in many ways.
        raise DamagedFileError(f"it is cut, or no file of tensors ({one_line(told(error))})") from error
    if damaged is not None:
        raise DamagedFileError(f"it was damaged after it was written: {damaged} does not have its checksum")
    return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
