"""Writes a report to a file, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from seqbench.base.atomic_files import write_atomically
from seqbench.errors import ExperimentError


def check_output(path: Path, option: str = "output") -> None:
    """Check before any work is done that a file can be written to a path.

    Args:
        path: of the file.
        option: names it.

    Raises:
        ExperimentError: it is a folder or a device, or its folder is missing.
    """
    if path.is_dir():
        raise ExperimentError(f"{option} {path} is a folder: name a file, in it or elsewhere")
    if path.exists() and not path.is_file():
        raise ExperimentError(f"{option} {path} is no ordinary file: name another file")
    if not path.absolute().parent.is_dir():
        raise ExperimentError(f"{option} {path} cannot be written: there is no folder {path.parent}")


def write_whole(path: Path, text: str | bytes) -> int:
    """Write or replace a file and return its number of bytes; a text is written as UTF-8.

    Raises:
        ExperimentError: it cannot be written; an existing file stays unchanged.
    """
    check_output(path)
    # A link stays a link: its target is replaced.
    path = path.resolve()
    content = text.encode("utf-8") if isinstance(text, str) else text
    try:
        write_atomically(path, content, mode=path.stat().st_mode & 0o777 if path.exists() else 0o644)
    except OSError as error:
        raise ExperimentError(f"{path} cannot be written: {error.strerror}; choose another file") from error
    return len(content)
