"""Checks that parameters for dropout have an effect in training.

Each check takes a model, and its docstring states the requirement.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from torch import Tensor

from seqbench.base.nested import flat, nested
from seqbench.contracts.model import Model
from seqbench.experiment.schema import merge
from seqbench.plugins.parameters import parameters_of
from seqbench.testing.models.layers import build_exact, call, call_in_training, gap, noise
from seqbench.testing.outcome import CheckFailed, CheckSkipped

_SEEDS = 64
"""Number of random states to try: a small share may drop nothing with one of them."""


def check_dropout(model: Model) -> None:
    """With dropout above 0, training differs from evaluation, and with the random numbers."""
    shares = dropout_parameters(model)
    if not shares:
        raise CheckSkipped("no parameter with dropout in its name is above 0")
    for name in shares:
        _check_one(_alone(model, name, shares), name, shares[name])


def dropout_parameters(model: Model) -> dict[str, float]:
    """Return the parameters for dropout: name -> value between 0 and 1."""
    values = {parameter.name: getattr(model, parameter.name) for parameter in parameters_of(type(model))}
    return {name: value for name, value in flat(values) if "dropout" in name and _is_share(value)}


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0 < value < 1


def _alone(model: Model, name: str, shares: dict[str, float]) -> Model:
    """Return the model with all other dropout at 0, if these values are valid."""
    others: dict[str, Any] = {}
    for other in shares:
        if other != name:
            others = merge(others, nested(other, 0.0))
    try:
        values = {each: getattr(model, each) for each in others}
        return dataclasses.replace(model, **merge(values, others))  # type: ignore[type-var]
    except Exception:
        return model


def _check_one(model: Model, name: str, share: float) -> None:
    inputs = noise(16, 24, "dropout")
    still, _ = call(build_exact(model), inputs)
    first, _ = call_in_training(model, inputs)
    is_other = gap(first, still).is_open or _differs_with_seed(model, inputs, still)
    if is_other and _differs_with_seed(model, inputs, first):
        return
    raise CheckFailed(
        f"with {name}={share:g} outputs in training differ from those in evaluation, and from one random state to"
        " the next",
        f"in training they are the same with {_SEEDS} random states: {name} changes nothing"
        if is_other
        else f"in training they are those of evaluation: {name} changes nothing",
        f"drop numbers while self.training, drawn anew in each call; if {name} has no effect with these parameters"
        " (torch's layers drop between layers only, so one layer drops nothing), refuse it with a ValueError in"
        " __post_init__",
    )


def _differs_with_seed(model: Model, inputs: Tensor, expected: Tensor) -> bool:
    seeds = range(1, _SEEDS)
    return any(gap(call_in_training(model, inputs, seed=seed)[0], expected).is_open for seed in seeds)
