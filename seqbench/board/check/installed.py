"""Compares a bundle's facts about its data with the data of the installed task.

For each task and length, the data of the smallest seed in the bundle are loaded and must be equal in full. For
other seeds, metric and baselines' names and kinds are compared; `verify` compares the rest. Only tasks that the
suite names are loaded, never a path from a bundle. Torch is imported when data are loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seqbench.base.differences import differences
from seqbench.board.bundle.suite import without_model
from seqbench.board.check.closeness import IsClose, Spans, baseline_closeness
from seqbench.errors import SeqbenchError
from seqbench.experiment.cells import Cell
from seqbench.plugins.catalog import Catalog
from seqbench.records.schema import Evaluation, Record

if TYPE_CHECKING:
    from seqbench.contracts.task import TaskData


@dataclass(frozen=True)
class Loaded:
    """The facts of an installed task about its data at one length and seed.

    Attributes:
        metric: the primary metric, as a record keeps it.
        metrics: names of all metrics.
        spans: metric -> distance between its worst and best value.
        baselines: name -> its scores, and whether it is a reference.
        reference: name of the reference baseline.
        examples: number of test examples.
        one_example: the most that one of them moves the primary score; None if the metric does not say it.
        is_longer_harder: whether a longer sequence makes the task harder.
        fingerprint: hash of all tensors.
    """

    metric: Mapping[str, Any]
    metrics: tuple[str, ...]
    spans: Spans
    baselines: Mapping[str, Mapping[str, Any]]
    reference: str
    examples: int
    one_example: float | None
    is_longer_harder: bool
    fingerprint: str


@dataclass(frozen=True)
class Installed:
    """The tasks that are installed here; data are loaded once and kept."""

    catalog: Catalog
    _kept: dict[str, Loaded | str] = field(default_factory=dict)

    def loaded(self, cell: Cell, length: int) -> Loaded | str:
        """Return the facts about a task's data at a length, or why they cannot be loaded."""
        identity = without_model(cell)
        place = repr([identity["task"], identity["data"], cell.seed, length])
        if place not in self._kept:
            self._kept[place] = _loaded(cell, length, self.catalog)
        return self._kept[place]


@dataclass(frozen=True)
class Compared:
    """The result of comparing records with the installed tasks.

    Attributes:
        faults: a sentence for each difference.
        places: number of tasks and lengths that were loaded.
        unknown: why some data could not be loaded.
    """

    faults: tuple[str, ...]
    places: int
    unknown: tuple[str, ...]


def compare_with_installed(records: Sequence[Record], cells: Mapping[str, Cell], installed: Installed) -> Compared:
    """Compare the records' facts about their data with those of the installed tasks.

    Args:
        records: the records of a bundle.
        cells: key -> cell of the suite, which has the task's parameters and data.
        installed: the tasks.
    """
    faults: list[str] = []
    unknown: dict[str, None] = {}
    places = 0
    for group in _by_task(records, cells):
        for length in sorted({test.length for record in group for test in record.tests}):
            own = [record for record in group if any(test.length == length for test in record.tests)]
            first = min(own, key=lambda record: record.cell.seed)
            found = installed.loaded(cells[first.key], length)
            if isinstance(found, str):
                unknown[found] = None
                continue
            places += 1
            for record in own:
                is_loaded = record.cell.seed == first.cell.seed
                faults += _faults(record, length, found, is_loaded=is_loaded)
    return Compared(tuple(faults), places, tuple(unknown))


def is_belied(record: Record, cell: Cell, installed: Installed) -> bool:
    """Say whether the installed task, with the record's seed, contradicts its data or baselines."""
    for test in record.tests:
        found = installed.loaded(cell, test.length)
        if not isinstance(found, str) and any(_faults(record, test.length, found, is_loaded=True)):
            return True
    return False


