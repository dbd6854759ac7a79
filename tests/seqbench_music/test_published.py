"""Tests that published collections are read as they stand, and that a pickle never runs anything.

Modules: seqbench_music.unpickling.
"""

from __future__ import annotations

import codecs
import json
import pickle
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from seqbench_music.published import read_published
from seqbench_music.rolls import pitches_of

from seqbench import DataError

PIECES = {
    "train": [[(60, 64), (), (62,)], [(48,), (50,)]],
    "valid": [[(21, 108), (60,)]],
    "test": [[(60,), (61,), (62,)]],
}


def steps(path: Path) -> dict[str, list[list[tuple[int, ...]]]]:
    return {part: [pitches_of(piece) for piece in pieces] for part, pieces in read_published(path).items()}


WANTED = {"train": PIECES["train"], "validation": PIECES["valid"], "test": PIECES["test"]}


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_pickle_of_rolls_is_read_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "pieces.pickle"
    roll = np.zeros((2, 128), np.uint8)
    roll[0, 60] = roll[1, 62] = 1
    for laid in (roll, np.asfortranarray(roll)):
        path.write_bytes(pickle.dumps({"train": [laid]}, protocol))
        assert steps(path) == {"train": [[(60,), (62,)]]}


@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
def test_pickle_of_lists_is_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "pieces.pickle"
    path.write_bytes(pickle.dumps(PIECES, protocol))
    assert steps(path) == WANTED


def test_pickle_of_arrays_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pieces.pkl"
    held = {part: [[np.array(step, int) for step in piece] for piece in pieces] for part, pieces in PIECES.items()}
    path.write_bytes(pickle.dumps(held))
    assert steps(path) == WANTED
    # Python 2 called the module of arrays otherwise.
    older = pickle.dumps(held, 2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    path.write_bytes(older)
    assert steps(path) == WANTED


def called(function: Any, *arguments: Any) -> bytes:
    class Calling:
        def __reduce__(self) -> Any:
            return function, arguments

    return pickle.dumps({"train": Calling()})


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (called(print, "it ran"), "builtins.print"),
        (called(Path.exists, Path(".")), "pathlib"),
        (called(np.frombuffer, b"12345678"), "numpy"),
        (pickle.dumps({"train": OrderedDict()}), "collections.OrderedDict"),
        (pickle.dumps({"train": Fraction(1, 2)}), "fractions.Fraction"),
        (b"cos\nsystem\n(S'true'\ntR.", "posix.system|os.system"),
        (called(codecs.encode, "abc", "rot13"), "rot13"),
        (b"not a pickle", ""),
        (b"", ""),
    ],
)
def test_pickle_that_names_anything_else_is_refused_and_runs_nothing(
    tmp_path: Path, content: bytes, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.pickle"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"bad\.pickle is not read \(.*({named})"):
        read_published(path)
    assert capsys.readouterr().out == ""


def test_lists_of_zeros_and_ones_for_all_keys_are_a_roll(tmp_path: Path) -> None:
    path = tmp_path / "pieces.json"
    path.write_text(json.dumps({"train": [[[int(key == 39) for key in range(88)], [0] * 88]]}))
    assert steps(path) == {"train": [[(60,), ()]]}


def test_json_with_rests_of_minus_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pieces.json"
    path.write_text(json.dumps({"train": [[[60, -1], [-1]]], "test": [[60, [62]]]}))
    assert steps(path) == {"train": [[(60,), ()]], "test": [[(60,), (62,)]]}


@pytest.mark.parametrize("lengths", [(3, 5), (4, 4), (4,)])
def test_mat_of_cells_is_read_whether_pieces_are_equally_long_or_not(
    tmp_path: Path, lengths: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(0)
    rolls = [(rng.random((length, 88)) < 0.1).astype(np.uint8) for length in lengths]
    cells = np.empty((1, len(rolls)), dtype=object)
    for place, roll in enumerate(rolls):
        cells[0, place] = roll
    path = tmp_path / "pieces.mat"
    scipy.io.savemat(path, {"traindata": cells, "testdata": cells, "validdata": cells})
    found = read_published(path)
    assert list(found) == ["train", "validation", "test"]
    for roll, piece in zip(rolls, found["train"], strict=True):
        assert piece.shape == (len(roll), 128)
        assert (piece[:, 21:109].numpy() == roll).all()
        assert not piece[:, :21].any()


def test_mat_of_plain_arrays_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pieces.mat"
    roll = np.eye(88, dtype=np.uint8)[:5]
    scipy.io.savemat(path, {"traindata": np.stack([roll, roll]), "testdata": roll})
    found = read_published(path)
    assert [len(piece) for piece in found["train"]] == [5, 5]
    assert [len(piece) for piece in found["test"]] == [5]
    assert pitches_of(found["test"][0])[0] == (21,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"pieces": []}, "has no pieces called train or traindata; it has 'pieces'"),
        ([], "holds a value of the kind list"),
        ({"train": [[[60], "C"]]}, r"train, piece 1, step 2: a piece is a list of steps.* here is 'C'"),
        ({"train": [[[60], [128]]]}, "train, piece 1, step 2: .* here is the note 128"),
        ({"train": [7]}, "piece 1: a piece is a list of steps.* here is 7"),
        ({"train": [[[60]], [[60], [-5]]]}, "piece 2, step 2: .* here is the note -5"),
        ({"train": [[[60.5]]]}, "here is the note 60.5"),
        ({"train": [[[True]]]}, "here is the note True"),
        ({"train": [[None]]}, "here is nothing"),
        ({"train": [{"0": [60]}]}, "here is a value of the kind dict"),
        ({"train": ["C4 | H4"]}, "train, piece 1: 'H4' is no note"),
        ({"train": 7}, "train: here is to be a list of pieces, and here is 7"),
        ({"train": [[[60], [62]]], "test": []}, "has no piece under test; add some, or leave test out"),
    ],
)
def test_what_is_no_collection_is_told(tmp_path: Path, content: Any, words: str) -> None:
    path = tmp_path / "pieces.json"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=words):
        read_published(path)


def test_roll_of_other_columns_and_broken_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "pieces.mat"
    scipy.io.savemat(path, {"traindata": np.ones((3, 77))})
    with pytest.raises(DataError, match="has 77 columns"):
        read_published(path)
    scipy.io.savemat(path, {"traindata": np.full((3, 88), np.nan)})
    with pytest.raises(DataError, match="train, piece 1|traindata, piece 1: .* a value here is none"):
        read_published(path)
    path.write_bytes(b"no matrix")
    with pytest.raises(DataError, match="cannot be read as a MATLAB file"):
        read_published(path)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read as JSON"):
        read_published(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("name", "pieces", "steps"),
    [("jsb-chorales/JSB_Chorales", (229, 76, 77), 23_134), ("nottingham/Nottingham", (694, 173, 170), 266_537)],
)
def test_published_data_have_their_known_sizes(
    shared_data: Path, name: str, pieces: tuple[int, ...], steps: int
) -> None:
    path = shared_data / f"music-{name}.mat"
    if not path.is_file():
        pytest.skip(f"no such data: {path.name}")
    found = read_published(path)
    assert tuple(len(each) for each in found.values()) == pieces
    assert sum(len(piece) for each in found.values() for piece in each) == steps
