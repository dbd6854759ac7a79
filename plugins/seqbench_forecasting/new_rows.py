"""Scales new rows as the training rows of their series were, and gives forecasts in the units of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqbench import Batch, DataError, Split
from seqbench_forecasting.options import Options, listed
from seqbench_forecasting.panel import Panel
from seqbench_forecasting.problem import Piece
from seqbench_forecasting.scores import Scaling
from seqbench_forecasting.table import panel_from_tables

if TYPE_CHECKING:
    from torch import Tensor


def fitted_of(panel: Panel, pieces: Sequence[Piece], targets: Sequence[int]) -> dict[str, Any]:
    """Return what new rows need, as JSON holds it: names, and means and deviations of each series' channels."""
    return {
        "series": list(panel.names),
        "channels": list(panel.channels),
        "forecast": [panel.channels[place] for place in targets],
        "mean": [piece.scaling.mean.tolist() for piece in pieces],
        "deviation": [piece.scaling.deviation.tolist() for piece in pieces],
    }


def encoded(rows: Sequence[Mapping[str, Any]], length: int, options: Options, fitted: Mapping[str, Any]) -> Split:
    """Return the last ``length`` steps of each series in new rows, on the scale of its training rows.

    Rows are read as those of training were: the same dates, decimal marks, gaps and markers.

    Returns:
        Inputs [series, length, channels]; as targets the number of each series among those of training.

    Raises:
        DataError: a channel or a value is missing, a series was not trained on, rows are out of order or too few.
    """
    import pandas as pd
    import torch

    frame = pd.DataFrame([dict(row) for row in rows])
    channels = tuple(fitted["channels"])
    if options.layout == "table":
        _refuse_other_columns(list(map(str, frame.columns)), channels)
        options = replace(options, columns=channels, exclude=None, target=None)
    panel = panel_from_tables({"all": frame}, options)
    _refuse_other_columns(panel.channels, channels)
    order = [panel.channels.index(name) for name in channels]
    numbers, inputs = [], []
    for name, values in panel.series():
        numbers.append(_number(name, fitted["series"]))
        _refuse_short(name, len(values), length)
        inputs.append(_scaling(fitted, numbers[-1], channels).scale(values[-length:, order]).float())
    return Split(torch.stack(inputs), torch.tensor(numbers))


def decoded(outputs: Tensor, batch: Batch, fitted: Mapping[str, Any]) -> list[list[dict[str, str | float]]]:
    """Return the forecast of each series as steps of channel -> value, in the units of the data.

    Of a network that was trained on several series, each step has the name of its series first.

    Args:
        outputs: [series, steps, predicted channels].
        batch: its targets are the numbers of the series.
        fitted: from `fitted_of`.
    """
    names, answers = fitted["forecast"], []
    for forecast, number in zip(outputs, batch.targets.tolist(), strict=True):
        steps = _scaling(fitted, number, names).unscale(forecast).tolist()
        head = {"series": fitted["series"][number]} if len(fitted["series"]) > 1 else {}
        answers.append([{**head, **dict(zip(names, step, strict=True))} for step in steps])
    return answers


def _scaling(fitted: Mapping[str, Any], series: int, names: Sequence[str]) -> Scaling:
    """Return the scale of some channels of a series."""
    import torch

    places = [fitted["channels"].index(name) for name in names]
    mean, deviation = (
        torch.tensor([fitted[part][series][at] for at in places], dtype=torch.float64)
        for part in ("mean", "deviation")
    )
    return Scaling(mean, deviation)


def _number(name: str, known: Sequence[str]) -> int:
    if name not in known:
        raise DataError(
            f"the network was not trained on a series {name!r}, so that its scale is unknown; it was on"
            f" {listed(known)}"
        )
    return known.index(name)


def _refuse_short(name: str, steps: int, length: int) -> None:
    if steps < length:
        where = f" of series {name!r}" if name else ""
        raise DataError(
            f"the network reads the last {length} steps, and the rows{where} hold {steps}; give more rows before"
            " the first step that is to be forecast"
        )


def _refuse_other_columns(found: Sequence[str], channels: Sequence[str]) -> None:
    missing = [name for name in channels if name not in found]
    if missing:
        raise DataError(
            f"the rows have no column {listed(missing)}, which the network was trained to read; there are:"
            f" {listed(found)}"
        )
