"""Describes a machine as records do."""

from __future__ import annotations

import platform
import sys
from typing import Any

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
