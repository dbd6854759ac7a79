"""What does the name of a data set stand for, and what are its rows?

A file, a folder of train/validation/test files, a folder of one text file for each class, or a Hugging Face
data set. Stands on tables, hub and errors; pandas is imported when rows are read, so a fingerprint is cheap.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.errors import DataError, reason
from seqbench.hub import HubName
from seqbench.plain_files import check_plain
from seqbench.printable import one_line
from seqbench.tables import READERS, ending, read_file, stem

if TYPE_CHECKING:
    import pandas as pd

_ROLES = {
    "train": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
_NOT_DATA = (".", "_", "readme", "licen", "manifest", "sha256sums")
_KNOWN = ", ".join(f".{kind}" for kind in READERS) + " (also with .gz)"


def fingerprint(data: str) -> str:
    """Return what a data source's content is known by: a hash of the file's bytes, never of its path.

    A file gives ``csv:sha256:...`` (its kind and what ``sha256sum`` says); a folder a hash over the roles,
    kinds and bytes of the files in it that are read. A Hugging Face data set gives ``hub:NAME@REVISION``
    without a look at the hub: pin the revision (``stanfordnlp/imdb@<commit>``), since for ``main`` the name
    is all that is known.

    >>> fingerprint("stanfordnlp/imdb")
    'hub:stanfordnlp/imdb@main'

    Raises:
        DataError: there is no such file or folder, or nothing in it can be read as a table.
    """
    place = _locate(data)
    if isinstance(place, HubName):
        return f"hub:{place}"
    if place.is_file():
        return f"{_kind(place)}:sha256:{_sha256(place)}"
    parts = [f"{part.role}\t{part.kind}\t{_sha256(part.path)}\n" for part in _parts(place)]
    return f"folder:sha256:{hashlib.sha256(''.join(parts).encode()).hexdigest()}"


def read_tables(data: str) -> dict[str, pd.DataFrame]:
    """Return the rows of a data source by split.

    One file gives ``{"all": rows}``; a folder with ``train.*``, ``valid.*`` (or ``validation.*``, ``val.*``,
    ``dev.*``) and ``test.*`` gives ``train``, ``validation`` and ``test``, as far as they are there; so does
    a Hugging Face data set, ``owner/name``, ``owner/name:config`` or ``owner/name@revision``, whose other
    splits are left out. A ``.txt`` file has one column, ``text``, a row for each line, empty lines too.

    A folder without such files, in which each class has a text file of its own, gives ``{"all": rows}`` with
    the columns ``text`` and ``label``: either files that differ only in an ending which is their label
    (``reviews.pos``, ``reviews.neg``), or ``.txt`` files named by their label (``pos.txt``, ``neg.txt``).
    Files called README..., LICENSE..., MANIFEST..., SHA256SUMS..., or beginning with ``.`` or ``_``, are never
    read.

    In csv and tsv an empty cell is missing. A column of numbers may also say NA, NaN, null or None; in any
    other column these are words like any other. Tab-separated files have no quoting.

    Raises:
        DataError: missing, empty or unreadable; or a data set that is not cached while the hub is out of reach.
    """
    place = _locate(data)
    if isinstance(place, HubName):
        return place.read_tables()
    if place.is_file():
        return {"all": read_file(place, _kind(place))}
    parts = _parts(place)
    if parts[0].is_class:
        return {"all": _join_classes(parts)}
    return {part.role: read_file(part.path, part.kind) for part in parts}


def _locate(data: str) -> Path | HubName:
    try:
        path = Path(data).expanduser()
        if path.exists():
            if not path.is_dir():
                check_plain(path)
            return path
        if path.is_symlink():
            raise DataError(f"{data} is a link to {path.readlink()}, which is not there")
    except (OSError, RuntimeError) as error:
        raise DataError(f"{one_line(data, 200)} cannot be read: {reason(error)}") from error
    looks_like_path = data.startswith((".", "/", "~")) or ending(path) in READERS
    name = None if looks_like_path else HubName.parse(data)
    if name is None:
        raise DataError(f"no such file or folder: {data} (looked at {path.absolute()})")
    return name


@dataclass(frozen=True)
class _Part:
    """A file of a folder; its role is a split's name, or a class where ``is_class``."""

    role: str
    path: Path
    kind: str
    is_class: bool = False


def _parts(folder: Path) -> list[_Part]:
    try:
        there = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be read: {reason(error)}") from error
    files = [p for p in there if p.is_file() and not p.name.lower().startswith(_NOT_DATA)]
    parts = _split_parts(files) or _class_parts(files)
    if not parts:
        raise DataError(
            f"the folder {folder} has no file called train with an ending {_KNOWN}, and no text file for each"
            f" class; it has {', '.join(p.name for p in files) or 'no data'}. Name one file, or rename the files"
        )
    return parts


def _split_parts(files: list[Path]) -> list[_Part]:
    found: dict[str, _Part] = {}
    for path in files:
        role = _ROLES.get(stem(path).lower())
        if role is None or ending(path) not in READERS:
            continue
        if role in found:
            names = f"{found[role].path.name} and {path.name}"
            raise DataError(f"the folder {path.parent} has two files for {role}: {names}; keep one")
        found[role] = _Part(role, path, ending(path))
    if found and "train" not in found:
        names = ", ".join(part.path.name for part in found.values())
        raise DataError(f"the folder {files[0].parent} has {names}, but no train file")
    return [found[role] for role in dict.fromkeys(_ROLES.values()) if role in found]


def _class_parts(files: list[Path]) -> list[_Part]:
    groups: dict[str, list[_Part]] = {}
    for path in files:
        if ending(path) == "txt":
            groups.setdefault("*.txt", []).append(_Part(stem(path), path, "txt", is_class=True))
        elif ending(path) and ending(path) not in READERS:
            groups.setdefault(stem(path), []).append(_Part(ending(path), path, "txt", is_class=True))
    sets = [group for group in groups.values() if len(group) > 1]
    if len(sets) > 1:
        names = " or ".join(", ".join(part.path.name for part in group) for group in sets)
        raise DataError(f"which files of {files[0].parent} are a class each: {names}? Keep one set")
    return sets[0] if sets else []


def _join_classes(parts: list[_Part]) -> pd.DataFrame:
    import pandas as pd

    tables = [read_file(part.path, part.kind).assign(label=part.role) for part in parts]
    return pd.concat(tables, ignore_index=True)


def _kind(path: Path) -> str:
    if ending(path) not in READERS:
        raise DataError(f"{path} has no ending that tells what it is; known are {_KNOWN}")
    return ending(path)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
