"""Are the data fit, before anything is trained? Each task's are loaded once, at every length that tells.

Stands on execution.
"""

from __future__ import annotations

from collections.abc import Sequence

from seqbench.errors import DataError
from seqbench.execution import Assignment, Executor
from seqbench.experiment import Execution


def check(executor: Executor, assignments: Sequence[Assignment], settings: Execution, workers: int) -> None:
    """Load the data of every task at every length once, before anything is trained.

    Raises:
        DataError: all that is wrong with them, each once.
    """
    first = {(a.cell.task.name, a.cell.length): a for a in reversed(assignments) if a.cell.data}
    # What the harness generates itself depends on the length alone: the ends tell.
    for assignment in sorted(assignments, key=lambda assignment: assignment.cell.length):
        if not assignment.cell.data:
            first.setdefault((assignment.cell.task.name, -1), assignment)
            first[assignment.cell.task.name, -2] = assignment
    distinct = list({assignment.cell.key: assignment for assignment in first.values()}.values())
    problems = list(dict.fromkeys(executor.check(distinct, settings, workers)))
    if problems:
        raise DataError("\n".join(problems))
