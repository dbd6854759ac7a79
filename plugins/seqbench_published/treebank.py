"""Defines the targets of the words of Penn Treebank, which are licensed: written down, and not run here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seqbench import AtMost, DataNeeded, Target, TrainedScore
from seqbench_published.papers import BAI

TREEBANK = DataNeeded(
    "text-penn-treebank",
    "https://catalog.ldc.upenn.edu/LDC99T42 (not free: an agreement with the Linguistic Data Consortium), as"
    " prepared by Mikolov: ptb.train.txt, ptb.valid.txt and ptb.test.txt in one folder, of 10,000 different words"
    " with <unk> and the ends of lines",
)


@dataclass(frozen=True)
class _Reading:
    """How a text is read, trained on and scored.

    Attributes:
        length: words in a window.
        layer: parameters of the model.
        training: settings.
        task: parameters of the task.
        metric: the score that is compared.
        told: what of it differs from the paper.
    """

    length: int
    layer: dict[str, Any]
    training: dict[str, Any]
    task: dict[str, Any]
    metric: str
    told: str


STREAM = _Reading(
    length=35,
    layer={"hidden_size": 600, "residual": True, "dropout": 0.5},
    training={"embedding_size": 400, "batch_size": 20, "steps": 40_000},
    task={"carry": True},
    metric="stream_perplexity",
    told="another network than the published one, a layer of 600 with a linear map before it and a residual"
    " connection around it; the state is carried over the test text",
)
WINDOWS = _Reading(
    length=80,
    layer={"hidden_size": 600, "layers": 4, "kernel_size": 3, "norm": "none", "dropout": 0.45, "spread": None},
    training={"embedding_size": 600, "batch_size": 16, "steps": 30_000},
    task={},
    metric="perplexity",
    told="the layers of the authors' script, with a head of its own where theirs is the embedding; scored in"
    " windows of 80 words, the first of which have little context, where theirs scores the last 40 of 80",
)


def treebank_targets() -> Iterator[Target]:
    """Yield three recurrent networks and a convolutional one."""
    for model, number in (("lstm", 78.93), ("gru", 92.48), ("rnn", 114.50)):
        yield _target(model, number, STREAM)
    yield _target("tcn", 88.68, WINDOWS)


def _target(model: str, number: float, by: _Reading) -> Target:
    training = {"validate_every": 2000, "learning_rate": 1e-3, "schedule": "cosine"}
    return Target(
        name=f"ptb-word-{model}",
        claim=f"{model} on the words of Penn Treebank; {by.told}; the settings were written down without having"
        " been tried",
        number=number,
        metric="test perplexity",
        source=BAI.at(f"table 1, Word-level PTB, {model.upper()}"),
        tolerance=AtMost(2.0, "two percent, for one seed and another optimiser than the paper's"),
        measured_by=TrainedScore(
            experiment={
                "tasks": ["next-token"],
                "models": [model],
                "lengths": [by.length],
                "parameters": {"next-token": {"vocabulary_size": 10_000, **by.task}, model: by.layer},
                "training": by.training | training,
                "gradients": {"measure": False},
            },
            metric=by.metric,
        ),
        data=TREEBANK,
    )
