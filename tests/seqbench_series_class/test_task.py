"""Tests the task: division, lengths, generated shapes and real sets.

Modules: seqbench_series_class.parts, seqbench_series_class.scores, seqbench_series_class.sequences,
seqbench_series_class.shapes.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from seqbench_series_class.collection import Collection
from seqbench_series_class.parts import divide
from seqbench_series_class.sequences import Scale, lay_out, shortened
from seqbench_series_class.shapes import SHAPES, generated
from seqbench_series_class.task import SeriesClass

from seqbench import DataError, Ragged, TaskData

HEAD = "@classLabel true 10 9 2\n@data\n"


def series_file(folder: Path, rows: int = 30, steps: int = 6, part: str = "TRAIN", shift: int = 0) -> Path:
    path = folder / f"Three_{part}.ts"
    lines = [
        ",".join(str(row * steps + step + shift) for step in range(steps)) + f":{(10, 9, 2)[row % 3]}"
        for row in range(rows)
    ]
    path.write_text(HEAD + "\n".join(lines))
    return path


@pytest.fixture
def data(tmp_path: Path) -> str:
    series_file(tmp_path, rows=9, part="TEST", shift=1)
    return str(series_file(tmp_path))


def batch(loaded: TaskData, part: str = "test") -> torch.Tensor:
    split = getattr(loaded, part)
    return split.batch(torch.arange(len(split))).inputs


def test_test_file_is_the_test_split_and_validation_is_drawn_by_class_and_seed(data: str) -> None:
    loaded = SeriesClass(data=data).load(6, seed=0)
    assert (len(loaded.train), len(loaded.validation), len(loaded.test)) == (24, 6, 9)
    # Classes that are numbers are ordered by size: 2, 9, 10.
    assert loaded.facts["classes"] == "2, 9, 10"
    assert loaded.test.targets.tolist() == [2, 1, 0] * 3  # type: ignore[union-attr]
    assert Counter(loaded.validation.targets.tolist()) == {0: 2, 1: 2, 2: 2}  # type: ignore[union-attr]
    other = SeriesClass(data=data).load(6, seed=1)
    assert torch.equal(other.test.targets, loaded.test.targets)  # type: ignore[arg-type]
    assert not torch.equal(batch(other, "validation"), batch(loaded, "validation"))


def test_every_training_series_is_in_one_part_and_small_classes_keep_one_for_training() -> None:
    given = Collection([np.full((2, 1), float(i)) for i in range(6)], ["a"] * 3 + ["b"] * 2 + ["c"])
    train, validation = divide(given, 0.9, seed=3)
    assert sorted(float(each[0, 0]) for each in (*train.series, *validation.series)) == list(range(6))
    assert Counter(train.labels) == {"a": 1, "b": 1, "c": 1}
    with pytest.raises(DataError, match="none can be spared"):
        divide(given.take([0, 3, 5]), 0.5, seed=0)


def test_at_the_length_of_the_series_they_are_scaled_by_the_training_part(data: str) -> None:
    loaded = SeriesClass(data=data).load(6, seed=0)
    train = batch(loaded, "train")
    assert train.shape == (24, 6, 1)
    assert train.mean().item() == pytest.approx(0.0, abs=1e-5)
    assert train.std(correction=0).item() == pytest.approx(1.0, abs=1e-5)
    steps = batch(loaded)[:, :, 0].diff(dim=1)
    assert steps.std().item() == pytest.approx(0.0, abs=1e-5)


def test_above_it_noise_follows_and_below_it_series_are_means_of_stretches(data: str) -> None:
    whole, longer, shorter = (batch(SeriesClass(data=data).load(length, seed=0)) for length in (6, 10, 3))
    assert longer.shape == (9, 10, 1)
    assert torch.equal(longer[:, :6], whole)
    assert len(longer[:, 6:].unique()) == 36
    pooled = shortened([np.arange(6.0)[:, None]], 3)[0]
    assert pooled[:, 0].tolist() == [0.5, 2.5, 4.5]
    assert shorter.shape == (9, 3, 1)


def test_series_of_unequal_lengths_stay_so() -> None:
    series = [np.ones((3, 2)), np.zeros((5, 2))]
    rng = torch.Generator().manual_seed(0)
    found = lay_out(series, Scale(torch.zeros(2), torch.ones(2)), filler=4, rng=rng)
    assert isinstance(found, Ragged)
    assert found.lengths.tolist() == [7, 9]


def test_constant_channel_is_not_divided_by_zero() -> None:
    assert Scale.of(Collection([np.ones((4, 1))], ["a"])).deviation.tolist() == [1.0]


@pytest.mark.parametrize("length", [1, 8, 64, 100])
def test_shape_of_the_class_stands_in_the_noise(length: int) -> None:
    found = generated("test", length, seed=0, shapes=6)
    counts = Counter(found.labels)
    assert set(counts) == set(SHAPES)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert all(each.shape == (length, 1) for each in found.series)
    if length == 100:
        sums = {name: np.mean([s.sum() for s, n in zip(found.series, found.labels, strict=True) if n == name])
                for name in SHAPES}  # fmt: skip
        assert sums["bump"] == pytest.approx(3 * 32 * 2 / np.pi, abs=6)
        assert sums["dip"] == pytest.approx(-3 * 32 * 2 / np.pi, abs=6)
        assert sums["rise"] == pytest.approx(0, abs=6)


def test_baselines_are_the_shares_a_guess_and_the_nearest_series(data: str) -> None:
    loaded = SeriesClass().load(8, seed=0)
    found = {each.name: each.scores for each in loaded.baselines}
    assert list(found) == ["majority class", "guess", "nearest series"]
    assert found["guess"]["accuracy"] == found["majority class"]["accuracy"] == 0.25
    assert found["nearest series"]["accuracy"] > 0.6
    for most, is_there in ((10_000, True), (10, False)):
        beside = {each.name for each in SeriesClass(data=data, warping_steps=most).load(6, seed=0).baselines}
        assert ("nearest by time warping" in beside) == is_there
    assert loaded.show(0).splitlines()[2].endswith("^")


def test_unfit_data_are_refused(tmp_path: Path, data: str) -> None:
    with pytest.raises(DataError, match="at least 1"):
        SeriesClass(data=data).load(0, seed=0)
    test = tmp_path / "Three_TEST.ts"
    test.write_text(HEAD + "1,2:99\n")
    with pytest.raises(DataError, match="the class 99 is among the test series"):
        SeriesClass(data=data).load(6, seed=0)
    test.write_text(HEAD + "1,2:3,4:2\n")
    with pytest.raises(DataError, match="1 channels and .* 2; both"):
        SeriesClass(data=data).load(6, seed=0)
    Path(data).write_text(HEAD + "1,2:2\n3,4:2\n")
    test.write_text(HEAD + "1,2:2\n")
    with pytest.raises(DataError, match="all training series are of the class 2"):
        SeriesClass(data=data).load(2, seed=0)


def test_shapes_beside_data_are_refused(data: str) -> None:
    assert SeriesClass(data=data).source_fingerprint(data).startswith("ts:sha256:")
    with pytest.raises(ValueError, match="shapes"):
        SeriesClass(shapes=7)


def test_nearest_series_by_time_warping_does_not_depend_on_the_share_of_validation(tmp_path: Path) -> None:
    series_file(tmp_path, rows=12, part="TEST", shift=1)
    data = str(series_file(tmp_path, rows=12))
    scores = [
        {each.name: each.scores for each in SeriesClass(data=data, validation_share=share).load(6, 0).baselines}
        for share in (0.2, 0.5, 0.2)
    ]
    assert {each["nearest by time warping"]["accuracy"] for each in scores} == {1.0}
