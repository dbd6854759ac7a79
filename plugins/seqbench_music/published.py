"""Reads published collections: ``.mat``, ``.pickle`` and ``.json`` files that hold pieces in their splits.

Boulanger-Lewandowski et al. (2012) published pickles with the keys ``train``, ``valid`` and ``test``: lists of
pieces, a piece a list of steps, a step the numbers of its notes in MIDI. The ``.mat`` files of Bai et al. (2018)
hold rolls of 88 keys, ``traindata``, ``validdata`` and ``testdata``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
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
            f"{path} holds a value of the kind {type(held).__name__}, and music needs pieces under train, valid"
            " and test"
        )
    found = {}
    for part, names in NAMES.items():
        for name in names:
            if name in held:
                pieces = enumerate(_pieces(held[name], f"{path}, {name}"), start=1)
                found[part] = [piece_from(each, f"{path}, {name}, piece {number}") for number, each in pieces]
                if not found[part]:
                    raise DataError(f"{path} has no piece under {name}; add some, or leave {name} out")
                break
    if "train" not in found:
        kept = ", ".join(repr(name) for name in held if not str(name).startswith("__"))
        raise DataError(f"{path} has no pieces called {' or '.join(NAMES['train'])}; it has {kept or 'nothing'}")
    return found


def _read_mat(path: Path) -> Any:
    from scipy.io import loadmat

    try:
        return loadmat(path)
    except Exception as error:
        # scipy raises many kinds of errors for broken files, and for those of MATLAB 7.3.
        raise DataError(
            f"{path} cannot be read as a MATLAB file ({error}); save it with -v7, and whole"
        ) from error


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


def _pieces(held: Any, place: str) -> Iterator[Any]:
    """Yield the pieces of a part: cells of MATLAB, a list, or one array where all are equally long.

    Raises:
        DataError: it is none of them.
    """
    import numpy as np

    if isinstance(held, np.ndarray) and held.dtype == object:
        yield from held.flat
    elif isinstance(held, np.ndarray) and held.ndim == 2:
        yield held
    elif isinstance(held, np.ndarray | Sequence) and not isinstance(held, str):
        yield from held
    else:
        raise DataError(f"{place}: here is to be a list of pieces, and here is {_told(held)}")


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
        try:
            return piece_of(read(held))
        except DataError as error:
            raise DataError(f"{place}: {error}") from error
    if isinstance(held, np.ndarray) and held.ndim == 2 and held.dtype != object:
        return _of_roll(held, place)
    if not isinstance(held, np.ndarray | Sequence):
        raise DataError(f"{place}: {_MEANT}, and here is {_told(held)}")
    steps = [_notes_at(step, f"{place}, step {number}") for number, step in enumerate(held, start=1)]
    if _is_roll(steps):
        return _of_roll(np.array(steps), place)
    return piece_of([[_pitch(each, place, number) for each in step] for number, step in enumerate(steps, start=1)])


_MEANT = "a piece is a list of steps, each a list of notes from 0 to 127, or a roll of 88 or 128 keys"


def _told(held: Any) -> str:
    if held is None or (isinstance(held, float) and held != held):
        return "nothing"
    if isinstance(held, str):
        return repr(str(held))[:60]
    return str(held)[:60] if isinstance(held, Real) else f"a value of the kind {type(held).__name__}"


def _notes_at(step: Any, place: str) -> list[Any]:
    """Return the notes of a step: a list, an array, or one note; -1 stands for a rest in some of these files.

    Raises:
        DataError: it is none of them.
    """
    import numpy as np

    held = np.asarray(step) if isinstance(step, np.ndarray | Real) else step
    if isinstance(held, np.ndarray):
        held = held.ravel().tolist()
    if not isinstance(held, Sequence) or isinstance(held, str):
        raise DataError(f"{place}: {_MEANT}, and here is {_told(step)}")
    return [each for each in held if not (isinstance(each, Real) and each == -1)]


def _pitch(found: Any, place: str, step: int) -> int:
    is_number = isinstance(found, Real) and not isinstance(found, bool)
    if not is_number or not 0 <= found < MIDI_KEYS or found != int(found):
        raise DataError(f"{place}, step {step}: {_MEANT}, and here is the note {_told(found)}")
    return int(found)


def _is_roll(steps: Sequence[Sequence[Any]]) -> bool:
    """Say whether each step says of all keys whether it is down: no step has 88 notes of two kinds."""
    widths = (Keys().count, MIDI_KEYS)
    return bool(steps) and all(len(step) in widths and all(each in (0, 1) for each in step) for step in steps)


def _of_roll(held: Any, place: str) -> Tensor:
    """Return a piece of a roll; any number but 0 is a key that is down, such as a loudness.

    Raises:
        DataError: it has other columns, or a value is no finite number.
    """
    import numpy as np
    import torch

    keys = Keys() if held.shape[1] == Keys().count else Keys(0, MIDI_KEYS - 1)
    if held.shape[1] != keys.count:
        raise DataError(
            f"{place}: a roll has {held.shape[1]} columns, and music reads rolls of 88 keys (A0 to C8) or of"
            " the 128 of MIDI"
        )
    if held.dtype.kind not in "biuf" or not np.isfinite(held).all():
        raise DataError(f"{place}: a roll has numbers, 0 where a key is up, and a value here is none; mend it")
    piece = torch.zeros(len(held), MIDI_KEYS, dtype=torch.uint8)
    piece[:, keys.lowest : keys.highest + 1] = torch.from_numpy(held != 0)
    return piece
