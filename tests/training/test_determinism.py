"""Tests that deterministic algorithms are taken within a block only, and that operations without one are noted."""

from __future__ import annotations

import warnings

import pytest
import torch
import torch.utils.deterministic

from seqbench.training.determinism import NOTE, same_bits
from seqbench.training.lightning import quiet_lightning


def without_a_deterministic_form() -> None:
    """Put numbers into a tensor in no fixed order."""
    torch.zeros(3).put_(torch.tensor([0]), torch.tensor([1.0]))


def settings() -> tuple[bool, ...]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
    )


def test_setting_holds_within_the_block_and_an_operation_without_such_a_form_runs_and_is_noted_once() -> None:
    before = settings()
    with same_bits(is_on=True) as notes, quiet_lightning():
        assert settings() == (True, True, False)
        assert notes == {}
        for _ in range(2):
            without_a_deterministic_form()
    assert settings() == before
    assert notes == {NOTE: "no deterministic form exists of put_: bits may differ between runs"}
    with same_bits(is_on=True) as notes:
        without_a_deterministic_form()
    assert NOTE in notes


def test_setting_is_restored_after_an_error_and_other_warnings_go_where_they_went() -> None:
    before = settings()
    with warnings.catch_warnings(record=True) as heard, pytest.raises(ValueError, match="of the block"):
        warnings.simplefilter("always")
        with same_bits(is_on=True) as notes:
            warnings.warn("of a plugin", stacklevel=1)
            raise ValueError("of the block")
    assert settings() == before
    assert [str(each.message) for each in heard] == ["of a plugin"]
    assert notes == {}


def test_a_setting_of_the_caller_is_left_as_it_was() -> None:
    torch.use_deterministic_algorithms(True)
    try:
        with same_bits(is_on=True):
            without_a_deterministic_form()
        assert settings()[:2] == (True, False)
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there, where the block is in force by itself")
def test_on_a_cpu_nothing_is_changed() -> None:
    with same_bits() as notes:
        assert not torch.are_deterministic_algorithms_enabled()
        without_a_deterministic_form()
    assert notes == {}
