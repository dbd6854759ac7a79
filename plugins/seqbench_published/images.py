"""Defines the targets of images that are read pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import AtLeast, DataNeeded, Target, TrainedScore
from seqbench_published.papers import BAI

MNIST = DataNeeded(
    "images-mnist",
    "https://github.com/cvdfoundation/mnist, the four idx files in one folder: 60,000 training and"
    " 10,000 test images",
)


def image_targets() -> Iterator[Target]:
    """Yield the LSTM and the GRU on sequential MNIST."""
    for model, number in (("lstm", 87.2), ("gru", 96.2)):
        yield Target(
            name=f"sequential-mnist-{model}",
            claim=f"{model} of some 70,000 weights on MNIST, a pixel at each of 784 steps",
            number=number,
            metric="accuracy, percent",
            source=BAI.at(f"table 1, Seq. MNIST, {model.upper()}"),
            tolerance=AtLeast(1.0, "one seed; gated networks differ by a percent between seeds on this task"),
            measured_by=TrainedScore(
                experiment={
                    "tasks": ["pixels"],
                    "models": [model],
                    "lengths": [784],
                    "parameters": {model: {"hidden_size": 130 if model == "lstm" else 150}},
                    "training": {
                        "steps": 18_000,
                        "batch_size": 64,
                        "learning_rate": 1e-3,
                        "validate_every": 900,
                    },
                    "gradients": {"measure": False},
                },
                metric="accuracy",
                factor=100.0,
            ),
            data=MNIST,
        )
