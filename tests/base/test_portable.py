"""Tests that a process is told to be of portable arithmetic only if its libraries are."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import pytest

from seqbench.base.environment import computing
from seqbench.base.portable import is_portable, portable_faults, portable_settings
from seqbench.base.processor import PORTABLE_CLASS
from tests.base.here import HERE, IS_X86

CODE = """
import json, os, sys
from seqbench.base.portable import portable_faults
from seqbench.base.environment import computing
print(json.dumps([list(portable_faults(os.environ)), computing(), list(portable_faults(os.environ))]))
"""


def told(settings: dict[str, str]) -> tuple[list[str], dict[str, object], list[str]]:
    said = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning:numpy", "-c", CODE],
        capture_output=True, text=True, check=True, env={**os.environ, **settings},
    )  # fmt: skip
    before, found, after = json.loads(said.stdout.splitlines()[-1])
    return before, found, after


@pytest.mark.skipif(not IS_X86, reason="portable arithmetic is that of x86-64 processors")
def test_process_with_the_settings_is_of_the_class_of_every_x86_64_processor() -> None:
    before, found, after = told(portable_settings())
    assert (before, after) == ([], [])
    assert found["processor_class"] == PORTABLE_CLASS
    from seqbench.base.machines import is_same_kind

    assert is_same_kind({**HERE, **computing()}, {**HERE, **found}) is False


@pytest.mark.skipif(not IS_X86, reason="portable arithmetic is that of x86-64 processors")
@pytest.mark.parametrize("missing", ["MKL_CBWR", "GLIBC_TUNABLES"])
def test_process_that_lacks_a_setting_says_which(missing: str) -> None:
    settings = {name: value for name, value in portable_settings().items() if name != missing}
    assert not is_portable(settings)
    (fault,) = portable_faults(settings)
    assert fault == f"this process was started without {missing}"


@pytest.mark.skipif(not IS_X86, reason="portable arithmetic is that of x86-64 processors")
def test_settings_that_come_after_torch_are_seen_to_be_too_late() -> None:
    import torch

    if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        pytest.skip("torch has no wider code on this processor")
    (fault,) = portable_faults(portable_settings())
    assert fault.startswith("torch was loaded before the settings were made: it uses ")


def test_other_processors_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert next(portable_faults(portable_settings())).endswith("and this one is arm64")
