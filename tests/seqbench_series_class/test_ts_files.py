"""Tests which ``.ts`` files are read, and what each of the others is refused for.

Modules: seqbench_series_class.collection.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from seqbench_series_class.ts_files import find_pair, fingerprint_of, read_ts

from seqbench import DataError

HEAD = "# a comment\n@problemName Two\n@timeStamps false\n@univariate false\n@classLabel true a b\n@data\n"
ROWS = "1,2,3:4,5,6:a\n\n-1.5,2e-3:0,1:b\n"


def written(folder: Path, text: str = HEAD + ROWS, name: str = "Two_TRAIN.ts") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["Two_TRAIN.ts", "Two_TRAIN.ts.gz"])
def test_series_of_several_channels_and_lengths_are_read(tmp_path: Path, name: str) -> None:
    found = read_ts(written(tmp_path, name=name))
    assert [each.tolist() for each in found.series] == [[[1, 4], [2, 5], [3, 6]], [[-1.5, 0], [0.002, 1]]]
    assert found.labels == ["a", "b"]
    assert (found.longest, found.channels, found.are_equal_long) == (3, 2, False)
    assert found.take([1]).labels == ["b"]


def test_bytes_that_are_not_utf8_in_a_comment_are_read_over(tmp_path: Path) -> None:
    path = tmp_path / "Two_TRAIN.ts"
    path.write_bytes(b"#Universit\xe9\n" + (HEAD + ROWS).encode())
    assert len(read_ts(path).series) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD, "has no series after @data"),
        ("1,2:a\n", "has no line @data"),
        (HEAD.replace("@timeStamps false", "@timeStamps true") + ROWS, "holds times"),
        (HEAD.replace("@classLabel true a b", "@classLabel false") + ROWS, "has no classes"),
        (HEAD.replace("@classLabel", "@targetLabel") + ROWS, "has no classes"),
        (HEAD + "1,?:2,3:a\n", "line 7: .*missing values"),
        (HEAD + "1,two:2,3:a\n", "line 7: could not convert"),
        (HEAD + "1,nan:2,3:a\n", "line 7: a value is not finite"),
        (HEAD + "1,2:3:a\n", r"line 7: its channels have \[1, 2\] steps"),
        (HEAD + "1,2\n", "line 7: a line is numbers"),
        (HEAD + "1,2:a\n1,2:3,4:b\n", "1 to 2 channels"),
    ],
)
def test_file_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_ts(written(tmp_path, text))


def test_gzip_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, name="Two_TRAIN.ts.gz")
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match="cannot be read"):
        read_ts(path)


def test_pair_is_found_by_its_training_file_or_its_folder_packed_or_not(tmp_path: Path) -> None:
    train = written(tmp_path)
    with pytest.raises(DataError, match=r"has no test file beside it; put Two_TEST\.ts or"):
        find_pair(str(train))
    test = written(tmp_path, name="Two_TEST.ts.gz")
    assert find_pair(str(train)) == find_pair(str(tmp_path)) == (train, test)
    written(tmp_path, name="Three_TRAIN.ts")
    with pytest.raises(DataError, match=r"holds Three_TRAIN\.ts, Two_TRAIN\.ts; name one"):
        find_pair(str(tmp_path))
    with pytest.raises(DataError, match="is no training file"):
        find_pair(str(test))
    with pytest.raises(DataError, match="no such file"):
        find_pair(str(tmp_path / "Four_TRAIN.ts"))


def test_fingerprint_is_that_of_both_contents_packed_or_not(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("plain", "packed", "other")]
    for folder, ending in zip(folders, (".ts", ".ts.gz", ".ts"), strict=True):
        folder.mkdir()
        written(folder, name=f"Two_TRAIN{ending}")
        written(
            folder, HEAD + ROWS.replace("4", "40") if folder.name == "other" else HEAD + ROWS, f"Two_TEST{ending}"
        )
    plain, packed, other = (fingerprint_of(find_pair(str(folder))) for folder in folders)
    assert plain == packed != other
