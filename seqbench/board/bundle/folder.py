"""Writes many files as one folder, all or none, and only over a board that nobody changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from seqbench.errors import BoardError

MARK = "board.json"
"""The file that marks a folder as a board; it lists every other file with its hash."""

SCHEMA_VERSION = 1


def mark(files: Mapping[str, bytes]) -> bytes:
    """Return the marker file of a board of these files."""
    hashes = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    return (json.dumps({"schema_version": SCHEMA_VERSION, "files": hashes}, indent=1) + "\n").encode()


def check_folder(path: Path) -> None:
    """Check before any work is done that a board can be written to a folder.

    Raises:
        BoardError: the folder holds something other than a board, or a board that was changed since it was built.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise BoardError(f"--output {path} is there and is no folder: choose another")
    if not path.absolute().parent.is_dir():
        raise BoardError(f"--output {path} cannot be written: there is no folder {path.parent}")
    if not path.exists() or not any(path.iterdir()):
        return
    hashes = _hashes(path)
    found = {each.relative_to(path).as_posix(): each for each in path.rglob("*") if not each.is_dir()}
    foreign = sorted(found.keys() - hashes.keys() - {MARK})
    if foreign:
        raise BoardError(
            f"--output {path} holds files that are not the board's and would be lost: {', '.join(foreign[:5])};"
            " build into a new folder, and copy it from there"
        )
    changed = sorted(name for name, each in found.items() if name in hashes and _sha256(each) != hashes[name])
    if changed:
        raise BoardError(
            f"--output {path} has files that were changed since the board was built: {', '.join(changed[:5])};"
            " build into a new folder"
        )


def write_folder(path: Path, files: Mapping[str, bytes]) -> int:
    """Write or replace a board, and return its number of bytes.

    Raises:
        BoardError: it cannot be written, see also `check_folder`; an existing folder stays unchanged.
    """
    check_folder(path)
    path = path.absolute()
    try:
        new = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-", suffix=".tmp"))
        try:
            for name, content in {**files, MARK: mark(files)}.items():
                target = new / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            new.chmod(0o755)
            _swap(new, path)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
    except OSError as error:
        raise BoardError(f"{path} cannot be written: {error.strerror}; choose another --output") from error
    return sum(map(len, files.values()))


def _swap(new: Path, path: Path) -> None:
    if not path.exists():
        os.rename(new, path)
        return
    old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-old-", suffix=".tmp"))
    os.rename(path, old / path.name)
    try:
        os.rename(new, path)
    except BaseException:
        os.rename(old / path.name, path)
        raise
    finally:
        with suppress(OSError):
            old.rmdir()
    shutil.rmtree(old, ignore_errors=True)


def _hashes(path: Path) -> dict[str, str]:
    try:
        content = json.loads((path / MARK).read_text(encoding="utf-8"))
        version, hashes = content["schema_version"], content["files"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BoardError(
            f"--output {path} is no board (it has no {MARK} of ours) and is not empty: nothing in it was touched;"
            " choose another folder"
        ) from error
    if version != SCHEMA_VERSION or not isinstance(hashes, dict):
        raise BoardError(f"--output {path} is a board of another seqbench: choose another folder")
    return hashes


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
