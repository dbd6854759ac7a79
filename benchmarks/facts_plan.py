"""Tells how many cells the facts about scores have, and how long they train on one core, as ``--dry-run`` does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from benchmarks.facts_list import SEEDS, Trained
from seqbench import Experiment
from seqbench.plugins.grid import expansion
from seqbench.plugins.load import load_catalog
from seqbench.training.time_estimate import train_seconds


def plan(facts: Sequence[tuple[Trained, Experiment]]) -> Iterator[str]:
    """Yield a line for each model of each fact, and one for all.

    Args:
        facts: each with the cells of one of its learning rates; those of the others take as long.
    """
    whole = 0.0
    yield f"{'fact':<18}{'model':<12}{'cells':>6}{'minutes':>9}"
    for fact, experiment in facts:
        cells = len(fact.lengths) * len(SEEDS) * len(fact.rates)
        for model, seconds in _seconds(experiment).items():
            minutes = seconds * len(fact.rates) / 60
            whole += minutes
            yield f"{fact.name:<18}{model:<12}{cells:>6}{minutes:>9.1f}"
    yield f"at most {whole:.0f} minutes of training on one core, without loading and evaluation"


def _seconds(experiment: Experiment) -> dict[str, float]:
    """Return how long the cells of each model train if none stops early."""
    catalog = load_catalog()
    grid = expansion(experiment, catalog)
    found: dict[str, float] = defaultdict(float)
    for cell, seconds in zip(grid.cells, train_seconds(grid.cells, catalog, grid.time_steps), strict=True):
        found[cell.model.name] += seconds
    return found
