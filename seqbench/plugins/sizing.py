"""Chooses the width at which a model's layer has nearly so many weights as an experiment asks for.

Layers are built to be counted; torch's random state is left as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from seqbench.base.nested import flat, nested
from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.errors import ContractError, ExperimentError
from seqbench.experiment.schema import merge
from seqbench.experiment.weights import gives_way, shown_weights
from seqbench.plugins.faults import faults_told
from seqbench.plugins.parameters import make, parameters_of

MOST_WIDTH = 2**20
"""Largest width that is tried."""
FARTHEST = 0.5
"""Largest share by which a layer's weights may differ from those that were asked for."""
TRIED_BESIDE = 64
"""Widths after one that a model refuses among which the next that it takes is looked for."""


@dataclass(frozen=True)
class Counting:
    """Counts the weights of a model's layer; each width is built once.

    Attributes:
        model: with every other parameter as it was asked for.
        features: features of an embedded step.
    """

    model: Model
    features: int
    _known: dict[tuple[tuple[str, int], ...], int | None] = field(default_factory=dict, compare=False)

    def weights(self, widths: Mapping[str, int]) -> int | None:
        """Return the trainable numbers of the layer with these parameters; None if the model refuses them."""
        place = tuple(sorted(widths.items()))
        if place not in self._known:
            self._known[place] = self._counted(widths)
        return self._known[place]

    def _counted(self, widths: Mapping[str, int]) -> int | None:
        import torch

        from seqbench.network.network import count_parameters

        try:
            model = resized(self.model, widths)
            with torch.random.fork_rng(devices=[]):
                with suppress(RuntimeError), torch.device("meta"):
                    # Without memory for the weights, where nothing computes with them as the layer is built.
                    return count_parameters(model.build(self.features))
                return count_parameters(model.build(self.features))
        except (ExperimentError, ContractError, ValueError):
            return None


def sized(model: Model, weights: int, features: int, given: Mapping[str, Any]) -> tuple[Model, tuple[str, ...]]:
    """Return a model whose layer comes nearest to a number of weights, and the parameters that were chosen.

    Args:
        model: of any width.
        weights: trainable numbers of the layer.
        features: features of an embedded step.
        given: the parameters that the experiment sets; those inside a mapping may be chosen nevertheless.

    Raises:
        ExperimentError: the model has no width, the experiment sets it, or no width comes near.
        PluginError: building a layer raised anything but a ValueError or a ContractError.
    """
    names = model.width_parameters
    known = {parameter.name for parameter in parameters_of(type(model))}
    asked = f"weights {shown_weights(weights)}: "
    if not names or names[0].partition(".")[0] not in known:
        raise ExperimentError(
            f"{asked}model {model.name} has no width that sets the number of its weights; run it by a command of"
            " its own, without weights"
        )
    own = {name: value for name, value in flat(given) if not gives_way(name)}
    if names[0] in own:
        raise ExperimentError(
            f"{asked}they choose {model.name}.{names[0]}, which is set to {own[names[0]]}; leave one of the two"
            " out"
        )
    chosen: dict[str, int] = {}
    counting = Counting(model, features)
    with faults_told(f"{asked}model {model.name} cannot be built to count its weights"):
        for name in names:
            if name not in own:
                chosen |= _nearest(partial(_with_one, counting, chosen, name), name, weights, chosen, counting)
    found = counting.weights(chosen)
    if not chosen or found is None:
        raise ExperimentError(f"{asked}model {model.name} cannot be built at any width; set its width yourself")
    if abs(found - weights) > FARTHEST * weights:
        told = ", ".join(f"{name}={width}" for name, width in chosen.items())
        raise ExperimentError(
            f"{asked}the layer of {model.name} that comes nearest, with {told}, has {found} weights; ask for a"
            " number near that, or leave the model out"
        )
    return resized(model, chosen), tuple(chosen)


def resized(model: Model, widths: Mapping[str, int]) -> Model:
    """Return a model with other widths.

    Raises:
        ExperimentError: it refuses them.
    """
    values = {parameter.name: getattr(model, parameter.name) for parameter in parameters_of(type(model))}
    for name, width in widths.items():
        values = merge(values, nested(name, width))
    return make(type(model), values)


def _with_one(counting: Counting, chosen: Mapping[str, int], name: str, width: int) -> int | None:
    return counting.weights({**chosen, name: width})


def _nearest(
    count: Callable[[int], int | None], name: str, weights: int, chosen: Mapping[str, int], counting: Counting
) -> dict[str, int]:
    """Return the width whose count comes nearest, the smaller of two; nothing if what was chosen is as near."""
    low, high = _bracket(count, weights)
    tried = {width: found for width in range(max(1, low - 2), high + 3) if (found := count(width)) is not None}
    if not tried:
        return {}
    best = min(tried, key=lambda width: (abs(tried[width] - weights), width))
    before = counting.weights(chosen) if chosen else None
    is_as_near = before is not None and abs(before - weights) <= abs(tried[best] - weights)
    return {} if is_as_near else {name: best}


def _bracket(count: Callable[[int], int | None], weights: int) -> tuple[int, int]:
    """Return widths that the model takes, or 1, with fewer and with at least so many weights, near each other."""
    low, high, before = 1, 1, -1
    while high < MOST_WIDTH:
        place, found = _taken(count, high)
        # A parameter that adds no weights is no width.
        if found is None or found >= weights or found == before:
            break
        low, high, before = place, 2 * place, found
    while high - low > 1:
        middle = (low + high) // 2
        place, found = _taken(count, middle)
        if found is None or place >= high or found >= weights:
            high = middle
        else:
            low = place
    return low, _taken(count, high)[0]


def _taken(count: Callable[[int], int | None], width: int) -> tuple[int, int | None]:
    """Return the first width from this one on that the model takes, and its count."""
    for place in range(width, width + TRIED_BESIDE):
        found = count(place)
        if found is not None:
            return place, found
    return width, None


def features_of(task: Task, length: int, seed: int, embedding_size: int) -> int:
    """Return the features of an embedded step of a task; its data are loaded for it."""
    return task.load(length, seed).inputs.features(embedding_size)
