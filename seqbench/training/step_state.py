"""Keeps all that a training step may change, puts it back, and compares two such states bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.base.random_state import random_states, restore_random_states

_MISSING = object()
_PLAIN = (bool, int, float, str, type(None))
_REGISTRIES = ("_buffers", "_parameters")


@dataclass(frozen=True, eq=False)
class StepState:
    """The state of a network and its optimiser at one moment.

    Attributes:
        tensors: place -> a tensor that steps change in place, and a copy of it.
        attributes: (number of the module, attribute) -> a plain value or the tensor itself.
        random: the states of the global generators.
    """

    tensors: Mapping[str, tuple[Tensor, Tensor]]
    attributes: Mapping[tuple[int, str], Any]
    random: dict[str, Any]

    @staticmethod
    def of(network: nn.Module, optimizer: torch.optim.Optimizer) -> StepState:
        """Copy the weights, all other tensors of the network, the optimiser's state and the random states."""
        living = dict(_living(network, optimizer))
        copies = {place: (tensor, tensor.detach().clone()) for place, tensor in living.items()}
        return StepState(copies, dict(_attributes(network)), random_states())

    def put_back(self, network: nn.Module) -> None:
        """Make everything as it was, without gradients."""
        modules, now = list(network.modules()), dict(_attributes(network))
        for number, name in now.keys() - self.attributes.keys():
            registry, key = _holder(modules[number], name)
            del registry[key]
        for (number, name), value in self.attributes.items():
            registry, key = _holder(modules[number], name)
            registry[key] = value
        with torch.no_grad():
            for tensor, copy in self.tensors.values():
                tensor.copy_(copy)
        for parameter in network.parameters():
            parameter.grad = None
        restore_random_states(self.random)

    def difference(self, other: StepState) -> str | None:
        """Name a tensor whose copies differ in a bit, or the generators of the device; None if all are equal."""
        if self.tensors.keys() != other.tensors.keys():
            return "the optimiser's state has other parts"
        for place, (_, copy) in self.tensors.items():
            if not has_same_bits(copy, other.tensors[place][1]):
                return place
        ours, theirs = self.random["cuda"], other.random["cuda"]
        same = all(torch.equal(one, two) for one, two in zip(ours, theirs, strict=True))
        return None if same else "the random numbers that were drawn"

    def change_in_python(self, network: nn.Module) -> str | None:
        """Say what steps have changed since but not in place, as a captured step would not; None if nothing."""
        now = dict(_attributes(network))
        for place in sorted(now.keys() | self.attributes.keys()):
            if not _is_same(now.get(place, _MISSING), self.attributes.get(place, _MISSING)):
                return f"a step changes {place[1]}, an attribute of the layer"
        drawn = random_states()
        is_alike = torch.equal(drawn["torch"], self.random["torch"])
        if not is_alike or any(drawn[name] != self.random[name] for name in ("python", "numpy")):
            return "a step draws random numbers on the processor"
        return None


def has_same_bits(one: Tensor, other: Tensor) -> bool:
    """Say whether two tensors have the same shape, type and bits; a NaN equals the same NaN.

    >>> has_same_bits(torch.tensor([0.0]), torch.tensor([-0.0]))
    False
    """
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(_bytes(one), _bytes(other))


def _bytes(tensor: Tensor) -> Tensor:
    return tensor.detach().reshape(-1).view(torch.uint8)


def _living(network: nn.Module, optimizer: torch.optim.Optimizer) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor that a step may change in place, each once."""
    yield from network.named_parameters()
    yield from network.named_buffers()
    for number, module in enumerate(network.modules()):
        for name, value in vars(module).items():
            if isinstance(value, Tensor):
                yield f"{name} of module {number}", value
    for number, parameter in enumerate(network.parameters()):
        for name, value in optimizer.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                yield f"{name} of parameter {number} in the optimiser", value


def _attributes(network: nn.Module) -> Iterator[tuple[tuple[int, str], Any]]:
    for number, module in enumerate(network.modules()):
        for name, value in vars(module).items():
            if isinstance(value, (*_PLAIN, Tensor)):
                yield (number, name), value
        for registry in _REGISTRIES:
            yield from (((number, f"{registry}.{name}"), each) for name, each in vars(module)[registry].items())


def _holder(module: nn.Module, place: str) -> tuple[dict[str, Any], str]:
    """Return the dictionary that holds an attribute, and its key there."""
    registry, _, name = place.partition(".")
    return (vars(module)[registry], name) if name else (vars(module), place)


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return one is other
    return type(one) is type(other) and bool(one == other)
