"""Names the class of this processor: its vendor, and the widest instructions that torch, oneDNN and MKL use.

Two processors of one class compute the same bits with the same versions; another class sums in another order.
torch is imported when a function runs.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from seqbench.base.portable import is_portable

PORTABLE_CLASS = {"vendor": "any x86-64", "torch": "DEFAULT", "onednn": "SSE41", "mkl": "COMPATIBLE"}
"""The class of every x86-64 processor in a process of portable arithmetic: its libraries take the same code."""

_CPUINFO = Path("/proc/cpuinfo")

_MKL_BRANCHES = {
    3: "COMPATIBLE", 4: "SSE2", 6: "SSSE3", 7: "SSE4_1", 8: "SSE4_2", 9: "AVX", 10: "AVX2", 11: "AVX512_MIC",
    12: "AVX512", 13: "AVX512_MIC_E1", 14: "AVX512_E1",
}  # fmt: skip
"""The return values of ``mkl_cbwr_get_auto_branch``, as numbered in ``mkl_types.h``."""

_AVX512_CORE = frozenset({"avx512f", "avx512bw", "avx512vl", "avx512dq"})
_AVX512_BF16 = _AVX512_CORE | {"avx512_vnni", "avx512_bf16"}
_AMX = _AVX512_BF16 | {"avx512_fp16", "amx_tile", "amx_int8", "amx_bf16"}
_ONEDNN: tuple[tuple[str, frozenset[str]], ...] = (
    ("SSE41", frozenset({"sse4_1"})),
    ("AVX", frozenset({"avx"})),
    ("AVX2", frozenset({"avx2"})),
    ("AVX2_VNNI", frozenset({"avx2", "avx_vnni"})),
    ("AVX2_VNNI_2", frozenset({"avx2", "avx_vnni", "avx_vnni_int8", "avx_ne_convert"})),
    ("AVX512_CORE", _AVX512_CORE),
    ("AVX512_CORE_VNNI", _AVX512_CORE | {"avx512_vnni"}),
    ("AVX512_CORE_BF16", _AVX512_BF16),
    ("AVX512_CORE_FP16", _AVX512_BF16 | {"avx512_fp16"}),
    ("AVX512_CORE_AMX", _AMX),
    ("AVX512_CORE_AMX_FP16", _AMX | {"amx_fp16"}),
)
"""oneDNN's instruction sets, narrowest first, under oneDNN's names, each with Linux's flags for it."""

_ALIASES = {"AVX10_1_512": "AVX512_CORE_FP16", "AVX10_1_512_AMX": "AVX512_CORE_AMX"}
_ALIASES["AVX10_1_512_AMX_FP16"] = "AVX512_CORE_AMX_FP16"


def processor_class() -> dict[str, str | None]:
    """Return ``vendor``, ``torch``, ``onednn`` and ``mkl``; None for what cannot be known here.

    - ``torch``: as torch reports it; it respects ATEN_CPU_CAPABILITY.
    - ``onednn``: oneDNN does not report it. Derived from the processor's flags in the order of its documentation
      ("CPU dispatcher control"), up to ONEDNN_MAX_CPU_ISA. Known on Linux and x86 only.
    - ``mkl``: the branch that MKL would choose by itself (``mkl_cbwr_get_auto_branch``); it respects
      MKL_ENABLE_INSTRUCTIONS. None if torch was built without MKL.
    """
    import torch

    if is_portable(os.environ):
        return dict(PORTABLE_CLASS)
    fields = _fields()
    flags = frozenset(fields.get("flags", "").split())
    is_with_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return {
        "vendor": fields.get("vendor_id") or _vendor_of_arm(fields),
        "torch": str(torch.backends.cpu.get_cpu_capability()),
        "onednn": onednn_instructions(flags, os.environ) if is_with_onednn else None,
        "mkl": _mkl_branch(),
    }


def onednn_instructions(flags: frozenset[str], environment: Mapping[str, str]) -> str | None:
    """Return the widest instruction set that oneDNN uses; None if no flag is known.

    Args:
        flags: the processor's flags as Linux spells them.
        environment: its ONEDNN_MAX_CPU_ISA, or DNNL_MAX_CPU_ISA, is the widest allowed.

    >>> onednn_instructions(frozenset({"sse4_1", "avx", "avx2"}), {})
    'AVX2'
    >>> onednn_instructions(frozenset({"sse4_1", "avx", "avx2"}), {"ONEDNN_MAX_CPU_ISA": "avx"})
    'AVX'
    """
    most = (environment.get("ONEDNN_MAX_CPU_ISA") or environment.get("DNNL_MAX_CPU_ISA") or "").upper()
    names = [name for name, _ in _ONEDNN]
    most = _ALIASES.get(most, most)
    allowed = _ONEDNN[: names.index(most) + 1] if most in names else _ONEDNN
    known = [name for name, needed in allowed if needed <= flags]
    return known[-1] if known else None


def _fields() -> dict[str, str]:
    """Return the system's description of the first processor."""
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _vendor_of_arm(fields: Mapping[str, str]) -> str | None:
    """Return the maker of a processor other than x86 if known: an implementer's number, or Apple."""
    if implementer := fields.get("CPU implementer"):
        return f"ARM implementer {implementer}"
    return "Apple" if platform.system() == "Darwin" and platform.machine() == "arm64" else None


def _mkl_branch() -> str | None:
    import torch

    if not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return None
    folder = Path(torch.__file__).parent / "lib"
    for path in sorted(folder.glob("libtorch_cpu.*")):
        try:
            # Already loaded: this only finds it again. The library exports the function under this second name.
            ask = ctypes.CDLL(str(path)).mkl_serv_cbwr_get_auto_branch
        except (OSError, AttributeError):
            continue
        number = int(ask())
        return _MKL_BRANCHES.get(number, f"branch {number}")
    return None