def _by_task(records: Iterable[Record], cells: Mapping[str, Cell]) -> Iterator[list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        if record.key in cells and record.test is not None and record.metric is not None:
            identity = without_model(cells[record.key])
            found.setdefault(repr([identity["task"], identity["data"]]), []).append(record)
    yield from found.values()


def _faults(record: Record, length: int, loaded: Loaded, *, is_loaded: bool) -> Iterator[str]:
    """Yield the contradictions between a record and its task, in full for the seed whose data were loaded."""
    test = next(test for test in record.tests if test.length == length)
    claimed, here = _claims(record, test, is_loaded), _facts(loaded, record, length, is_loaded)
    for each in differences(claimed, here, is_close=_closeness(loaded)):
        yield (
            f"{record.title}: at length {length} {each.text('the bundle says', 'the installed task')}"
            f"{'' if is_loaded else ' (as with another seed)'}"
        )


def _claims(record: Record, test: Evaluation, is_loaded: bool) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "metric": record.metric and record.metric.model_dump(),
        "names of metrics": sorted(test.scores),
        "longer is harder": record.is_longer_harder,
        "baselines": {each.name: _baseline(each.is_reference, each.scores, is_loaded) for each in test.baselines},
    }
    if is_loaded:
        claims |= {"reference baseline": test.baseline_name, "test examples": test.examples}
        claims["worth of one example"] = test.one_example
        if test.length == record.cell.length:
            claims["data fingerprint"] = record.data_fingerprint
    return claims


def _facts(loaded: Loaded, record: Record, length: int, is_loaded: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "metric": loaded.metric,
        "names of metrics": sorted(loaded.metrics),
        "longer is harder": loaded.is_longer_harder,
        "baselines": {
            name: _baseline(told["is_reference"], told["scores"], is_loaded)
            for name, told in loaded.baselines.items()
        },
    }
    if is_loaded:
        facts |= {"reference baseline": loaded.reference, "test examples": loaded.examples}
        facts["worth of one example"] = loaded.one_example
        if length == record.cell.length:
            facts["data fingerprint"] = loaded.fingerprint
    return facts


def _baseline(is_reference: bool, scores: Mapping[str, float | None], is_loaded: bool) -> dict[str, Any]:
    return {"is_reference": is_reference, **(dict(scores) if is_loaded else dict.fromkeys(scores))}


def _closeness(loaded: Loaded) -> IsClose:
    """Return a test of whether numbers count as equal: baselines get the tolerance for two machines."""
    of_baselines = baseline_closeness(loaded.spans, loaded.examples)
    return lambda place, one, other: place.startswith("baselines.") and of_baselines(place, one, other)


def _loaded(cell: Cell, length: int, catalog: Catalog) -> Loaded | str:
    import warnings

    from seqbench.training.cell_data import load_task

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            task = load_task(cell, catalog)
            return _told(task.load(length, cell.seed), task.is_longer_harder)
        except SeqbenchError as error:
            return f"the data of {cell.task.name} T={length} seed {cell.seed} cannot be loaded here: {error}"
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            return f"the installed task {cell.task.name} failed at T={length} seed {cell.seed}: {said}"


def _told(data: TaskData, is_longer_harder: bool) -> Loaded:
    from seqbench.contracts.metrics import reference
    from seqbench.training.cell_data import data_fingerprint
    from seqbench.training.evaluations import finite, metric_data, worth_of_one

    return Loaded(
        metric=metric_data(data.metrics[0]).model_dump(),
        metrics=tuple(metric.name for metric in data.metrics),
        spans={m.name: None if m.worst is None else abs(m.best - m.worst) for m in data.metrics},
        baselines={
            each.name: {
                "is_reference": each.is_reference,
                "scores": {name: finite(float(score)) for name, score in each.scores.items()},
            }
            for each in data.baselines
        },
        reference=reference(data.baselines, data.metrics[0]).name,
        examples=len(data.test),
        one_example=worth_of_one(data),
        is_longer_harder=is_longer_harder,
        fingerprint=data_fingerprint(data),
    )
