"""Fixtures of a suite that tunes, and of its results, for each module of tests that asks for them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from seqbench import Catalog
from seqbench.experiment.schema import load
from seqbench.records.store import Store
from seqbench.tuning.tuning import tuning_of
from tests.boards import catalog
from tests.tuning.searches import run, tried

TUNED = """
tasks: [last]
models: [small]
lengths: [4]
seeds: [0, 1]
training: {steps: 3, batch_size: 16, validate_every: 3}
tune:
  space: {learning_rate: log 1e-3..1e-1}
  trials: 2
"""


@pytest.fixture(scope="session")
def tuned_offers(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("suite")
    known = catalog(folder)
    (folder / "tiny.yaml").write_text(TUNED)
    return dataclasses.replace(known, suites={"tiny": folder / "tiny.yaml"})


@pytest.fixture(scope="session")
def tuned_results(tuned_offers: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    found = tuning_of(load(tuned_offers.suite("tiny")), tuned_offers, folder)
    run(tried(found).plan, Store(folder), tuned_offers)
    return folder
