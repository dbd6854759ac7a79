"""Turns records into rows of a table: column -> value, None if unknown.

Uses no pandas, so that a report as JSON needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from seqbench.records.resolution import metric_at, one_example_in_skill, over_examples
from seqbench.records.schema import CellData, Evaluation, FlowAt, GradientData, MetricData, Record
from seqbench.records.variants import LATER, differing_settings, model_names, natural, settings_key, task_names

LEADING = ("task_name", "model_name", "length", "seed", "score", "baseline", "skill")
"""The first columns, which are printed."""

COLUMNS = (
    *LEADING, "status", "metric", "baseline_name", "examples", "one_example", "task", "model", "task_version",
    "model_version", "precision", "device", "parameters", "layer_parameters", "state_size", "steps",
    "train_seconds", "seconds_per_step", "peak_memory_bytes", "validation_score", "stopped", "gain_init",
    "gain_trained", "horizon_init", "horizon_trained", "verdict", "grad_norm_median", "grad_norm_p95",
    "grad_norm_max", "clipped_share", "nonfinite_steps", "reason", "warnings", "problems", "key",
)  # fmt: skip
"""The columns of every table of results, in this order; differing settings and ``metrics.NAME`` follow."""

TEXTS = frozenset(
    {"task_name", "model_name", "status", "metric", "baseline_name", "task", "model", "precision", "device"}
    | {"stopped", "verdict", "reason", "warnings", "problems", "key"}
)
"""The columns of words; all others among `COLUMNS` are of numbers."""

FIXED = COLUMNS[2:]
"""The columns whose values the record alone decides: all but the names."""

SETTINGS = ("task.", "model.", "training.")
"""Prefixes of columns that hold settings; ``evaluate_lengths`` is a setting too."""

GRADIENT_COLUMNS = (
    "task_name", "model_name", "length", "seed", "when", "step", "quantity", "part", "lag", "median", "q25", "q75",
    "ln_median", "n", "task", "model", "key",
)  # fmt: skip
"""The columns of `load_gradients`."""


def is_setting(column: str) -> bool:
    """Say whether a column holds a setting that differs between rows."""
    return column.startswith(SETTINGS) or column == "evaluate_lengths"


class KnownRow(NamedTuple):
    """The row of a record that an index holds.

    Attributes:
        values: of the columns `FIXED`.
        others: the other columns that it has.
        settings: a text that is the same for records of the same cell but for length and seed.
        record: returns a record of such a cell; its key is ``settings``.
    """

    values: Sequence[Any]
    others: Mapping[str, Any]
    settings: str
    record: Callable[[str], Record]


def rows(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return a row for each record, all with the same columns."""
    found, columns = known_rows(records)
    return [{name: row.get(name) for name in columns} for row in found]


