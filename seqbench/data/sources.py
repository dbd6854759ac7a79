"""Reads a data source by its name, and identifies it by a hash of its content.

A source is a file, a folder (see `layouts`), or a Hugging Face data set. Pandas is imported when rows are read, so
a fingerprint is cheap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.base.plain_files import check_plain
from seqbench.base.printable import one_line
from seqbench.data.hub import HubName
from seqbench.data.layouts import KNOWN_ENDINGS, Layout, Part, layout_of
from seqbench.data.table_files import READERS, ending, read_document, read_file
from seqbench.errors import DataError, reason

if TYPE_CHECKING:
    import pandas as pd


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
    parts = [f"{part.name}\t{part.kind}\t{_sha256(part.path)}\n" for part in layout_of(place).parts]
    return f"folder:sha256:{hashlib.sha256(''.join(parts).encode()).hexdigest()}"


def read_tables(data: str) -> dict[str, pd.DataFrame]:
    """Return the rows of a data source by split.

    One file gives ``{"all": rows}``; a folder with ``train.*``, ``valid.*`` (or ``validation.*``, ``val.*``,
    ``dev.*``) and ``test.*`` gives ``train``, ``validation`` and ``test``, as far as they are there; so does
    a Hugging Face data set, ``owner/name``, ``owner/name:config`` or ``owner/name@revision``, whose other
    splits are left out. A ``.txt`` file has one column, ``text``, a row for each line, empty lines too.

    A split may be in shards, as the hub names them (``train-00000-of-00003.parquet``; all have to be there), or
    a folder of its own (``train/0000.parquet``). A clone of a hub repository is read as it lies: ``data/`` or the
    folder of the one configuration is looked into, and where there are several they are named and one has to be
    chosen.

    A folder for each class with a file for each text (``pos/1.txt``, ``neg/1.txt``), in folders of splits
    (``train/pos/1.txt``) or not (then ``{"all": rows}``), gives the columns ``text`` and ``label``. A folder
    ``unsup`` beside them is left out, and the table's ``attrs["left_out"]`` says so. A folder of a split with
    text files alone gives a row for each.

    A folder in which each class has a text file of its own gives ``{"all": rows}`` with the columns ``text`` and
    ``label``, a row for each line: either files that differ only in an ending which is their label
    (``reviews.pos``, ``reviews.neg``), or ``.txt`` files named by their label (``pos.txt``, ``neg.txt``).
    Files called README..., LICENSE..., MANIFEST..., SHA256SUMS..., dataset_info..., or beginning with ``.`` or
    ``_``, are never read.

    A column of a parquet file that the hub knows as classes holds their names, as it does where the hub is asked.
    A ``.json`` file is a list of objects, or an object on each line.

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
    layout = layout_of(place)
    roles = dict.fromkeys(part.role for part in layout.parts)
    return {role: _table(layout, [part for part in layout.parts if part.role == role]) for role in roles}


def _locate(data: str) -> Path | HubName:
    try:
        path = Path(data).expanduser()
        if path.exists():
            if not path.is_dir():
                check_plain(path)
            return path
    except (OSError, RuntimeError, ValueError) as error:  # also a name that is too long, or has a NUL in it
        raise DataError(f"{one_line(data, 200)} cannot be read: {reason(error)}") from error
    looks_like_path = data.startswith((".", "/", "~")) or ending(path) in READERS or path.is_symlink()
    name = None if looks_like_path else HubName.parse(data)
    if name is None:
        told = f"; it is a link to {path.readlink()}, where nothing is" if path.is_symlink() else ""
        raise DataError(f"no such file or folder: {data} (looked at {path.absolute()}{told})")
    return name


def _table(layout: Layout, parts: Sequence[Part]) -> pd.DataFrame:
    """Return the rows of the files of one split, one after the other."""
    import pandas as pd

    if parts[0].is_document:
        columns = {"text": [read_document(part.path) for part in parts]}
        labels = {} if parts[0].label is None else {"label": [part.label for part in parts]}
        table = pd.DataFrame({**columns, **labels}, dtype="str")
    elif len(parts) == 1 and parts[0].label is None:
        return read_file(parts[0].path, parts[0].kind)
    else:
        table = pd.concat(_alike(parts), ignore_index=True)
    mine = [told for told in layout.left_out if told.startswith(f"{parts[0].role}/") or parts[0].role == "all"]
    if mine:
        table.attrs["left_out"] = ", ".join(mine)
    return table


def _alike(parts: Sequence[Part]) -> list[pd.DataFrame]:
    """Return the tables of files that belong together.

    Raises:
        DataError: they differ in their columns.
    """
    tables = [read_file(part.path, part.kind) for part in parts]
    for part, table in zip(parts, tables, strict=True):
        if list(table.columns) != list(tables[0].columns):
            raise DataError(
                f"{part.path} has the columns {', '.join(map(str, table.columns))}, and {parts[0].path.name} has"
                f" {', '.join(map(str, tables[0].columns))}; parts of one table have the same"
            )
    return [
        table if part.label is None else table.assign(label=part.label)
        for part, table in zip(parts, tables, strict=True)
    ]


def _kind(path: Path) -> str:
    if ending(path) not in READERS:
        raise DataError(f"{path} has no ending that tells what it is; known are {KNOWN_ENDINGS}")
    return ending(path)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason(error)}") from error
