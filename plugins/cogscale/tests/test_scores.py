"""Tests that the metrics are the package's, and that the kit passes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seqbench import evaluate

pytest.importorskip("cogscale.evals", reason="cogscale is not installed: pip install cogscale==0.2.0")

import cogscale
from seqbench_cogscale import seqbench_tasks
from seqbench_cogscale.task import CogScaleTask

TASKS = list(seqbench_tasks())
SKIPPED = {
    "cogscale-sinus-forecasting": {"other-seed": "the series has no random numbers"},
    "cogscale-chaotic-forecasting": {"other-seed": "the series has no random numbers"},
    "cogscale-cross-situation": {"splits": "the package draws sentences with repetition"},
}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.package_name)
def test_the_metric_is_the_package_s(task: type[CogScaleTask]) -> None:
    length = int(task().preset.values.get("sequence_length", 17))
    data = task().load(length, seed=1)
    made = cogscale.build_task(task.package_name, difficulty="small", seed=1)
    outputs = torch.randn(*made["Y_test"].shape, generator=torch.Generator().manual_seed(0))
    found = evaluate(data.metrics, data.test, lambda batch: outputs[: len(batch.targets)], targets=data.targets)
    theirs = cogscale.compute_score(Y=made["Y_test"], Y_hat=outputs.numpy(), category=made["category"])
    np.testing.assert_allclose(found[data.metrics[0].name], theirs, rtol=1e-6)


def test_more_zeros_follow_a_sentence_and_the_answer_stays_last() -> None:
    task = next(task for task in TASKS if task.package_name == "cross_situation")()
    short, long = task.load(17, seed=0).test, task.load(30, seed=0).test
    one, other = (split.batch(torch.arange(100)) for split in (short, long))
    assert torch.equal(one.inputs, other.inputs[:, :17])
    assert not other.inputs[:, 17:].any()
    assert torch.equal(one.targets[:, -1], other.targets[:, -1])


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.package_name)
def test_contract(task: type[CogScaleTask]) -> None:
    from seqbench.testing import run_checks

    found = run_checks(task.name, skip=SKIPPED.get(task.name))
    assert [outcome for outcome in found if outcome.status == "failed"] == []
