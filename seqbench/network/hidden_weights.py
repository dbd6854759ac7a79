"""Finds what a layer keeps where torch does not look, such as weights in a plain list, tuple or dict."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from torch import Tensor, nn

from seqbench.errors import ContractError

# Of every module, and of the recurrent ones, which keep their weights in a list besides.
_OF_TORCH = frozenset(vars(nn.Module())) | {"_flat_weights"}


def check_all_registered(layer: nn.Module) -> None:
    """Refuse a layer whose weights torch would neither train nor move, since it does not see them.

    Raises:
        ContractError: a weight stands in a plain container, and is none of the layer's.
    """
    for place, kind in hidden_weights(layer):
        ending = "Dict" if issubclass(kind, dict) else "List"
        raise ContractError(
            f"{place} is a {kind.__name__} with weights, which torch does not train; make it a nn.Module{ending},"
            f" or a nn.Parameter{ending} if it holds parameters"
        )


def hidden_weights(layer: nn.Module) -> Iterator[tuple[str, type]]:
    """Yield place and type of each container with a weight that is none of the layer's.

    >>> layer = nn.Sequential(nn.Identity())
    >>> layer[0].gates = [nn.Linear(1, 1)]
    >>> list(hidden_weights(layer))
    [('0.gates', <class 'list'>)]
    """
    known = {id(weight) for weight in _weights(layer)}
    for place, value in plain_attributes(layer):
        if any(id(weight) not in known for weight in _held(value)):
            yield place, type(value)


def plain_attributes(layer: nn.Module) -> Iterator[tuple[str, Any]]:
    """Yield place and value of what a layer and its parts hold that torch does not see."""
    for path, module in layer.named_modules():
        for name, value in vars(module).items():
            if name not in _OF_TORCH:
                yield f"{path}.{name}".lstrip("."), value


def _weights(module: nn.Module) -> Iterator[Tensor]:
    return chain(module.parameters(), module.buffers())


def _held(value: Any) -> Iterator[Tensor]:
    """Yield the weights in a container, however deep."""
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        if isinstance(each, nn.Module):
            yield from _weights(each)
        elif isinstance(each, nn.Parameter):
            yield each
        else:
            yield from _held(each)
