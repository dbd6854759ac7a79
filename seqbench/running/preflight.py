"""Checks data and models before anything is trained.

Each task's data are loaded once, at every length that matters, and each model is built once for each task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from seqbench.errors import DataError
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.executor import Executor
from seqbench.jobs.plugin_sources import PluginSources
from seqbench.plugins.faults import place


def check(executor: Executor, assignments: Sequence[Assignment], settings: Execution, workers: int) -> None:
    """Load the data of every task at every length once, and build every model once for each task.

    Raises:
        DataError: the data have faults; the message lists each once, and how to run the cells without faults.
    """
    chosen = _with_models(_distinct(assignments), assignments)
    problems = list(dict.fromkeys(executor.check(chosen, settings, workers)))
    if problems:
        cells = [assignment.cell for assignment in assignments]
        raise DataError("\n".join([*problems, *_ways_on(problems, cells)]))


def _distinct(assignments: Sequence[Assignment]) -> list[Assignment]:
    """Return one assignment for each task and each length that matters."""
    first = {(a.cell.task.name, a.cell.length): a for a in reversed(assignments) if a.cell.data}
    # Generated data depend on the length alone, so the smallest and the largest length are enough.
    for assignment in sorted(assignments, key=lambda assignment: assignment.cell.length):
        if not assignment.cell.data:
            first.setdefault((assignment.cell.task.name, -1), assignment)
            first[assignment.cell.task.name, -2] = assignment
    return list({assignment.cell.key: assignment for assignment in first.values()}.values())


def _with_models(chosen: Sequence[Assignment], all_: Sequence[Assignment]) -> list[Assignment]:
    """Give the first assignment of each task all models that will be trained on it, beside its own."""
    found: dict[str, list[Assignment]] = {}
    for assignment in all_:
        like = found.setdefault(assignment.cell.task.name, [])
        if all(assignment.cell.model != each.cell.model for each in like):
            like.append(assignment)
    given = []
    for assignment in chosen:
        like = found.pop(assignment.cell.task.name, [])
        beside = tuple(each.cell.model for each in like if each.cell.model != assignment.cell.model)
        plugins = _together([assignment.plugins, *(each.plugins for each in like)])
        given.append(replace(assignment, beside=beside, plugins=plugins))
    return given


def _together(sources: Sequence[PluginSources]) -> PluginSources:
    """Return the sources of the plugins of several assignments."""
    files = dict.fromkeys(file for each in sources for file in each.files)
    limits = [each.only for each in sources if each.only is not None]
    names = sorted({name for limit in limits for name in limit.split(",")} - {"off"})
    return PluginSources(None if len(limits) < len(sources) else ",".join(names) or "off", tuple(files))


def _ways_on(problems: Sequence[str], cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the fields that leave out the faulty tasks, lengths or models."""
    said = "\n".join(problems)
    places = {(cell.task.name, n) for cell in cells for n in (cell.length, *cell.evaluate_lengths)}
    bad = {(task, length) for task, length in places if f"{place(task, length)}: " in said}
    bad_models = {cell.model.shown for cell in cells if re.search(rf"^model {cell.model.name}\b(?!-)", said, re.M)}
    lengths, further = {str(length) for _, length in bad}, [n for cell in cells for n in cell.evaluate_lengths]
    ways = [
        _without("tasks", [cell.task.name for cell in cells], {task for task, _ in bad}),
        _without("lengths", [str(cell.length) for cell in cells], lengths),
        _without("evaluate_lengths", [str(length) for length in further], lengths),
    ]
    ways = [way for way in ways if way]
    models = _without("models", [cell.model.shown for cell in cells], bad_models)
    if models and any(cell.model.label for cell in cells):
        # A label is LABEL=NAME on the command line and LABEL alone in a file; which it was is not known here.
        and_more = f", and narrow it to {', or to '.join(ways)}" if ways else ""
        yield f"to run the rest, leave {', '.join(sorted(bad_models))} out of the models{and_more}"
        return
    either = [" and ".join(filter(None, (way, models))) for way in ways] or [models] * bool(models)
    if either and (models or not bad_models):
        yield f"to run the rest, narrow it to {', or to '.join(either)}"


def _without(field: str, names: Sequence[str], bad: set[str]) -> str:
    """Return a field that leaves out the faulty names; empty if there are none, or nothing would be left."""
    rest = [name for name in dict.fromkeys(names) if name not in bad]
    return f"{field} {','.join(rest)}" if rest and bad.intersection(names) else ""
