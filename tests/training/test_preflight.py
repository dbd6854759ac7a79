"""Tests that faults of data and models are reported before anything is trained."""

from __future__ import annotations

import pytest

from seqbench import DataError, Experiment, load_catalog
from seqbench.plugins.grid import expand
from seqbench.training.preflight import check_data


def test_length_that_cannot_be_tested_is_found_before_anything_is_trained() -> None:
    fields = {"tasks": ["sentiment"], "models": ["rnn"], "lengths": [16], "evaluate_lengths": [4]}
    cell = expand(Experiment.model_validate(fields), load_catalog())[0]
    with pytest.raises(DataError, match="length 4"):
        check_data(cell, load_catalog())
