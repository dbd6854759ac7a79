"""Sets the arithmetic in which a cell trains: float32, unless a setting names another.

By default torch lets cuDNN round float32 to TF32.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal

import torch

from seqbench.base.portable import portable_faults
from seqbench.errors import ExperimentError

Precision = Literal["float32", "tf32", "bf16"]
Arithmetic = Literal["native", "portable"]


def check_arithmetic(wanted: Arithmetic) -> None:
    """Refuse to compute portable bits in a process that cannot.

    Raises:
        ExperimentError: it was not started with the settings of `seqbench.base.portable`, or there is a GPU.
    """
    if wanted == "native":
        return
    faults = list(portable_faults(os.environ))
    if torch.cuda.is_available():
        faults.append("a GPU computes here, whose bits are its own; hide it with CUDA_VISIBLE_DEVICES=-1")
    if faults:
        raise ExperimentError(
            f"training.arithmetic is portable, and {'; '.join(faults)}. The executors processes and ray start"
            " processes with the settings; serial computes in this one"
        )


def check_precision(precision: Precision) -> None:
    """Refuse an arithmetic in which cells cannot train here.

    Raises:
        ExperimentError: TF32 without a GPU, which would be float32 under another name.
    """
    if precision == "tf32" and not torch.cuda.is_available():
        raise ExperimentError(
            "training.precision is tf32, which GPUs alone have, and torch sees none here; take float32 or bf16"
        )


@contextmanager
def arithmetic(precision: Precision) -> Iterator[None]:
    """Multiply float32 numbers as float32, or as TF32 on request, during the block.

    TF32 keeps 10 bits of the mantissa and exists on GPUs only. bfloat16 is the work of `autocast`; on a
    processor for which oneDNN has no recurrent layers in bfloat16 (below AVX-512), torch's own loops run instead.
    """
    # torch makes these at run time, invisible to type checkers.
    cudnn: Any = torch.backends.cudnn
    backends: tuple[Any, ...] = (cudnn.conv, cudnn.rnn)
    before, products = [backend.fp32_precision for backend in backends], torch.get_float32_matmul_precision()
    # The older function: Lightning reads it, and torch refuses to report a value set by the newer one.
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    for backend in backends:
        backend.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        with _without_onednn() if precision == "bf16" and not _has_bf16_layers() else nullcontext():
            yield
    finally:
        torch.set_float32_matmul_precision(products)
        for backend, was in zip(backends, before, strict=True):
            backend.fp32_precision = was


def autocast(precision: Precision, device: str) -> AbstractContextManager[Any]:
    """Return a block for forward passes, in which matrix products are bfloat16 on request.

    A backward pass belongs outside, and so does every change of weights: the block may keep them rounded.

    Args:
        precision: the cell's.
        device: the type of the network's, e.g. ``"cpu"``.
    """
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def _has_bf16_layers() -> bool:
    """Say whether torch's recurrent layers run in bfloat16 on this processor as they are."""
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            torch.nn.LSTM(1, 1)(torch.zeros(1, 1, 1))
    except RuntimeError:
        # "could not create a primitive descriptor": the only way to ask oneDNN that is the same in all versions.
        return False
    return True


@contextmanager
def _without_onednn() -> Iterator[None]:
    onednn: Any = torch.backends.mkldnn
    before = onednn.enabled
    onednn.enabled = False
    try:
        yield
    finally:
        onednn.enabled = before
