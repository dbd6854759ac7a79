"""Says in one sentence what a sweep found: how far each model is usable, on which tasks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

from seqbench.report.observations import Observation
from seqbench.report.tables.scores import usable_length_of
from seqbench.report.tables.table import grouped
from seqbench.statistics import Ranges, UsableLength

_MODELS = 3
"""Most models that the sentence names one by one."""
_TASKS = 4
"""Most tasks that it names one by one, for each usable length of a model."""

ByTask = Mapping[str, UsableLength]


def in_words(seen: Sequence[Observation]) -> str:
    """Return what was found, in a sentence; the model that reaches furthest over all tasks first.

    Empty if nothing is known: a task counts once its shortest length has a skill. Lengths are steps, by the
    definition of `seqbench.statistics.usable_length`.
    """
    own = [each for each in seen if each.trained == each.tested]
    found: dict[str, ByTask] = {}
    for (model, task), group in grouped(own, lambda each: (each.model, each.task)).items():
        usable = usable_length_of(group)
        if usable.length or not usable.estimate.unknown:
            found[model] = {**found.get(model, {}), task: usable}
    if len(found) > 1 and not any(_is_somewhere(usable) for each in found.values() for usable in each.values()):
        return "No model is usable on any task, not even at the shortest length."
    best_first = sorted(found, key=lambda model: -_reach(found[model]))
    parts = [f"{model} {_of_model(found[model])}" for model in best_first[:_MODELS]]
    others = len(best_first) - _MODELS
    # Where the sentence stands alone, as in a terminal, nothing follows that shows them.
    rest = f"; {others} more {'model is' if others == 1 else 'models are'} not named here" if others > 0 else ""
    return f"{'; '.join(parts)}{rest}." if parts else ""


def _reach(of_model: ByTask) -> float:
    """Return the mean of the logarithms of usable lengths; a task without one counts as half a step."""
    return sum(math.log2(usable.length or 0.5) for usable in of_model.values()) / len(of_model)


def _of_model(of_model: ByTask) -> str:
    some = {task: each for task, each in of_model.items() if _is_somewhere(each)}
    usable = sorted(((each, task) for task, each in some.items()), key=_longest_first)
    without = [task for task in of_model if task not in some]
    if not usable:
        return "is usable nowhere" if len(without) > 1 else f"is not usable on {without[0]}"
    groups = [(text, [task for _, task in group]) for text, group in groupby(usable, lambda each: _steps(each[0]))]
    told = [f"{text} on {_names(tasks)}" for text, tasks in groups]
    nowhere = [f"nowhere on {_names(without)}"] if without else []
    return f"is usable {', '.join([*told, *nowhere])}"


def _is_somewhere(usable: UsableLength) -> bool:
    return bool(usable.length or usable.again.runs)


def _longest_first(of_task: tuple[UsableLength, str]) -> tuple[bool, int, str, str]:
    # Ranges stand last: there a length is no memory, but what a longer sequence tells.
    usable, task = of_task
    return not usable.is_longer_harder, -(usable.length or 0), _steps(usable), task


def _steps(usable: UsableLength) -> str:
    found = usable.estimate
    if isinstance(found, Ranges):
        return f"at {found} steps"
    if found.length is None:
        return f"at {usable.again} steps and not at shorter lengths"
    if found.unknown is not None:
        return f"up to {found.length} steps (unknown at {found.unknown})"
    again = f" and again at {usable.again}" if usable.again.runs else ""
    return f"up to {found.length} steps{' or more' if found.is_open else again}"


def _names(tasks: Sequence[str]) -> str:
    if len(tasks) > _TASKS:
        return f"{', '.join(tasks[:_TASKS])} and {len(tasks) - _TASKS} more"
    return " and ".join(filter(None, (", ".join(tasks[:-1]), tasks[-1])))
