"""Defines the targets of parity: learned at up to 40 steps, asked at up to 500."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import AtLeast, Target, TrainedScore
from seqbench_published.papers import DELETANG

LONGER = (41, 64, 100, 200, 300, 400, 500)


def parity_targets() -> Iterator[Target]:
    """Yield the Elman network and the LSTM."""
    for model in ("rnn", "lstm"):
        yield Target(
            name=f"parity-{model}",
            claim=f"{model} learns parity at up to 40 steps; its last answer at 41 to 500 steps",
            number=100.0,
            metric="accuracy, percent",
            source=DELETANG.at(f"table 1, Parity Check, {model.upper()}"),
            tolerance=AtLeast(
                1.0,
                "the paper rounds the best of many trainings; here one training, all of whose prefixes are scored,"
                " is tested at seven of the lengths",
            ),
            measured_by=TrainedScore(
                experiment={
                    "tasks": ["state-tracking"],
                    "models": [model],
                    "lengths": [40],
                    "evaluate_lengths": list(LONGER),
                    "parameters": {"state-tracking": {"group": "Z2"}, model: {"hidden_size": 64}},
                    "training": {
                        "steps": 4000,
                        "batch_size": 32,
                        "learning_rate": 3e-3,
                        "validate_every": 100,
                        "stop_when_solved": 0.0,
                    },
                    "gradients": {"measure": False},
                },
                metric="last_accuracy",
                lengths=LONGER,
                factor=100.0,
            ),
        )