def known_rows(records: Iterable[Record]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return rows without columns that have no value in them (e.g. another model's setting), and all columns."""
    known: list[dict[str, Any]] = []
    kinds = Kinds()
    for record in records:
        known.append(own_row(record))
        kinds.add(record)
    told = kinds.told()
    for row, kind in zip(known, kinds.of_records, strict=True):
        row |= told[kind]
    return known, ordered(name for row in known for name in row)


def ordered(names: Iterable[str]) -> list[str]:
    """Return the columns of a table in order: `COLUMNS`, settings, metrics; ``@12`` before ``@100``."""
    extra = sorted(set(names) - set(COLUMNS), key=natural)
    return [*COLUMNS, *filter(is_setting, extra), *(name for name in extra if not is_setting(name))]


class Kinds:
    """The different settings among many records: one record is kept of those that differ in length and seed only.

    Attributes:
        of_records: for each added record, in order, the key of the record that represents it.
    """

    def __init__(self) -> None:
        self.of_records: list[str] = []
        self._kept: dict[str, Record] = {}
        self._known: dict[str, str] = {}

    def add(self, record: Record) -> None:
        """Add one record."""
        kept = self._kept.setdefault(settings_key(record), record)
        self.of_records.append(kept.key)

    def add_known(self, known: KnownRow) -> None:
        """Add one record that an index holds."""
        if known.settings in self._known:
            self.of_records.append(self._known[known.settings])
        else:
            self.add(known.record(known.settings))
            self._known[known.settings] = self.of_records[-1]

    def told(self) -> dict[str, dict[str, Any]]:
        """Return key -> the names of task and model, and the settings that differ."""
        kept = list(self._kept.values())
        tasks, models, settings = task_names(kept), model_names(kept), differing_settings(kept)
        return {key: {"task_name": tasks[key], "model_name": models[key], **settings[key]} for key in tasks}


def own_row(record: Record) -> dict[str, Any]:
    """Return the row of a record, without its names and the settings that differ from others'."""
    cell = record.cell
    return {
        **row_of_cell(cell, record.environment),
        "length": cell.length,
        "seed": cell.seed,
        **row_of_outcome(record),
    }


def row_of_cell(cell: CellData, environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row that are the same for all lengths and seeds on one machine."""
    precision, device = cell.training.get("precision", LATER["precision"]), environment.get("device")
    return {
        "task": cell.task.name,
        "model": cell.model.name,
        "task_version": cell.task.version,
        "model_version": cell.model.version,
        "precision": None if precision is None else str(precision),
        "device": None if device is None else str(device),
    }


def row_of_outcome(record: Record) -> dict[str, Any]:
    """Return the other columns but length and seed; reads neither the cell of a record nor its environment."""
    costs = record.costs
    row: dict[str, Any] = {
        "status": record.status,
        "reason": record.reason,
        "warnings": _joined(record.warnings),
        "problems": _joined(record.gradients.problems if record.gradients else ()),
        "parameters": costs.parameters,
        "layer_parameters": costs.layer_parameters,
        "state_size": costs.state_size,
        "steps": costs.steps,
        "train_seconds": costs.train_seconds,
        "seconds_per_step": costs.seconds_per_step,
        "peak_memory_bytes": costs.peak_memory_bytes,
        "validation_score": record.validation_score,
        "stopped": record.stopped,
        "key": record.key,
    }
    if costs.state_growth is not None:
        row["state_growth"] = costs.state_growth
    _add_gradients(row, record.gradients)
    _add_scores(row, record.metric, record.test, record.evaluations)
    return row


def lags(record: Record) -> Iterator[dict[str, Any]]:
    """Yield a row for each lag of each curve, without the names."""
    cell = record.cell
    known: dict[str, Any] = {"task": cell.task.name, "model": cell.model.name}
    known |= {"length": cell.length, "seed": cell.seed, "key": record.key}
    for each in record.gradients.flows if record.gradients else ():
        for curve in each.flow.curves:
            own = {"when": each.when, "step": each.step, "quantity": curve.quantity, "part": curve.part}
            points = zip(curve.lags, curve.median, curve.q25, curve.q75, curve.ln_median, curve.n, strict=True)
            for point in points:
                yield known | own | dict(zip(_POINT, point, strict=True))


_POINT = ("lag", "median", "q25", "q75", "ln_median", "n")


def _joined(texts: Iterable[str]) -> str | None:
    return "; ".join(texts) or None


def _add_gradients(row: dict[str, Any], gradients: GradientData | None) -> None:
    if gradients is None:
        return
    for each in gradients.flows:
        if each.when != "during":
            horizon = each.summary.horizon
            row[f"gain_{each.when}"] = each.summary.gain_per_step
            row[f"horizon_{each.when}"] = horizon.lag if horizon else None
            _add_inputs(row, each)
        if each.when == "trained":
            shown = each.headline
            is_marked = shown.at == "input" and shown.summary.verdict is not None
            row["verdict"] = f"{shown.summary.verdict} (input)" if is_marked else shown.summary.verdict
    norms = gradients.norms
    if norms is not None:
        row["grad_norm_median"] = norms.whole.median
        row["grad_norm_p95"] = norms.whole.p95
        row["grad_norm_max"] = norms.whole.max
        row["clipped_share"] = norms.clipped_share
        row["nonfinite_steps"] = norms.nonfinite_steps


def _add_inputs(row: dict[str, Any], flow: FlowAt) -> None:
    """Add the columns of a flow at whose state nothing is measured; no other record has them."""
    own = flow.input_summary
    if own is not None:
        row[f"input_gain_{flow.when}"] = own.gain_per_step
        row[f"input_horizon_{flow.when}"] = own.horizon.lag if own.horizon else None


def _add_scores(
    row: dict[str, Any], metric: MetricData | None, test: Evaluation | None, elsewhere: Iterable[Evaluation]
) -> None:
    if metric is None or test is None:
        return
    row["metric"] = metric.name
    row["score"] = test.score(metric)
    row["baseline"] = test.baseline(metric)
    row["baseline_name"] = test.baseline_name
    row["skill"] = test.skill
    row["examples"] = test.examples
    row["one_example"] = one_example_in_skill(metric, test)
    ends = over_examples(metric_at(metric, test), test)
    if ends is not None:
        row["score_low_over_examples"], row["score_high_over_examples"] = ends
    for name, score in test.scores.items():
        if name != metric.name:
            row[f"metrics.{name}"] = score
    for evaluation in elsewhere:
        for name, score in evaluation.scores.items():
            row[f"metrics.{name}@{evaluation.length}"] = score
