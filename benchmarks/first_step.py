"""Notes when the first optimiser step of a cell is taken: a plugin for `startup.py` with torch's LSTM.

Each process writes the time into a file beside the path in SEQBENCH_FIRST_STEP.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from seqbench import Model, hookimpl

if TYPE_CHECKING:
    from torch import nn


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the model."""
    yield FirstStep


@dataclass(frozen=True)
class FirstStep(Model):
    """An LSTM; each process that trains it writes down when it took its first step."""

    name: ClassVar[str] = "first-step"
    version: ClassVar[int] = 1
    hidden_size: int = 64

    def build(self, input_size: int) -> nn.Module:
        """Return the layer, and have every optimiser tell of its steps."""
        from torch import nn
        from torch.optim.optimizer import register_optimizer_step_post_hook

        register_optimizer_step_post_hook(_tell)
        return nn.LSTM(input_size, self.hidden_size, batch_first=True)


def _tell(*_: Any) -> None:
    clock = time.monotonic()
    path = Path(f"{os.environ['SEQBENCH_FIRST_STEP']}.{os.getpid()}")
    if path.exists():
        return
    unfinished = path.with_name(f"unfinished.{os.getpid()}")
    unfinished.write_text(str(clock))
    unfinished.rename(path)
