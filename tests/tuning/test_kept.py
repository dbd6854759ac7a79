"""Tests that pruning keeps trials and tuned cells of the experiment that was tuned, and drops others.

Modules: seqbench.cli.prune, seqbench.running.prune.
"""

from __future__ import annotations

from pathlib import Path

from seqbench.cli.prune import keys_of
from seqbench.experiment.schema import Experiment
from seqbench.experiment.written import written
from seqbench.records.layout import Layout, key_of
from seqbench.records.store import Store
from seqbench.running.prune import Stays, prunable
from seqbench.tuning.kept import keys_kept
from tests.toys import CATALOG
from tests.tuning.searches import SPACE, experiment, finished, tuned


def kept(mine: Experiment, folder: Path) -> set[str]:
    assert mine.tune is not None
    return keys_kept(mine, mine.tune, CATALOG, folder)


def keys(folder: Path) -> set[str]:
    return {key_of(path) for path in Layout(folder).record_files()}


def test_trials_and_cells_of_every_choice_stay_and_those_of_another_experiment_do_not(tmp_path: Path) -> None:
    Store(tmp_path).prepare()
    finished(tuned(tmp_path))
    mine, trials, file = experiment(), tmp_path / "trials", tmp_path / "mine.yaml"
    file.write_text(written(mine))
    for each in (tmp_path, trials):
        assert prunable(each, Stays(keys_of((str(file),), CATALOG, each))) == []
    assert (kept(mine, tmp_path), kept(mine, trials)) == (keys(tmp_path), keys(trials))
    # Another search that may choose the same setting has the same cells, and other trials.
    fewer = experiment(tune={"space": SPACE, "trials": 2})
    assert kept(fewer, tmp_path) == keys(tmp_path)
    one_seed = experiment(seeds=[1])
    assert len(kept(one_seed, tmp_path)) == 1
    for other in (experiment(lengths=[6]), experiment(training={"steps": 5})):
        assert (kept(other, tmp_path), kept(other, trials)) == (set(), set())
    Layout(tmp_path).checkpoints.mkdir(exist_ok=True)
    (Layout(tmp_path).checkpoints / "abc.ckpt").touch()
    assert "abc" in kept(mine, tmp_path)
