"""Sorts a network's parameters into the groups that its model trains at learning rates of their own.

Builds on network and weight_groups.
"""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from seqbench.contracts.model import ParameterGroup
from seqbench.errors import ContractError
from seqbench.network.network import Network
from seqbench.network.weight_groups import check_parameter


def optimiser_groups(network: Network, learning_rate: float, weight_decay: float) -> list[Any]:
    """Return the parameters as torch's optimisers take them: all, or one dict for each group of the model.

    Parameters in no group come first, with the learning rate and the weight decay given.

    Raises:
        ContractError: a group names an unknown parameter or one of another group, or a number is out of range.
    """
    groups = tuple(network.model.parameter_groups(network.layer)) if network.model else ()
    if not groups:
        return list(network.parameters())
    known, taken = dict(network.layer.named_parameters()), set[str]()
    found: list[dict[str, Any]] = []
    for group in groups:
        _check_numbers(group)
        for name in group.parameters:
            check_parameter(name, known, taken, "parameter_groups")
            taken.add(name)
        decay = weight_decay if group.weight_decay is None else group.weight_decay
        own: list[nn.Parameter] = [known[name] for name in group.parameters]
        found.append({"params": own, "lr": learning_rate * group.learning_rate, "weight_decay": decay})
    theirs = {id(known[name]) for name in taken}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in theirs]
    return [{"params": rest, "lr": learning_rate, "weight_decay": weight_decay}, *found]


def _check_numbers(group: ParameterGroup) -> None:
    for name, value in (("learning_rate", group.learning_rate), ("weight_decay", group.weight_decay or 0.0)):
        if not (math.isfinite(value) and value >= 0):
            raise ContractError(
                f"parameter_groups: the {name} of {', '.join(group.parameters)} is {value}; it must be a finite"
                " number of at least 0"
            )
