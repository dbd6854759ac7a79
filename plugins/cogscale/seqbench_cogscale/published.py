"""Defines targets: the published scores of GRU and LSTM, at some 1,000, 10,000 and 100,000 weights.

``published.csv`` has a row for each: the mean that the authors' table prints, and what their results say of the
training behind it. Both files are in the source distribution of cogscale 0.2.0, in ``baseline/results``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

from seqbench import Near, NotComparable, PublishedIn, Target, TrainedScore

SEEDS = 10
"""Seeds of each published mean, 0 to 9; the same are trained here, on the same data."""

STANDARD_ERRORS = 3.0
ROUNDING = 0.005
"""Half a unit of the last printed digit."""

EPOCHS, BATCH, PATIENCE = 50, 10, 10
EXAMPLES = {"small": 100, "medium": 1000}
"""Difficulty -> training examples, where a task has more than one row."""

SERIES = ("sinus_forecasting", "chaotic_forecasting")
"""Tasks whose training split is one row, and whose epoch is one step."""

REFERENCE = """
    @software{cogscale2026,
      author = {Bendi-Ouis, Yannis},
      title = {cogscale 0.2.0},
      url = {https://pypi.org/project/cogscale/0.2.0},
      year = {2026}
    }
"""


@dataclass(frozen=True)
class Row:
    """A published mean.

    Attributes:
        task, difficulty, weights, model: of the table's row and column.
        length: T at this difficulty.
        printed: the mean over the seeds, as the table prints it.
        spread: the standard deviation over the seeds, from the results of the single trainings.
        learning_rate: the one of five whose mean test score is the printed one: the authors chose it on test data.
        hidden_size: of the network with ``trained_weights`` weights, head included.
    """

    task: str
    difficulty: str
    weights: int
    model: str
    length: int
    printed: float
    spread: float
    learning_rate: float
    hidden_size: int
    trained_weights: int

    @property
    def size(self) -> str:
        """The weights as the table writes them, such as 10k."""
        return f"{self.weights // 1000}k"

    @property
    def place(self) -> str:
        """The row and the column of the table."""
        short = {"small": "SM", "medium": "MD"}[self.difficulty]
        return f"mean_std.md, {self.task} - {short} - {self.size}, {self.model.upper()}"


def rows() -> Iterator[Row]:
    """Yield the rows of ``published.csv``."""
    text = resources.files(__package__).joinpath("published.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield Row(
            task=row["task"],
            difficulty=row["difficulty"],
            weights=int(row["weights"]),
            model=row["model"],
            length=int(row["length"]),
            printed=float(row["printed"]),
            spread=float(row["spread"]),
            learning_rate=float(row["learning_rate"]),
            hidden_size=int(row["hidden_size"]),
            trained_weights=int(row["trained_weights"]),
        )


def targets() -> Iterator[Target]:
    """Yield a target for each row."""
    yield from map(target_of, rows())


def target_of(row: Row) -> Target:
    """Return the target of a row."""
    words = row.task.replace("_", "-")
    return Target(
        name=f"cogscale-{words}-{row.difficulty}-{row.size}-{row.model}",
        claim=f"{row.model} of {row.trained_weights:,} weights on {words}, {row.difficulty}",
        number=row.printed,
        metric=_metric(row).replace("_", " "),
        source=PublishedIn(paper="Bendi-Ouis 2026", place=row.place, reference=REFERENCE),
        tolerance=tolerance_of(row),
        measured_by=_unlike() if row.task == "cross_situation" else _trained(row),
    )


def tolerance_of(row: Row) -> Near:
    """Return three standard errors of the difference of two means over ten seeds, and the rounding.

    >>> round(tolerance_of(next(rows())).by, 4)
    0.0089
    """
    room = STANDARD_ERRORS * row.spread * math.sqrt(2 / SEEDS)
    return Near(
        float(f"{room + ROUNDING:.2g}"),
        f"three standard errors of the difference of two means over {SEEDS} seeds, whose published deviation is"
        f" {row.spread:g}, and half of the last printed digit",
    )


def _metric(row: Row) -> str:
    if row.task in SERIES or row.task.startswith("continuous"):
        return "mse"
    return "label_error_rate" if row.task == "cross_situation" else "error_rate"


def _trained(row: Row) -> TrainedScore:
    """Return the training of the authors' script: Adam, 50 epochs, or until 10 brought no better score."""
    task = f"cogscale-{row.task.replace('_', '-')}"
    epoch = 1 if row.task in SERIES else EXAMPLES[row.difficulty] // BATCH
    own: dict[str, Any] = {"hidden_size": row.hidden_size}
    return TrainedScore(
        experiment={
            "tasks": [task],
            "models": [row.model],
            "lengths": [row.length],
            "seeds": list(range(SEEDS)),
            "parameters": {
                task: {"difficulty": row.difficulty},
                # torch draws the bias of the forget gate around 0; the model sets it to a number.
                row.model: own | ({"forget_bias": 0.0} if row.model == "lstm" else {}),
            },
            "training": {
                "steps": EPOCHS * epoch,
                "batch_size": 1 if row.task in SERIES else BATCH,
                "learning_rate": row.learning_rate,
                "validate_every": epoch,
                "patience": PATIENCE,
                "gradient_clip": None,
            },
            "gradients": {"measure": False},
        },
        metric=_metric(row),
    )


def _unlike() -> NotComparable:
    return NotComparable(
        "the published score is not that of cogscale.compute_score: its threshold is picked on validation data by"
        " the share of sentences without any wrong label, and is 0.01 where no sentence is right, so that every"
        " label counts as given"
    )
