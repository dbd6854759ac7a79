"""Finds modules that a layer keeps where torch does not look: in a plain list, tuple or dict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn

from seqbench.errors import ContractError


def check_all_registered(layer: nn.Module) -> None:
    """Refuse a layer whose weights torch would neither train nor move, since it does not see them.

    Raises:
        ContractError: a module stands in a plain container, and nowhere in the layer's own modules.
    """
    for place, kind in hidden_modules(layer):
        better = "nn.ModuleDict" if kind is dict else "nn.ModuleList"
        raise ContractError(
            f"{place} is a {kind.__name__} of modules, whose weights torch does not train; make it a {better}"
        )


def hidden_modules(layer: nn.Module) -> Iterator[tuple[str, type]]:
    """Yield place and type of each container with a module that is none of the layer's.

    >>> layer = nn.Sequential(nn.Identity())
    >>> layer[0].gates = [nn.Linear(1, 1)]
    >>> list(hidden_modules(layer))
    [('0.gates', <class 'list'>)]
    """
    known = set(layer.modules())
    for path, module in layer.named_modules():
        for name, value in vars(module).items():
            if name not in _OF_TORCH and any(isinstance(e, nn.Module) and e not in known for e in _held(value)):
                yield f"{path}.{name}".lstrip("."), type(value)


_OF_TORCH = frozenset(vars(nn.Module()))


def _held(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()
