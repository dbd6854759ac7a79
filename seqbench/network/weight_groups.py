"""Sorts a network's weights into the groups whose gradients are reported: its model's, or by a general rule.

Builds on network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import nn

from seqbench.contracts.model import torch_weight_groups
from seqbench.errors import ContractError, unknown
from seqbench.network.network import Network

HEAD, REST = "W", "other"
"""The groups of the head's weight and of the rest: embedding, biases, and parameters that the model does not
name."""


def weight_groups(network: Network) -> dict[str, list[nn.Parameter]]:
    """Return the trained parameters whose gradients are reported together, by group, without empty groups.

    Raises:
        ContractError: the model names an unknown parameter, one in two groups, or a group ``other``.
    """
    layer = network.layer
    named = network.model.weight_groups(layer) if network.model else _by_torchs_names(layer)
    chosen = _group_of(named, dict(layer.named_parameters()))
    order = [name for name in named if name != HEAD]
    groups: dict[str, list[nn.Parameter]] = {name: [] for name in (*order, HEAD, REST)}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        of_layer = chosen.get(name.removeprefix("layer.")) if name.startswith("layer.") else None
        groups[of_layer or (HEAD if name == "head.weight" else REST)].append(parameter)
    return {name: parameters for name, parameters in groups.items() if parameters}


def _by_torchs_names(layer: nn.Module) -> Mapping[str, Iterable[str]]:
    return torch_weight_groups(name for name, _ in layer.named_parameters())


def _group_of(named: Mapping[str, Iterable[str]], known: Mapping[str, nn.Parameter]) -> dict[str, str]:
    """Return the group of each parameter of the layer that is in one."""
    if REST in named:
        raise ContractError(
            f"weight_groups names a group {REST!r}, which holds what stands in no other; leave it out"
        )
    chosen: dict[str, str] = {}
    for group, names in named.items():
        for name in names:
            check_parameter(name, known, chosen, f"weight_groups, group {group}")
            chosen[name] = group
    return chosen


def check_parameter(name: str, known: Iterable[str], taken: Iterable[str], where: str) -> None:
    """Refuse the name of a parameter that the layer does not have, or that is in another group already.

    Raises:
        ContractError: it is one of these.
    """
    if name not in known:
        raise ContractError(f"{where}: {unknown('parameter of the layer', name, known)}")
    if name in taken:
        raise ContractError(f"{where}: the parameter {name} stands in two groups; keep it in one")
