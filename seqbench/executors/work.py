"""Does the work of a worker, the same wherever it runs: trains a cell, checks its data, counts GPUs.

Functions of this module can be pickled, and are called in a fresh process. Builds on training.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from seqbench.jobs.assignment import Assignment
from seqbench.jobs.cell_logs import begin, end, spoken_into
from seqbench.plugins.load import load_sources
from seqbench.records.schema import Record
from seqbench.training.loggers import logger_callbacks

if TYPE_CHECKING:
    from seqbench.training.checkpoints import Checkpoints

log = logging.getLogger(__name__)

Tell = Callable[[int, float, float], None]
"""Called with step, loss and steps per second, a few times a second."""

_SECONDS_BETWEEN_LINES = 10.0


def run_assignment(
    assignment: Assignment, told: Tell | None, should_stop: Callable[[], bool], *, owns_process: bool = True
) -> Record:
    """Run one cell in this process and return its record, whatever its outcome.

    Args:
        assignment: what to run.
        told: called with the progress of the training.
        should_stop: returns True once the cell must write its checkpoint and end as ``interrupted``.
        owns_process: redirect everything that this process writes on descriptors 1 and 2 into the cell's log.
    """
    from seqbench.training.cell import run_cell

    with spoken_into(assignment.log, owns_process=owns_process) as stream:
        begin(stream, assignment.cell, assignment.log)
        catalog = load_sources(assignment.plugins)
        with logger_callbacks(assignment.loggers, assignment.folder, assignment.cell) as callbacks:
            record = run_cell(
                assignment.cell,
                catalog,
                assignment.environment,
                _logged(told),
                checkpoints=_checkpoints(assignment),
                should_stop=should_stop,
                callbacks=callbacks,
                weights=assignment.weights,
            )
        end(stream, record)
    return record


def check_assignment(assignment: Assignment, *, owns_process: bool = True) -> str | None:
    """Load the data of one cell and build its models; return their fault, or None.

    Output of plugins is discarded; it appears again when the cell is run.

    Raises:
        Exception: a plugin's own fault, which is a failed cell with a traceback and not bad input.
    """
    from seqbench.errors import SeqbenchError
    from seqbench.training.preflight import check_data

    try:
        with spoken_into(None, owns_process=owns_process):
            catalog = load_sources(assignment.plugins)
            check_data(assignment.cell, catalog, assignment.beside, task=assignment.task)
    except SeqbenchError as error:
        return str(error)
    return None


def train(assignment: Assignment, told: Tell, should_stop: Callable[[], bool]) -> Record:
    """Train one cell and return its record."""
    return run_assignment(assignment, told, should_stop)


def check(assignment: Assignment, told: Tell, should_stop: Callable[[], bool]) -> str | None:
    """Load the data of one cell; return their fault, or None."""
    try:
        return check_assignment(assignment)
    except Exception:
        # A plugin's own fault is a failed cell with a traceback, not bad input.
        return None


def gpu_memories(argument: None, told: Tell, should_stop: Callable[[], bool]) -> list[int]:
    """Return the free bytes of each GPU; 0 for one that does not answer."""
    import torch

    return [_free(number) for number in range(torch.cuda.device_count())]


def _free(number: int) -> int:
    import torch

    try:
        return int(torch.cuda.mem_get_info(number)[0])
    except RuntimeError:
        # For example a full GPU, which has no memory left to answer.
        return 0


def _checkpoints(assignment: Assignment) -> Checkpoints | None:
    from seqbench.training.checkpoints import Checkpoints

    if assignment.checkpoint is None:
        return None
    return Checkpoints(assignment.checkpoint, assignment.checkpoint_seconds)


def _logged(told: Tell | None) -> Tell:
    """Write the progress of the training into the log from time to time."""
    last = time.monotonic()

    def tell(step: int, loss: float, steps_per_second: float) -> None:
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            log.info("step %d, loss %.4g, %.3g steps/s", step, loss, steps_per_second)
        if told is not None:
            told(step, loss, steps_per_second)

    return tell
