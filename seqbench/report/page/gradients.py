"""Makes the charts of gradients on a page: norm against lag, and gain per step against length.

Norms are drawn by their logarithms. With several seeds of a model, a line is the mean over seeds of the logarithm
of the median over examples; its band is the same mean of the quartiles.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from seqbench.base.counts import first_of
from seqbench.gradients.flow import Quantity
from seqbench.records.curves import Curves, NormCurve, curves_of
from seqbench.report.charts.axes import Axis, count_axis, linear_axis, log_axis, power_of_ten
from seqbench.report.charts.lines import Chart, Look, Numbers, Panel, Series, chart, thinned
from seqbench.report.numbers import number, number_of_ln
from seqbench.report.page.charts import by_model, by_task, lengths_of, numbers_by_length
from seqbench.report.page.groups import Group
from seqbench.statistics import mean

MOMENTS = (("init", "before training"), ("trained", "after training"))
_DECADES = 16
"""Decades below the norm at the smallest lag at which a float64 sum no longer changes; as many are drawn above."""
_ROWS = 6
QUANTITIES: tuple[Quantity, ...] = ("state", "input")
_WORDS: Mapping[Quantity, str] = {"state": "", "input": ", input gradient"}
"""What norms are drawn -> what the title of a chart adds. The two are never drawn in one chart."""
_BANDS = 8
"""With more lines than this in a chart, their bands hide each other and are left out."""
_Line = tuple[Sequence[int], Sequence[float | None]]
_LN_10 = math.log(10)


@dataclass(frozen=True)
class GradientCharts:
    """The charts of one task, in pairs before and after training: gain per step, then norm against lag."""

    task: str
    pairs: tuple[tuple[Chart, ...], ...]


@dataclass(frozen=True)
class NormLine:
    """The mean of several curves: lags, and log10 of median and quartiles; None if a curve has no value."""

    lags: tuple[int, ...]
    median: tuple[float | None, ...]
    q25: tuple[float | None, ...]
    q75: tuple[float | None, ...]
    n: int


Lines = Mapping[tuple[str, str, int], Mapping[str, NormLine]]
"""Task, model and length -> moment, as `_moment` names it -> norms of the state gradient, or of the input gradient
of a model at whose state nothing is measured."""


def gradient_charts(
    found: Sequence[Group], look_of: Mapping[str, Look], lines: Lines | None = None
) -> list[GradientCharts]:
    """Return the charts of every task whose gradients were measured.

    Args:
        found: the groups.
        look_of: model -> look.
        lines: their norms; needed where their records have no curves.
    """
    if lines is None:
        lines = {
            (each.task, each.model, each.length): norm_lines([*map(curves_of, each.records)]) for each in found
        }
    return [
        GradientCharts(task, tuple(_pairs(i, task, of_task, look_of, lines)))
        for i, (task, of_task) in enumerate(by_task(found))
        if any(group.flows(when) for group in of_task for when, _ in MOMENTS)
    ]


def norm_lines(found: Sequence[Curves]) -> dict[str, NormLine]:
    """Return moment -> the norms, over the seeds of one group; without unknown ones. See `Lines`."""
    lines = {}
    for at in _WORDS:
        for when, _ in MOMENTS:
            curves = [each for own in found for each in own.flows if (each.when, each.quantity) == (when, at)]
            line = norm_line(curves)
            if line is not None and any(norm is not None for norm in line.median):
                lines[_moment(when, at)] = line
    return lines


def _moment(when: str, at: Quantity) -> str:
    return when if at == "state" else f"{when}-{at}"


def norm_line(curves: Sequence[NormCurve]) -> NormLine | None:
    """Return the mean over seeds; None if there is no curve.

    It uses the lags of the first curve that all curves reach. If sequences differ in length, the curves of two
    seeds have different lags; they are interpolated linearly in the logarithm of the norm.
    """
    if not curves or not all(curve.lags for curve in curves):
        return None
    last = min(curve.lags[-1] for curve in curves)
    lags = tuple(lag for lag in curves[0].lags if lag <= last)
    medians = [(each.lags, [None if ln is None else ln / _LN_10 for ln in each.ln_median]) for each in curves]
    return NormLine(
        lags=lags,
        median=_mean_at(lags, medians),
        q25=_mean_at(lags, [(each.lags, _log10s(each.q25)) for each in curves]),
        q75=_mean_at(lags, [(each.lags, _log10s(each.q75)) for each in curves]),
        n=len(curves),
    )


def _pairs(
    i: int, task: str, found: Sequence[Group], look_of: Mapping[str, Look], lines: Lines
) -> Iterator[tuple[Chart, ...]]:
    gains = tuple(_gains(i, task, found, look_of))
    if gains:
        yield gains
    for length in sorted({group.length for group in found}):
        here = {group.model: lines[task, group.model, length] for group in found if group.length == length}
        for at in _WORDS:
            norms = tuple(_norms(f"norm-{i}-{length}", f"{task}, T={length}", here, look_of, at))
            if norms:
                yield norms


def _gains(i: int, task: str, found: Sequence[Group], look_of: Mapping[str, Look]) -> Iterator[Chart]:
    every = [gain for when, _ in MOMENTS for group in found if (gain := _gain(group, when)) is not None]
    if not every:
        return
    axis = linear_axis("gain per step", every, show=(1.0,))
    for when, words in MOMENTS:
        series = [
            Series(
                name=model,
                look=look_of[model],
                x=tuple(math.log2(group.length) for group in of_model),
                y=tuple(_gain(group, when) for group in of_model),
                said=tuple(f"{model}, T={group.length}: {_gain_text(group, when)}" for group in of_model),
            )
            for model, of_model in by_model(found)
        ]
        yield chart(
            f"gain-{i}-{when}",
            f"{task}: gain per step, {words}",
            f"Gain per step of the state Jacobian on {task}, {words}, against length: the factor by which a"
            " gradient changes with each step back in time, geometric mean over seeds. Below 1 it vanishes,"
            " above 1 it explodes.",
            x=lengths_of(found),
            y=axis,
            series=series,
            numbers=numbers_by_length(found, lambda group, when=when: _gain_text(group, when)),  # type: ignore[misc]
            rules=(1.0,),
            caption=f"Gain per step, {words}",
        )


def _gain(group: Group, when: str) -> float | None:
    ln_gain = mean(group.ln_gains(when))
    return None if ln_gain is None else math.exp(ln_gain)


def _gain_text(group: Group, when: str) -> str:
    gain = _gain(group, when)
    return "–" if gain is None else f"{number(gain)} (n = {len(group.ln_gains(when))})"


def _norms(
    name: str,
    where: str,
    found: Mapping[str, Mapping[str, NormLine]],
    look_of: Mapping[str, Look],
    at: Quantity,
) -> Iterator[Chart]:
    for when, panel in norm_panels(where, found, look_of, at):
        yield chart(
            f"{name}-{_moment(when, at)}",
            panel.title,
            f"Norm of the gradient of the loss by the {at}, on {where}, {dict(MOMENTS)[when]}, against lag, the"
            " steps back from the last one: median over examples, quartiles as a band where there are few lines."
            f" The axis of norms is logarithmic; what is more than {_DECADES} decades below the largest at the"
            f" smallest lag, or below 1 if that is above 1, is cut off.{panel.note and f' {panel.note}.'}",
            x=panel.x,
            y=panel.y,
            series=panel.series,
            numbers=_norm_numbers(_of_moment(found, when, at)),
            caption="; ".join(
                filter(None, (panel.title.removeprefix(f"{where.rpartition(', ')[0]}, "), panel.note))
            ),
        )


def norm_panels(
    where: str, found: Mapping[str, Mapping[str, NormLine]], look_of: Mapping[str, Look], at: Quantity
) -> Iterator[tuple[str, Panel]]:
    """Yield norm against lag of every model, before and after training, on the same axes; nothing without a line.

    Args:
        where: task and length, for the titles.
        found: model -> its lines, as `norm_lines` returns them.
        look_of: model -> look.
        at: what norms to draw.
    """
    lines = {when: _of_moment(found, when, at) for when, _ in MOMENTS}
    every = [line for of_moment in lines.values() for line in of_moment.values()]
    for when, words in MOMENTS if every else ():
        series = [
            _norm_series(model, look_of[model], line, has_band=len(lines[when]) <= _BANDS)
            for model, line in lines[when].items()
        ]
        title, y = f"{where}, {words}{_WORDS[at]}", _norm_axis(every)
        yield when, Panel(title, _lag_axis(every), y, tuple(series), note=_cut_off(lines[when], y))


def _of_moment(found: Mapping[str, Mapping[str, NormLine]], when: str, at: Quantity) -> dict[str, NormLine]:
    key = _moment(when, at)
    return {model: own[key] for model, own in found.items() if key in own}


def _norm_series(model: str, look: Look, line: NormLine, *, has_band: bool) -> Series:
    lags = tuple(float(lag) for lag in line.lags)
    low, high = (line.q25, line.q75) if has_band else ((), ())
    return Series(name=model, look=look, x=lags, y=line.median, low=low, high=high)


def _lag_axis(lines: Iterable[NormLine]) -> Axis:
    return count_axis("lag (steps)", [lag for line in lines for lag in line.lags])


def _norm_axis(lines: Iterable[NormLine]) -> Axis:
    """Return an axis that ends 16 decades below the largest norm at the smallest lag.

    Where that is above 1, the axis reaches 16 decades about 1: one model that explodes hides no other. Where all
    are above 1, it is about the smallest.
    """
    known = [[norm for norm in line.median if norm is not None] for line in lines]
    firsts = [norms[0] for norms in known]
    about = min(max(firsts), max(0.0, min(firsts)))
    bottom, top = about - _DECADES, about + _DECADES
    return log_axis("norm", [min(max(norm, bottom), top) for norms in known for norm in norms], power_of_ten, 3)


def _cut_off(lines: Mapping[str, NormLine], axis: Axis) -> str:
    """Return which lines leave the axis at its top, or are not on it at all; a line may vanish below it."""
    known = {model: [norm for norm in line.median if norm is not None] for model, line in lines.items()}
    above = [model for model, norms in known.items() if max(norms) > axis.high]
    below = [model for model, norms in known.items() if max(norms) < axis.low]
    told = (("above", axis.high, above), ("below", axis.low, below))
    return "; ".join(
        f"cut off {where} {power_of_ten(end)}: {first_of(models)}" for where, end, models in told if models
    )


def _norm_numbers(lines: Mapping[str, NormLine]) -> Numbers:
    """Return the medians at a few lags of the longest line."""
    longest = max((line.lags for line in lines.values()), key=len, default=())
    lags = [longest[i] for i in thinned(len(longest), _ROWS)]
    at = {model: dict(zip(line.lags, line.median, strict=True)) for model, line in lines.items()}
    rows = [(str(lag), *(_norm_text(norms.get(lag)) for norms in at.values())) for lag in lags]
    return Numbers(("lag", *(f"{model} (n = {line.n})" for model, line in lines.items())), tuple(rows))


def _norm_text(norm: float | None) -> str:
    return "–" if norm is None else number_of_ln(norm * math.log(10))


def _mean_at(lags: Sequence[int], curves: Sequence[_Line]) -> tuple[float | None, ...]:
    if all(xs == lags for xs, _ in curves):
        return tuple(_mean(norms) for norms in zip(*(ys for _, ys in curves), strict=True))
    return tuple(_mean([_read(xs, ys, lag) for xs, ys in curves]) for lag in lags)


def _mean(norms: Sequence[float | None]) -> float | None:
    known = [norm for norm in norms if norm is not None]
    return sum(known) / len(known) if len(known) == len(norms) else None


def _read(xs: Sequence[int], ys: Sequence[float | None], lag: int) -> float | None:
    """Return a curve's value at a lag by linear interpolation."""
    i = bisect_left(xs, lag)
    if i == len(xs) or (i == 0 and xs[0] != lag):
        return None
    if xs[i] == lag:
        return ys[i]
    before, after = ys[i - 1], ys[i]
    if before is None or after is None:
        return None
    return before + (after - before) * (lag - xs[i - 1]) / (xs[i] - xs[i - 1])


def _log10s(norms: Sequence[float | None]) -> list[float | None]:
    return [math.log10(norm) if norm else None for norm in norms]
