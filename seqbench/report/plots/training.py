"""Makes the panels of training curves: loss and validation score of several models against steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from seqbench.base.counts import first_of
from seqbench.records.schema import Record
from seqbench.report.charts.axes import Axis, count_axis, linear_axis, log_axis, power_of_ten
from seqbench.report.charts.lines import Look, Panel, Series
from seqbench.report.page.groups import Group
from seqbench.report.plots.contents import Contents

_STEP = "step"
_POINTS = 50
_Curve = Mapping[int, float | None]
"""Step -> value; None if it was not finite."""


def training_panels(source: Contents) -> list[Panel]:
    """Return loss and validation score against steps: two panels for each task, at one length."""
    panels: list[Panel] = []
    for task, length, own in source.of_task(lambda group: bool(group.records)):
        panels += _pair(f"{task}, T={length}", own, source)
    return panels


def _pair(where: str, own: Sequence[Group], source: Contents) -> Iterator[Panel]:
    losses, scores, left_out = {}, {}, {}
    for group in own:
        kept = _whole(group.records, source)
        found = [points for record in kept if (points := source.curves(record).losses).steps]
        size = max((bin_size(len(points.steps)) for points in found), default=1)
        losses[group.model] = [binned(points.steps, points.values, size) for points in found]
        scores[group.model] = [
            {each.step: each.score for each in record.course.validations}
            for record in kept
            if record.course.validations
        ]
        left_out[group.model] = [record for record in group.records if record not in kept]
    metric = next((record.metric.name for group in own for record in group.records if record.metric), "score")
    if series := _lines(_in_logarithms(losses), source.look_of):
        note = _missing(own, left_out, series)
        yield Panel(f"{where}: training loss", _steps(series), _losses(series), series, note=note)
    if series := _lines(scores, source.look_of):
        note, y = _missing(own, left_out, series), linear_axis(metric, _drawn(series))
        yield Panel(f"{where}: validation", _steps(series), y, series, note=note)


def _whole(records: Sequence[Record], source: Contents) -> list[Record]:
    """Return the seeds that ended well, or else those that came farthest; a line ends with its first seed."""
    if ok := [record for record in records if record.status == "ok"]:
        return ok
    reached = [max(source.curves(record).losses.steps, default=0) for record in records]
    return [record for record, last in zip(records, reached, strict=True) if last == max(reached)]


def _missing(own: Sequence[Group], left_out: Mapping[str, Sequence[Record]], series: Sequence[Series]) -> str:
    """Return of which models a line lacks a seed, or no point is known."""
    drawn = {each.name for each in series if any(y is not None for y in each.y)}
    told = []
    for group in own:
        is_drawn = group.model in drawn
        missing = left_out[group.model] if is_drawn else group.records
        lost = ["without a value" if record.status == "ok" else record.status for record in missing]
        words = [f"{lost.count(status)} of {len(group.records)} seeds {status}" for status in dict.fromkeys(lost)]
        if words:
            told.append(f"{group.model} ({', '.join(words)})")
    return f"not drawn: {first_of(told)}" if told else ""


def _in_logarithms(losses: Mapping[str, Sequence[_Curve]]) -> dict[str, list[_Curve]]:
    """Return log10 of losses; unknown for one that is not above 0."""
    return {
        model: [{step: _log(loss) for step, loss in own.items()} for own in curves]
        for model, curves in losses.items()
    }


def _log(loss: float | None) -> float | None:
    return math.log10(loss) if loss is not None and loss > 0 else None


def bin_size(losses: int) -> int:
    """Return how many consecutive losses make one of at most `_POINTS` points."""
    return math.ceil(losses / _POINTS)


def binned(steps: Sequence[int], values: Sequence[float | None], size: int) -> _Curve:
    """Return the means of every ``size`` consecutive losses, so that noise hides nothing; each at its last step.

    Seeds of which a mean is drawn need one size: otherwise their points stand at other steps.

    >>> binned([10, 20, 30], [1.0, None, 3.0], 1)
    {10: 1.0, 20: None, 30: 3.0}
    """
    found: dict[int, float | None] = {}
    for first in range(0, len(steps), size):
        own = values[first : first + size]
        known = [value for value in own if value is not None]
        found[steps[first : first + size][-1]] = fmean(known) if len(known) == len(own) else None
    return found


def _lines(curves: Mapping[str, Sequence[_Curve]], look_of: Mapping[str, Look]) -> tuple[Series, ...]:
    lines = (mean_line(model, look_of[model], own) for model, own in curves.items() if own)
    return tuple(line for line in lines if line.x)


def mean_line(model: str, look: Look, curves: Sequence[_Curve]) -> Series:
    """Return the mean over seeds, and the range of the seeds as a band.

    Args:
        model, look: whose.
        curves: one for each seed. Where one has no entry, e.g. because its training ended, the line has none;
            where one is not finite, it has a gap.
    """
    steps = [step for step in curves[0] if all(step in other for other in curves[1:])]
    at = [[curve[step] for curve in curves] for step in steps]
    known = [[value for value in values if value is not None] for values in at]
    whole = [values if len(values) == len(curves) else [] for values in known]
    is_several = len(curves) > 1
    return Series(
        name=model,
        look=look,
        x=tuple(float(step) for step in steps),
        y=tuple(fmean(values) if values else None for values in whole),
        low=tuple(min(values) if values else None for values in whole) if is_several else (),
        high=tuple(max(values) if values else None for values in whole) if is_several else (),
    )


def _drawn(series: Sequence[Series]) -> list[float]:
    return [y for each in series for y in (*each.y, *each.low, *each.high) if y is not None]


def _steps(series: Sequence[Series]) -> Axis:
    return count_axis(_STEP, [x for each in series for x in each.x])


def _losses(series: Sequence[Series]) -> Axis:
    return log_axis("training loss", _drawn(series), _loss_text, 0.3)


def _loss_text(exponent: float) -> str:
    return f"{10**exponent:.3g}" if -4 < exponent < 4 else power_of_ten(exponent)
