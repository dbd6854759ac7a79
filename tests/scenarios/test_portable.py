"""Tests that cells of portable arithmetic keep their bits where the libraries take a processor for a weaker one.

Modules: seqbench.board.check.portable_bits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqbench import Experiment, load_catalog
from seqbench.base.portable import portable_settings
from seqbench.board.check.portable_bits import portable_bits
from seqbench.errors import ExperimentError
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.training.precision import check_arithmetic
from tests.base.here import IS_X86

WEAKER = {
    "MKL_CBWR": "COMPATIBLE",
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "AVX",
    "OPENBLAS_CORETYPE": "Sandybridge",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable",
    "NPY_DISABLE_CPU_FEATURES": " ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"]),
}
"""What a processor without AVX2 and fused multiply-add would make the libraries choose."""

HAS_CHOICE = IS_X86 and torch.backends.cpu.get_cpu_capability() != "DEFAULT"


def test_arithmetic_is_in_the_key_only_where_it_is_portable() -> None:
    catalog = load_catalog()

    def identity(**training: Any) -> Any:
        (cell,) = expand(Experiment(tasks=["copy"], models=["rnn"], lengths=[16], training=training), catalog)
        return cell.identity["training"]

    assert identity() == identity(arithmetic="native")
    assert identity(arithmetic="portable") == {**identity(), "arithmetic": "portable"}


def test_process_that_was_not_started_for_it_refuses_to_compute_portable_bits() -> None:
    with pytest.raises(ExperimentError, match=r"portable, and this process was started without MKL_CBWR"):
        check_arithmetic("portable")


def _numbers(environment: Mapping[str, str]) -> dict[str, str]:
    """Return setting -> digest of numbers that it fixes, in a process with this environment."""
    command = [sys.executable, "-m", "tests.library_numbers"]
    ran = subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, timeout=100)
    found: dict[str, str] = json.loads(ran.stdout)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CHOICE, reason="the libraries have no choice of code on this processor")
def test_each_setting_keeps_numbers_that_a_weaker_processor_moves() -> None:
    native, weaker = _numbers({}), _numbers(WEAKER)
    # Numbers that do not move here would miss a setting that is lost.
    assert {name for name, digest in native.items() if weaker[name] != digest} == set(WEAKER)
    assert _numbers(portable_settings()) == _numbers({**WEAKER, **portable_settings()})


def _run(folder: Path, arithmetic: str, environment: Mapping[str, str]) -> list[Record]:
    command = [
        sys.executable, "-m", "seqbench", "run", "--tasks", "copy,forecasting", "--models", "lstm,gru",
        "--lengths", "16", "--set", "training.steps=20", "--set", "training.batch_size=8", "--set",
        f"training.arithmetic={arithmetic}", "--set", "gradients.examples=2", "--jobs", "1",
        "--output", str(folder),
    ]  # fmt: skip
    # Caches of their own: data that were made under one arithmetic must not be read under another.
    own = {"SEQBENCH_CACHE": str(folder / "cache")}
    subprocess.run(command, env={**os.environ, **own, **environment}, check=True, capture_output=True, timeout=300)
    return sorted(Store(folder).read(), key=lambda record: record.title)


def _moved(one: list[Record], other: list[Record]) -> list[str]:
    """Name the cells whose trained and measured numbers differ."""
    parts = {"course": {"losses", "validations"}, "test": True, "gradients": True, "data_fingerprint": True}
    texts = [[json.dumps(each.model_dump(include=parts)) for each in records] for records in (one, other)]
    return [record.title for record, a, b in zip(one, *texts, strict=True) if a != b]


@pytest.mark.slow
@pytest.mark.skipif(not HAS_CHOICE, reason="the libraries have no choice of code on this processor")
def test_portable_cells_have_the_same_bits_where_the_libraries_see_a_weaker_processor(tmp_path: Path) -> None:
    wide, narrow = _run(tmp_path / "wide", "portable", {}), _run(tmp_path / "narrow", "portable", WEAKER)
    assert [each.status for each in wide] == ["ok"] * 4
    assert _moved(wide, narrow) == []
    assert portable_bits(wide)[0] == "passed"
    native = _run(tmp_path / "native", "native", {})
    assert len(_moved(wide, native)) == 4
    assert portable_bits(native)[0] == "not checked"
    assert portable_bits([*wide, *native])[0] == "not checked"
    forged = wide[0].model_copy(update={"environment": native[0].environment})
    assert portable_bits([forged])[0] == "failed"
