"""Scores answers to tasks on symbols, and trains a small network on one; used by the tests of these tasks."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from seqbench import Batch, Experiment, Split, Task, TaskData, evaluate, run

STANDARD_ERRORS = 4
"""Largest distance of a measured score from an expected one."""


def everything(split: Split) -> Batch:
    return split.batch(torch.arange(len(split)))


def scores(data: TaskData, answers: Tensor) -> dict[str, float]:
    """Score a predictor that is sure of these answers: [examples, time] or [examples]."""
    sure = torch.nn.functional.one_hot(answers, data.targets.head_size).float() * 1e4
    rows = iter(sure.split(100))
    return evaluate(data.metrics, data.test, lambda batch: next(rows), batch_size=100)


def standard_error(share: float, items: int) -> float:
    return math.sqrt(share * (1 - share) / items)


def is_near(found: float, share: float, items: int) -> bool:
    """Say whether a share found among independent items is within its standard error of the expected one."""
    return abs(found - share) <= STANDARD_ERRORS * standard_error(share, items)


def trained_skill(task: Task, model: str, folder: Path, *, length: int, steps: int = 1000) -> float:
    """Train a small bundled model on a bundled task, and return its skill on the test split."""
    experiment = Experiment.model_validate(
        {
            "tasks": [task.name],
            "models": [model],
            "lengths": [length],
            "training": {
                "steps": steps,
                "batch_size": 64,
                "learning_rate": 1e-2,
                "gradient_clip": 1.0,
                "validate_every": 250,
                "stop_when_solved": 0.02,
            },
            "gradients": {"measure": False},
            "parameters": {model: {"hidden_size": 64}, task.name: asdict(task)},
        }
    )
    return float(run(experiment, folder, executor="serial")["skill"].iloc[0])
