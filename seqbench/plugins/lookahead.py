"""Refuses models that look ahead on tasks whose inputs hold earlier targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seqbench.contracts.model import Model
from seqbench.contracts.task import Task
from seqbench.errors import ExperimentError


def refuse_lookahead(tasks: Iterable[Task], models: Sequence[Model]) -> None:
    """Refuse the first pair of a task and a model that do not go together.

    Raises:
        ExperimentError: a model that is not causal meets a task that needs causal ones.
    """
    for task in tasks:
        ahead = [model.name for model in models if not model.is_causal]
        if task.needs_causal and ahead:
            rest = [model.name for model in models if model.is_causal]
            way = f"leave it out (--models {','.join(rest)})" if rest else "choose another model"
            raise ExperimentError(
                f"model {ahead[0]} looks ahead, and the inputs of task {task.name} hold earlier targets (teacher"
                f" forcing), so that it would read the answers; {way}, or leave out the task"
            )
