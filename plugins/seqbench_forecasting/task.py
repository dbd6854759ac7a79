"""Offers forecasting as a task: predict one or several series of numbers from a look-back of any length.

Series are scaled by their training rows and cut into windows; the windows of one series are views of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from seqbench import Batch, DataError, Split, Task, TaskData, Values, data_source
from seqbench_forecasting.new_rows import decoded, encoded, fitted_of
from seqbench_forecasting.options import Decimal, Layout, Markers, Names, Options, listed, named
from seqbench_forecasting.panel import Panel
from seqbench_forecasting.problem import Question, piece_of, problem_of
from seqbench_forecasting.series import generate_series
from seqbench_forecasting.table import read_panel
from seqbench_forecasting.time import Gaps
from seqbench_forecasting.told import (
    constant_channels,
    facts_of,
    facts_of_scores,
    refuse_unscorable,
    shower,
    warnings_of,
    where,
)
from seqbench_forecasting.windows import Parts, check_parts, is_in_rows, parse_split, split_rows

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]

_SPLIT = "0.7/0.1/0.2"
_GENERATED_WINDOWS = (4096, 256, 512)  # of train, validation and test


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

    With ``group`` or ``layout`` the data hold several series. Each has its own split, scale and MASE; windows
    never cross from one into another; all train together; a score is the mean over series of each one's mean.

    Attributes:
        data: csv, csv.gz, parquet or a Hugging Face data set; all columns of numbers are channels, and a column
            of dates, which may be absent, is the time. Columns that only number the rows or repeat the calendar
            are left out.
        horizon: steps to forecast.
        target: the channels to forecast, from all of them: a name, or several with commas between; the others
            are read and not forecast. None forecasts all.
        columns: the channels to read, with commas between; None reads all columns of numbers.
        exclude: columns to leave out, whatever they hold.
        group: the column that names the series of a long table.
        layout: "table" (a column is a channel), or a table of several series: "rows" (a row is a series, as in
            the M4 competition's files), "columns" (a column is one), or "wide" (finds out which of the two).
        series: the name of the one series to take of several.
        dates: how dates are read where cells do not tell: day-first, month-first, or a format such as %d/%m/%Y.
        decimal: the decimal mark in numbers with commas: point or comma; None detects it.
        markers: numbers such as -999 that stand far from all others and mark missing values in many files:
            "refuse", or "keep" as numbers.
        split: train/validation/test of each series as fractions (0.7/0.1/0.2) or rows (8640/2880/2880, or
            rest/48/48 for the last 96); rows after their sum are unused. None takes the source's own splits
            where it has all three, else 0.7/0.1/0.2.
        season: steps in a season; None takes it from the times (hourly 24, daily 7, monthly 12, ...), and where
            there are none the seasonal baseline is left out.
        gaps: where a step between rows is not as long as most: "keep" uses the rows as they come, with a warning
            and the fact ``irregular_steps``; "fill" repeats the row before until the time fits, with the fact
            ``filled_rows`` too; "error" refuses.
    """

    name = "forecasting"
    version = 3
    reference = """
        @article{makridakis2020,
          author = {Makridakis, Spyros and Spiliotis, Evangelos and Assimakopoulos, Vassilios},
          title = {The {M4} Competition: 100,000 Time Series and 61 Forecasting Methods},
          journal = {International Journal of Forecasting},
          volume = {36},
          number = {1},
          pages = {54--74},
          year = {2020}
        }

        @article{hyndman2006,
          author = {Hyndman, Rob J. and Koehler, Anne B.},
          title = {Another Look at Measures of Forecast Accuracy},
          journal = {International Journal of Forecasting},
          volume = {22},
          number = {4},
          pages = {679--688},
          year = {2006}
        }
    """
    data: str | None = data_source()
    horizon: Count = 24
    target: Names = None
    columns: Names = None
    exclude: Names = None
    group: str | None = None
    layout: Layout = "table"
    series: str | int | None = None
    dates: str | None = None
    decimal: Decimal | None = None
    markers: Markers = "refuse"
    split: str | None = None
    season: Count | None = None
    gaps: Gaps = "keep"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dates is not None and self.dates not in ("day-first", "month-first") and "%" not in self.dates:
            raise ValueError(
                f"dates has to be day-first, month-first or a format such as %d/%m/%Y, and it is {self.dates!r}"
            )
        if self.group is not None and self.layout != "table":
            raise ValueError(f"group names series of a long table, and layout={self.layout} says that it is wide")
        if self.split is not None:
            parse_split(self.split)

    @property
    def is_longer_harder(self) -> bool:
        """False: a longer look-back shows a model more of the same series, and the targets stay the same."""
        return False

    def load(self, length: int, seed: int) -> TaskData:
        """Cut the series into windows of ``length`` steps of input; ``seed`` matters where they are generated."""
        if length < 1:
            raise ValueError(f"length has to be at least 1 step, and it is {length}")
        panel, parts, measured = self._panel(length, seed)
        for (name, values), part in zip(panel.series(), parts, strict=True):
            check_parts(part, length, self.horizon, len(values), where(name))
        targets = self._targets(panel)
        if self.data is not None:
            refuse_unscorable(panel, parts)
        question = Question(
            length, self.horizon, self._season(panel, min(measured)), targets, (self.name, self.version)
        )
        pieces = [
            piece_of(values, part, rows, question)
            for (_, values), part, rows in zip(panel.series(), parts, measured, strict=True)
        ]
        constant = constant_channels(panel, pieces, targets)
        for said in warnings_of(panel, self.data, self.gaps, constant):
            warnings.warn(said, stacklevel=2)
        problem = problem_of(pieces, panel, question)
        train, validation, test = (Split(*windows) for windows in problem.windows)
        return TaskData(
            train=train,
            validation=validation,
            test=test,
            inputs=Values(len(panel.channels)),
            targets=problem.kind,
            metrics=problem.metrics,
            baselines=problem.baselines,
            show=shower(panel, parts, length, self.horizon, targets),
            facts={
                **facts_of(panel, parts, targets.tolist()),
                **facts_of_scores(panel, pieces, question),
                "constant_in_training": listed(constant),
            },
            fitted=fitted_of(panel, pieces, targets.tolist()),
        )

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Split:
        """Return the last ``length`` steps of each series; rows are read as the data of training were.

        Raises:
            DataError: the rows are unfit or too few, or of a series that was not trained on.
        """
        return encoded(rows, length, self._options(), fitted)

    def answers(
        self, outputs: Tensor, batch: Batch, fitted: Mapping[str, Any]
    ) -> list[list[dict[str, str | float]]]:
        """Return the next ``horizon`` steps of each series, channel -> value, in the units of the data."""
        return decoded(outputs, batch, fitted)

    def _panel(self, length: int, seed: int) -> tuple[Panel, tuple[Parts, ...], tuple[int, ...]]:
        """Return the series, the rows of the parts of each, and how many of training, the last, say its scale."""
        if self.data is None:
            own, measured = self._generated_parts(length)
            return generate_series(sum(own), seed, name=self.name), (own,), (measured,)
        panel = read_panel(self.data, self._options(), self.version)
        if panel.parts is not None and self.split is None:
            parts = panel.parts
        else:
            parts = tuple(split_rows(self.split or _SPLIT, len(values)) for _, values in panel.series())
        return panel, parts, tuple(train for train, _, _ in parts)

    def _options(self) -> Options:
        return Options(
            gaps=self.gaps,
            columns=self.columns,
            exclude=self.exclude,
            target=self.target,
            group=self.group,
            layout=self.layout,
            series=None if self.series is None else str(self.series),
            dates=self.dates,
            decimal=self.decimal,
            markers=self.markers,
        )

    def _generated_parts(self, length: int) -> tuple[Parts, int]:
        """Return the rows of the parts, and the training rows among them that are there at any length."""
        train, validation, test = (windows + self.horizon - 1 for windows in _GENERATED_WINDOWS)
        if self.split is not None:
            wanted = parse_split(self.split)
            rows = int(sum(wanted)) if is_in_rows(wanted) and wanted[0] else train + validation + test
            train, validation, test = split_rows(self.split, rows)
            if is_in_rows(wanted):
                return (train, validation, test), train
        return (train + length, validation, test), train

    def _targets(self, panel: Panel) -> Tensor:
        """Return the numbers of the channels to forecast: [predicted channels]."""
        import torch

        if self.target is None:
            return torch.arange(len(panel.channels))
        for name in (names := named(self.target, panel.channels)):
            if name not in panel.channels:
                raise DataError(
                    f"no column of numbers is called {name!r} (target); there are: {listed(panel.channels)}"
                )
        return torch.tensor(sorted({panel.channels.index(name) for name in names}))

    def _season(self, panel: Panel, training_rows: int) -> int | None:
        """Return the requested season; otherwise that of the times, if the training rows hold one."""
        if self.season is None:
            return panel.season if panel.season and panel.season < training_rows else None
        if self.season >= training_rows:
            raise DataError(
                f"a season of {self.season} steps needs more training rows, and there are {training_rows};"
                f" name a shorter one or change split"
            )
        return self.season
