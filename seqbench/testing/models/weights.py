"""Checks that a layer's weights follow from the seed, and survive saving, copying and long inputs.

Each check takes a model, and its docstring states the requirement.
"""

from __future__ import annotations

import io
from functools import partial

import torch
from torch import Tensor

from seqbench.contracts.model import Model
from seqbench.errors import ContractError
from seqbench.network.copies import copied_layer, exact
from seqbench.network.network import count_parameters
from seqbench.testing.models.layers import FEATURES, build, build_exact, call, gap, noise
from seqbench.testing.outcome import CheckFailed


def check_seed(model: Model) -> None:
    """The same seed gives the same weights, and another seed other weights."""
    first, again, other = (build(model, seed=seed).state_dict() for seed in (0, 0, 1))
    if first.keys() != again.keys() or _unlike(first, again):
        raise CheckFailed(
            "two layers built after the same torch.manual_seed have the same weights",
            f"these differ: {', '.join(_unlike(first, again)) or 'their names'}",
            "draw every weight from torch's global generator, on the CPU; not from numpy, random or the time",
        )
    if count_parameters(build(model)) and not _unlike(first, other):
        raise CheckFailed(
            "another seed gives other weights, so that runs with several seeds are several runs",
            "every weight is the same after torch.manual_seed(0) and after torch.manual_seed(1): build seeds"
            " globally, or its weights are constants",
            "call no torch.manual_seed in build, and draw weights at random",
        )


def _unlike(one: dict[str, Tensor], other: dict[str, Tensor]) -> list[str]:
    return [name for name, weights in one.items() if not torch.equal(weights, other[name])]


def check_save(model: Model) -> None:
    """A layer's state_dict, saved and loaded with weights_only, is the whole layer."""
    layer, inputs = build_exact(model), noise(2, 12, "save")
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    loaded = build_exact(model, seed=1)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    found = gap(call(loaded, inputs)[0], call(layer, inputs)[0])
    if found.is_open:
        raise CheckFailed(
            "a layer built with another seed and given the saved state_dict gives the same outputs",
            f"they differ by {found}: some numbers that matter are not in the state_dict",
            "hold them as nn.Parameter, or with register_buffer; no plain tensors, no persistent=False for them",
        )


def check_copy(model: Model) -> None:
    """A copy gives the same outputs and shares no weights: a deep one, or one built anew with the state_dict."""
    layer, inputs = build_exact(model), noise(2, 12, "copy")
    expected, _ = call(layer, inputs)
    try:
        twin = exact(copied_layer(layer, partial(build, model), FEATURES))
    except ContractError as error:
        raise CheckFailed(
            "copy.deepcopy copies a layer, or one that is built anew takes its state_dict and computes the same",
            str(error),
            "hold every number that matters as nn.Parameter or with register_buffer",
        ) from error
    found = gap(call(twin, inputs)[0], expected)
    with torch.no_grad():
        for numbers in (*layer.parameters(), *layer.buffers()):
            if numbers.is_floating_point() or numbers.is_complex():
                numbers.add_(1.0)
    shared = gap(call(twin, inputs)[0], expected)
    if found.is_open or shared.is_open:
        raise CheckFailed(
            "a copy of a layer gives the same outputs, also after the weights of the layer have changed",
            f"the copy's outputs differ by {found}"
            if found.is_open
            else f"the copy's outputs changed with the layer's weights, by {shared}",
            "hold weights in modules and parameters of the layer itself, not in closures, lists or globals",
        )


def check_size(model: Model) -> None:
    """The number of parameters does not grow with the length of the inputs."""
    layer = build(model)
    before = count_parameters(layer)
    for length in (8, 1000):
        call(layer, noise(1, length, "size").float())
    after = count_parameters(layer)
    if before != after:
        raise CheckFailed(
            f"the layer has {before} trainable parameters whatever the length of its inputs",
            f"it has {after} after 8 and 1000 steps",
            "make all parameters in __init__; what depends on the position is computed, not stored for each step",
        )
