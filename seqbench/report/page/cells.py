"""Collects the data of a page's detail view of each cell, in compact form for its script.

Texts that many cells share, such as their training settings, are kept once, and so are the steps and lags of
curves. More cells mean fewer points of each curve: a page stays small, and the records hold all points.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from seqbench.gradients.flow import Curve, Flow
from seqbench.records.layout import stem
from seqbench.records.resolution import one_example_in_skill
from seqbench.records.schema import PluginUsed, Record
from seqbench.records.variants import model_names, task_names
from seqbench.report.charts.lines import Look, thinned
from seqbench.report.numbers import number
from seqbench.report.observations import UNKNOWN
from seqbench.report.units import memory, seconds

MOST_POINTS, LEAST_POINTS = 200, 16
_ALL_POINTS, _POINTS_OF_A_ROW = 20_000, 20
"""Most points of each kind of curve over all cells of a page, and the number of points that take as much space as
a row of the leaderboard with its lines in the charts."""

Pairs = tuple[tuple[str, str], ...]


def cells(
    records: Sequence[Record], look_of: Mapping[str, Look], command: Callable[[Record], str], rows: int
) -> dict[str, Any]:
    """Return the data of the detail views: ``shared`` texts, ``grids`` of steps and lags, ``words`` of
    commands, the largest number of ``points`` of a curve, and ``cells`` by key.

    Args:
        records: the records of the page.
        look_of: model -> look.
        command: returns the command that runs one cell again.
        rows: the rows of the leaderboard.
    """
    tasks, models = task_names(records), model_names(records)
    most = _points(len(records), rows)
    shared, grids, words = _Kept(), _Kept(), _Kept()
    found = {}
    for record in sorted(records, key=lambda each: each.key):
        model = models[record.key]
        found[record.key] = {
            "task": tasks[record.key],
            "model": model,
            "look": [look_of[model].classes, look_of[model].mark],
            "length": record.cell.length,
            "seed": record.cell.seed,
            "status": record.status,
            "outcome": _outcome(record, shared),
            "shared": [shared.place([title, pairs]) for title, pairs in _settings(record)],
            "curves": [_curve(*curve, most, grids) for curve in _curves(record)],
            "command": [words.place(word) for word in command(record).split(" ")],
            "files": stem(record),
            **_said(record, shared),
        }
    return {"shared": shared.items, "grids": grids.items, "words": words.items, "points": most, "cells": found}


def _points(cells: int, rows: int) -> int:
    room = _ALL_POINTS - _POINTS_OF_A_ROW * rows
    return max(LEAST_POINTS, min(MOST_POINTS, room // max(1, cells)))


class _Kept:
    """A list without equal items."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, item: Any) -> int:
        """Return the index of an item; append it if it is new."""
        text = json.dumps(item)
        if text not in self._places:
            self._places[text] = len(self.items)
            self.items.append(item)
        return self._places[text]


def _outcome(record: Record, shared: _Kept) -> list[Any]:
    """Return the outcome of a cell: the index of the labels, then the texts, without unknown values."""
    costs, metric = record.costs, record.metric
    gradients = record.gradients
    found: list[tuple[str, str | None]] = [
        (metric.name if metric else "score", _score_text(record)),
        (
            f"baseline ({record.test.baseline_name})" if record.test else "baseline",
            _text(record.baseline, number),
        ),
        ("skill", _text(record.skill, number)),
        ("test examples", _text(record.test.examples if record.test else None, str)),
        ("one is worth, in skill, up to", _text(one_example_in_skill(metric, record.test), number)),
        *_other_scores(record),
        ("validation score", _text(record.validation_score, number)),
        ("training ended by", record.stopped),
        ("steps", _text(costs.steps, str)),
        ("weights of step", _text(record.course.best_step, str)),
        ("parameters", _text(costs.parameters, str)),
        ("state size", _text(costs.state_size, str)),
        ("seconds per step", _text(costs.seconds_per_step, seconds)),
        ("training time", _text(costs.train_seconds, seconds)),
        ("peak memory", _text(costs.peak_memory_bytes, memory)),
    ]
    for each in gradients.flows if gradients else ():
        if each.when != "during" and each.summary.gain_per_step is not None:
            horizon = f", horizon {each.summary.horizon}" if each.summary.horizon else ""
            told = f"{number(each.summary.gain_per_step)}, {each.summary.verdict}{horizon}"
            found.append((f"gain per step, {each.when}", told))
    if gradients and gradients.norms:
        found.append(("share of steps clipped", _text(gradients.norms.clipped_share, number)))
    known = [(label, text) for label, text in found if text is not None]
    return [shared.place([label for label, _ in known]), *(text for _, text in known)]


