"""Tests that the processor's class follows torch, oneDNN and MKL settings, and decides the kind of a machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import Any

import pytest

from seqbench.base.environment import computing, describe
from seqbench.base.machines import class_text, is_same_kind, machine_differences
from seqbench.base.processor import onednn_instructions

INTEL = {"vendor": "GenuineIntel", "torch": "AVX512", "onednn": "AVX512_CORE_AMX", "mkl": "AVX512_E1"}
HERE: dict[str, Any] = {
    "python": "3.11.7",
    "platform": "Linux-6.18.44-x-x86_64-with-glibc2.36",
    "processor": "Intel(R) Xeon(R) Processor",
    "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
    "device": "cpu",
    "processor_class": INTEL,
}
IS_X86 = platform.machine() in ("x86_64", "AMD64") and sys.platform == "linux"


def test_every_record_tells_the_class_of_its_processor() -> None:
    found = {**describe(), **computing()}["processor_class"]
    assert set(found) == {"vendor", "torch", "onednn", "mkl"}
    assert found["torch"]
    if IS_X86:
        assert found["vendor"]
        assert found["onednn"]


@pytest.mark.skipif(not IS_X86, reason="the instructions of x86 processors are told apart on Linux")
def test_lowered_instructions_make_another_class() -> None:
    lowered = {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    }
    code = "import json; from seqbench.base.environment import computing; print(json.dumps(computing()))"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **lowered}
    )
    found = json.loads(said.stdout.splitlines()[-1])["processor_class"]
    assert (found["torch"], found["onednn"]) == ("DEFAULT", "SSE41")
    assert is_same_kind({**HERE, **computing()}, {**HERE, "device": "cpu", "processor_class": found}) is False


def test_onednn_uses_the_widest_set_all_of_whose_flags_are_there_up_to_the_one_that_is_allowed() -> None:
    core = "sse4_1 avx avx2 avx512f avx512bw avx512vl avx512dq"
    for flags, most, expected in [
        (core, "", "AVX512_CORE"),
        (f"{core} avx512_vnni avx_vnni", "", "AVX512_CORE_VNNI"),
        (f"{core} avx512_vnni avx_vnni", "AVX2_VNNI", "AVX2_VNNI"),
        (core, "AVX2_VNNI", "AVX2"),
        (f"{core} avx512_vnni avx512_bf16 avx512_fp16", "AVX10_1_512", "AVX512_CORE_FP16"),
        (core, "nonsense", "AVX512_CORE"),
        ("sse4_1 avx avx2 avx512f", "", "AVX2"),
        ("neon", "", None),
    ]:
        assert onednn_instructions(frozenset(flags.split()), {"ONEDNN_MAX_CPU_ISA": most}) == expected


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
