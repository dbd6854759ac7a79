"""Checks that the names of a model exist in its layer: state parts, weight groups, learning-rate groups."""

from __future__ import annotations

from seqbench.contracts.inputs import Values
from seqbench.contracts.model import Model
from seqbench.contracts.targets import SequenceClass
from seqbench.errors import ContractError
from seqbench.gradients.part_names import check_names as check_names_of
from seqbench.network.network import build_network
from seqbench.testing.models.layers import FEATURES
from seqbench.testing.outcome import CheckFailed


def check_names(model: Model) -> None:
    """What ``state_parts``, ``weight_groups`` and ``parameter_groups`` name is there, once."""
    network = build_network(model, Values(FEATURES), SequenceClass(2), FEATURES)
    try:
        check_names_of(network)
    except ContractError as error:
        raise CheckFailed(
            "state_parts names each tensor of the state that gradients flow through, and groups name parameters of"
            " the layer, none of them twice",
            str(error),
            "take the names that layer.named_parameters() has, of the layer that these very parameters build",
        ) from error
