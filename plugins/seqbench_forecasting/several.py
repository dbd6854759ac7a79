"""Cuts and scores several series: no window crosses from one series into another, and all series count alike.

A window's targets carry the number of its series in one more channel, which is never forecast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from seqbench import Batch, DataError, Forecast, Metric, Split, TargetKind
from seqbench_forecasting.scores import Scaling
from seqbench_forecasting.windows import Parts, Windows, cut, cut_test

if TYPE_CHECKING:
    from torch import Tensor, nn

LARGEST_BYTES = 2**32
"""Windows of several series are copies; more than 4 GiB of them are refused."""


@dataclass(frozen=True)
class SeriesForecast(TargetKind):
    """The next ``steps`` values of each channel, as `seqbench.Forecast`; the targets also name their series.

    Targets: [batch, steps, channels + 1], the last channel the number of the series. Outputs: [batch, steps,
    channels].
    """

    steps: int
    channels: int

    @property
    def head_size(self) -> int:
        """One number for each step and channel."""
        return self._plain.head_size

    @property
    def _plain(self) -> Forecast:
        return Forecast(self.steps, self.channels)

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return forecasts: [batch, steps, channels]."""
        return self._plain.outputs(hidden, lengths, head)

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the mean squared error of each sequence that ends in these steps."""
        return self._plain.losses(hidden, _unnumbered(batch), head, start)

    def perfect(self, batch: Batch) -> Tensor:
        """Return the targets without the number of the series."""
        return _unnumbered(batch).targets

    def ignorant(self, train: Split) -> Iterator[tuple[str, Callable[[Batch], Tensor]]]:
        """Yield the predictors of `Forecast`, for targets without the number of the series."""
        plain = Split(train.inputs, cast("Tensor", train.targets)[..., :-1])
        for name, predict in self._plain.ignorant(plain):
            yield name, partial(_predicted, predict)


def _predicted(predict: Callable[[Batch], Tensor], batch: Batch) -> Tensor:
    return predict(_unnumbered(batch))


def _unnumbered(batch: Batch) -> Batch:
    return batch._replace(targets=batch.targets[..., :-1])


@dataclass(frozen=True, eq=False)
class Scaled:
    """One series on its own scale.

    Attributes:
        inputs: [rows, channels] float32.
        outputs: [rows, predicted channels] float32.
        parts: rows of train, validation and test.
    """

    inputs: Tensor
    outputs: Tensor
    parts: Parts


def windows_of(series: Sequence[Scaled], length: int, horizon: int) -> tuple[Windows, Windows, Windows]:
    """Return the windows of train, validation and test of all series, in their order.

    Raises:
        DataError: they would take more than 4 GiB.
    """
    _refuse_large(series, [sum(one.parts) - length - 3 * (horizon - 1) for one in series], length, horizon)
    found: tuple[list[Windows], list[Windows], list[Windows]] = ([], [], [])
    for number, one in enumerate(series):
        parts = cut(one.inputs, _marked(one, number), one.parts, length, horizon)
        for part, windows in zip(found, parts, strict=True):
            part.append(windows)
    train, validation, test = (_laid_below(part) for part in found)
    return train, validation, test


def held_out_windows(series: Sequence[Scaled], length: int, horizon: int) -> Windows:
    """Return the windows of test alone of all series, in their order; see `cut_test`.

    Raises:
        DataError: they would take more than 4 GiB.
    """
    _refuse_large(series, [one.parts[2] - horizon + 1 for one in series], length, horizon)
    return _laid_below(
        [
            cut_test(one.inputs, _marked(one, number), one.parts, length, horizon)
            for number, one in enumerate(series)
        ]
    )


def _refuse_large(series: Sequence[Scaled], counts: Sequence[int], length: int, horizon: int) -> None:
    needed = sum(
        4 * count * (length * one.inputs.shape[1] + horizon * (one.outputs.shape[1] + 1))
        for count, one in zip(counts, series, strict=True)
    )
    if needed > LARGEST_BYTES:
        raise DataError(
            f"the windows of {len(series)} series of {length} steps would take {needed / 2**30:.1f} GiB, more than"
            f" {LARGEST_BYTES // 2**30}; shorten length, read fewer columns (columns=), or pick one series"
            f" (series=)"
        )


def _marked(one: Scaled, number: int) -> Tensor:
    """Add a channel that holds the number of the series to its outputs."""
    import torch

    return torch.cat([one.outputs, torch.full((len(one.outputs), 1), float(number))], 1)


def _laid_below(windows: Sequence[Windows]) -> Windows:
    import torch

    return Windows(*(torch.cat(side) for side in zip(*windows, strict=True)))


def series_metrics(scalings: Sequence[Scaling], naive: Tensor) -> tuple[Metric, ...]:
    """Return MSE, MAE, MASE and sMAPE: the mean over series of each one's mean.

    They are those of `forecast_metrics` within a series, whose windows, steps and channels count alike. MASE
    and sMAPE are computed for each series and averaged over series, as the M4 competition does (Makridakis et
    al. 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods", section 2.3); its last
    window alone is tested with ``split=rest/H/H`` and a horizon of H.

    Args:
        scalings: of the predicted channels of each series.
        naive: [series, predicted channels], from `naive_errors`; where it is 0 a channel is left out of MASE,
            and so is a series that has no other.
    """
    import torch

    from seqbench_forecasting.means import MeanOverSeries

    scores = _SeriesScores(
        torch.stack([s.mean for s in scalings]), torch.stack([s.deviation for s in scalings]), naive
    )
    prepared = {
        "mse": scores.squared,
        "mae": scores.absolute,
        "mase": scores.over_naive,
        "smape": scores.percent,
    }

    def make() -> MeanOverSeries:
        return MeanOverSeries(len(scalings))

    return tuple(
        Metric(name, make, best=0.0, is_higher_better=False, prepare=prepare)
        for name, prepare in prepared.items()
        if name != "mase" or (naive > 0).any()
    )


@dataclass(frozen=True, eq=False)
class _SeriesScores:
    """Scores each window by itself, with the number of its series.

    Every method takes outputs [batch, steps, channels], and returns [windows] scores and [windows] series.

    Attributes:
        mean, deviation: of the training rows of each series, [series, channels].
        naive: [series, channels], from `naive_errors`.
    """

    mean: Tensor
    deviation: Tensor
    naive: Tensor

    def squared(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Squared errors of scaled values."""
        forecast, actual, series = self._parts(outputs, batch)
        return (actual - forecast).square().mean((1, 2)), series

    def absolute(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Absolute errors of scaled values."""
        forecast, actual, series = self._parts(outputs, batch)
        return (actual - forecast).abs().mean((1, 2)), series

    def over_naive(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """MASE: absolute errors over those of the naive forecast, without channels where these are 0."""
        forecast, actual, series = self._parts(outputs, batch)
        per = self.naive.to(outputs.device)[series]
        kept = per > 0
        error = ((actual - forecast).abs().mean(1) / per).where(kept, 0.0).sum(1) / kept.sum(1)
        has_any = kept.any(1)
        return error[has_any], series[has_any]

    def percent(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """SMAPE in percent, in original units; NaN stays NaN."""
        forecast, actual, series = self._parts(outputs, batch)
        place = self.mean.to(outputs.device)[series][:, None]
        spread = self.deviation.to(outputs.device)[series][:, None]
        forecast, actual = forecast * spread + place, actual * spread + place
        error, size = (actual - forecast).abs(), actual.abs() + forecast.abs()
        return (200 * error / size).where(size != 0, 0.0).mean((1, 2)), series

    def _parts(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        return outputs.double(), batch.targets[..., :-1].double(), batch.targets[:, 0, -1].long()
