"""Checks that a layer carries nothing from one batch to the next but weights, buffers and the state it returns.

Outputs tell, wherever the memory is: in a list, a dict, an attribute, a closure or a global. Each check takes a
model, and its docstring states the requirement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seqbench.contracts.model import Model
from seqbench.network.chunks import mapped
from seqbench.network.hidden_weights import plain_attributes
from seqbench.testing.models.layers import Gap, build_exact, call, gap, noise
from seqbench.testing.outcome import CheckFailed, Remark
from seqbench.testing.surroundings import seed_everything

BEFORE = ((3, 5), *((2, 12),) * 8)
"""Rows and steps of the batches that come before. Most have the shape of the one that is compared, since a memory
may be dropped where the shape changes; they are several, since it may be used some batches later."""

_DEEPEST = 6
"""Containers and objects within each other that are looked into."""

_CHANGE = (
    "keep nothing of a call in the layer, nor in a list, dict or global: what is carried over is the state that"
    " forward returns, and a statistic of training is a buffer (register_buffer)"
)


@dataclass(frozen=True)
class Leftovers:
    """What a layer holds of its batches, beside weights, buffers and the state it returns.

    Attributes:
        places: the attributes that hold it.
        growth: numbers, or letters, that are added with each batch.
    """

    places: tuple[str, ...]
    growth: int

    def __str__(self) -> str:
        return f" in {', '.join(self.places)}" if self.places else ""


def check_no_memory(model: Model) -> Remark:
    """Outputs follow from weights, buffers, inputs and the state that is given, not from the batches before."""
    told = set()
    # What is kept in training is found with its place there.
    for is_training in (True, False):
        layer, twin = (_after_batches(model, purpose, is_training=is_training) for purpose in ("one", "other"))
        kept = _kept(layer, twin)
        _check_outputs(model, layer, kept)
        if kept.growth:
            raise CheckFailed(
                "a layer does not hold more with each batch",
                f"it holds {kept.growth} more numbers of each batch{kept}",
                _CHANGE,
                {"more numbers with each batch": kept.growth},
            )
        told |= {f"numbers of earlier batches stay{kept}; no output shows them"} if kept.places else set()
    return Remark("; ".join(sorted(told)))


def _after_batches(model: Model, purpose: str, *, is_training: bool) -> nn.Module:
    """Return a layer that was run on batches of its own."""
    layer = build_exact(model).train(is_training)
    for number, (rows, steps) in enumerate(BEFORE):
        _run(layer, noise(rows, steps, "before", purpose, str(number)))
    return layer


def _run(layer: nn.Module, inputs: Tensor, state: Any = None) -> Tensor:
    """Return the outputs from one random state, with gradients in training."""
    seed_everything(0)
    with torch.set_grad_enabled(layer.training):
        # A copy: writing into a state is another fault.
        outputs: Tensor = (layer(inputs) if state is None else layer(inputs, mapped(state, torch.clone)))[0]
    return outputs.detach()


def _check_outputs(model: Model, layer: nn.Module, kept: Leftovers) -> None:
    """Compare a layer that has seen batches with a new one that has its weights and buffers."""
    was_training = layer.training
    state = call(build_exact(model), noise(2, 12, "state"))[1] if model.is_causal else None
    for is_training in (was_training, not was_training):
        for given in [None] if state is None else [None, state]:
            difference = _difference(model, layer.train(was_training), given, is_training=is_training)
            if difference.is_open:
                raise CheckFailed(
                    f"{'in training' if is_training else 'in evaluation'} a layer that has seen other batches"
                    f"{' in training' if was_training else ''} gives what a new one with its weights and buffers"
                    f" gives for the same inputs and {'no' if given is None else 'the same'} state",
                    f"the outputs differ by {difference}: the layer remembers other batches{kept}",
                    _CHANGE,
                    {"difference": difference.size},
                )


def _difference(model: Model, layer: nn.Module, state: Any, *, is_training: bool) -> Gap:
    # The comparison before may be what both layers remember: here it is none of a new layer's.
    _run(layer, noise(2, 12, "between"))
    new = build_exact(model)
    try:
        new.load_state_dict(layer.state_dict())
    except RuntimeError as error:
        raise CheckFailed(
            "weights and buffers keep their names and shapes, whatever the batches",
            f"a new layer cannot load those of one that has seen batches: {' '.join(str(error).split())}",
            "register every buffer in __init__, with the shape that it keeps",
        ) from error
    found, expected = (_run(each.train(is_training), noise(2, 12, "memory"), state) for each in (layer, new))
    return gap(found, expected)


def _kept(layer: nn.Module, twin: nn.Module) -> Leftovers:
    """Compare what two layers hold that saw other numbers in batches of the same shapes.

    A counter, and what follows from the length alone, are the same in both.
    """
    sizes, places = [], set()
    for number in ("first", "second", "third"):
        held = _held(layer), _held(twin)
        differing = [name for name in {**held[0], **held[1]} if not _is_same(*(each.get(name) for each in held))]
        places |= {name.partition("[")[0] for name in differing}
        sizes.append(sum(_size(held[0].get(name)) for name in differing))
        for each, purpose in ((layer, "one"), (twin, "other")):
            _run(each, noise(2, 12, "more", purpose, number))
    is_growing = sizes[0] < sizes[1] < sizes[2]
    return Leftovers(tuple(sorted(places)), sizes[2] - sizes[1] if is_growing else 0)


def _held(layer: nn.Module) -> dict[str, Any]:
    """Return place -> number, text or tensor of all that stands in plain attributes, however deep."""
    return {place: leaf for name, value in plain_attributes(layer) for place, leaf in _leaves(value, name, 0)}


def _leaves(value: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Tensor | bool | int | float | complex | str | bytes):
        # A plain attribute may name a parameter that is registered elsewhere.
        if not isinstance(value, nn.Parameter):
            yield place, value.detach().clone() if isinstance(value, Tensor) else value
    elif depth < _DEEPEST:
        for name, inner in _inside(value):
            yield from _leaves(inner, f"{place}[{name}]", depth + 1)


def _inside(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what a container or an object holds, by key, place or name."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, set | frozenset):
        yield from enumerate(sorted(value, key=repr))
    elif isinstance(value, deque) and value.maxlen is not None:
        # One number for all that it holds: it grows to its bound only.
        yield "", hash(repr(value))
    elif isinstance(value, list | tuple | deque):
        yield from enumerate(value)
    elif isinstance(value, np.ndarray):
        yield "", value.tobytes()
    elif not (callable(value) or isinstance(value, ModuleType)):
        yield from getattr(value, "__dict__", {}).items()


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    # A number that is not finite may be no memory: NaN is unlike itself.
    return type(one) is type(other) and bool(one == other or (one != one and other != other))


def _size(held: Any) -> int:
    if isinstance(held, Tensor):
        return held.numel()
    return len(held) if isinstance(held, str) else held is not None
