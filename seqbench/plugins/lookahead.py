"""Refuses models that look ahead on a task whose inputs hold earlier targets."""

from __future__ import annotations

from collections.abc import Iterable

from seqbench.contracts.task import Task
from seqbench.errors import ExperimentError
from seqbench.experiment.cells import Configured
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.parameters import make


def refuse_lookahead(task: Task, models: Iterable[Configured], catalog: Catalog) -> None:
    """Refuse the first model that looks ahead on a task that needs causal models.

    Args:
        task: the task with its parameters.
        models: the models to train on it.
        catalog: finds them.

    Raises:
        ExperimentError: one of them looks ahead, and the task needs causal ones.
    """
    if not task.needs_causal:
        return
    known = [(each, make(catalog.model(each.name), each.parameters).is_causal) for each in models]
    ahead, rest = [each for each, causal in known if not causal], [each for each, causal in known if causal]
    if ahead:
        # Whether a label is the command line's, LABEL=NAME there, or the file's is not known here.
        is_typed_so = not any(each.label for each in rest)
        others = f" (models: {','.join(each.name for each in rest)})" if is_typed_so else ""
        way = f"leave it out{others}" if rest else "choose another model"
        raise ExperimentError(
            f"model {ahead[0].shown} looks ahead, and the inputs of task {task.name} hold earlier targets (teacher"
            f" forcing), so that it would read the answers; {way}, or leave out the task"
        )
