"""Groups records as a page shows them: all seeds of one model on one task at one length, with their summary.

Nothing is imputed: a seed without a score is counted under its status, and a length at which a model was not run
is a group without records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from seqbench.gradients.flow import Headline
from seqbench.records.resolution import one_example_in_skill
from seqbench.records.schema import Record
from seqbench.records.variants import natural
from seqbench.report.names import Names, names_of
from seqbench.report.observations import UNKNOWN
from seqbench.statistics import mean

MISSING = "not run"


@dataclass(frozen=True)
class Group:
    """The records of one model on one task at one length.

    Attributes:
        task, model: the names that tables show.
        length: steps.
        seeds: the seeds with which any model of the task was run.
        records: in the order of their seeds; a missing seed was not run.
    """

    task: str
    model: str
    length: int
    seeds: tuple[int, ...]
    records: tuple[Record, ...]

    def scores(self) -> list[float]:
        """Return the primary scores of the seeds that have one."""
        return _known(record.score for record in self.records)

    def skills(self) -> list[float]:
        """Return the skills of the seeds that have one."""
        return list(self._skills)

    def baselines(self) -> list[float]:
        """Return the scores of the reference baseline."""
        return _known(record.baseline for record in self.records)

    def outcome(self) -> str:
        """Return the outcomes of the seeds, e.g. ``ok`` or ``2 ok, 1 diverged``.

        If all seeds share an outcome, it is written once, without a number.
        """
        return self._outcome

    @cached_property
    def _skills(self) -> list[float]:
        return _known(record.skill for record in self.records)

    @cached_property
    def _outcome(self) -> str:
        found = Counter(outcome_of(record) for record in self.records)
        found[MISSING] = len(self.seeds) - len(self.records)
        parts = [(what, n) for what, n in sorted(found.items(), key=lambda pair: (pair[0] != "ok", pair[0])) if n]
        return parts[0][0] if len(parts) == 1 else ", ".join(f"{n} {what}" for what, n in parts)

    @cached_property
    def _flows(self) -> dict[str, list[Headline]]:
        # Charts, tables and texts ask for the same ones many times.
        found: dict[str, list[Headline]] = {}
        for record in self.records:
            for each in record.gradients.flows if record.gradients else ():
                found.setdefault(each.when, []).append(each.headline)
        return found

    def flows(self, when: str) -> list[Headline]:
        """Return the gradient flow's summaries at one moment."""
        return self._flows.get(when, [])

    def ln_gains(self, when: str) -> list[float]:
        """Return the logarithms of the gain per step of the state Jacobian."""
        found = [flow.summary.ln_gain for flow in self.flows(when) if flow.at == "state"]
        return [ln_gain for ln_gain in found if ln_gain is not None]

    def seconds_per_step(self) -> float | None:
        """Return the mean over the seeds."""
        return _mean(record.costs.seconds_per_step for record in self.records)

    def peak_memory_bytes(self) -> float | None:
        """Return the mean over the seeds."""
        return _mean(record.costs.peak_memory_bytes for record in self.records)

    def parameters(self) -> float | None:
        """Return the mean number of trainable numbers; on a real text, seeds may have different vocabularies."""
        return _mean(record.costs.parameters for record in self.records)

    def examples(self) -> list[int]:
        """Return the different numbers of test examples."""
        return sorted({record.test.examples for record in self.records if record.test})

    def one_example(self) -> float | None:
        """Return what one test example of each seed is worth in the mean skill; None if unknown."""
        own = [record for record in self.records if record.skill is not None]
        worths = [one_example_in_skill(record.metric, record.test) for record in own]
        return None if None in worths else _mean(worths)


def groups(records: Sequence[Record], names: Names | None = None) -> list[Group]:
    """Return every model of a task at every length of the task, in their natural order, run or not.

    Args:
        records: the records.
        names: their names, where they are known.
    """
    known = names or names_of(records)
    by_task: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda each: (each.cell.seed, each.key)):
        by_task.setdefault(known.tasks[record.key], []).append(record)
    return [
        group
        for task in sorted(by_task, key=natural)
        for group in _of_task(task, by_task[task], [known.models[record.key] for record in by_task[task]])
    ]


def outcome_of(record: Record) -> str:
    """Return the status, or ``unknown`` for a cell that finished without a score."""
    return UNKNOWN if record.status == "ok" and record.score is None else record.status


def _of_task(task: str, records: Sequence[Record], models: Sequence[str]) -> list[Group]:
    found: dict[tuple[str, int], list[Record]] = {}
    for record, model in zip(records, models, strict=True):
        found.setdefault((model, record.cell.length), []).append(record)
    seeds = tuple(sorted({record.cell.seed for record in records}))
    return [
        Group(task, model, length, seeds, tuple(found.get((model, length), ())))
        for length in sorted({record.cell.length for record in records})
        for model in sorted(set(models), key=natural)
    ]


def _known(values: Iterable[float | None]) -> list[float]:
    return [number for number in values if number is not None]


def _mean(values: Iterable[float | None]) -> float | None:
    return mean(value for value in values if value is not None)