def _score_text(record: Record) -> str | None:
    """Return the score, or that it is unknown if the cell finished without one."""
    score = record.score
    return (UNKNOWN if record.status == "ok" else None) if score is None else number(score)


def _other_scores(record: Record) -> list[tuple[str, str]]:
    if record.test is None:
        return []
    primary = record.metric.name if record.metric else None
    others = [(name, score) for name, score in record.test.scores.items() if name != primary]
    elsewhere = [(f"{primary} at T={e.length}", e.score(record.metric)) for e in record.evaluations]
    return [(name, UNKNOWN if score is None else number(score)) for name, score in [*others, *elsewhere]]


def _settings(record: Record) -> list[tuple[str, Pairs]]:
    cell = record.cell
    return [
        (f"Task {cell.task.name}", _plugin(cell.task)),
        (f"Model {_titled(cell.model)}", _plugin(cell.model)),
        ("Training", _pairs(cell.training)),
        *([("Measured of the gradients", _pairs(cell.gradients))] if cell.gradients else []),
        *([("Data", _pairs(cell.data))] if cell.data else []),
        *([("About the data", _pairs(record.facts))] if record.facts else []),
        ("Environment", _pairs(record.environment)),
    ]


def _titled(plugin: PluginUsed) -> str:
    return f"{plugin.label} ({plugin.name})" if plugin.label else plugin.name


def _plugin(plugin: PluginUsed) -> Pairs:
    known = (("version", str(plugin.version)), ("from", plugin.distribution or "unknown"))
    return (*known, *_pairs(plugin.parameters))


def _pairs(values: Mapping[str, Any]) -> Pairs:
    return tuple((str(name), _plain(value)) for name, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    return value if isinstance(value, str) else json.dumps(value)


def _said(record: Record, shared: _Kept) -> dict[str, Any]:
    """Return the texts about a cell, without empty ones.

    A traceback is kept as an index, because cells often fail alike.
    """
    told = {
        "reason": record.reason,
        "notes": [f"{name}: {reason}" for name, reason in sorted(record.notes.items())],
        "warnings": list(record.warnings),
        "problems": list(record.gradients.problems) if record.gradients else [],
        "traceback": [shared.place(record.traceback)] if record.traceback else None,
    }
    return {name: what for name, what in told.items() if what}


_Raw = tuple[str, str, Sequence[int], Sequence[float | None]]
"""The chart of a curve, the curve's name there, and its x and y values."""


def _curves(record: Record) -> list[_Raw]:
    course, gradients = record.course, record.gradients
    scores = [(each.step, each.score) for each in course.validations]
    found: list[_Raw] = [("loss", "training", *_split(course.losses)), ("score", "validation", *_split(scores))]
    if gradients and gradients.norms:
        # Charts draw logarithms of norms, so that norms outside the range of floats are drawn too.
        norms = [(step, math.log10(norm) if norm else None) for step, norm in gradients.norms.course]
        found.append(("norm", "global norm", *_split(norms)))
    for each in gradients.flows if gradients else ():
        if each.when != "during":
            curve = _flow_curve(each.flow)
            lns = [None if ln is None else ln / math.log(10) for ln in curve.ln_median]
            found.append((curve.quantity, each.when, curve.lags, lns))
    return [curve for curve in found if any(y is not None for y in curve[3])]


def _flow_curve(flow: Flow) -> Curve:
    """Return the state gradient, or the input gradient if there is no state."""
    state = flow.curve("state")
    return state if any(ln is not None for ln in state.ln_median) else flow.curve("input")


def _split(points: Iterable[tuple[int, float | None]]) -> tuple[list[int], list[float | None]]:
    kept = list(points)
    return [x for x, _ in kept], [y for _, y in kept]


def _curve(
    chart: str, name: str, xs: Sequence[int], ys: Sequence[float | None], most: int, grids: _Kept
) -> list[Any]:
    kept = thinned(len(xs), most)
    write = _rounded if chart in ("loss", "score") else _rounded_log
    return [chart, name, grids.place([xs[i] for i in kept]), [write(ys[i]) for i in kept]]


def _rounded(value: float | None) -> float | int | None:
    """Return a number with four significant digits, enough for a chart; whole numbers have no point."""
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.4g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short


def _rounded_log(value: float | None) -> float | None:
    """Return the logarithm of a norm to three decimals, which gives the norm to 0.1%."""
    return None if value is None else round(value, 3)


def _text(value: Any, write: Callable[[Any], str]) -> str | None:
    return None if value is None else write(value)
