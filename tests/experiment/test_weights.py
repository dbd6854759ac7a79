"""Tests how numbers of weights are read and written."""

from __future__ import annotations

import pytest

from seqbench import Experiment, ExperimentError
from seqbench.experiment.weights import read_weights, shown_weights

GRID = {"tasks": ["copy"], "models": ["lstm"], "lengths": [16]}


def test_weights_are_numbers_or_texts_with_a_factor() -> None:
    asked = Experiment.model_validate({**GRID, "weights": ["1k", 500, "1.25M", "2B", "12", 7e3]})
    assert asked.weights == (1000, 500, 1_250_000, 2_000_000_000, 12, 7000)


@pytest.mark.parametrize("wrong", ["10 k", "k", "-1k", "1.0005k", "1e4", "10kb", 0, "0", 1.5, True])
def test_weights_that_are_no_whole_number_are_refused(wrong: object) -> None:
    with pytest.raises(ExperimentError, match="weights"):
        Experiment.model_validate({**GRID, "weights": [wrong]})


def test_weights_that_are_the_same_number_stand_once() -> None:
    with pytest.raises(ExperimentError, match="10000 stands here twice"):
        Experiment.model_validate({**GRID, "weights": ["10k", 10_000]})


@pytest.mark.parametrize("weights", [1, 999, 1000, 1001, 1500, 10_000, 123_400, 10**6, 2_500_000, 2_345_678])
def test_weights_as_a_person_writes_them_are_read_as_the_same_number(weights: int) -> None:
    assert int(read_weights(shown_weights(weights))) == weights
