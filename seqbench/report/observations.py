"""Flattens records into observations: one for each score, at each length, with each seed.

A cell without a score is an observation too, with its status in the place of the score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from seqbench.gradients.flow import Headline
from seqbench.records.resolution import metric_at, one_example_in_skill, over_examples
from seqbench.records.schema import Costs, Evaluation, MetricData, Record
from seqbench.report.names import Names, names_of

UNKNOWN = "unknown"
"""The status of a cell that finished without a score or skill; its record's notes say why."""


@dataclass(frozen=True)
class Observation:
    """One test of one trained network.

    Attributes:
        task, model: the names that tables show.
        trained, tested: lengths, in steps.
        seed: the cell's seed.
        status: the cell's status.
        metric: the primary metric; None if the cell failed before it was known.
        evaluation: the scores; None if it was not tested.
        settings: the task's parameters that are not at their defaults, as text, without data sources.
        flows: ``init`` and ``trained`` -> the gradient flow; empty if not measured.
        from_scored: whether lags of the loss are counted from the last scored step.
        costs: the cost of the cell.
        weights: how many weights the layer was to have; None if its width was given.
        is_longer_harder: whether a longer sequence makes the task harder.
        problems: why a gradient flow is missing.
        device: the device of the cell; empty if unknown.
        data: hash of its training, validation and test data; empty if unknown.
    """

    task: str
    model: str
    trained: int
    tested: int
    seed: int
    status: str
    metric: MetricData | None
    evaluation: Evaluation | None
    settings: str = ""
    flows: Mapping[str, Headline] = field(default_factory=dict)
    from_scored: bool = False
    costs: Costs = field(default_factory=Costs)
    weights: int | None = None
    is_longer_harder: bool = True
    problems: tuple[str, ...] = ()
    device: str = ""
    data: str = ""

    @cached_property
    def one_example(self) -> float | None:
        """The most that one test example can move the skill; None if unknown."""
        return one_example_in_skill(self.metric, self.evaluation)

    @cached_property
    def over_examples(self) -> tuple[float, float] | None:
        """The 95% interval of the primary score over draws of the test examples; None if unknown."""
        return over_examples(self.metric, self.evaluation)

    @cached_property
    def score(self) -> float | None:
        """The primary score of a cell that is ok."""
        return self.evaluation.score(self.metric) if self.status == "ok" and self.evaluation else None

    @cached_property
    def skill(self) -> float | None:
        """The skill of a cell that is ok."""
        return self.evaluation.skill if self.status == "ok" and self.evaluation else None

    @cached_property
    def baselines(self) -> dict[str, float | None]:
        """Baseline -> its primary score on the same test data; the reference baseline comes first."""
        if self.metric is None or self.evaluation is None:
            return {}
        first = self.evaluation.baseline_name
        found = sorted(self.evaluation.baselines, key=lambda each: each.name != first)
        return {each.name: each.scores.get(self.metric.name) for each in found}


def observations(records: Sequence[Record], names: Names | None = None) -> list[Observation]:
    """Return the observations, in an order that does not depend on the order of the records.

    Args:
        records: the records.
        names: their names, where they are known.
    """
    known = names or names_of(records)
    return [
        Observation(
            task=known.tasks[record.key],
            model=known.models[record.key],
            trained=record.cell.length,
            tested=length,
            seed=record.cell.seed,
            status=record.status,
            metric=metric_at(record.metric, evaluation) if evaluation and record.metric else record.metric,
            evaluation=evaluation,
            settings=_settings(record),
            flows={each.when: each.headline for each in record.gradients.flows} if record.gradients else {},
            from_scored=bool((record.cell.gradients or {}).get("from_scored")),
            costs=record.costs,
            weights=record.cell.model.sized.weights if record.cell.model.sized else None,
            is_longer_harder=record.is_longer_harder,
            problems=record.gradients.problems if record.gradients else (),
            device=str(record.environment.get("device") or ""),
            data=record.data_fingerprint or "",
        )
        for record in sorted(records, key=lambda record: record.key)
        for length, evaluation in _evaluations(record)
    ]


def _settings(record: Record) -> str:
    task, data = record.cell.task, record.cell.data
    return ", ".join(f"{name}={task.parameters[name]}" for name in task.changed if name not in data)


def _evaluations(record: Record) -> Iterator[tuple[int, Evaluation | None]]:
    found = {evaluation.length: evaluation for evaluation in record.evaluations}
    if record.test is not None:
        found[record.cell.length] = record.test
    for length in sorted({record.cell.length, *record.cell.evaluate_lengths}):
        yield length, found.get(length)
