"""Tests what decides whether two records come from one kind of machine."""

from __future__ import annotations

from seqbench.base.machines import class_text, is_same_kind, machine_differences
from tests.base.here import HERE, INTEL


def test_kind_is_class_versions_device_and_c_library_and_not_the_kernel() -> None:
    assert is_same_kind(HERE, {**HERE, "platform": "Linux-5.4-x86_64-with-glibc2.36", "cores": 64}) is True
    for changed, told in [
        ({"processor_class": {**INTEL, "mkl": "AVX2"}}, "MKL AVX2"),
        ({"packages": {**HERE["packages"], "torch": "2.14.0"}}, "packages torch 2.13.0 / torch 2.14.0"),
        ({"device": "NVIDIA H200"}, "device cpu / NVIDIA H200"),
        ({"platform": "Linux-6.18.44-x-x86_64-with-glibc2.39"}, "glibc2.39"),
        ({"python": "3.12.1"}, "python 3.11.7 / 3.12.1"),
    ]:
        assert is_same_kind(HERE, {**HERE, **changed}) is False
        (said,) = machine_differences(HERE, {**HERE, **changed})
        assert told in said
    # A part that is not known leaves the processor's name to decide.
    partly = {**HERE, "processor_class": {**INTEL, "onednn": None}}
    assert is_same_kind(partly, partly) is True
    assert is_same_kind(partly, {**partly, "processor": "AMD EPYC"}) is False


def test_records_of_earlier_versions_tell_no_class_and_are_of_no_known_kind() -> None:
    early = {name: value for name, value in HERE.items() if name != "processor_class"}
    assert is_same_kind(early, HERE) is None
    assert is_same_kind(early, {**early, "processor": "AMD EPYC"}) is False
    assert is_same_kind({}, {}) is None
    assert class_text(early) == "Intel(R) Xeon(R) Processor (class not recorded)"
    assert class_text(HERE) == "GenuineIntel (torch AVX512, oneDNN AVX512_CORE_AMX, MKL AVX512_E1)"
