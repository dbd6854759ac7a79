"""Tests that images and labels in idx files are found, read and told apart, and that faults are named."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from seqbench import DataError, fingerprint, read_tables
from seqbench.data.idx_files import is_idx

IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([3, 1, 4, 1], dtype=np.uint8)


def idx(values: np.ndarray) -> bytes:
    """Write an array as the format's description says."""
    head = struct.pack(">HBB", 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.tobytes()


def put(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def put_pair(folder: Path, name: str, *, gz: str = "", add: int = 0) -> None:
    put(folder, f"{name}-images-idx3-ubyte{gz}", idx(IMAGES + np.uint8(add)))
    put(folder, f"{name}-labels-idx1-ubyte{gz}", idx(LABELS))


@pytest.mark.parametrize("gz", ["", ".gz"])
def test_one_pair_gives_all_rows_with_a_column_for_each_pixel(tmp_path: Path, gz: str) -> None:
    put_pair(tmp_path, "t10k", gz=gz)
    (tmp_path / "README.md").write_text("about")
    (table,) = read_tables(str(tmp_path)).values()
    assert list(read_tables(str(tmp_path))) == ["all"]
    assert list(table.columns) == ["label", *(f"pixel{at}" for at in range(6))]
    assert table["label"].tolist() == [3, 1, 4, 1]
    assert table.drop(columns="label").to_numpy().tolist() == IMAGES.reshape(4, 6).tolist()
    assert table.attrs["width"] == 3


def test_training_and_test_pairs_are_splits_also_two_folders_down(tmp_path: Path) -> None:
    put_pair(tmp_path / "MNIST" / "raw", "train")
    put_pair(tmp_path / "MNIST" / "raw", "train", gz=".gz")  # some loaders leave both
    put_pair(tmp_path / "MNIST" / "raw", "t10k", add=1)
    tables = read_tables(str(tmp_path))
    assert list(tables) == ["train", "test"]
    assert tables["test"]["pixel0"].tolist() == [1, 7, 13, 19]


def test_other_ways_to_write_the_names_are_read(tmp_path: Path) -> None:
    put(tmp_path, "emnist-letters-train-images.idx3-ubyte", idx(IMAGES))
    put(tmp_path, "emnist-letters-train-labels.idx1-ubyte", idx(LABELS))
    put_pair(tmp_path, "emnist-letters-test")
    assert list(read_tables(str(tmp_path))) == ["train", "test"]
    assert is_idx(Path("Train-Images-IDX3-ubyte"))
    assert not is_idx(Path("images.csv"))


def test_fingerprint_follows_content_of_both_files_and_not_the_place(tmp_path: Path) -> None:
    put_pair(tmp_path / "a", "t10k")
    put_pair(tmp_path / "b" / "deeper", "t10k")
    one = fingerprint(str(tmp_path / "a"))
    assert one == fingerprint(str(tmp_path / "b"))
    put(tmp_path / "a", "t10k-labels-idx1-ubyte", idx(LABELS[::-1].copy()))
    assert fingerprint(str(tmp_path / "a")) != one


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"train-images-idx3-ubyte": idx(IMAGES)}, "is there without its labels"),
        ({"train-labels-idx1-ubyte": idx(LABELS)}, "is there without its images"),
        (
            {"a-images-idx3-ubyte": idx(IMAGES), "a-labels-idx1-ubyte": idx(LABELS[:3])},
            "has 4 images, and .* 3 labels",
        ),
        (
            {"a-images-idx3-ubyte": idx(LABELS), "a-labels-idx1-ubyte": idx(LABELS)},
            "has 1 axes .* images have three",
        ),
        (
            {"a-images-idx3-ubyte": idx(IMAGES)[:-1], "a-labels-idx1-ubyte": idx(LABELS)},
            "has 23 values, and its head says 4 x 2 x 3",
        ),
        ({"a-images-idx3-ubyte": b"GIF89a", "a-labels-idx1-ubyte": idx(LABELS)}, "begins with 47 49 46 38"),
        ({"a-images-idx3-ubyte": b"", "a-labels-idx1-ubyte": idx(LABELS)}, "begins with nothing"),
        ({"a-images-idx3-ubyte": idx(IMAGES[:0]), "a-labels-idx1-ubyte": idx(LABELS[:0])}, "has 0 images"),
    ],
)
def test_what_is_no_whole_pair_is_refused_in_a_sentence(
    tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    for name, content in files.items():
        put(tmp_path, name, content)
    with pytest.raises(DataError, match=message):
        read_tables(str(tmp_path))


def test_broken_gzip_is_refused_in_a_sentence(tmp_path: Path) -> None:
    put_pair(tmp_path, "t10k", gz=".gz")
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES))[:-9])
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz cannot be read"):
        read_tables(str(tmp_path))


def test_several_sets_and_single_files_are_refused_with_what_to_do(tmp_path: Path) -> None:
    put_pair(tmp_path, "digits-train")
    put_pair(tmp_path, "letters-train")
    with pytest.raises(DataError, match=r"several sets of images for train: .* keep one of them"):
        read_tables(str(tmp_path))
    with pytest.raises(DataError, match="one of a pair of idx files, images and labels; name their folder"):
        fingerprint(str(tmp_path / "digits-train-images-idx3-ubyte"))
    put_pair(tmp_path / "other", "t10k")
    put_pair(tmp_path / "other", "val")
    with pytest.raises(DataError, match="images for test and validation, and none for train"):
        read_tables(str(tmp_path / "other"))
