"""Measures targets: the score of a baseline, the mean score of cells, or what a plugin's function returns.

Cells are run into a store, and not again where it has their records.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, TypeVar

from seqbench.base.counts import counted
from seqbench.base.printable import one_line
from seqbench.contracts.published import BaselineScore, Computed, DataNeeded, Target, TrainedScore
from seqbench.errors import ExperimentError, SeqbenchError, StoreError, told, unknown
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import Execution, Training, build, merge
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.parameters import make
from seqbench.records.layout import key_of
from seqbench.records.schema import CellData, Evaluation, Record
from seqbench.records.store import Store
from seqbench.running.plan import Plan, plan
from seqbench.running.run import records_of, run_plan

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class UnmeasuredError(SeqbenchError):
    """A target cannot be measured; the message is the reason."""


class UntrainedError(SeqbenchError):
    """Cells of a target have no record, and nothing may be trained; the message says how many."""


@dataclass(frozen=True)
class Bench:
    """What targets are measured with.

    Attributes:
        catalog: the plugins.
        data: the folder of data sets.
        results: the folder of results.
        is_quick: train nothing; read the records that are there.
        how: how cells are run.
        tell: gets a sentence before each training.
    """

    catalog: Catalog
    data: Path
    results: Path
    is_quick: bool = False
    how: Execution = field(default_factory=lambda: Execution())
    tell: Callable[[str], None] = log.info

    def path_of(self, needed: DataNeeded) -> Path:
        """Return where data are looked for."""
        return self.data / needed.path


@dataclass(frozen=True)
class Measured:
    """A number, and what it is made of; see `seqbench.targets.outcomes.TargetOutcome`."""

    number: float | None
    n: int = 1
    spread: float | None = None
    baseline: float | None = None
    keys: tuple[str, ...] = ()
    reason: str = ""
    environment: Mapping[str, Any] = field(default_factory=dict)


def measure(target: Target, bench: Bench) -> Measured:
    """Measure one target.

    Raises:
        UntrainedError: cells have to be trained, and nothing may be.
        UnmeasuredError: a name in it does not exist, a cell failed, or code of a plugin did.
        SeqbenchError: the plugin, the data or the folder of results is unfit.
    """
    path = bench.path_of(target.data) if target.data else None
    by = target.measured_by
    if isinstance(by, BaselineScore):
        return _of_baseline(by, path, bench.catalog)
    if isinstance(by, TrainedScore):
        return _of_cells(target.name, by, path, bench)
    if isinstance(by, Computed):
        return Measured(_computed(by, path))
    raise UnmeasuredError(by.why)


def measured_by_records(keys: Sequence[str], by: TrainedScore, folder: Path) -> Measured | None:
    """Return what the records of these cells measured; None unless all are there, and of this experiment.

    Which data they were trained on is not asked; only the plan of the cells could tell.

    Raises:
        UnmeasuredError: a score that is asked for is missing.
        StoreError: the folder or a record cannot be read.
    """
    store = Store(folder)
    if not set(keys) <= {key_of(path) for path in store.layout.record_files()}:
        return None
    records = [*map(store.reader(), keys)]
    are_asked = {record.cell.seed for record in records} == {*by.experiment.get("seeds", (0,))}
    if are_asked and all(record.is_final and _is_of(record.cell, by.experiment) for record in records):
        return _mean_of(records, by)
    return None


def _is_of(cell: CellData, fields: Mapping[str, Any]) -> bool:
    """Say whether a cell has the task, the model, the length and the settings of an experiment of one cell."""
    asked = {
        "tasks": (cell.task.name, cell.task.parameters),
        "models": (cell.model.name, cell.model.parameters),
    }
    parameters = fields.get("parameters", {})
    return (
        all([name] == [*fields[kind]] for kind, (name, _) in asked.items())
        and [cell.length] == [*fields["lengths"]]
        and all(_has(found, parameters.get(name, {})) for name, found in asked.values())
        and _has({**Training().model_dump(), **cell.training}, fields.get("training", {}))
    )


def _has(found: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Say whether settings are as they were asked for; one that is not told is at its default."""
    return all(found.get(name, value) == value for name, value in asked.items())


def _of_baseline(by: BaselineScore, path: Path | None, catalog: Catalog) -> Measured:
    task = make(catalog.task(by.task), _with_data(by.parameters, path))
    data = _called(lambda: task.load(by.length, by.seed))
    found = {each.name: each.scores for each in data.baselines}
    if by.baseline not in found:
        raise UnmeasuredError(unknown(f"baseline of the task {by.task} here", by.baseline, found))
    scores = found[by.baseline]
    if by.metric not in scores:
        raise UnmeasuredError(unknown(f"score of the baseline {by.baseline!r} of {by.task}", by.metric, scores))
    return Measured(scores[by.metric])


def _computed(by: Computed, path: Path | None) -> float:
    number = _called(lambda: by.function(path))
    if number is None or isinstance(number, str | bytes | bool):
        raise UnmeasuredError(f"its function returned {number!r}; it is to return a number")
    return _called(lambda: float(number))


