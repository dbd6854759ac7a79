"""Tests that deterministic algorithms hold within a block only, and between which GPUs bits are equal."""

from __future__ import annotations

import warnings

import pytest
import torch
import torch.utils.deterministic

from seqbench.base.machines import is_same_kind, machine_differences
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


def test_kind_of_a_gpu_is_its_name_and_its_libraries_and_an_earlier_record_told_none() -> None:
    classes = {"vendor": "GenuineIntel", "torch": "AVX512", "onednn": "AVX512_CORE", "mkl": "AVX512_E1"}
    cpu = {"python": "3.11.7", "packages": {"torch": "2.13.0"}, "device": "cpu", "platform": "Linux-6-x86_64"}
    gpu = {**cpu, "processor_class": classes, "device": "H200", "gpu_libraries": {"cuda": "13.0", "cudnn": 91900}}
    early = {name: value for name, value in gpu.items() if name != "gpu_libraries"}
    other = {**gpu, "gpu_libraries": {"cuda": "13.0", "cudnn": 92000}}
    assert (is_same_kind(gpu, gpu), is_same_kind(gpu, early), is_same_kind(early, early)) == (True, None, None)
    assert is_same_kind(gpu, other) is False
    assert machine_differences(gpu, other) == ["gpu_libraries cudnn 91900 / cudnn 92000"]
