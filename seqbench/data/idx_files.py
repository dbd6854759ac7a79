"""Finds and reads images and labels in idx files, the format in which MNIST and its relatives are published.

LeCun et al. describe it: two zero bytes, the type, the number of axes, the size of each, then the values.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seqbench.errors import DataError, reason

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

IMAGES, LABELS = "idx images", "idx labels"
"""The kinds of the two files of a set."""

_NAME = re.compile(
    r"(?P<set>.*?)[-_.]?(?P<what>images|labels)[-_.]idx[13][-_.]ubyte(\.gz)?",
    re.IGNORECASE,
)
_SPLITS = {"train": "train", "t10k": "test", "test": "test", "val": "validation", "validation": "validation"}
_UNSIGNED_BYTES = 8


class IdxPair(NamedTuple):
    """The two files of a set: its images, and their labels."""

    role: str
    images: Path
    labels: Path


def is_idx(path: Path) -> bool:
    """Say whether a file has the name of an idx file.

    >>> is_idx(Path("t10k-images-idx3-ubyte.gz"))
    True
    """
    return _NAME.fullmatch(path.name) is not None


def idx_pairs(folder: Path, files: Iterable[Path]) -> list[IdxPair]:
    """Return the sets of idx files in a folder, training first; a single one has the role ``all``.

    Raises:
        DataError: a set has images and no labels, or the reverse; or there are two sets for one split.
    """
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for path in sorted(files):  # a file and its .gz: the former comes first, and is taken
        if name := _NAME.fullmatch(path.name):
            key = _split_of(name["set"]), name["set"]
            found.setdefault(key, {}).setdefault(name["what"].lower(), path)
    pairs = [_pair(role, paths) for (role, _), paths in found.items()]
    roles = [pair.role for pair in pairs]
    if twice := next((role for role in roles if roles.count(role) > 1), None):
        names = ", ".join(pair.images.name for pair in pairs if pair.role == twice)
        raise DataError(f"the folder {folder} has several sets of images for {twice}: {names}; keep one of them")
    if len(pairs) == 1:
        return [pairs[0]._replace(role="all")]
    if pairs and "train" not in roles:
        raise DataError(f"the folder {folder} has images for {' and '.join(roles)}, and none for train")
    return sorted(pairs, key=lambda pair: ("train", "validation", "test", "all").index(pair.role))


def _split_of(name: str) -> str:
    """Return the split that a set is for by the last word of its name, such as ``emnist-letters-train``."""
    return _SPLITS.get(re.split(r"[-_.]", name)[-1].lower(), "all")


def _pair(role: str, paths: dict[str, Path]) -> IdxPair:
    if set(paths) == {"images", "labels"}:
        return IdxPair(role, paths["images"], paths["labels"])
    ((there, path),) = paths.items()
    missing = "labels" if there == "images" else "images"
    raise DataError(f"{path} is there without its {missing}; bring the file of the same name with {missing}")


def read_idx(images: Path, labels: Path) -> pd.DataFrame:
    """Return a row for each image: ``label``, then ``pixel0``, ``pixel1``, ... row by row, as whole numbers.

    Raises:
        DataError: a file is unreadable or no idx file of bytes, or the two do not belong together.
    """
    import pandas as pd

    values, classes = _read(images), _read(labels)
    if values.ndim != 3 or classes.ndim != 1:
        raise DataError(
            f"{images} has {values.ndim} axes and {labels} {classes.ndim}; images have three (image, row, column)"
            " and labels one"
        )
    if len(values) != len(classes) or not values.size:
        raise DataError(
            f"{images} has {len(values)} images, and {labels} {len(classes)} labels; they belong together"
        )
    flat = values.reshape(len(values), -1)
    table = pd.DataFrame(flat, columns=[f"pixel{at}" for at in range(flat.shape[1])])
    table.insert(0, "label", classes)
    table.attrs["width"] = values.shape[2]
    return table


def _read(path: Path) -> np.ndarray:
    """Return the array of an idx file."""
    import numpy as np

    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {reason(error)}") from error
    axes = content[3] if len(content) > 4 and content[:3] == bytes([0, 0, _UNSIGNED_BYTES]) else 0
    begin = 4 + 4 * axes
    if not axes or len(content) < begin:
        raise DataError(f"{path} is no idx file of bytes: it begins with {content[:4].hex(' ') or 'nothing'}")
    shape = struct.unpack(f">{axes}I", content[4:begin])
    if len(content) - begin != math.prod(shape):
        raise DataError(
            f"{path} has {len(content) - begin} values, and its head says {' x '.join(map(str, shape))}; it is not"
            " whole"
        )
    return np.frombuffer(content, np.uint8, offset=begin).reshape(shape)
