"""Reads published collections: ``.mat``, ``.pickle`` and ``.json`` files that hold pieces in their splits.

Boulanger-Lewandowski et al. (2012) published pickles with the keys ``train``, ``valid`` and ``test``: lists of
pieces, a piece a list of steps, a step the numbers of its notes in MIDI. The ``.mat`` files of Bai et al. (2018)
hold rolls of 88 keys, ``traindata``, ``validdata`` and ``testdata``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench import DataError
from seqbench_music.notation import read
from seqbench_music.rolls import MIDI_KEYS, Keys, piece_of
from seqbench_music.unpickling import read_plain_pickle

if TYPE_CHECKING:
    from torch import Tensor

NAMES = {
    "train": ("train", "traindata"),
    "validation": ("valid", "validdata", "validation", "val", "dev"),
    "test": ("test", "testdata"),
}
"""Part -> what it is called in files."""


def read_published(path: Path) -> dict[str, list[Tensor]]:
    """Return the pieces of each part that a file has.

    Raises:
        DataError: the file cannot be read, has no training pieces, or they are no pieces.
    """
    held = _READERS[path.suffix.lower()](path)
    if not isinstance(held, Mapping):
        raise DataError(
            f"{path} holds a {type(held).__name__}, and music needs pieces under train, valid and test"
        )
    found = {}
    for part, names in NAMES.items():
        for name in names:
            if name in held:
                found[part] = [piece_from(each, f"{path}, {name}") for each in _pieces(held[name])]
                break
    if "train" not in found:
        kept = ", ".join(str(name) for name in held if not str(name).startswith("__"))
        raise DataError(f"{path} has no pieces called {' or '.join(NAMES['train'])}; it has {kept or 'nothing'}")
    return found


def _read_mat(path: Path) -> Any:
    from scipy.io import loadmat

    try:
        return loadmat(path)
    except Exception as error:
        # scipy raises many kinds of errors for broken files, and for those of MATLAB 7.3.
        raise DataError(f"{path} cannot be read as a MATLAB file: {type(error).__name__}: {error}") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}") from error


_READERS: Mapping[str, Callable[[Path], Any]] = {
    ".mat": _read_mat,
    ".pickle": read_plain_pickle,
    ".pkl": read_plain_pickle,
    ".json": _read_json,
}
ENDINGS = tuple(_READERS)


def _pieces(held: Any) -> Iterator[Any]:
    """Yield the pieces of a part: cells of MATLAB, a list, or one array where all are equally long."""
    import numpy as np

    if isinstance(held, np.ndarray) and held.dtype == object:
        yield from held.flat
    elif isinstance(held, np.ndarray) and held.ndim == 2:
        yield held
    else:
        yield from held


def piece_from(held: Any, place: str) -> Tensor:
    """Return a piece that is given as a roll, [steps, 88 or 128 keys], as lists of notes, or in letters.

    Args:
        held: the piece.
        place: where it stands, for messages.

    Raises:
        DataError: it is none of them.
    """
    import numpy as np

    if isinstance(held, str):
        return piece_of(read(held))
    if isinstance(held, np.ndarray) and held.ndim == 2 and held.dtype != object:
        return _of_roll(held, place)
    try:
        if isinstance(held, Mapping):
            raise TypeError("an object with names")
        return piece_of([[_pitch(pitch) for pitch in _notes_at(step)] for step in held])
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{place}: a piece is a list of steps, each a list of notes from 0 to 127, and here is another thing"
            f" ({error})"
        ) from error


def _notes_at(step: Any) -> Iterator[Any]:
    """Yield the notes of a step: a list, an array, or one note; -1 stands for a rest in some of these files."""
    import numpy as np

    yield from (pitch for pitch in np.atleast_1d(np.asarray(step)).flat if pitch != -1)


def _pitch(found: Any) -> int:
    pitch = int(found)
    if pitch != float(found) or not 0 <= pitch < MIDI_KEYS:
        raise ValueError(f"the note {found}")
    return pitch


def _of_roll(held: Any, place: str) -> Tensor:
    import torch

    keys = Keys() if held.shape[1] == Keys().count else Keys(0, MIDI_KEYS - 1)
    if held.shape[1] != keys.count:
        raise DataError(
            f"{place}: a roll has {held.shape[1]} columns, and music reads rolls of 88 keys (A0 to C8) or of"
            " the 128 of MIDI"
        )
    piece = torch.zeros(len(held), MIDI_KEYS, dtype=torch.uint8)
    piece[:, keys.lowest : keys.highest + 1] = torch.from_numpy(held != 0)
    return piece
