"""Runs one cell in this process and returns its record, also if the cell fails.

The same cell gives the same scores to the last bit on the same kind of processor or GPU.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from seqbench.base.environment import computing
from seqbench.base.random_state import randomness_kept
from seqbench.base.signal_handlers import signal_handlers_kept
from seqbench.errors import SeqbenchError, told
from seqbench.experiment.cells import Cell
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.faults import is_ctrl_c
from seqbench.records.making import unfinished
from seqbench.records.schema import Record
from seqbench.training.cell_run import CellRun
from seqbench.training.checkpoints import Checkpoints
from seqbench.training.determinism import same_bits
from seqbench.training.fit import Progress
from seqbench.training.lightning import quiet_lightning
from seqbench.training.one_thread import one_quiet_thread
from seqbench.training.precision import arithmetic, check_arithmetic
from seqbench.training.resume import StoppedError, TimeLimitError


def run_cell(
    cell: Cell,
    catalog: Catalog,
    environment: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    *,
    checkpoints: Checkpoints | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    callbacks: Sequence[pl.Callback] = (),
    weights: Path | None = None,
) -> Record:
    """Train and test one cell, in this process, on one thread.

    An exception becomes a record with status ``failed``: one broken plugin never ends a sweep. A cell with a
    checkpoint resumes from it, and ends as if it had never been stopped.

    Args:
        cell: what to run.
        catalog: finds its task and model.
        environment: the result of `seqbench.base.environment.describe`; device and processor class are added here.
        progress: called with the progress of the training.
        checkpoints: the file of its checkpoint; None for none. Whoever stores the record removes the file.
        should_stop: called between two steps; once true, the cell writes its checkpoint and ends as
            ``interrupted``.
        callbacks: watch the training, and change nothing.
        weights: the file for the tested weights; None keeps none.
    """
    described = {**(environment or {}), **computing()}
    try:
        check_arithmetic(cell.training.arithmetic)
        with (
            one_quiet_thread(),
            arithmetic(cell.training.precision),
            same_bits() as notes,
            quiet_lightning(),
            signal_handlers_kept() as put_back,
            randomness_kept(),
        ):
            run = CellRun(
                cell, catalog, described, progress, checkpoints, should_stop, put_back, callbacks, weights
            )
            record = run.record()
            return record.model_copy(update={"notes": {**record.notes, **notes}})
    except SeqbenchError as error:
        return unfinished(cell, "failed", str(error), described)
    except TimeLimitError as error:
        return unfinished(cell, "timeout", str(error), described)
    except StoppedError as error:
        return unfinished(cell, "interrupted", str(error), described)
    except BaseException as error:
        if is_ctrl_c(error) or isinstance(error, GeneratorExit):
            raise
        return unfinished(cell, "failed", told(error), described, traceback.format_exc())
