"""Writes a cell's checkpoint to a file, whole or not at all, and checks it when it reads it.

A checkpoint is Lightning's own, written and read through `CheckpointFile`, with one entry of seqbench. A file that
does not fit the cell is reported and ignored: it never fails a cell.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io.checkpoint_io import CheckpointIO

from seqbench.base.atomic_files import replacing
from seqbench.base.printable import one_line
from seqbench.base.tensor_files import DamagedFileError, load_tensors
from seqbench.errors import reason, told

log = logging.getLogger(__name__)

FORMAT = 2
"""Rises when the content of a checkpoint changes its meaning; cells do not resume from older ones."""

ENTRY = "seqbench"
"""The key of seqbench's entry in Lightning's checkpoint."""
_ENTRY_PARTS = {"fit", "watcher", "random", "tested"}
_LIGHTNING_PARTS = {"state_dict", "optimizer_states", "global_step", "epoch"}


@dataclass(frozen=True)
class Checkpoints:
    """The file of a cell's checkpoint, and how often it is written.

    Attributes:
        path: the file.
        seconds: from one checkpoint to the next.
    """

    path: Path
    seconds: float = 60.0


class CheckpointFile(CheckpointIO):
    """One cell's checkpoint, as Lightning's Trainer writes and reads it.

    Args:
        path: the file; its folder is made when it is first written.
        identity: must be equal for a cell to resume from it, e.g. its key.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self._identity = {"format": FORMAT, **identity}
        self._found: dict[str, Any] = {}

    def find(self, weights: Mapping[str, Any]) -> dict[str, Any] | None:
        """Read the file and return seqbench's entry; None if there is no file, or, with a warning, an unfit one.

        Args:
            weights: name -> tensor of all that is to be restored; only their shapes matter.
        """
        self._sweep_up()
        if not os.path.lexists(self.path):
            return None
        try:
            # A file in a shared folder runs no code here.
            found = load_tensors(self.path)
            problem = self._unfit(found, weights)
        except (DamagedFileError, OSError) as error:
            problem = reason(error)
        except Exception as error:
            # Broken files cause many kinds of errors.
            problem = f"it cannot be read ({one_line(told(error))})"
        if problem:
            log.warning("the checkpoint %s is left aside, and the cell starts anew: %s", self.path, problem)
            return None
        self._found = found
        entry: dict[str, Any] = found[ENTRY]
        return entry

    def forget(self) -> None:
        """Release what was read, because it has been restored."""
        self._found = {}

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint whole or not at all, part by part and without a copy in memory.

        Raises:
            OSError: the folder cannot be written to.
            RuntimeError: torch's error for the same.
        """
        checkpoint[ENTRY] |= self._identity
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path, prefix=f"{self.path.name}.") as file:
            torch.save(checkpoint, file)

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Return what `find` has read, instead of reading again."""
        return self._found

    def remove_checkpoint(self, path: Any) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def _unfit(self, found: Any, weights: Mapping[str, Any]) -> str | None:
        if not isinstance(found, dict) or not isinstance(found.get(ENTRY), dict):
            return "it is no checkpoint of seqbench"
        for name, expected in self._identity.items():
            if found[ENTRY].get(name) != expected:
                return f"its {name} is {found[ENTRY].get(name)!r}, and the cell's is {expected!r}"
        missing = sorted(_ENTRY_PARTS - found[ENTRY].keys()) + sorted(_LIGHTNING_PARTS - found.keys())
        if missing:
            return f"parts of it are missing: {', '.join(missing)}"
        if _shapes(found["state_dict"]) != _shapes(weights):
            return "its weights are not those of this network; did the model change and its version not?"
        return None

    def _sweep_up(self) -> None:
        """Remove half-written files of earlier attempts that were killed."""
        for temporary in self.path.parent.glob(f".*-{self.path.name}.*.tmp"):
            temporary.unlink(missing_ok=True)


def _shapes(weights: Mapping[str, Any]) -> dict[str, Any]:
    # The extra state of a layer may be anything and has no shape.
    return {name: part.shape if isinstance(part, torch.Tensor) else None for name, part in weights.items()}
