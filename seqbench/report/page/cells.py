"""Collects the data of a page's detail view of each cell, in compact form for its script.

Texts that many cells share, such as their training settings, are kept once, and so are the steps and lags of
curves. More cells mean fewer points of each curve: a page stays small, and the records hold all points.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any

from seqbench.records.curves import Curves
from seqbench.records.layout import stem
from seqbench.records.resolution import one_example_in_skill
from seqbench.records.schema import PluginUsed, Record
from seqbench.report.charts.lines import thinned
from seqbench.report.commands import command_around_seed
from seqbench.report.names import Names
from seqbench.report.numbers import number
from seqbench.report.observations import UNKNOWN
from seqbench.report.page.score_curves import names_on_curves, score_lines
from seqbench.report.units import memory, seconds

MOST_POINTS, LEAST_POINTS = 200, 32
_ALL_POINTS, _POINTS_OF_A_ROW = 60_000, 60
"""Most points of each kind of curve over all cells of a page, and the number of points that take as much space as
a row of the leaderboard with its lines in the charts."""

_LN_10 = math.log(10)

Pairs = tuple[tuple[str, str], ...]


def points_of_a_curve(cells: int, rows: int) -> int:
    """Return the largest number of points that a page of so many cells and rows of the leaderboard has of a curve.

    >>> points_of_a_curve(60, 60), points_of_a_curve(500, 20), points_of_a_curve(6000, 60)
    (200, 117, 32)
    """
    room = _ALL_POINTS - _POINTS_OF_A_ROW * rows
    return max(LEAST_POINTS, min(MOST_POINTS, room // max(1, cells)))


class Shared:
    """A list without equal items."""

    def __init__(self) -> None:
        self.items: list[Hashable] = []
        self._places: dict[Hashable, int] = {}

    def place(self, item: Hashable) -> int:
        """Return the index of an item; append it if it is new."""
        place = self._places.setdefault(item, len(self.items))
        if place == len(self.items):
            self.items.append(item)
        return place


@dataclass(frozen=True)
class Common:
    """What the cells of a page share.

    Attributes:
        names: the names of their records.
        points: the largest number of points of a curve.
        shared: texts: settings, labels, commands, tracebacks.
        grids: steps and lags of curves.
        known: the indexes of what was met already, by a text that tells it from others.
    """

    names: Names
    points: int
    shared: Shared = field(default_factory=Shared)
    grids: Shared = field(default_factory=Shared)
    known: dict[str, Any] = field(default_factory=dict)

    def once(self, what: str, make: Callable[[], Any]) -> Any:
        """Return what is made of something that many cells have alike, made once."""
        if what not in self.known:
            self.known[what] = make()
        return self.known[what]


def cell(record: Record, curves: Curves, common: Common) -> dict[str, Any]:
    """Return the data of the detail view of one cell: indexes stand for what it shares with others."""
    shared = common.shared
    kind = common.names.kinds[record.key]
    return {
        "seed": record.cell.seed,
        "status": record.status,
        "outcome": _outcome(record, shared),
        "shared": _settings(record, kind, common),
        "curves": list(_curves(record, curves, common)),
        "command": common.once(
            f"command {kind.key} {record.cell.length}", lambda: shared.place(command_around_seed(record))
        ),
        "files": stem(record),
        **_scored(record, common),
        **_samples(record, shared),
        **_said(record, shared),
    }


def _samples(record: Record, shared: Shared) -> dict[str, Any]:
    """Return what the network was given and what it wrote, if the record has samples, and names of its labels."""
    test = record.test
    if test is None:
        return {}
    found: dict[str, Any] = {"samples": test.samples, "rolls": test.rolls}
    if test.rolls and test.label_names:
        found["labels"] = [shared.place(test.label_names)]
    return {name: value for name, value in found.items() if value}


def _outcome(record: Record, shared: Shared) -> list[Any]:
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
        ("weights of layer", _layer_weights(record)),
        ("state size", _text(costs.state_size, str)),
        ("more of it with each step", _text(costs.state_growth, str)),
        ("seconds per step", _text(costs.seconds_per_step, seconds)),
        ("training time", _text(costs.train_seconds, seconds)),
        ("peak memory", _text(costs.peak_memory_bytes, memory)),
    ]
    for each in gradients.flows if gradients else ():
        shown, of = each.headline.summary, " of the input gradient" if each.headline.at == "input" else ""
        if each.when != "during" and shown.gain_per_step is not None:
            horizon = f", horizon {shown.horizon}" if shown.horizon else ""
            told = f"{number(shown.gain_per_step)}, {shown.verdict}{horizon}"
            found.append((f"gain per step{of}, {each.when}", told))
    if gradients and gradients.norms:
        found.append(("share of steps clipped", _text(gradients.norms.clipped_share, number)))
    known = [(label, text) for label, text in found if text is not None]
    return [shared.place(tuple(label for label, _ in known)), *(text for _, text in known)]


def _layer_weights(record: Record) -> str | None:
    """Return the weights of the layer, and by how much they differ from those that were asked for."""
    found, sized = record.costs.layer_parameters, record.cell.model.sized
    return _text(found, str) if not (found and sized) else f"{found} ({found / sized.weights - 1:+.1%})"


def _score_text(record: Record) -> str | None:
    """Return the score, or that it is unknown if the cell finished without one."""
    score = record.score
    return (UNKNOWN if record.status == "ok" else None) if score is None else number(score)


def _other_scores(record: Record) -> list[tuple[str, str]]:
    if record.test is None:
        return []
    primary = record.metric.name if record.metric else None
    left_out = {primary, *names_on_curves(record.test)}
    others = [(name, score) for name, score in record.test.scores.items() if name not in left_out]
    elsewhere = [(f"{primary} at T={e.length}", e.score(record.metric)) for e in record.evaluations]
    return [(name, UNKNOWN if score is None else number(score)) for name, score in [*others, *elsewhere]]


def _settings(record: Record, kind: Record, common: Common) -> list[int]:
    """Return the places of the settings: those that were asked for are the same for all records of a kind."""
    shared, facts, where = common.shared, record.facts, record.environment
    asked = common.once(f"asked {kind.key}", lambda: [shared.place(each) for each in _asked(record)])
    told = (
        common.once(f"facts {facts!r}", lambda: shared.place(("About the data", _pairs(facts)))) if facts else None
    )
    return [
        *asked,
        *([] if told is None else [told]),
        common.once(f"where {where!r}", lambda: shared.place(("Environment", _pairs(where)))),
    ]


def _asked(record: Record) -> list[tuple[str, Pairs]]:
    cell = record.cell
    return [
        (f"Task {cell.task.name}", _plugin(cell.task)),
        (f"Model {_titled(cell.model)}", _plugin(cell.model)),
        ("Training", _pairs(cell.training)),
        *([("Measured of the gradients", _pairs(cell.gradients))] if cell.gradients else []),
        *([("Data", _pairs(cell.data))] if cell.data else []),
    ]


def _titled(plugin: PluginUsed) -> str:
    return f"{plugin.label} ({plugin.name})" if plugin.label else plugin.name


def _plugin(plugin: PluginUsed) -> Pairs:
    known = (("version", str(plugin.version)), ("from", plugin.distribution or "unknown"))
    sized = (("weights asked for", str(plugin.sized.weights)),) if plugin.sized else ()
    return (*known, *sized, *_pairs(plugin.parameters))


def _pairs(values: Mapping[str, Any]) -> Pairs:
    return tuple((str(name), _plain(value)) for name, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    return value if isinstance(value, str) else json.dumps(value)


def _said(record: Record, shared: Shared) -> dict[str, Any]:
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


def _curves(record: Record, curves: Curves, common: Common) -> Iterator[list[Any]]:
    """Yield chart, name, grid and values of each curve that has a value; of norms, the logarithms to base 10."""
    if _is_known(curves.losses.values):
        yield _of_points("loss", "training", curves.losses.steps, curves.losses.values, common)
    scores = [each.score for each in record.course.validations]
    if _is_known(scores):
        steps = tuple(each.step for each in record.course.validations)
        yield _of_points("score", "validation", steps, scores, common)
    if _is_known(curves.norms.values):
        grid, norms = _thinned(curves.norms.steps, curves.norms.values, common)
        # Charts draw logarithms of norms, so that norms outside the range of floats are drawn too.
        logs = [math.log10(norm) if norm else None for norm in norms]
        yield ["norm", "global norm", grid, _short_logs(logs, common)]
    for curve in filter(lambda curve: curve.is_known, curves.flows):
        grid, lns = _thinned(curve.lags, curve.ln_median, common)
        logs = [None if ln is None else ln / _LN_10 for ln in lns]
        yield [curve.quantity, curve.when, grid, _short_logs(logs, common)]


def _scored(record: Record, common: Common) -> dict[str, Any]:
    """Return the curves of scores, if there are any."""

    def keep(label: str, places: tuple[float, ...], scores: Sequence[float | None]) -> list[Any]:
        xs = tuple(int(x) if x == int(x) else x for x in places)
        return [label, common.grids.place(xs), [None if y is None else _rounded(y) for y in scores]]

    found = score_lines(record.test, keep)
    return {"scored": found} if found else {}


def _is_known(values: Sequence[float | None]) -> bool:
    return any(value is not None for value in values)


def _of_points(
    chart: str, name: str, xs: tuple[int, ...], ys: Sequence[float | None], common: Common
) -> list[Any]:
    grid, kept = _thinned(xs, ys, common)
    short = _of_range(kept, common) or [None if y is None else _rounded(y) for y in kept]
    return [chart, name, grid, short]


def _thinned(
    xs: tuple[int, ...], ys: Sequence[float | None], common: Common
) -> tuple[int, Sequence[float | None]]:
    """Return the index of the grid of the points of a curve that a page shows, and their values."""
    grid, pick = _grid(xs, common.points)
    return common.grids.place(grid), pick(ys)


@lru_cache(maxsize=1024)
def _grid(xs: tuple[int, ...], most: int) -> tuple[tuple[int, ...], Callable[[Sequence[Any]], Sequence[Any]]]:
    """Return at most so many of the places of a curve, and what picks their values."""
    places = thinned(len(xs), most)
    pick = itemgetter(*places) if len(places) > 1 else list
    return tuple(pick(xs)), pick


def _short_logs(values: Sequence[float | None], common: Common) -> Sequence[float | None]:
    """Return logarithms of norms with three decimals, which give the norm to 0.1%, or as `_of_range`."""
    return _of_range(values, common) or [None if value is None else round(value, 3) for value in values]


def _of_range(values: Sequence[float | None], common: Common) -> Sequence[float | None] | None:
    """Return numbers rounded to a thousandth of their range, if the page leaves out points of a curve.

    A chart is 328 units high.
    """
    if common.points >= MOST_POINTS:
        return None
    known = [value for value in values if value is not None]
    span = max(known, default=0.0) - min(known, default=0.0)
    if not 0 < span < math.inf:
        return None
    decimals = 3 - math.floor(math.log10(span))
    return [None if value is None else round(value, decimals) for value in values]


def _rounded(value: float) -> float | int:
    """Return a number with four significant digits; whole numbers have no point."""
    short = float(f"{value:.4g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short


def _text(value: Any, write: Callable[[Any], str]) -> str | None:
    return None if value is None else write(value)
