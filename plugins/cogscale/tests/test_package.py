"""Tests that the data are the package's own, and what happens without it or in another version."""

from __future__ import annotations

import importlib.metadata

import numpy as np
import pytest
import torch

from seqbench import UNSCORED, DataError, load_catalog

cogscale = pytest.importorskip("cogscale.evals", reason="cogscale is not installed: pip install cogscale==0.2.0")

from seqbench_cogscale import seqbench_tasks  # noqa: E402
from seqbench_cogscale.package import KNOWN, examples_within, preset  # noqa: E402
from seqbench_cogscale.task import CogScaleTask  # noqa: E402

TASKS = list(seqbench_tasks())


def build(task: type[CogScaleTask], seed: int) -> dict[str, np.ndarray]:
    """Return what the package's own entrance makes."""
    from cogscale import build_task

    return build_task(task.package_name, difficulty="small", seed=seed)


def own_length(task: type[CogScaleTask]) -> int:
    return int(task().preset.values.get("sequence_length", 17))


def test_all_tasks_of_the_package_are_there() -> None:
    import cogscale as package

    assert sorted(task.package_name for task in TASKS) == sorted(package.tasks)
    assert {task.name for task in TASKS} <= set(load_catalog().tasks)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.package_name)
def test_inputs_and_targets_are_the_package_s_own(task: type[CogScaleTask]) -> None:
    found, made = task().load(own_length(task), seed=3), build(task, seed=3)
    for split, part in ((found.train, "train"), (found.validation, "valid"), (found.test, "test")):
        batch = split.batch(torch.arange(len(split)))
        np.testing.assert_array_equal(batch.inputs.numpy(), made[f"X_{part}"].astype(np.float32))
        asked = (made[f"Y_{part}"] != -100).any(-1)
        targets = batch.targets.numpy()
        if made["category"] == "regression":
            np.testing.assert_array_equal(targets[asked], made[f"Y_{part}"][asked].astype(np.float32))
            assert np.isnan(targets[~asked]).all()
        elif made["category"] == "classification":
            np.testing.assert_array_equal(targets[asked], made[f"Y_{part}"][asked].argmax(-1))
            assert (targets[~asked] == UNSCORED).all()
        else:
            np.testing.assert_array_equal(targets[asked], made[f"Y_{part}"][asked])
            assert (targets[~asked] == UNSCORED).all()


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.3.0")
    with pytest.raises(DataError, match=r"cogscale 0\.3\.0 is installed.*pip install cogscale==0\.2\.0"):
        preset("simple_copy", "small")


def test_without_the_package_a_sentence_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(DataError, match=f"not installed: pip install cogscale=={KNOWN}"):
        preset("simple_copy", "small")


def test_a_length_that_the_package_refuses_is_refused_in_a_sentence() -> None:
    by_name = {task.package_name: task() for task in TASKS}
    for name, length in (("induction_heads", 9), ("bracket_matching", 9), ("associative_recall", 5)):
        with pytest.raises(DataError, match="length"):
            by_name[name].load(length, seed=0)
    with pytest.raises(DataError, match="asks for nothing in the train split"):
        by_name["discrete_postcasting"].load(4, seed=0)


def test_a_difficulty_keeps_its_examples_and_a_far_greater_length_has_fewer() -> None:
    sorting = preset("sorting_problem", "small")
    assert examples_within(sorting, {"sequence_length": 10}) == {"n_train": 100, "n_valid": 20, "n_test": 100}
    assert examples_within(sorting, {"sequence_length": 1000})["n_train"] < 50


def test_the_seed_of_an_earlier_call_of_the_package_moves_nothing() -> None:
    before = TASKS[2]().load(20, seed=0)
    build(TASKS[2], seed=7)
    after = TASKS[2]().load(20, seed=0)
    rows = torch.arange(20)
    assert torch.equal(before.train.batch(rows).inputs, after.train.batch(rows).inputs)
