"""Reads a recording from a file or from its bytes, as one channel at the rate that is asked for."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench import DataError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

ENDINGS = (".wav", ".flac", ".ogg")
"""Of files that are looked for in folders, in small letters."""


def read_sound(source: Path | bytes, rate: int, name: str) -> Tensor:
    """Return the samples of a recording, [samples] float64, the mean of its channels.

    It is resampled by soxr (quality HQ) if its rate is another.

    Args:
        source: a file, or its content.
        rate: samples a second.
        name: of the recording, for messages.

    Raises:
        DataError: soundfile is not installed; the recording is missing, unreadable, empty or not finite.
    """
    import numpy as np
    import torch

    samples, found = _decoded(source, name)
    if not len(samples):
        raise DataError(f"the recording {name} is empty: it has no sample; leave it out")
    if not np.isfinite(samples).all():
        raise DataError(f"the recording {name} has samples that are not finite numbers; leave it out, or mend it")
    mono = samples.mean(axis=1)
    if found != rate:
        import soxr

        mono = soxr.resample(mono, found, rate)
    if not len(mono):
        raise DataError(f"the recording {name} is too short: nothing is left of it at {rate} Hz; leave it out")
    return torch.from_numpy(np.ascontiguousarray(mono))


def check_can_read() -> None:
    """Refuse to go on where the packages that read recordings are missing.

    Raises:
        DataError: soundfile or soxr cannot be imported.
    """
    try:
        import soundfile  # noqa: F401
        import soxr  # noqa: F401
    except (ImportError, OSError) as error:
        raise DataError(
            f"recordings are read by soundfile and resampled by soxr, and one of them is missing ({error}): pip"
            " install 'seqbench[audio]'. Without data, speech synthesises its recordings and needs neither"
        ) from error


def advice(path: str) -> str:
    """Return what to do about a path where there is no recording."""
    return "write its folders with / between them" if "\\" in path else "correct its path"


def _decoded(source: Path | bytes, name: str) -> tuple[np.ndarray, int]:
    """Return [samples, channels] float64 and samples a second."""
    import soundfile

    if isinstance(source, Path) and not source.is_file():
        raise DataError(f"there is no recording {name} (looked at {source.absolute()}); {advice(str(source))}")
    try:
        samples, rate = soundfile.read(
            io.BytesIO(source) if isinstance(source, bytes) else source, dtype="float64", always_2d=True
        )
    except (OSError, RuntimeError, ValueError) as error:  # soundfile's own errors are RuntimeErrors
        why = str(error).strip().rstrip(".")
        raise DataError(f"the recording {name} cannot be read: {why}; wav, flac and ogg can") from error
    return samples, int(rate)
