"""Measures, on simulated answers, how often an interval over test examples holds the true score of the network.

    python -m benchmarks.example_coverage [--runs 4000] [--examples 50,200,1000]

A network's answers are drawn anew for each run from a law whose mean is its true score. The interval is the one
that seqbench reports, of the standard error that a record keeps. The last line is of the one that takes every
scored step for an answer of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from seqbench.contracts.example_sums import ExampleSums
from seqbench.statistics import example_interval

STEPS = 10
"""Scored steps of a sequence, where it has several."""

Answers = tuple[np.ndarray, np.ndarray]
"""What each example adds to the numerator and the denominator: [examples, groups] or [examples, steps]."""


@dataclass(frozen=True)
class Law:
    """How answers are drawn.

    Attributes:
        true: the score over infinitely many examples.
        draw: ``(random, examples) -> values, counts``, [examples, steps] each.
        most: the best score; infinite for a loss.
        are_groups: whether the columns are classes, of whose means the score is the mean, and not steps.
    """

    true: float
    draw: Callable[[np.random.Generator, int], Answers]
    most: float = 1.0
    are_groups: bool = False


def share(true: float) -> Law:
    """Return one answer an example, right with this probability."""
    return Law(true, lambda random, n: _each(random.random((n, 1)) < true))


def steps(true: float) -> Law:
    """Return sequences of STEPS answers, half of which are right throughout or wrong throughout by one draw."""

    def draw(random: np.random.Generator, n: int) -> Answers:
        alike = np.repeat(random.random((n, 1)) < true, STEPS, axis=1)
        return _each(np.where(random.random((n, 1)) < 0.5, alike, random.random((n, STEPS)) < true))

    return Law(true, draw)


def squares() -> Law:
    """Return squared errors of a normal law."""
    return Law(1.0, lambda random, n: _each(random.normal(size=(n, 1)) ** 2), most=float("inf"))


def balanced() -> Law:
    """Return answers of three classes, 6 : 3 : 1 of the examples, of which 0.9, 0.7 and 0.5 are right."""

    def draw(random: np.random.Generator, n: int) -> Answers:
        of = random.choice(3, size=n, p=(0.6, 0.3, 0.1))
        is_class = np.eye(3)[of]
        is_right = random.random(n) < np.array([0.9, 0.7, 0.5])[of]
        return is_class * is_right[:, None], is_class

    return Law(0.7, draw, are_groups=True)


LAWS: Mapping[str, Law] = {
    "accuracy 0.5": share(0.5),
    "accuracy 0.9": share(0.9),
    "accuracy 0.98": share(0.98),
    "accuracy 0.9 of steps that go together": steps(0.9),
    "balanced accuracy 0.7": balanced(),
    "mean squared error": squares(),
}


def coverage(law: Law, examples: int, *, runs: int, by_steps: bool = False) -> float:
    """Return the share of intervals that hold the true score.

    Args:
        law: how answers are drawn.
        examples: of a test split.
        runs: test splits.
        by_steps: take each step for an example.
    """
    random = np.random.default_rng([examples, runs])
    return sum(_holds(law, *law.draw(random, examples), by_steps=by_steps) for _ in range(runs)) / runs


def _holds(law: Law, values: np.ndarray, counts: np.ndarray, *, by_steps: bool) -> bool:
    if by_steps:
        values, counts = values.reshape(-1, 1), counts.reshape(-1, 1)
    elif not law.are_groups:
        values, counts = values.sum(1, keepdims=True), counts.sum(1, keepdims=True)
    is_there = counts.sum(0) > 0
    score = float((values.sum(0)[is_there] / counts.sum(0)[is_there]).mean())
    sums = ExampleSums("simulated")
    sums.add(torch.from_numpy(values), torch.from_numpy(counts))
    error = sums.standard_error(score)
    assert error is not None
    low, high = example_interval(score, error, len(values), least=0.0, most=law.most)
    return low <= law.true <= high


def _each(values: np.ndarray) -> Answers:
    return values.astype(float), np.ones(values.shape)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--examples", default="50,200,1000")
    asked = parser.parse_args()
    sizes = [int(text) for text in asked.examples.split(",")]
    print(f"{'':40}  {'  '.join(f'{size:>5}' for size in sizes)}")
    for name, law in LAWS.items():
        _print(name, [coverage(law, size, runs=asked.runs) for size in sizes])
    together = "accuracy 0.9 of steps that go together"
    _print(
        "the same, each step an example",
        [coverage(LAWS[together], n, runs=asked.runs, by_steps=True) for n in sizes],
    )


def _print(name: str, found: list[float]) -> None:
    print(f"{name:40}  {'  '.join(f'{each:.3f}' for each in found)}", flush=True)


if __name__ == "__main__":
    main()
