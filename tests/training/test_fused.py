"""Tests that weights are changed with the bits of torch's own optimisers, whichever parameters have gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from seqbench.training.fused import FusedUpdate, update_of

OPTIMIZERS: dict[str, Callable[[list[nn.Parameter]], torch.optim.Optimizer]] = {
    "adam": lambda own: torch.optim.Adam(own, lr=0.01, weight_decay=0.1, fused=True),
    "adamw, two groups": lambda own: torch.optim.AdamW(
        [{"params": own[:2]}, {"params": own[2:], "lr": 0.001, "weight_decay": 0.5}], lr=0.01, fused=True
    ),
    "adam, an empty group": lambda own: torch.optim.Adam([{"params": []}, {"params": own}], fused=True),
    "adam, two types": lambda own: torch.optim.Adam([*own[:3], nn.Parameter(own[3].double())], fused=True),
    "adam, not fused": lambda own: torch.optim.Adam(own, lr=0.01),
    "sgd": lambda own: torch.optim.SGD(own, lr=0.01, fused=True),
}


def parameters() -> list[nn.Parameter]:
    rng = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(size, generator=rng)) for size in ((7, 5), (33,), (1,), (4, 4))]


def changed(optimizer: torch.optim.Optimizer, update: Callable[[], object], first: int, last: int) -> None:
    """Take steps with gradients of their own; some lack the gradient of one parameter."""
    for step in range(first, last):
        rng = torch.Generator().manual_seed(step)
        for number, parameter in enumerate(p for group in optimizer.param_groups for p in group["params"]):
            gradient = torch.randn(parameter.shape, generator=rng).to(parameter.dtype)
            parameter.grad = None if step in (0, 4, 5) and number == 1 else gradient
        for group in optimizer.param_groups:
            group["lr"] *= 0.9
        update()


def numbers(optimizer: torch.optim.Optimizer) -> list[list[float]]:
    own = [p for group in optimizer.param_groups for p in group["params"]]
    state = [part for p in own for _, part in sorted(optimizer.state[p].items()) if part is not None]
    return [tensor.detach().flatten().tolist() for tensor in (*own, *state)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_and_state_have_the_bits_of_the_optimiser_also_after_a_checkpoint(name: str) -> None:
    expected, found = OPTIMIZERS[name](parameters()), OPTIMIZERS[name](parameters())
    changed(expected, expected.step, 0, 12)
    changed(found, update_of(found), 0, 8)
    state = copy.deepcopy(found.state_dict())
    found.load_state_dict(state)
    changed(found, update_of(found), 8, 12)
    assert numbers(found) == numbers(expected)


def test_kernel_is_called_by_itself_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    optimizer = OPTIMIZERS["adamw, two groups"](parameters())
    update = update_of(optimizer)
    assert isinstance(update, FusedUpdate)
    changed(optimizer, update, 1, 3)
    monkeypatch.setattr(optimizer, "step", None)
    changed(optimizer, update, 6, 8)
