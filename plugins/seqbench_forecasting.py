"""How well does a model forecast a series of numbers from a look-back of any length?

One series is scaled by its training rows and cut into windows, which are views of it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench_forecasting_scores import (
    LINEAR,
    LINEAR_LOOKBACK,
    Scaling,
    baseline_scores,
    forecast_metrics,
    is_constant,
    naive_errors,
)
from seqbench_forecasting_series import generate_series
from seqbench_forecasting_table import Series, read_series
from seqbench_forecasting_time import Gaps
from seqbench_forecasting_windows import Parts, Windows, check_parts, cut, is_in_rows, parse_split, split_rows

from seqbench import (
    Baseline,
    DataError,
    Forecast,
    Split,
    Task,
    TaskData,
    Values,
    cached_tensors,
    data_source,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor

    from seqbench import Metric

_SPLIT = "0.7/0.1/0.2"
_GENERATED_WINDOWS = (4096, 256, 512)  # of train, validation and test
_SHOWN = 8  # numbers of a window that a person is shown


@dataclass(frozen=True)
class Forecasting(Task):
    """Forecast the next ``horizon`` values of a series from the last ``length`` ones.

    One window, ``length=6, horizon=3``; the targets (^) are all scored::

        input   0.1  0.9  0.1 -0.8  0.1  0.9
        target                                0.1 -0.8  0.1
                                               ^    ^    ^

    The series is split in the order of time, and each channel is scaled by the mean and the standard deviation
    of its training rows. Windows start at every row. Those of validation and test reach back ``length`` rows
    for their input, so their targets are the same at every look-back, and errors can be compared.

    Without ``data`` a series of three channels is generated: see `generate_series`. It has 4096 training, 256
    validation and 512 test windows at any length; a ``split`` in fractions shares their rows out otherwise, one
    in rows sets other sizes. The ``length`` rows before the first training target are input only: scale, and
    MASE's denominator, come from the rows after them, which are the same at every look-back.

    Metrics are averages over all windows, steps and predicted channels: see `forecast_metrics`. Baselines are
    the last value, the mean of the training rows, the value a season ago (it looks one season back even where
    ``length`` is shorter), and beside them a linear least-squares forecaster of at most the last 336 steps of
    the look-back, one map shared by the predicted channels.

    Attributes:
        data: csv, csv.gz, parquet or a Hugging Face data set; all columns of numbers are channels, and a column
            of dates, which may be absent, is the time.
        horizon: steps to forecast.
        target: the one channel to forecast, from all of them; None forecasts all.
        split: train/validation/test as fractions (0.7/0.1/0.2) or rows (8640/2880/2880); rows after their sum
            are unused. None takes the source's own splits where it has all three, else 0.7/0.1/0.2.
        season: steps in a season; None takes it from the times (hourly 24, daily 7, monthly 12, ...), and where
            there are none the seasonal baseline is left out.
        gaps: where a step between rows is not as long as most: "keep" uses the rows as they come, with a warning
            and the fact ``irregular_steps``; "fill" repeats the row before until the time fits, with the fact
            ``filled_rows`` too; "error" refuses.
    """

    name = "forecasting"
    version = 2
    data: str | None = data_source()
    horizon: int = 24
    target: str | None = None
    split: str | None = None
    season: int | None = None
    gaps: Gaps = "keep"

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ValueError(f"horizon has to be at least 1 step, and it is {self.horizon}")
        if self.season is not None and self.season < 1:
            raise ValueError(f"season has to be at least 1 step, and it is {self.season}")
        if self.gaps not in ("keep", "error", "fill"):
            raise ValueError(f"gaps has to be keep, error or fill, and it is {self.gaps!r}")
        if self.split is not None:
            parse_split(self.split)

    @property
    def is_longer_harder(self) -> bool:
        """False: a longer look-back shows a model more of the same series, and the targets stay the same."""
        return False

    def load(self, length: int, seed: int) -> TaskData:
        """Cut a series into windows of ``length`` steps of input; ``seed`` matters where it is generated."""
        if length < 1:
            raise ValueError(f"length has to be at least 1 step, and it is {length}")
        series, parts, measured = self._series(length, seed)
        check_parts(parts, length, self.horizon, len(series.values))
        targets, season = self._targets(series), self._season(series, measured)
        training = series.values[parts[0] - measured : parts[0]]
        scaling = Scaling.of(training)
        scaled = scaling.scale(series.values[: sum(parts)])
        naive = naive_errors(scaling.scale(training), season or 1)[targets]
        metrics = forecast_metrics(scaling.take(targets), naive)
        inputs = scaled.float()
        outputs = inputs if self.target is None else inputs[:, targets].contiguous()
        train, validation, test = (Split(*w) for w in cut(inputs, outputs, parts, length, self.horizon))
        constant = _constant(series.channels, training, targets)
        self._warn(series, constant)
        return TaskData(
            train=train,
            validation=validation,
            test=test,
            inputs=Values(len(series.channels)),
            targets=Forecast(self.horizon, len(targets)),
            metrics=metrics,
            baselines=self._baselines(
                metrics,
                outputs,
                parts,
                length,
                season,
                # By its place, not by its name: the numbers may come back under other headers.
                source=(_digest(series.values), str(targets.tolist()), measured),
            ),
            show=self._show(series, parts, length, targets),
            facts={
                **_facts_of(series),
                "split_rows": "/".join(map(str, parts)),
                "unused_rows": len(series.values) - sum(parts),
                "season": season or "unknown: no seasonal baseline",
                "linear_lookback": min(length, LINEAR_LOOKBACK),
                "constant_in_training": ", ".join(constant) or "none",
                "left_out_of_mase": ", ".join(series.channels[i] for i in targets[naive == 0]) or "none",
            },
        )

    def _series(self, length: int, seed: int) -> tuple[Series, Parts, int]:
        """Return the series, the rows of its parts, and how many of training, the last, say its scale."""
        if self.data is None:
            parts, measured = self._generated_parts(length)
            return generate_series(sum(parts), seed, name=self.name), parts, measured
        series = read_series(self.data, self.gaps, self.version)
        given = series.parts if self.split is None else None
        parts = given or split_rows(self.split or _SPLIT, len(series.values))
        return series, parts, parts[0]

    def _generated_parts(self, length: int) -> tuple[Parts, int]:
        """Return the rows of the parts, and the training rows among them that are there at any length."""
        train, validation, test = (windows + self.horizon - 1 for windows in _GENERATED_WINDOWS)
        if self.split is not None:
            wanted = parse_split(self.split)
            rows = int(sum(wanted)) if is_in_rows(wanted) else train + validation + test
            train, validation, test = split_rows(self.split, rows)
            if is_in_rows(wanted):
                return (train, validation, test), train
        return (train + length, validation, test), train

    def _targets(self, series: Series) -> Tensor:
        """Return the numbers of the channels to forecast: [predicted channels]."""
        import torch

        if self.target is None:
            return torch.arange(len(series.channels))
        if self.target not in series.channels:
            raise DataError(
                f"no column of numbers is called {self.target!r} (target); there are: {', '.join(series.channels)}"
            )
        return torch.tensor([series.channels.index(self.target)])

    def _season(self, series: Series, training_rows: int) -> int | None:
        """Return the season that was asked for; else that of the times, if the training rows hold one."""
        if self.season is None:
            return series.season if series.season and series.season < training_rows else None
        if self.season >= training_rows:
            raise DataError(
                f"a season of {self.season} steps needs more training rows, and there are {training_rows};"
                f" name a shorter one or change split"
            )
        return self.season

    def _warn(self, series: Series, constant: Sequence[str]) -> None:
        """Say what was done about steps of different lengths and channels without any change."""
        if series.irregular_steps:
            filled = f"{series.filled_rows} rows repeat the one before them (gaps=fill)"
            treatment = filled if self.gaps == "fill" else "rows are used as they come (gaps=keep)"
            warnings.warn(
                f"{self.data}: irregular steps between rows: {series.irregular_steps}; {treatment}", stacklevel=3
            )
        if constant:
            warnings.warn(
                f"{self.data or 'the series'}: constant in the training rows, so taken with a standard deviation"
                f" of 1: {', '.join(constant)}",
                stacklevel=3,
            )

    def _baselines(
        self,
        metrics: Sequence[Metric],
        outputs: Tensor,
        parts: Parts,
        length: int,
        season: int | None,
        *,
        source: tuple[str | int, ...],
    ) -> tuple[Baseline, ...]:
        """Score the baselines, or take their scores from the cache; ``source`` tells the rows and columns."""
        lookback = min(length, LINEAR_LOOKBACK)

        def score() -> dict[str, Tensor]:
            train, _, _ = cut(outputs, outputs, parts, length, self.horizon)
            recent = Windows(train.inputs[:, -lookback:], train.targets)
            _, _, test = cut(outputs, outputs, parts, max(lookback, season or 1), self.horizon)
            return baseline_scores(metrics, recent, test, season)

        identity = (self.name, "baselines", self.version, *source, *parts, length, self.horizon, season)
        return tuple(
            Baseline(name, dict(zip((m.name for m in metrics), scores.tolist(), strict=True)), name != LINEAR)
            for name, scores in cached_tensors(identity, score).items()
        )

    def _show(self, series: Series, parts: Parts, length: int, targets: Tensor) -> Callable[[int], str]:
        """Return what writes a test window as text: the end of its input above the beginning of its target."""

        def show(example: int) -> str:
            row = parts[0] + parts[1] + example
            shown = min(length, _SHOWN), min(self.horizon, _SHOWN)
            lines = [f"rows {row - length + 1} to {row} -> rows {row + 1} to {row + self.horizon}"]
            for channel in targets.tolist():
                past = series.values[row - shown[0] : row, channel]
                future = series.values[row : row + shown[1], channel]
                lines += [
                    f"{series.channels[channel]}",
                    f"  input, last {shown[0]} of {length}: {_numbers(past)}",
                    f"  target, first {shown[1]} of {self.horizon}: {_numbers(future)}",
                ]
            return "\n".join(lines)

        return show


def _constant(channels: Sequence[str], training: Tensor, targets: Tensor) -> list[str]:
    """Name the channels that are constant in the training rows; refuse where nothing else is forecast."""
    is_flat = is_constant(training)
    if is_flat[targets].all():
        names = ", ".join(channels[i] for i in targets)
        raise DataError(f"all that is to be forecast is constant in the {len(training)} training rows: {names}")
    return [name for name, flat in zip(channels, is_flat.tolist(), strict=True) if flat]


def _facts_of(series: Series) -> dict[str, float | int | str]:
    return {
        "rows": len(series.values),
        "channels": ", ".join(series.channels),
        "irregular_steps": series.irregular_steps,
        "filled_rows": series.filled_rows,
        "column_left_out": series.left_out or "none",
    }


def _numbers(values: Tensor) -> str:
    return " ".join(f"{value:.4g}" for value in values.tolist())


def _digest(values: Tensor) -> str:
    return hashlib.sha256(values.numpy().tobytes()).hexdigest()


@hookimpl
def seqbench_tasks() -> Iterator[type[Task]]:
    """Yield the forecasting task."""
    yield Forecasting
