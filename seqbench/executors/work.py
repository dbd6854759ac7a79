"""What does a worker do with an assignment? The same wherever it runs.

Stands on training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from seqbench.execution import Assignment
from seqbench.plugins import load_catalog
from seqbench.records import Record

if TYPE_CHECKING:
    from seqbench.checkpoints import Checkpoints

Told = Callable[[int, float, float], None]
"""Called with step, loss and steps per second, a few times a second."""


def run_assignment(assignment: Assignment, told: Told | None, should_stop: Callable[[], bool]) -> Record:
    """Run one cell in this process and return its record, whatever comes of it.

    Args:
        assignment: what to run.
        told: how the training goes.
        should_stop: true once the cell is to write its checkpoint and to end as ``interrupted``.
    """
    from seqbench.training import run_cell

    catalog = load_catalog(assignment.plugins)
    return run_cell(
        assignment.cell,
        catalog,
        assignment.environment,
        told,
        checkpoints=_checkpoints(assignment),
        should_stop=should_stop,
    )


def check_assignment(assignment: Assignment) -> str | None:
    """Load the data of one cell; return what is wrong with them.

    Raises:
        Exception: a plugin's own fault, which is a failed cell with a traceback and not bad input.
    """
    from seqbench.errors import SeqbenchError
    from seqbench.training import check_data

    try:
        check_data(assignment.cell, load_catalog(assignment.plugins))
    except SeqbenchError as error:
        return str(error)
    return None


def _checkpoints(assignment: Assignment) -> Checkpoints | None:
    from seqbench.checkpoints import Checkpoints

    if assignment.checkpoint is None:
        return None
    return Checkpoints(assignment.checkpoint, assignment.checkpoint_seconds)
