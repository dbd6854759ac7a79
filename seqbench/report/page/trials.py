"""Makes the charts of a search on a page: score against learning rate, and the expected best score of n trials."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from seqbench.records.variants import natural
from seqbench.report.charts.axes import Axis, count_axis, linear_axis, log_axis
from seqbench.report.charts.lines import Chart, Look, Numbers, Panel, Series, chart, has_losses
from seqbench.report.numbers import number
from seqbench.report.tables.windows import window_text
from seqbench.report.tuning import RATE, PlaceTried, Point, Tried, places_tried, tasks_of

_BEYOND = 1.0
"""How far beyond nothing learned a score is still drawn, as a share of the way from there to what counts as
learned: scores that nearly diverged do not compress the rest."""
_MOST_NUMBERS = 12


@dataclass(frozen=True)
class SearchCharts:
    """The charts of one task of a search: for each length, score against learning rate, then the expected best."""

    task: str
    pairs: tuple[tuple[Chart, ...], ...]


def search_charts(tried: Sequence[Tried], look_of: Mapping[str, Look]) -> list[SearchCharts]:
    """Return the charts of every task of every search; ``look_of`` has its models as searches name them."""
    found = []
    for i, search in enumerate(tried):
        for j, (task, places) in enumerate(tasks_of(places_tried(search))):
            pairs = tuple(
                _pair(f"{i}-{j}-{length}", task, length, list(own), look_of)
                for length, own in groupby(places, key=lambda each: each.place.length)
            )
            found.append(SearchCharts(task, pairs))
    return found


def looks_of_models(
    tried: Sequence[Tried], names: Mapping[str, str], look_of: Mapping[str, Look]
) -> dict[str, Look]:
    """Return model, as searches name it -> look: that of its tuned cells, or a further one.

    Args:
        tried: the searches.
        names: model, as searches name it -> the name of its tuned cells in tables.
        look_of: name in tables -> look.
    """
    models = sorted({row.model for each in tried for row in each.rows}, key=natural)
    known = {model: look_of[names[model]] for model in models if names.get(model) in look_of}
    further = [model for model in models if model not in known]
    return known | {model: Look(len(look_of) + i) for i, model in enumerate(further)}


def _pair(
    name: str, task: str, length: int, places: Sequence[PlaceTried], look_of: Mapping[str, Look]
) -> tuple[Chart, ...]:
    y = _scores(places)
    rates = _rates(name, task, length, places, look_of)
    return (*rates, _expected(name, task, length, places, look_of, y))


def _scores(places: Sequence[PlaceTried]) -> Axis:
    """Return the axis of the scores of one task and length, without those far beyond the bad end."""
    known = [point.score for each in places for point in each.points if point.score is not None]
    first = places[0]
    learned = first.learned
    if learned is None:
        return linear_axis(f"validation {first.metric}", known)
    last = learned.nothing + _BEYOND * (learned.nothing - learned.level)
    known = [max(score, last) if first.is_higher_better else min(score, last) for score in known]
    return linear_axis(f"validation {first.metric}", known, show=(learned.level,))


def rates_panel(title: str, places: Sequence[PlaceTried], look_of: Mapping[str, Look]) -> Panel | None:
    """Return score against learning rate at one task and length; None where no learning rate was searched."""
    rates = [math.log10(point.rate) for each in places for point in each.points if point.rate]
    learned = places[0].learned
    if not rates:
        return None
    series = tuple(_rate_series(each, look_of[each.place.model]) for each in places)
    y = _scores(places)
    return Panel(
        title,
        _wider(log_axis("learning rate", rates, lambda exponent: f"{10**exponent:.3g}")),
        y.with_foot() if has_losses(series) else y,
        series,
        (learned.level,) if learned is not None and learned.is_clear else (),
    )


def _rates(
    name: str, task: str, length: int, places: Sequence[PlaceTried], look_of: Mapping[str, Look]
) -> Iterator[Chart]:
    panel = rates_panel(f"{task}, T={length}: score against learning rate", places, look_of)
    if panel is not None:
        crosses = " A cross stands where a trial came to no score." if panel.has_crosses else ""
        yield chart(
            f"rates-{name}",
            panel.title,
            f"Validation score of each trial on {task} at length {length} against its learning rate, a line for"
            " each model; the axis of rates is logarithmic. The thin line is the score that counts as learned."
            + crosses,
            x=panel.x,
            y=panel.y,
            series=panel.series,
            numbers=_windows(places),
            rules=panel.rules,
            caption=f"T={length}: score by learning rate",
        )


def _wider(axis: Axis) -> Axis:
    """Return an axis with room for the marks at its ends."""
    margin = 0.03 * (axis.high - axis.low)
    return replace(axis, low=axis.low - margin, high=axis.high + margin)


def _rate_series(each: PlaceTried, look: Look) -> Series:
    tried = sorted((point for point in each.points if point.rate), key=lambda point: (point.rate, point.number))
    known = [point for point in tried if point.score is not None]
    return Series(
        name=each.place.model,
        look=look,
        x=tuple(math.log10(point.rate or 1.0) for point in known),
        y=tuple(point.score for point in known),
        said=tuple(_said(each, point) for point in known),
        lost=tuple((math.log10(point.rate or 1.0), _said(each, point)) for point in tried if point.score is None),
    )


def _said(each: PlaceTried, point: Point) -> str:
    score = point.outcome if point.score is None else number(point.score)
    ended = "" if point.score is None or point.outcome == "ok" else f", {point.outcome}"
    return f"{each.place.model}, trial {point.number}, {RATE} {point.rate:.4g}: {score}{ended}"


def _windows(places: Sequence[PlaceTried]) -> Numbers:
    rows = tuple(
        (each.place.model, window_text(each.window) if each.window else "unknown", _best_of(each))
        for each in places
    )
    return Numbers(("model", "window (factors of ten)", "best score"), rows)


def _best_of(each: PlaceTried) -> str:
    best = each.best[-1] if each.best else None
    return "–" if best is None else number(best)


def _expected(
    name: str, task: str, length: int, places: Sequence[PlaceTried], look_of: Mapping[str, Look], y: Axis
) -> Chart:
    most = max(len(each.best) for each in places)
    counts = [n for n in range(1, most + 1) if most <= _MOST_NUMBERS or n in (1, 2, 4, 8, 16, 32, 64, most)]
    return chart(
        f"expected-{name}",
        f"{task}, T={length}: best score after n trials",
        f"The best validation score on {task} at length {length} that n of the trials are expected to have, a line"
        " for each model; of a search by tpe, the best of the first n.",
        x=_wider(count_axis("trials", [float(most)])),
        y=y,
        series=[
            Series(
                name=each.place.model,
                look=look_of[each.place.model],
                x=tuple(float(n) for n in range(1, len(each.best) + 1)),
                y=each.best,
                said=tuple(
                    f"{each.place.model}, {n} trials: {'–' if best is None else number(best)}"
                    for n, best in enumerate(each.best, start=1)
                ),
            )
            for each in places
        ],
        numbers=Numbers(
            ("model", *(f"n={n}" for n in counts)),
            tuple((each.place.model, *(_after(each, n) for n in counts)) for each in places),
        ),
        caption=f"T={length}: best score after n trials",
    )


def _after(each: PlaceTried, n: int) -> str:
    best = each.best[n - 1] if n <= len(each.best) else None
    return "–" if best is None else number(best)
