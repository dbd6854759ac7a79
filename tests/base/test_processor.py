"""Tests that the class of the processor follows the settings of torch, oneDNN and MKL."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from seqbench.base.environment import computing
from seqbench.base.machines import is_same_kind
from seqbench.base.processor import onednn_instructions
from tests.base.here import HERE, IS_X86


@pytest.mark.slow
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
