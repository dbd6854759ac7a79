"""Caches tokenised texts and other tensors that are slow to make.

The files are in the user's cache folder (or SEQBENCH_CACHE), one for each fingerprint, written whole or not at
all. A damaged file, or one whose content does not match its name, is a miss.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench.base.atomic_files import replacing
from seqbench.base.portable import is_portable
from seqbench.base.printable import one_line
from seqbench.base.tensor_files import DamagedFileError, load_tensors
from seqbench.errors import reason, told

if TYPE_CHECKING:
    from torch import Tensor

_MOVING = re.compile(r"hub:(?!.*@[0-9a-f]{40}$).*")
"""Fingerprints of data sets on the hub without a commit."""

log = logging.getLogger(__name__)

_FORMAT = 2
"""Rises when a file's structure changes; files with another number are misses."""


def cache_folder() -> Path:
    """Return the folder of cached tensors; it may not exist yet."""
    import platformdirs

    chosen = os.environ.get("SEQBENCH_CACHE")
    if chosen:
        return Path(chosen)
    try:
        folder = Path(platformdirs.user_cache_dir("seqbench"))
    except RuntimeError:
        folder = Path("~")
    if folder.parts[0] != "~":
        return folder
    # This user has no known home folder; an unexpanded ~ would become a folder in the current one.
    return Path(tempfile.gettempdir()) / f"seqbench-{os.getuid()}"


def cached_tensors(
    identity: Sequence[str | int | float | bool | None],
    make: Callable[[], dict[str, Tensor]],
    *,
    source: str | None = None,
) -> dict[str, Tensor]:
    """Return the tensors of this identity from the cache; if missing, make and cache them.

    Args:
        identity: everything that the tensors depend on: the task's name and version, the data's fingerprint, the
            parameters, the seed.
        make: makes the tensors. If the cache cannot be written, that costs time but never the result.
        source: the data's fingerprint, if they are a user's. A name on the hub is no content, unless its revision
            is a commit: what it stands for may change, and the tensors are made each time.
    """
    if source is not None and _MOVING.fullmatch(source):
        return make()
    # The same random numbers, rounded by other code, are other tensors.
    known = json.dumps([*identity, "portable"] if is_portable(os.environ) else list(identity))
    path = cache_folder() / f"{hashlib.sha256(known.encode()).hexdigest()[:32]}.pt"
    try:
        return _tensors(load_tensors(path, mmap=True), known)
    except FileNotFoundError:
        pass
    except (DamagedFileError, OSError) as error:
        log.info("the cached file %s is made anew: %s", path, reason(error))
    except Exception as error:
        # Broken files cause many kinds of errors.
        log.info("the cached file %s cannot be read and is made anew: %s", path, one_line(told(error)))
    tensors = make()
    try:
        _write(path, {"format": _FORMAT, "identity": known, "tensors": tensors})
    except OSError as error:
        log.info("nothing is cached in %s: %s", path.parent, error)
    return tensors


def _tensors(found: Any, identity: str) -> dict[str, Tensor]:
    """Return the tensors of a file.

    Raises:
        DamagedFileError: the file holds something else, or the tensors of another identity.
    """
    import torch

    if not isinstance(found, dict) or (found.get("format"), found.get("identity")) != (_FORMAT, identity):
        raise DamagedFileError("it holds something else than its name says")
    tensors = found.get("tensors")
    if not isinstance(tensors, dict) or not all(isinstance(each, torch.Tensor) for each in tensors.values()):
        raise DamagedFileError("it holds something else than tensors")
    return tensors


def _write(path: Path, content: Mapping[str, Any]) -> None:
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    # For this user alone, and checked when it is read.
    with replacing(path, mode=0o600, is_synced=False) as file:
        torch.save(dict(content), file)
