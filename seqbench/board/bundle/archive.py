"""Reads a zip into memory within limits, and writes bundles; nothing is unpacked to disk.

The same files give the same bytes.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from seqbench.errors import BoardError

MANIFEST = "manifest.json"
RECORDS = "records"

MOST_BYTES = 64 * 2**20
"""Largest size of the zip itself."""
MOST_FILES = 10_000
MOST_BYTES_OF_A_FILE = 8 * 2**20
MOST_BYTES_UNPACKED = 256 * 2**20
MOST_RATIO = 100
"""Bytes unpacked for each byte packed; records pack to about 1 in 2.5."""

_NAME = re.compile(rf"{MANIFEST}|{RECORDS}/[A-Za-z0-9][A-Za-z0-9._+-]{{0,199}}\.json")
_END = struct.Struct("<4s4H2IH")
_ENTRY_BYTES = 46 + 220
"""The largest size of a directory entry: a header and a name."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 2**16


class RefusedError(BoardError):
    """A bundle breaks a rule; the message is the reason."""


def read(path: Path) -> bytes:
    """Return the bytes of a bundle's file.

    Raises:
        BoardError: it cannot be read, or is not a zip.
        RefusedError: it is too large.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise BoardError(f"{path} is no file: name a bundle that `seqbench board bundle` wrote")
        if size > MOST_BYTES:
            raise RefusedError(f"the zip has {size} bytes; a bundle has at most {MOST_BYTES}")
        content = path.read_bytes()
    except OSError as error:
        raise BoardError(f"the bundle {path} cannot be read: {error.strerror}") from error
    if not content.startswith(b"PK\3\4"):
        raise BoardError(f"{path} is no zip: name a bundle that `seqbench board bundle` wrote")
    return content


def unpack(content: bytes) -> dict[str, bytes]:
    """Return the files in a zip: name -> content.

    The declared contents are checked before anything is unpacked, and each file is checked again while it is.

    Raises:
        RefusedError: it has a name or a kind of file that a bundle does not use, exceeds a limit, or is damaged.
    """
    _check_end(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(entries, len(content))
            return {entry.filename: _read(archive, entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, struct.error, ValueError) as error:
        raise RefusedError(f"the zip is damaged, or no ordinary zip: {error}") from error


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of these files, in the order of their names, without dates or owners."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, 9)
    return target.getvalue()


def _check_end(content: bytes) -> None:
    """Check the last record, which holds the length of the directory, before the directory is read."""
    end = content[-_END.size :]
    if len(end) < _END.size or not end.startswith(b"PK\5\6"):
        raise RefusedError("the zip does not end where its directory ends: it is cut off, or something follows it")
    _, _, _, _, count, size, start, comment = _END.unpack(end)
    if count > MOST_FILES or size > MOST_FILES * _ENTRY_BYTES:
        raise RefusedError(f"the zip declares {count} files; a bundle has at most {MOST_FILES}")
    # Another record before this one would override it.
    is_overruled = content[-_END.size - 20 :].startswith(b"PK\6\7")
    if comment or is_overruled or start + size + _END.size != len(content):
        raise RefusedError("the zip's directory does not lie where it says it does")


def _check_entries(entries: Iterable[zipfile.ZipInfo], size: int) -> None:
    seen: dict[str, str] = {}
    packed = unpacked = 0
    for entry in entries:
        # `filename` was altered by zipfile; the name in the zip counts.
        name = entry.orig_filename
        _check_name(name)
        if name.casefold() in seen:
            raise RefusedError(
                f"two files have the same name, or differ in case only: {seen[name.casefold()]!r}, {name!r}"
            )
        seen[name.casefold()] = name
        _check_entry(entry)
        packed, unpacked = packed + entry.compress_size, unpacked + entry.file_size
    if len(seen) > MOST_FILES:
        raise RefusedError(f"the zip has {len(seen)} files; a bundle has at most {MOST_FILES}")
    if packed > size:
        raise RefusedError("files of the zip lie upon each other")
    if unpacked > MOST_BYTES_UNPACKED:
        raise RefusedError(f"the zip unpacks to {unpacked} bytes; a bundle has at most {MOST_BYTES_UNPACKED}")


def _check_name(name: str) -> None:
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise RefusedError(f"the path {name!r} is absolute: it leads out of the bundle")
    if ".." in re.split(r"[/\\]", name):
        raise RefusedError(f"the path {name!r} leads out of the bundle")
    if "\\" in name:
        raise RefusedError(f"the path {name!r} has a backslash, which leads elsewhere on some systems")
    if not _NAME.fullmatch(name):
        raise RefusedError(f"a bundle holds {MANIFEST} and {RECORDS}/*.json and nothing else; here is {name!r}")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        what = "a symbolic link" if kind == stat.S_IFLNK else "no ordinary file"
        raise RefusedError(f"{name!r} is {what}; a bundle holds files only")
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedError(f"{name!r} is encrypted, or packed in another way than by deflate")
    if entry.file_size > MOST_BYTES_OF_A_FILE:
        raise RefusedError(
            f"{name!r} unpacks to {entry.file_size} bytes; a file of a bundle has at most {MOST_BYTES_OF_A_FILE}"
        )
    if entry.compress_size > 1.01 * entry.file_size + 64:
        raise RefusedError(f"{name!r} takes more bytes in the zip than it has: something is hidden behind it")
    if entry.file_size > MOST_RATIO * max(1, entry.compress_size):
        raise RefusedError(f"{name!r} unpacks to more than {MOST_RATIO} times its size in the zip: a zip bomb")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Read one file; its declared size may be false, so no more than that is ever unpacked."""
    found = bytearray()
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            found += chunk
            if len(found) > entry.file_size:
                raise RefusedError(f"{entry.filename!r} unpacks to more bytes than it declares")
    if len(found) != entry.file_size:
        raise RefusedError(f"{entry.filename!r} unpacks to {len(found)} bytes, and declares {entry.file_size}")
    return bytes(found)