def _called(code: Callable[[], Result]) -> Result:
    """Return what code of a plugin returns.

    Raises:
        UnmeasuredError: it raised something else than an error of seqbench.
    """
    try:
        return code()
    except StoreError as error:
        # Of another folder than that of the targets, whose faults end the run.
        raise UnmeasuredError(str(error)) from error
    except SeqbenchError:
        raise
    except Exception as error:
        log.info("code of a plugin failed", exc_info=True)
        raise UnmeasuredError(one_line(told(error), 500)) from error


def _of_cells(name: str, by: TrainedScore, path: Path | None, bench: Bench) -> Measured:
    store = Store(bench.results)
    experiment = build(experiment_fields(name, by, path))
    if untested := set(by.lengths) - {*experiment.lengths, *experiment.evaluate_lengths}:
        raise UnmeasuredError(f"its cells are not tested at length {min(untested)}")
    todo = plan(experiment, bench.catalog, store)
    if todo.pending and bench.is_quick:
        raise UntrainedError(
            f"{len(todo.pending)} of {len(todo.cells)} cells have to be trained; run it without --quick"
        )
    if todo.pending:
        _check_metric(by, todo.pending[0], bench.catalog)
        cells, steps = counted(len(todo.pending), "cell"), counted(experiment.training.steps, "step")
        bench.tell(f"{name}: trains {cells}, of at most {steps} at length {experiment.lengths[0]}")
        run_plan(todo, store, bench.catalog, bench.how)
    return _mean_of(_finished(todo, store), by)


def _check_metric(by: TrainedScore, cell: Cell, catalog: Catalog) -> None:
    """Refuse a score that the task does not have before hours are spent on training; loads the data.

    Raises:
        UnmeasuredError: there is no such metric, or the task's code fails.
        SeqbenchError: the data are unfit.
    """
    task = make(catalog.task(cell.task.name), cell.task.parameters)
    length = by.lengths[0] if by.lengths else cell.length
    names = [each.name for each in _called(lambda: task.load(length, cell.seed)).metrics]
    if by.metric not in names:
        raise UnmeasuredError(unknown(f"metric of the task {cell.task.name} here", by.metric, names))


def _mean_of(records: Sequence[Record], by: TrainedScore) -> Measured:
    found = [_score(record, by) for record in records]
    numbers = [score for score, _ in found if score is not None]
    baselines = [score for _, score in found if score is not None]
    has_all = len(numbers) == len(records)
    return Measured(
        fmean(numbers) if has_all else None,
        n=len(records),
        spread=stdev(numbers) if has_all and len(numbers) > 1 else None,
        baseline=fmean(baselines) if baselines else None,
        keys=tuple(record.key for record in records),
        reason="" if has_all else _why_unknown(records),
        environment=records[0].environment,
    )


def experiment_fields(name: str, by: TrainedScore, path: Path | None) -> dict[str, Any]:
    """Return the fields of the experiment of a target, with the path of its data.

    Raises:
        ExperimentError: it has not one task, one model and one length.
    """
    fields = merge({"name": name}, by.experiment)
    for kind in ("task", "model", "length"):
        found = len(fields.get(f"{kind}s", ()))
        if found != 1:
            raise ExperimentError(f"the target {name}: its experiment is to have one {kind}, and has {found}")
    tasks = fields["tasks"]
    if path is None:
        return fields
    return merge(fields, {"parameters": {tasks[0]: {"data": str(path)}}})


def _with_data(parameters: Mapping[str, Any], path: Path | None) -> dict[str, Any]:
    return {**parameters, **({} if path is None else {"data": str(path)})}


def _finished(todo: Plan, store: Store) -> Sequence[Record]:
    """Return the records of all cells, each a result.

    Raises:
        UnmeasuredError: one of them failed, or has none.
    """
    records = records_of(todo, store)
    for record in records:
        if not record.is_final:
            raise UnmeasuredError(f"{record.title}: {record.status}: {record.reason}")
    if len(records) < len(todo.cells):
        raise UnmeasuredError(f"{len(todo.cells) - len(records)} of {len(todo.cells)} cells have no record")
    return records


def _score(record: Record, by: TrainedScore) -> tuple[float | None, float | None]:
    """Return the score of a cell and that of the baseline, each the mean over lengths; None if unknown."""
    lengths = by.lengths or (record.cell.length,)
    tests = [test for test in record.tests if test.length in lengths]
    if len(tests) < len(lengths):
        missing = sorted(set(lengths) - {test.length for test in tests})
        if record.status == "ok":
            raise UnmeasuredError(f"{record.title} was not tested at length {missing[0]}")
        return None, None
    if lacking := [test for test in tests if by.metric not in test.scores]:
        raise UnmeasuredError(unknown(f"score of {record.title}", by.metric, lacking[0].scores))
    own = [test.scores[by.metric] for test in tests]
    return _mean(own, by.factor), _mean([_baseline(test, by.metric) for test in tests], by.factor)


def _mean(scores: Sequence[float | None], factor: float) -> float | None:
    known = [score for score in scores if score is not None]
    return factor * fmean(known) if len(known) == len(scores) else None


def _baseline(test: Evaluation, metric: str) -> float | None:
    found = {each.name: each.scores.get(metric) for each in test.baselines}
    return found.get(test.baseline_name)


def _why_unknown(records: Sequence[Record]) -> str:
    bad = next((record for record in records if record.status != "ok"), records[0])
    return f"{bad.title}: {bad.status}: {bad.reason or 'its score is unknown'}"
