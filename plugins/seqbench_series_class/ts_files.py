"""Reads ``.ts`` files of the UCR and UEA archives: a header, then a series and its class on each line.

Channels are separated by colons, the class stands last. A pair of files, ``NAME_TRAIN.ts`` and ``NAME_TEST.ts``,
gzipped or not, is a data set.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seqbench import DataError
from seqbench_series_class.collection import Collection

if TYPE_CHECKING:
    import numpy as np

ENDINGS = (".ts", ".ts.gz")


class Pair(NamedTuple):
    """The two files of a data set."""

    train: Path
    test: Path


def find_pair(data: str) -> Pair:
    """Return the two files of a data set.

    Args:
        data: the training file, or a folder with one training file in it.

    Raises:
        DataError: a file is missing, or a folder holds several data sets.
    """
    path = Path(data).expanduser()
    if path.is_dir():
        path = _only(path)
    if not (path.name.endswith(ENDINGS) and "_TRAIN.ts" in path.name):
        raise DataError(
            f"{path} is no training file of a data set; series-class reads NAME_TRAIN.ts and NAME_TEST.ts,"
            " gzipped (.ts.gz) or not: name the first of them"
        )
    stem = path.name.partition("_TRAIN.ts")[0]
    tests = [path.with_name(f"{stem}_TEST{ending}") for ending in ENDINGS]
    if not path.is_file():
        raise DataError(f"no such file: {path} (looked at {path.absolute()})")
    test = next((each for each in tests if each.is_file()), None)
    if test is None:
        raise DataError(f"{path} has no test file beside it; put {stem}_TEST.ts or {stem}_TEST.ts.gz there")
    return Pair(path, test)


def _only(folder: Path) -> Path:
    found = sorted(path for path in folder.iterdir() if path.name.endswith(tuple(f"_TRAIN{e}" for e in ENDINGS)))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise DataError(
            f"{folder} is to hold one training file, NAME_TRAIN.ts, and holds {names}; name one of them"
        )
    return found[0]


def fingerprint_of(pair: Pair) -> str:
    """Return a hash of the content of both files, unpacked.

    Raises:
        DataError: one of them cannot be read.
    """
    return f"ts:sha256:{hashlib.sha256(b''.join(map(_content, pair))).hexdigest()}"


def read_ts(path: Path) -> Collection:
    """Return the series of a file.

    Raises:
        DataError: it cannot be read, or holds what series-class cannot use: times, missing values, no classes.
    """
    # Comments in some headers have bytes that are not UTF-8.
    lines = _content(path).decode("utf-8", errors="replace").splitlines()
    start = _check_header(lines, path)
    rows = [_row(line, f"{path}, line {number}") for number, line in _rows(lines, start)]
    if not rows:
        raise DataError(f"{path} has no series after @data")
    channels = {series.shape[1] for series, _ in rows}
    if len(channels) > 1:
        raise DataError(f"{path}: its series have {min(channels)} to {max(channels)} channels; all need the same")
    return Collection([series for series, _ in rows], [label for _, label in rows])


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.name.endswith(".gz") else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _rows(lines: list[str], start: int) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines[start:], start + 1):
        if line.strip() and not line.startswith(("#", "%")):
            yield number, line.strip()


def _check_header(lines: list[str], path: Path) -> int:
    """Return the number of header lines, up to ``@data``."""
    fields: dict[str, list[str]] = {}
    for line in lines:
        words = line.strip().lower().split()
        if words and words[0].startswith("@"):
            fields[words[0]] = words[1:]
        if "@data" in fields:
            break
    else:
        raise DataError(f"{path} is no .ts file: it has no line @data")
    if fields.get("@timestamps", [])[:1] == ["true"]:
        raise DataError(f"{path} holds times beside values (@timeStamps true), which series-class does not read")
    if fields.get("@classlabel", [])[:1] != ["true"]:
        raise DataError(f"{path} has no classes (@classLabel true NAME ...); series-class needs them")
    return lines.index(line) + 1


def _row(line: str, where: str) -> tuple[np.ndarray, str]:
    """Return a series, [steps, channels], and its class."""
    import numpy as np

    *channels, label = line.split(":")
    if not channels:
        raise DataError(f"{where}: a line is numbers with commas, a colon, and the class")
    try:
        values = [np.array(channel.split(","), dtype=np.float64) for channel in channels]
    except ValueError as error:
        raise DataError(f"{where}: {error}; missing values (?) have to be filled in first") from error
    if len({len(each) for each in values}) > 1:
        raise DataError(f"{where}: its channels have {sorted({len(v) for v in values})} steps; all need the same")
    series = np.stack(values, axis=1)
    if not np.isfinite(series).all():
        raise DataError(f"{where}: a value is not finite; fill it in, or leave the series out")
    return series, label.strip()
