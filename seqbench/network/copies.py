"""Copies layers and networks, even those that Python cannot copy, and converts them to float64."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn

from seqbench.errors import ContractError
from seqbench.network.network import Network, layer_sizes, number_of


def copied(network: Network) -> Network:
    """Return a copy that shares nothing with a network; see `copied_layer`."""
    layer = copied_layer(network.layer, network.build, network.features)
    return copy.deepcopy(network, {id(network.layer): layer})


def copied_layer(layer: nn.Module, build: Callable[[], nn.Module] | None, features: int) -> nn.Module:
    """Return a copy of a layer that shares nothing with it.

    A layer that cannot be deep-copied, such as one with a parametrisation of torch's or a lock, is built anew and
    loads the state_dict. torch's global generator is left unchanged.

    Args:
        layer: what to copy.
        build: returns a new layer; None if no function does.
        features: number of features of an input step.

    Raises:
        ContractError: the new layer does not take the state_dict, or computes something else with it.
    """
    try:
        return copy.deepcopy(layer)
    except Exception as error:
        if build is None:
            raise
        why = f"{type(error).__name__}: {error}"
    weight = number_of(layer)
    with torch.random.fork_rng(devices=[]):
        twin = build()
        layer_sizes(twin, features)  # a lazy module gets its weights
    try:
        twin.load_state_dict(layer.state_dict())
    except RuntimeError as error:
        raise ContractError(
            f"it cannot be copied ({why}), and a new one does not take its state_dict: {error}"
        ) from error
    twin.to(weight.device).train(layer.training)
    if not _is_alike(layer, twin, features):
        raise ContractError(
            f"it cannot be copied ({why}), and a new one with its state_dict computes something else: some numbers"
            " that matter are not in it"
        )
    return twin


def _is_alike(layer: nn.Module, twin: nn.Module, features: int) -> bool:
    """Say whether two layers give the same outputs up to rounding."""
    found = []
    for each in (layer, twin):
        was_training, weight = each.training, number_of(each)
        dtype = torch.float64 if weight.dtype in (torch.float64, torch.complex128) else torch.float32
        steps = torch.linspace(-1, 1, 4 * features, device=weight.device, dtype=dtype).view(1, 4, features)
        with torch.no_grad():
            found.append(each.eval()(steps)[0].double())
        each.train(was_training)
    ours, its = found
    return bool(torch.allclose(ours, its, rtol=1e-3, atol=1e-3))


def exact(module: nn.Module) -> nn.Module:
    """Convert a module to float64, and its complex tensors to complex128, which ``double`` leaves unchanged."""
    module.double()
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_complex():
            tensor.data = tensor.data.to(torch.complex128)
    return module
