"""Reads a data source by its name, and identifies it by a hash of its content.

A source is a file, a folder (see `layouts`), or a Hugging Face data set. Pandas is imported when rows are read, so
a fingerprint is cheap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.base.given import how_to_write, shown
from seqbench.base.plain_files import check_plain
from seqbench.base.printable import one_line
from seqbench.data.hub import HubName
from seqbench.data.idx_files import IMAGES, is_idx, read_idx
from seqbench.data.layouts import KNOWN_ENDINGS, DataFile, DataLayout, layout_of
from seqbench.data.row_places import FILES
from seqbench.data.table_files import READERS, ending, read_document, read_file
from seqbench.errors import DataError, reason

if TYPE_CHECKING:
    import pandas as pd


def fingerprint(data: str | Path) -> str:
    """Return a fingerprint of a data source's content: a hash of the file's bytes, never of its path.

    A file gives ``csv:sha256:...`` (its kind and the output of ``sha256sum``). A folder gives a hash over the
    roles, kinds and bytes of the files that are read. A Hugging Face data set gives ``hub:NAME@REVISION`` without
    asking the hub: pin the revision (``stanfordnlp/imdb@<commit>``), because ``main`` says nothing about content.

    >>> fingerprint("stanfordnlp/imdb")
    'hub:stanfordnlp/imdb@main'

    Raises:
        DataError: the file or folder does not exist, or nothing in it can be read as a table.
    """
    place = _locate(data)
    if isinstance(place, HubName):
        return f"hub:{place}"
    if place.is_file():
        return f"{_kind(place)}:sha256:{_sha256(place)}"
    parts = [f"{part.name}\t{part.kind}\t{_sha256(part.path)}\n" for part in layout_of(place).parts]
    return f"folder:sha256:{hashlib.sha256(''.join(parts).encode()).hexdigest()}"


def read_tables(data: str | Path) -> dict[str, pd.DataFrame]:
    """Return the rows of a data source by split.

    One file gives ``{"all": rows}``. A folder with ``train.*``, ``valid.*`` (or ``validation.*``, ``val.*``,
    ``dev.*``) and ``test.*`` gives those of ``train``, ``validation`` and ``test`` that exist. So does a Hugging
    Face data set, ``owner/name``, ``owner/name:config`` or ``owner/name@revision``; its other splits are left out.
    A ``.txt`` file has one column, ``text``, with a row for each line, including empty lines.

    A split may be in shards, as the hub names them (``train-00000-of-00003.parquet``; all must be there), or in a
    folder of its own (``train/0000.parquet``). A clone of a hub repository can be read unchanged: its ``data/`` or
    the folder of its only configuration is searched. If there are several, an error lists them to choose from.

    A folder for each class with a file for each text (``pos/1.txt``, ``neg/1.txt``), in folders of splits
    (``train/pos/1.txt``) or not (then ``{"all": rows}``), gives the columns ``text`` and ``label``. A folder
    ``unsup`` beside them is left out, and the table's ``attrs["left_out"]`` says so. A folder of a split that
    holds only text files gives a row for each file.

    A folder in which each class has a text file of its own gives ``{"all": rows}`` with the columns ``text`` and
    ``label`` and a row for each line. The files either differ only in an ending, which is the label
    (``reviews.pos``, ``reviews.neg``), or are ``.txt`` files named by their label (``pos.txt``, ``neg.txt``).
    Several such sets named by splits (``train.en``, ``train.de``, ``test.en``, ``test.de``) give the splits.
    Files called README..., LICENSE..., MANIFEST..., SHA256SUMS..., dataset_info..., or beginning with ``.`` or
    ``_``, are never read.

    A folder of images and labels in idx files, as MNIST is published (``train-images-idx3-ubyte.gz``, ...), gives
    a row for each image: ``label``, and ``pixel0``, ``pixel1``, ... row by row; ``attrs["width"]`` is the number
    of columns. One pair of files gives ``{"all": rows}``.

    If the hub declares a column of a parquet file as classes, it holds their names, as it does from the hub.
    A ``.json`` file is a list of objects, or an object on each line.

    In csv and tsv an empty cell is a missing value. In a column of numbers NA, NaN, null and None are missing
    values too; in other columns they are ordinary words. Tab-separated files have no quoting.

    Raises:
        DataError: missing, empty or unreadable; or a data set that is not cached while the hub is unreachable.
    """
    place = _locate(data)
    if isinstance(place, HubName):
        return place.read_tables()
    if place.is_file():
        return {"all": read_file(place, _kind(place))}
    layout = layout_of(place)
    roles = dict.fromkeys(part.role for part in layout.parts)
    return {role: _table(layout, [part for part in layout.parts if part.role == role]) for role in roles}


def _locate(given: str | Path) -> Path | HubName:
    if not isinstance(given, str | Path):
        raise DataError(
            f"data is {shown(given)}; it names a file, a folder or a data set: write the rows to a file, such as"
            f' by {how_to_write(given)}, and give its name, "mine.csv"'
        )
    data = str(given)
    if not data.strip():
        raise DataError("data is an empty text; name a file, a folder or a data set")
    try:
        path = Path(data).expanduser()
        if path.exists():
            if not path.is_dir():
                check_plain(path)
            return path
    except (OSError, RuntimeError, ValueError) as error:  # includes names that are too long or contain a NUL
        raise DataError(f"{one_line(data, 200)} cannot be read: {reason(error)}") from error
    looks_like_path = data.startswith((".", "/", "~")) or ending(path) in READERS or path.is_symlink()
    name = None if looks_like_path else HubName.parse(data)
    if name is None:
        told = f"; it is a link to {path.readlink()}, where nothing is" if path.is_symlink() else ""
        raise DataError(f"no such file or folder: {data} (looked at {path.absolute()}{told})")
    return name


def _table(layout: DataLayout, parts: Sequence[DataFile]) -> pd.DataFrame:
    """Return the rows of the files of one split, one after the other."""
    import pandas as pd

    if parts[0].kind == IMAGES:
        return read_idx(*(part.path for part in parts))
    if parts[0].is_document:
        columns = {"text": [read_document(part.path) for part in parts]}
        labels = {} if parts[0].label is None else {"label": [part.label for part in parts]}
        table = pd.DataFrame({**columns, **labels}, dtype="str")
    elif len(parts) == 1 and parts[0].label is None:
        return read_file(parts[0].path, parts[0].kind)
    else:
        tables = _alike(parts)
        table = pd.concat(tables, ignore_index=True)
        table.attrs[FILES] = tuple(chain.from_iterable(each.attrs[FILES] for each in tables))
    mine = [told for told in layout.left_out if told.startswith(f"{parts[0].role}/") or parts[0].role == "all"]
    if mine:
        table.attrs["left_out"] = ", ".join(mine)
    return table


def _alike(parts: Sequence[DataFile]) -> list[pd.DataFrame]:
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
    if is_idx(path):
        raise DataError(
            f"{path} is one of a pair of idx files, images and labels; name their folder, {path.parent}"
        )
    if ending(path) not in READERS:
        raise DataError(f"{path} has no ending that tells what it is; known are {KNOWN_ENDINGS}")
    return ending(path)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason(error)}") from error
