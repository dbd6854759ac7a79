"""Where do tokenised texts and other tensors that are slow to make wait for the next cell?

In the user's cache folder (or SEQBENCH_CACHE), one file per fingerprint, written whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pickle
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return the folder of cached tensors; it need not exist."""
    import platformdirs

    chosen = os.environ.get("SEQBENCH_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("seqbench"))


def cached_tensors(
    identity: Sequence[str | int | float | bool | None], make: Callable[[], dict[str, Tensor]]
) -> dict[str, Tensor]:
    """Return the tensors of this identity, from the cache or made now and kept there.

    Args:
        identity: all that the tensors depend on: the task's name and version, the data's fingerprint, the
            parameters, the seed.
        make: makes them. A cache that cannot be written to costs time, never the result.
    """
    import torch

    digest = hashlib.sha256(json.dumps(list(identity)).encode()).hexdigest()[:32]
    path = cache_folder() / f"{digest}.pt"
    try:
        kept: dict[str, Tensor] = torch.load(path, weights_only=True, mmap=True)
        return kept
    except FileNotFoundError:
        pass
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        log.info("the cached file %s cannot be read and is made anew: %s", path, error)
    tensors = make()
    try:
        _write(path, tensors)
    except OSError as error:
        log.info("nothing is cached in %s: %s", path.parent, error)
    return tensors


def _write(path: Path, tensors: dict[str, Tensor]) -> None:
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(tensors, file)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
