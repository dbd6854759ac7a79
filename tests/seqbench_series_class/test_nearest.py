"""Tests nearest series against a plain recursion, and on sets whose accuracy is published."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from seqbench_series_class.nearest import (
    nearest_by_distance,
    nearest_by_warping,
    warped_distances,
    warping_cost,
)
from seqbench_series_class.task import SeriesClass


def recursion(a: np.ndarray, b: np.ndarray) -> float:
    """Return the warped distance by the definition, cell after cell."""

    @cache
    def g(i: int, j: int) -> float:
        here = float(((a[i] - b[j]) ** 2).sum())
        ways = [g(x, y) for x, y in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if x >= 0 and y >= 0]
        return here + min(ways, default=0.0)

    return g(len(a) - 1, len(b) - 1)


@pytest.mark.parametrize(("steps", "lengths"), [(5, (5, 5)), (1, (4, 1, 2)), (7, (3, 9, 7)), (6, (1,))])
@pytest.mark.parametrize("channels", [1, 3])
def test_warped_distances_are_those_of_the_recursion(steps: int, lengths: tuple[int, ...], channels: int) -> None:
    rng = np.random.default_rng(0)
    asked = rng.normal(size=(steps, channels))
    known = [rng.normal(size=(length, channels)) for length in lengths]
    padded = np.zeros((channels, len(known), max(lengths)))
    for place, each in enumerate(known):
        padded[:, place, : len(each)] = each.T
    found = warped_distances(asked, padded, np.array(lengths))
    assert found == pytest.approx([recursion(asked, each) for each in known])
    assert nearest_by_warping([asked], known)[0] == int(np.argmin([recursion(asked, each) for each in known]))


def test_shifted_shape_is_near_by_warping_and_far_by_distance() -> None:
    bump = np.array([0.0, 0, 1, 2, 1, 0, 0, 0])[:, None]
    later, flat = np.roll(bump, 3, axis=0), np.full((8, 1), 0.5)
    assert nearest_by_distance([bump], [later, flat]).tolist() == [1]
    assert nearest_by_warping([bump], [later, flat]).tolist() == [0]
    assert warping_cost([bump], [later, flat]) == 128


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("ItalyPowerDemand", 24),
        pytest.param("GunPoint", 150, marks=pytest.mark.slow),
        pytest.param("BasicMotions", 100, marks=pytest.mark.slow),
    ],
)
def test_accuracy_is_the_published_one(shared_data: Path, name: str, length: int) -> None:
    with (shared_data / "reference-results" / "ucr_bakeoff.csv").open(newline="") as file:
        known = {
            row["classifier"]: float(row["accuracy_default_split"])
            for row in csv.DictReader(file)
            if row["dataset"] == name
        }
    data = str(shared_data / "timeseries-classification-ucr" / f"{name}_TRAIN.ts.gz")
    found = {each.name: each.scores for each in SeriesClass(data=data).load(length, seed=0).baselines}
    published = known["1NN-DTW-D" if name == "BasicMotions" else "1NN-DTW"]
    assert found["nearest by time warping"]["accuracy"] == pytest.approx(published, abs=1e-9)
