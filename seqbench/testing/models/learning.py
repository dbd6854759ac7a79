"""Checks that a layer learns: gradients reach every parameter, are finite, and parameters move the outputs.

Each check takes a model, and its docstring states the requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.contracts.model import Model
from seqbench.network.chunks import mapped
from seqbench.network.network import tensors
from seqbench.testing.models.layers import FEATURES, build_exact, call, gap, noise, weighted_sum
from seqbench.testing.outcome import CheckFailed, Remark

STEPS = (12, 64, 512)
"""Steps of the sequences: parameters that act only on far lags get a gradient in the longest."""

_NAMED = 5
"""Largest number of parameters in a message."""


def check_parameters(model: Model) -> Remark | None:
    """Every parameter gets a gradient, and outputs follow from the parameters."""
    idle = set(_trainable(build_exact(model)))
    if not idle:
        return None
    numbers = sum(weights.numel() for weights in _trainable(build_exact(model)).values())
    for seed, steps in enumerate(STEPS):
        idle -= _reached(_moved(build_exact(model, seed=seed), 0.01), steps, has_state=model.is_causal)
        if not idle:
            break
    _check_idle(idle, _trainable(build_exact(model)))
    _check_outputs_follow(model)
    return Remark("", {"trainable numbers": numbers, "without a gradient": 0})


def _trainable(layer: nn.Module) -> dict[str, nn.Parameter]:
    return {name: weights for name, weights in layer.named_parameters() if weights.requires_grad}


def _moved(layer: nn.Module, share: float) -> nn.Module:
    """Change all parameters, each number by a share of itself; those that start at 0, such as gates, open."""
    with torch.no_grad():
        for weights in _trainable(layer).values():
            size = torch.where(weights == 0, torch.ones_like(weights), weights)
            weights.add_(share * size * torch.randn_like(weights))
    return layer


def _reached(layer: nn.Module, steps: int, *, has_state: bool) -> set[str]:
    """Name the parameters that get a gradient in training, over two chunks where a state is carried over."""
    first, second = noise(4, steps, "parameters"), noise(4, steps, "parameters", "next")
    named = _trainable(layer)
    outputs, state = layer.train()(first)
    read = weighted_sum(outputs)
    if has_state and state is not None:
        read = read + weighted_sum(layer(second, state)[0])
    slopes = _slopes(read, named)
    return {name for name, slope in slopes.items() if bool((slope != 0).any())}


def _slopes(read: Tensor, named: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if not read.requires_grad:
        return {name: torch.zeros_like(values) for name, values in named.items()}
    found = torch.autograd.grad(read, list(named.values()), allow_unused=True, materialize_grads=True)
    return dict(zip(named, found, strict=True))


def _check_idle(idle: set[str], named: Mapping[str, Tensor]) -> None:
    if idle:
        first = ", ".join([name for name in named if name in idle][:_NAMED])
        rest = f" and {len(idle) - _NAMED} more" if len(idle) > _NAMED else ""
        numbers = sum(named[name].numel() for name in idle)
        raise CheckFailed(
            "every parameter of the layer gets a gradient from its outputs in training",
            f"of {sum(weights.numel() for weights in named.values())} trainable numbers {numbers} get none, with"
            f" other inputs and weights too: {first}{rest}",
            "use them in forward (no detach(), no .data and no torch.no_grad() on the way), leave them out, or, if"
            " they are not to be trained, hold them with requires_grad=False",
            {
                "trainable numbers": sum(weights.numel() for weights in named.values()),
                "without a gradient": numbers,
            },
        )


def _check_outputs_follow(model: Model) -> None:
    layer, inputs = build_exact(model), noise(2, 20, "parameters")
    before, _ = call(layer, inputs)
    after, _ = call(_moved(layer, 0.5), inputs)
    if not gap(after, before).is_open:
        raise CheckFailed(
            "with other values of all its parameters a layer gives other outputs",
            "they are the same: nothing that is learned changes what the layer computes",
            "let outputs follow from the parameters: is what they compute cancelled, rounded or thrown away?",
        )


def check_finite_gradients(model: Model) -> None:
    """Gradients are finite where outputs are, also after inputs of zeros and from a state of zeros."""
    layer, chunk = build_exact(model), 1 if model.is_causal else 6
    _check_finite(layer, noise(2, 6, "finite"), None, "from no state", chunk)
    _check_finite(layer, torch.zeros(2, 6, FEATURES, dtype=torch.float64), None, "over inputs of zeros", chunk)
    if not model.is_causal:
        return
    inputs = noise(2, 6, "finite")
    _, after = call(layer, inputs[:, :1])
    zeros = mapped(after, torch.zeros_like)
    # A layer may not have such a state: one that starts elsewhere, such as on a sphere, is not tested.
    if after is not None and not gap(call(layer, inputs, zeros)[0], call(layer, inputs)[0]).is_open:
        _check_finite(layer, inputs, zeros, "from a state of zeros, which is where the layer starts")


def _check_finite(layer: nn.Module, inputs: Tensor, state: Any, where: str, chunk: int = 1) -> None:
    """Run in chunks of so many steps, with the state carried over, and look at all gradients."""
    inputs = inputs.clone().requires_grad_()
    state = mapped(state, _leaf)
    named: dict[str, Tensor] = {"the inputs": inputs, **_trainable(layer)}
    given = [part for part in tensors(state) if part.requires_grad]
    named |= {f"part {number} of the state": part for number, part in enumerate(given)}
    outputs = []
    for part in torch.split(inputs, chunk, dim=1):
        output, state = layer(part) if state is None else layer(part, state)
        outputs.append(output)
    together = torch.cat(outputs, dim=1)
    if not bool(together.isfinite().all()):
        return
    bad = [
        name for name, slope in _slopes(weighted_sum(together), named).items() if not bool(slope.isfinite().all())
    ]
    if bad:
        raise CheckFailed(
            f"{where} gradients are finite, as the outputs are",
            f"they are NaN or infinite for {', '.join(bad[:_NAMED])}: one such step spoils all weights",
            "take no root, logarithm, norm or quotient of what may be 0: add a small number under it, or keep 0"
            " out with clamp before, not with torch.where after, through which NaN flows back",
        )


def _leaf(part: Tensor) -> Tensor:
    return part.requires_grad_(part.is_floating_point() or part.is_complex())
