"""Writes a cell's checkpoint to a file, whole or not at all, and reads it with distrust.

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

FORMAT = 1
"""Rises when what is in a checkpoint changes its meaning; older ones are not gone on from."""

ENTRY = "seqbench"
"""Where in Lightning's checkpoint ours stands."""
_ENTRY_PARTS = {"fit", "watcher", "random", "tested"}
_LIGHTNING_PARTS = {"state_dict", "optimizer_states", "lr_schedulers", "loops", "global_step", "epoch"}


@dataclass(frozen=True)
class Checkpoints:
    """Where a cell keeps its checkpoint, and how often it writes one.

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
        identity: what has to be the same for a cell to go on from it, such as its key.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self._identity = {"format": FORMAT, **identity}
        self._found: dict[str, Any] = {}

    def find(self, weights: Mapping[str, Any]) -> dict[str, Any] | None:
        """Read the file and return our entry; None, with a warning, where it is unfit, and where there is none.

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
            # A broken file breaks its reader in many ways.
            problem = f"it cannot be read ({one_line(told(error))})"
        if problem:
            log.warning("the checkpoint %s is left aside, and the cell starts anew: %s", self.path, problem)
            return None
        self._found = found
        entry: dict[str, Any] = found[ENTRY]
        return entry

    def forget(self) -> None:
        """Let go of what was read: it is restored by now."""
        self._found = {}

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint, part by part and without a copy in memory; it is there whole or not at all.

        Raises:
            OSError: the folder cannot be written to.
            RuntimeError: likewise, as torch has it.
        """
        checkpoint[ENTRY] |= self._identity
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path, prefix=f"{self.path.name}.") as file:
            torch.save(checkpoint, file)

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Return what `find` read: once is enough."""
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
        """Remove what was half-written when an attempt before this one was killed."""
        for temporary in self.path.parent.glob(f".*-{self.path.name}.*.tmp"):
            temporary.unlink(missing_ok=True)


def _shapes(weights: Mapping[str, Any]) -> dict[str, Any]:
    # What a layer keeps as its extra state may be anything, and has no shape.
    return {name: part.shape if isinstance(part, torch.Tensor) else None for name, part in weights.items()}
