"""Scales series, and scores forecasts and the baseline forecasters.

Everything here works on scaled values; `Scaling` converts back to the original units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench import Batch, Metric, Split, evaluate
from seqbench_forecasting.windows import Windows

if TYPE_CHECKING:
    from torch import Tensor

LINEAR = "linear least squares"
"""The name of the trained baseline, which is never the reference for skill."""

LINEAR_LOOKBACK = 336
"""The longest look-back of the linear baseline; beyond it the cost does not grow with the length."""

_CHUNK = 1024  # windows that are in memory at a time
_FLAT = 1e-8  # a scaled series with smaller seasonal differences is periodic up to rounding


@dataclass(frozen=True, eq=False)
class Scaling:
    """The mean and the standard deviation of the channels' training rows: [channels] float64 each.

    A constant channel gets deviation 1, so the differences of its values do not change.
    """

    mean: Tensor
    deviation: Tensor

    @staticmethod
    def of(rows: Tensor) -> Scaling:
        """Measure training rows ([rows, channels]); the deviation divides by the number of rows.

        >>> import torch
        >>> Scaling.of(torch.tensor([[1.0, 7.0], [3.0, 7.0]], dtype=torch.float64)).deviation.tolist()
        [1.0, 1.0]
        """
        deviation = rows.std(0, correction=0)
        return Scaling(rows.mean(0), deviation.where(~is_constant(rows), 1.0))

    def scale(self, values: Tensor) -> Tensor:
        """Return scaled values; the last axis is the channels."""
        return (values - self.mean) / self.deviation

    def unscale(self, values: Tensor) -> Tensor:
        """Return values in the original units, as float64."""
        mean, deviation = self.mean.to(values.device), self.deviation.to(values.device)
        return values.double() * deviation + mean

    def take(self, channels: Tensor) -> Scaling:
        """Return the scaling of some channels."""
        return Scaling(self.mean[channels], self.deviation[channels])


def is_constant(rows: Tensor) -> Tensor:
    """Say which channels of [rows, channels] have the same value in all rows: [channels] bool."""
    return (rows == rows[0]).all(0)


def naive_errors(rows: Tensor, lag: int) -> Tensor:
    """Return the mean absolute difference between scaled training rows ``lag`` steps apart: [channels].

    The denominator of MASE; 0 if there is no difference beyond rounding.
    """
    errors = (rows[lag:] - rows[:-lag]).abs().mean(0)
    return errors.where(errors > _FLAT, 0.0)


def forecast_metrics(scaling: Scaling, naive: Tensor) -> tuple[Metric, ...]:
    """Return MSE, MAE, MASE and sMAPE, each the average over all windows, steps and channels.

    MSE and MAE are on scaled values. MASE (Hyndman & Koehler 2006, "Another look at measures of forecast
    accuracy", section 3, with the seasonal naive forecast as in the M4 competition) divides each channel's
    absolute error by ``naive``, [channels]: the mean of ``|y(t) - y(t - m)|`` over training rows, m the steps in
    a season, or 1; channels where that is 0 are left out, and so is MASE where none remains. sMAPE is the
    variant of the M4 competition (Makridakis et al. 2020), on values in their original units and in percent:
    ``200 |y - f| / (|y| + |f|)``, from 0 to 200, and 0 where both are 0.

    Args:
        scaling: of the predicted channels.
        naive: of the predicted channels, from `naive_errors`.
    """
    from torchmetrics import MeanAbsoluteError, MeanMetric, MeanSquaredError

    varies = naive > 0

    def flat(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        return outputs.double().flatten(), batch.targets.double().flatten()

    def over_naive(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        kept, per = varies.to(outputs.device), naive[varies].to(outputs.device)
        return (outputs.double()[..., kept] / per).flatten(), (batch.targets.double()[..., kept] / per).flatten()

    def percent(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
        forecast, actual = scaling.unscale(outputs), scaling.unscale(batch.targets)
        error, size = (actual - forecast).abs(), actual.abs() + forecast.abs()
        return ((200 * error / size).where(size != 0, 0.0),)  # NaN stays NaN

    metrics = [
        Metric("mse", MeanSquaredError, best=0.0, is_higher_better=False, prepare=flat),
        Metric("mae", MeanAbsoluteError, best=0.0, is_higher_better=False, prepare=flat),
        Metric("mase", MeanAbsoluteError, best=0.0, is_higher_better=False, prepare=over_naive),
        Metric("smape", lambda: MeanMetric("disable"), best=0.0, is_higher_better=False, prepare=percent),
    ]
    return tuple(metric for metric in metrics if metric.name != "mase" or varies.any())


def baseline_scores(
    metrics: Sequence[Metric], train: Windows, test: Windows, season: int | None
) -> dict[str, Tensor]:
    """Score the last value, the training mean, the value a season ago and a linear forecaster on the test split.

    Args:
        metrics: what to compute.
        train: windows of the predicted channels alone, inputs [windows, look-back, channels]; the look-back
            is that of the linear forecaster.
        test: such windows too; the look-back is at least that of ``train``, and at least the season.
        season: None leaves the seasonal forecaster out.

    Returns:
        Forecaster -> its scores, [metrics] float64, in the order of the metrics.
    """
    import torch

    weights = linear_weights(train)
    lookback, horizon = train.inputs.shape[1], train.targets.shape[1]
    # Only the inputs are used: targets may hold more than the forecast channels.
    forecasters: dict[str, Callable[[Batch], Tensor]] = {
        "last value": lambda batch: batch.inputs[:, -1:].expand(-1, horizon, -1),
        # Values are scaled by the mean of the training rows, which is therefore 0.
        "training mean": lambda batch: batch.inputs.new_zeros(len(batch.inputs), horizon, batch.inputs.shape[2]),
    }
    if season is not None:
        forecasters["seasonal naive"] = lambda batch: repeat_season(batch.inputs, season, horizon)
    forecasters[LINEAR] = lambda batch: apply_linear(weights, batch.inputs[:, -lookback:])
    return {
        name: torch.tensor(list(evaluate(metrics, Split(*test), forecast).values()), dtype=torch.float64)
        for name, forecast in forecasters.items()
    }


def repeat_season(past: Tensor, season: int, horizon: int) -> Tensor:
    """Repeat the last ``season`` steps of [windows, time, channels] until there are ``horizon`` of them.

    >>> import torch
    >>> repeat_season(torch.tensor([[[0.0], [1.0], [2.0]]]), season=2, horizon=5).flatten().tolist()
    [1.0, 2.0, 1.0, 2.0, 1.0]
    """
    import torch

    return past[:, -season:][:, torch.arange(horizon) % season]


def linear_weights(train: Windows) -> Tensor:
    """Fit one linear map from the past to the future, shared by all channels, by least squares.

    Ordinary least squares in closed form, from the normal equations in float64, summed over chunks of windows;
    of several solutions the smallest. Every channel of every window is one equation.

    Args:
        train: inputs [windows, look-back, channels], targets [windows, horizon, channels].

    Returns:
        [look-back + 1, horizon] float64; the last row is the intercept.
    """
    import torch

    size = train.inputs.shape[1] + 1
    gram = torch.zeros(size, size, dtype=torch.float64)
    moment = torch.zeros(size, train.targets.shape[1], dtype=torch.float64)
    for first in range(0, len(train.inputs), _CHUNK):
        past = _with_one(train.inputs[first : first + _CHUNK])
        future = train.targets[first : first + _CHUNK].double().mT.flatten(0, 1)
        gram += past.T @ past
        moment += past.T @ future
    weights: Tensor = torch.linalg.pinv(gram, rtol=1e-12, hermitian=True) @ moment
    return weights


def apply_linear(weights: Tensor, past: Tensor) -> Tensor:
    """Forecast [windows, horizon, channels] from the past [windows, look-back, channels]."""
    windows, _, channels = past.shape
    return (_with_one(past) @ weights).reshape(windows, channels, -1).mT


def _with_one(past: Tensor) -> Tensor:
    """Lay [windows, time, channels] out as rows [windows * channels, time + 1] that end in 1."""
    from torch.nn.functional import pad

    return pad(past.double().mT.flatten(0, 1), (0, 1), value=1.0)
