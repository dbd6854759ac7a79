"""Counts the floating-point operations of a training, by which a search can give each model the same compute.

torch counts matrix products and convolutions, forward and backward, of one step on the first examples. Not counted
are element-wise operations (of a scan, a gate, the optimiser), validations, and what is computed again to save
memory.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from seqbench.errors import ExperimentError
from seqbench.experiment.cells import Cell
from seqbench.plugins.catalog import Catalog


@dataclass(frozen=True)
class OperationCounter:
    """Counts once for each network and size of a batch.

    Attributes:
        catalog: has tasks and models.
    """

    catalog: Catalog
    _known: dict[str, float] = field(default_factory=dict, compare=False)

    def training(self, cell: Cell) -> float:
        """Return the operations of all steps of a cell's training.

        Raises:
            ExperimentError: none are counted, as for a layer of element-wise operations without trained embedding.
            SeqbenchError: its data or its model are unfit.
        """
        told = [cell.task.name, dict(cell.task.parameters), cell.model.name, dict(cell.model.parameters)]
        sizes = [cell.length, cell.training.batch_size, cell.training.embedding_size, cell.training.precision]
        text = json.dumps([told, sizes], sort_keys=True)
        if text not in self._known:
            self._known[text] = step_operations(cell, self.catalog)
        if not self._known[text]:
            raise ExperimentError(
                f"{cell}: torch counts no operations in a training step, so compute is no budget for it; give"
                " trials"
            )
        return max(1, cell.training.steps) * self._known[text]


def step_operations(cell: Cell, catalog: Catalog) -> float:
    """Return the operations of one training step on a cell's first examples: its forward and its backward pass.

    Raises:
        SeqbenchError: its data or its model are unfit.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from seqbench.base.random_state import randomness_kept
    from seqbench.network.chunks import WHOLE
    from seqbench.training.building import build
    from seqbench.training.cell_data import load
    from seqbench.training.one_thread import one_quiet_thread

    data = load(cell, catalog).data
    rows = torch.arange(cell.training.batch_size) % len(data.train)
    with one_quiet_thread(), randomness_kept():
        fit, _ = build(cell, catalog, data, None)
        network = fit.network.train()
        # Whether chunks are recomputed depends on the machine.
        network.chunking = WHOLE
        counter = FlopCounterMode(display=False)
        # The fused layers of oneDNN are one operation to torch, of which it counts nothing.
        with torch.backends.mkldnn.flags(enabled=False, allow_tf32=None), counter:
            network.loss(data.train.batch(rows)).backward()  # type: ignore[no-untyped-call]
    return float(counter.get_total_flops())
