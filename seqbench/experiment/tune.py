"""Defines the section ``tune`` of an experiment: which settings are tried, how many, and how they are found."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from seqbench.experiment.search_space import ValuesField
from seqbench.experiment.seeds import Seeds
from seqbench.experiment.settings import Settings

TRIAL_SEED = 10_000
"""The seed of trials where an experiment names none."""
MOST_TRIALS = 10_000
"""Largest number of trials of one model on one task at one length."""


class Tune(Settings):
    """A search for the best setting of each model on each task at each length, by validation data alone.

    >>> Tune(space={"learning_rate": "log 1e-4..3e-2"}, trials=12).method
    'random'
    """

    space: dict[str, ValuesField] = Field(
        min_length=1, description="field of training, or MODEL.parameter -> values to try: a list or a range"
    )
    method: Literal["random", "grid", "tpe"] = Field("random", description="how settings are proposed")
    trials: int | None = Field(
        None, ge=1, le=MOST_TRIALS, description="settings tried for each model, task and length"
    )
    compute: float | None = Field(
        None, gt=0, description="instead of trials: floating-point operations for each model, task and length"
    )
    seed: int = Field(0, ge=0, lt=2**63, description="decides which settings are tried")
    trial_seeds: Seeds = Field((TRIAL_SEED,), description="seeds of each trial, none of them a seed of the cells")
    steps: int | None = Field(None, ge=1, description="optimiser steps of a trial, null for those of its cell")
    prune: bool = Field(False, description="end trials early that are worse than half of the earlier ones")
    generation: int = Field(
        4, ge=1, le=1000, description="trials proposed together, by those before them (tpe, prune)"
    )

    @field_validator("trial_seeds")
    @classmethod
    def _once(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a seed stands here twice; keep one")
        return value

    @model_validator(mode="after")
    def _has_a_budget(self) -> Tune:
        if self.trials and self.compute:
            raise ValueError("the budget is trials (a number) or compute (operations); leave one of them out")
        if not (self.trials or self.compute or self.method == "grid"):
            raise ValueError("the budget is missing: give trials (a number), or compute (operations)")
        if self.method == "grid" and (self.compute or self.prune):
            field = "compute" if self.compute else "prune"
            raise ValueError(f"a grid tries each of its settings to the end: leave {field} out, or use random")
        return self

    @model_validator(mode="after")
    def _prunes_one_seed(self) -> Tune:
        if self.prune and len(self.trial_seeds) > 1:
            raise ValueError(
                "prune needs one seed of trials: one that ends early with one of two has no mean score"
            )
        return self

    @property
    def told(self) -> dict[str, Any]:
        """The section as an experiment has it, in plain data."""
        return self.model_dump(mode="json")
