"""Defines the targets of time-series classification on sets of the UCR and UEA archives."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import AtLeast, BaselineScore, DataNeeded, Near, Target, TrainedScore
from seqbench_published.papers import BAKE_OFF, FAWAZ

FOLDER = "timeseries-classification-ucr"
WARPED = (
    ("GunPoint", 150, 150, 0.9066666666666666),
    ("ItalyPowerDemand", 24, 1029, 0.9504373177842566),
    ("OSULeaf", 427, 242, 0.5909090909090909),
    ("ACSF1", 1460, 100, 0.64),
)
"""Set, length, test series, and accuracy of the nearest neighbour by time warping."""

DEEP = (
    ("GunPoint", 150, 0.9906666666666666, 5, 0.03),
    ("ItalyPowerDemand", 24, 0.9615160349854227, 5, 0.01),
    ("JapaneseVowels", 29, 0.9916216216216217, 10, 0.01),
)
"""Set, length, mean accuracy of ResNet, its trainings, and the tolerance."""


def series_targets() -> Iterator[Target]:
    """Yield nearest neighbours, which are computed, and an LSTM and a TCN beside a residual network."""
    for name, length, tests, number in WARPED:
        yield _warped(name, length, tests, number)
    for name, length, number, runs, tolerance in DEEP:
        for model in ("lstm", "tcn"):
            yield _deep(name, model, length=length, number=number, runs=runs, tolerance=tolerance)


def _data(name: str) -> DataNeeded:
    return DataNeeded(
        f"{FOLDER}/{name}_TRAIN.ts.gz",
        f"https://www.timeseriesclassification.com/description.php?Dataset={name}, {name}_TRAIN.ts and"
        f" {name}_TEST.ts, each packed with gzip",
    )


def _warped(name: str, length: int, tests: int, number: float) -> Target:
    return Target(
        name=f"ucr-{name.lower()}-dtw",
        claim=f"the nearest training series by dynamic time warping, on the given split of {name}",
        number=number,
        metric="accuracy",
        source=BAKE_OFF.at(f"results of tsml-eval, 1NN-DTW_accuracy.csv, {name}, first resample"),
        tolerance=Near(0.5 / tests, "half of one test series: the answers are the same ones"),
        measured_by=BaselineScore(
            task="series-class",
            length=length,
            baseline="nearest by time warping",
            metric="accuracy",
            parameters={"warping_steps": 30_000_000_000},
        ),
        data=_data(name),
    )


def _deep(name: str, model: str, *, length: int, number: float, runs: int, tolerance: float) -> Target:
    layer = {"lstm": {"hidden_size": 64}, "tcn": {"hidden_size": 32, "layers": 6, "kernel_size": 7}}[model]
    return Target(
        name=f"ucr-{name.lower()}-{model}",
        claim=f"a residual network on the given split of {name}; {model} is held against it",
        number=number,
        metric="accuracy",
        source=FAWAZ.at(f"results of dl-4-tsc, {name}, resnet, mean of {runs} trainings"),
        tolerance=AtLeast(
            tolerance, "three times the deviation between the residual network's trainings, or more"
        ),
        measured_by=TrainedScore(
            experiment={
                "tasks": ["series-class"],
                "models": [model],
                "lengths": [length],
                "seeds": [0, 1, 2],
                "parameters": {model: layer},
                "training": {
                    "steps": 1500,
                    "batch_size": 16,
                    "learning_rate": 2e-3,
                    "schedule": "cosine",
                    "validate_every": 100,
                },
                "gradients": {"measure": False},
            },
            metric="accuracy",
        ),
        data=_data(name),
    )
