"""Tests the arithmetic of a cell: float32, TF32 and bfloat16, with and without support by the processor."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from seqbench import Experiment, load_catalog
from seqbench.plugins.grid import expand
from seqbench.training.cell import run_cell
from seqbench.training.precision import Precision, arithmetic


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru"])
def test_bf16_is_another_cell_with_other_losses_near_those_of_float32(model: str) -> None:
    grid = {"tasks": ["adding"], "models": [model], "lengths": [12], "seeds": [0]}
    exact, rounded = (
        expand(
            Experiment.model_validate({**grid, "training": {"steps": 4, "validate_every": 1, **training}}),
            load_catalog(),
        )[0]
        for training in ({}, {"precision": "bf16"})
    )
    assert exact.key != rounded.key
    losses = [run_cell(cell, load_catalog()).course.losses for cell in (exact, rounded)]
    assert losses[0] != losses[1]
    assert [step for step, _ in losses[0]] == [step for step, _ in losses[1]]
    for (_, first), (_, second) in zip(*losses, strict=True):
        assert second == pytest.approx(first, rel=0.05)


WITHOUT_AVX512 = """
import torch
from seqbench import load_catalog
from seqbench.training.precision import arithmetic

torch.manual_seed(0)
layer, inputs = load_catalog().model("lstm")(hidden_size=8).build(3), torch.randn(2, 5, 3)
exact = layer(inputs)[0]
with arithmetic("bf16"):
    assert not torch.backends.mkldnn.enabled, "oneDNN has such layers: the processor is not as this test has it"
    for is_training in (True, False):
        with torch.autocast("cpu", torch.bfloat16), torch.set_grad_enabled(is_training):
            outputs = layer.train(is_training)(inputs)[0].float()
    with torch.autocast("cpu", torch.bfloat16):
        layer(inputs)[0].float().sum().backward()
assert torch.backends.mkldnn.enabled
assert 0 < float((outputs - exact).abs().max().detach()) < 0.02
assert all(weights.grad.isfinite().all() for weights in layer.parameters())
"""


@pytest.mark.slow
def test_bf16_trains_an_lstm_on_a_processor_without_avx512() -> None:
    # oneDNN and torch read these when they start, and take the machine for an older one.
    older = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "SEQBENCH_PLUGINS": "recurrent"}
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_AVX512],
        env={**os.environ, **older},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(("precision", "expected"), [("float32", "ieee"), ("tf32", "tf32")])
def test_tf32_is_used_only_where_it_was_asked_for_and_put_back(precision: Precision, expected: str) -> None:
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn.rnn, torch.backends.cudnn.conv)
    before = [backend.fp32_precision for backend in backends]
    with arithmetic(precision):
        assert [backend.fp32_precision for backend in backends] == [expected] * 3
    assert [backend.fp32_precision for backend in backends] == before
