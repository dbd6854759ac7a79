"""Turns records, and the JSON of ``seqbench gradients``, into the rows of a fact's table.

The learning rate of a model is chosen here, by validation scores alone.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.facts_list import SEEDS, Expected, Flow, Trained
from seqbench.records.schema import Evaluation, Record


@dataclass(frozen=True, kw_only=True)
class SkillRow:
    """A model that was trained at one length and tested at one, with its best learning rate.

    Attributes:
        model, trained, tested, weights: its name, both lengths, the weights of its layer.
        rate: the learning rate that was chosen.
        validation: learning rate -> mean validation score.
        metric: name of the score.
        scores, skills: for each seed, on the test split.
        expected: what the fact says of it; None if nothing.
    """

    model: str
    trained: int
    tested: int
    weights: int | None
    rate: float
    validation: Mapping[float, float]
    metric: str
    scores: tuple[float, ...]
    skills: tuple[float, ...]
    expected: Expected | None

    @property
    def is_met(self) -> bool | None:
        """Whether the mean skill is as expected; None if nothing is."""
        return None if self.expected is None else self.expected.is_met(statistics.fmean(self.skills))


@dataclass(frozen=True, kw_only=True)
class FlowRow:
    """A model's number over some steps, for each seed, and the range that the fact says."""

    model: str
    length: int
    values: tuple[float, ...]
    low: int
    high: int

    @property
    def is_met(self) -> bool:
        """Whether the number is in the range with every seed."""
        return all(self.low <= value <= self.high for value in self.values)


Row = SkillRow | FlowRow


def best(validation: Mapping[float, float], *, is_higher_better: bool) -> float:
    """Return the learning rate with the best mean validation score, the smallest of several.

    >>> best({1e-3: 0.7, 3e-3: 0.9, 1e-2: 0.9}, is_higher_better=True)
    0.003
    """
    sign = 1 if is_higher_better else -1
    return max(sorted(validation), key=lambda rate: sign * validation[rate])


def skill_rows(fact: Trained, records: Mapping[float, Sequence[Record]]) -> tuple[SkillRow, ...]:
    """Return a row for each model, trained length and tested length.

    Args:
        fact: what was run.
        records: learning rate -> the records of its cells, of all models, lengths and seeds.
    """
    rows: list[SkillRow] = []
    for model in fact.models:
        for length in fact.lengths:
            rates = {
                rate: [each for each in found if (each.cell.model.name, each.cell.length) == (model, length)]
                for rate, found in records.items()
            }
            rows += _rows_of(fact, model, length, {rate: own for rate, own in rates.items() if _is_whole(own)})
    return tuple(rows)


def _is_whole(records: Sequence[Record]) -> bool:
    """Say whether every seed ended with scores; one that diverged rules its learning rate out."""
    return len(records) == len(SEEDS) and all(each.test and each.validation_score is not None for each in records)


def _rows_of(
    fact: Trained, model: str, length: int, rates: Mapping[float, Sequence[Record]]
) -> Iterator[SkillRow]:
    if not rates:
        return
    validation = {rate: _mean(each.validation_score for each in own) for rate, own in rates.items()}
    metric = next(iter(rates.values()))[0].metric
    assert metric is not None
    rate = best(validation, is_higher_better=metric.is_higher_better)
    chosen = sorted(rates[rate], key=lambda record: record.cell.seed)
    for tested in (length, *fact.further):
        tests = [_at(record, tested) for record in chosen]
        yield SkillRow(
            model=model,
            trained=length,
            tested=tested,
            weights=chosen[0].costs.layer_parameters,
            rate=rate,
            validation=validation,
            metric=metric.name,
            scores=tuple(_known(test.score(metric)) for test in tests),
            skills=tuple(_known(test.skill) for test in tests),
            expected=next((each for each in fact.expected if (each.model, each.length) == (model, tested)), None),
        )


def _mean(values: Iterator[float | None]) -> float:
    return statistics.fmean(value for value in values if value is not None)


def _known(value: float | None) -> float:
    """Return a number; nan, which is as expected of nothing, for one that is unknown."""
    return float("nan") if value is None else value


def _at(record: Record, length: int) -> Evaluation:
    tests = [*([record.test] if record.test else []), *record.evaluations]
    return next(test for test in tests if test.length == length)


def flow_rows(fact: Flow, measured: Sequence[Sequence[str]]) -> tuple[FlowRow, ...]:
    """Return a row for each case that was measured with every seed.

    Args:
        fact: what was measured.
        measured: for each case the JSON of each seed.
    """
    return tuple(
        FlowRow(
            model=" ".join([case.model, *(f"{name}={value}" for name, value in case.settings.items())]),
            length=case.length,
            values=tuple(fact.measure(json.loads(text)["models"][0]) for text in texts),
            low=case.low,
            high=case.high,
        )
        for case, texts in zip(fact.cases, measured, strict=True)
        if len(texts) == len(SEEDS)
    )
