"""Prints a digest of what each numerical library computes, for the tests of portable arithmetic.

Each value is moved by one library's choice of code alone, and has the name of the setting that takes the choice.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.linalg.blas import dgemm

_STREAM = np.random.default_rng(0)
_LEFT, _RIGHT = _STREAM.standard_normal((96, 200)), _STREAM.standard_normal((200, 80))
_MANY = np.abs(_STREAM.standard_normal(4096))


def numbers() -> Iterator[tuple[str, ArrayLike]]:
    """Yield setting -> numbers that it fixes."""
    left, right = torch.tensor(_LEFT), torch.tensor(_RIGHT)
    yield "MKL_CBWR", (left @ right).numpy()
    yield "ATEN_CPU_CAPABILITY", torch.tensor(_MANY).sigmoid().numpy()
    signal, kernel = left.float().reshape(2, 200, 48), torch.tensor(_MANY[:4000]).float().reshape(4, 200, 5)
    yield "ONEDNN_MAX_CPU_ISA", torch.conv1d(signal, kernel).numpy()
    yield "OPENBLAS_CORETYPE", [*(_LEFT @ _RIGHT).flat, *dgemm(1.0, _LEFT, _RIGHT).flat]
    # Python's own functions are those of the C library.
    yield "GLIBC_TUNABLES", [function(each) for function in (math.log, math.cos, math.tanh) for each in _MANY]
    yield "NPY_DISABLE_CPU_FEATURES", np.exp(_MANY.astype(np.float32))


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps({name: hashlib.sha256(np.asarray(each).tobytes()).hexdigest() for name, each in numbers()})
    )
