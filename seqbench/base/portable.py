"""Makes the numerical libraries take the same code on every x86-64 processor, so that bits travel.

Each library chooses its code by the processor it finds. These variables make it take the oldest; all are read
when a process starts or a library is loaded. Imports nothing of seqbench.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from typing import Any

_SETTINGS = {
    # Products of matrices, torch's own vector code, recurrent layers.
    "MKL_CBWR": "COMPATIBLE",
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    # numpy's and scipy's products of matrices.
    "OPENBLAS_CORETYPE": "Nehalem",
    # exp, log, sin and tanh of the C library; the names with _Usable are those before glibc 2.33.
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-FMA,-FMA4,-AVX_Usable,-AVX2_Usable,-FMA_Usable",
}
_OF_NUMPY = "NPY_DISABLE_CPU_FEATURES"


def portable_settings() -> dict[str, str]:
    """Return the environment variables of a process whose bits are those of any x86-64 processor.

    numpy gets the names of what it has found here, since their spelling differs between its versions.
    """
    found = _found_by_numpy()
    return {**_SETTINGS, **({_OF_NUMPY: " ".join(found)} if found else {})}


def is_portable(environment: Mapping[str, str]) -> bool:
    """Say whether a process with this environment, since its start, computes portable bits."""
    return all(environment.get(name) == value for name, value in _SETTINGS.items())


def portable_faults(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield in sentences why this process does not compute portable bits."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        yield f"the settings are those of x86-64 processors, and this one is {platform.machine()}"
    missing = [name for name, value in portable_settings().items() if environment.get(name) != value]
    if missing:
        yield f"this process was started without {', '.join(missing)}"
    elif torch := sys.modules.get("torch"):
        found = str(torch.backends.cpu.get_cpu_capability())
        if found != "DEFAULT":
            yield f"torch was loaded before the settings were made: it uses {found}"


def _found_by_numpy() -> list[str]:
    """Return the instruction sets beyond its baseline that numpy uses in this process, under its own names."""
    import numpy

    shown: Any = numpy.show_config(mode="dicts")
    return [str(name) for name in shown.get("SIMD Extensions", {}).get("found", [])]
