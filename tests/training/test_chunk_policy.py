"""Tests, without a GPU, the trial that finds layers whose random numbers cannot be drawn again."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seqbench.training.chunk_policy import second_chunk_is_drawn_again


class Dropping(nn.GRU):
    """Drops out by torch's generator."""

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        hidden, state = super().forward(inputs, state)
        return nn.functional.dropout(hidden, 0.5, self.training), state


class SeededAnew(nn.GRU):
    """Drops out as cuDNN does: by a generator of its own, seeded anew when torch's was set."""

    own: torch.Generator
    last: Tensor | None = None

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        hidden, state = super().forward(inputs, state)
        if self.last is None or not torch.equal(self.last, torch.get_rng_state()):
            self.own = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
            self.last = torch.get_rng_state()
        return hidden * (torch.rand(hidden.shape, generator=self.own) > 0.5), state


def test_random_numbers_of_torch_are_drawn_again_and_those_of_a_generator_of_its_own_are_not() -> None:
    before = torch.get_rng_state()
    found = {
        layer: second_chunk_is_drawn_again(layer(3, 4, batch_first=True), 3, 7) for layer in (nn.GRU, Dropping)
    }
    assert found == {nn.GRU: True, Dropping: True}
    after_making = torch.get_rng_state()
    layer = SeededAnew(3, 4, batch_first=True)
    torch.set_rng_state(after_making)
    assert not second_chunk_is_drawn_again(layer, 3, 7)
    assert torch.equal(torch.get_rng_state(), after_making)
    torch.set_rng_state(before)
