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
    """A file has changed since it was written."""


def load_tensors(path: Path, *, mmap: bool = False) -> Any:
    """Return the content of a file, with tensors on the CPU; nothing in it is run as code.

    Args:
        path: the file.
        mmap: leave the tensors in the file until they are used.

    Raises:
        DamagedFileError: it is empty, cut, or a byte in it was changed.
        OSError: it is missing, not a plain file, or cannot be read.
        Exception: torch refuses or cannot read the content; broken files cause many kinds of errors.
    """
    import torch

    check_plain(path)
    if path.stat().st_size == 0:
        raise DamagedFileError("it is empty")
    try:
        with zipfile.ZipFile(path) as parts:
            damaged = parts.testzip()
    except Exception as error:
        # Broken archives cause many kinds of errors.
        raise DamagedFileError(f"it is cut, or no file of tensors ({one_line(told(error))})") from error
    if damaged is not None:
        raise DamagedFileError(f"it was damaged after it was written: {damaged} does not have its checksum")
    return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
