"""Names the parts of a layer's state: as its model does, or by a general rule.

Builds on passage and flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqbench.errors import ContractError
from seqbench.gradients.flow import WHOLE
from seqbench.gradients.passage import state_parts
from seqbench.network.learning_rates import optimiser_groups
from seqbench.network.network import Network
from seqbench.network.weight_groups import weight_groups


def part_names(network: Network, parts: int) -> tuple[str, ...]:
    """Return the names of the parts of the state that gradients flow through, in their order.

    If the model names none, a pair beside parameters with torch's names of recurrent weights is an LSTM's.

    Args:
        network: its layer and its model.
        parts: how many there are.

    Raises:
        ContractError: the model names another number of parts, or one twice.
    """
    named = tuple(network.model.state_parts) if network.model else ()
    if named:
        _check_parts(named, parts)
        return named
    is_torchs = any(name.startswith("weight_hh_l") for name, _ in network.layer.named_parameters())
    return ("hidden", "cell") if is_torchs and parts == 2 else tuple(f"part_{i}" for i in range(parts))


def _check_parts(named: Sequence[Any], parts: int) -> None:
    if len(named) != parts:
        raise ContractError(
            f"state_parts names {len(named)} parts ({', '.join(map(str, named))}), and gradients flow through"
            f" {parts} tensors of the state; name each of these, in their order, and no integers"
        )
    if len({*named, WHOLE}) <= parts or not all(isinstance(name, str) and name for name in named):
        raise ContractError(
            f"state_parts is {tuple(named)}: each name is to be a word, to stand once, and not to be {WHOLE!r},"
            " which is the whole state"
        )


def check_names(network: Network) -> None:
    """Compare all that a model names with its layer: parts of the state, weights, learning-rate groups.

    Raises:
        ContractError: a name is missing in the layer or occurs twice, or a number is out of range.
    """
    weight_groups(network)
    optimiser_groups(network, 1.0, 0.0)
    if network.model and network.model.state_parts and network.is_causal:
        parts = state_parts(network.layer, network.features)
        part_names(network, sum(part.has_gradient for part in parts))
