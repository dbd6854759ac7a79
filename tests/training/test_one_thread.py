"""Tests that a block computes on one thread and with denormal numbers as 0, and that both are put back."""

from __future__ import annotations

import platform

import pytest
import torch

from seqbench.training.one_thread import one_quiet_thread


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="other processors may keep denormals")
def test_block_has_one_thread_and_no_denormal_numbers_and_puts_both_back() -> None:
    def computed() -> tuple[int, bool]:
        return torch.get_num_threads(), bool((torch.full((8,), 1e-40) * 0.5 == 0).all())

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_quiet_thread():
            within = computed()
        assert (within, computed()) == ((1, True), (2, False))
        with pytest.raises(RuntimeError), one_quiet_thread():
            raise RuntimeError
        assert computed() == (2, False)
    finally:
        torch.set_num_threads(before)
