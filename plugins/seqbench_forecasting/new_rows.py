"""Scales new rows as the training rows of a series were scaled, and gives forecasts in the units of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqbench import DataError
from seqbench_forecasting.options import Options, listed
from seqbench_forecasting.panel import Panel
from seqbench_forecasting.problem import Piece
from seqbench_forecasting.scores import Scaling
from seqbench_forecasting.table import panel_from_tables

if TYPE_CHECKING:
    from torch import Tensor


def fitted_of(panel: Panel, pieces: Sequence[Piece], targets: Sequence[int]) -> dict[str, Any]:
    """Return what new rows need, as JSON holds it: names of channels, and their means and deviations.

    Of several series only the number is kept: each has a scale of its own.
    """
    if not panel.is_single:
        return {"series": len(panel.names)}
    scaling = pieces[0].scaling
    return {
        "series": 1,
        "channels": list(panel.channels),
        "forecast": [panel.channels[place] for place in targets],
        "mean": scaling.mean.tolist(),
        "deviation": scaling.deviation.tolist(),
    }


def encoded(rows: Sequence[Mapping[str, Any]], length: int, options: Options, fitted: Mapping[str, Any]) -> Tensor:
    """Return the last ``length`` steps of new rows on the scale of the training rows: [1, length, channels].

    Rows are read as those of training were: the same dates, decimal marks, gaps and markers.

    Raises:
        DataError: a channel is missing, a value is, the rows are out of order, or there are too few.
    """
    import pandas as pd

    if fitted["series"] > 1:
        raise DataError(
            f"this network was trained on {fitted['series']} series, each on a scale of its own, and new rows"
            " do not say on which they are; train on one of them (series=NAME) to forecast it"
        )
    frame = pd.DataFrame([dict(row) for row in rows])
    channels = tuple(fitted["channels"])
    if options.layout == "table":
        _refuse_other_columns(list(map(str, frame.columns)), channels)
        options = replace(options, columns=channels, exclude=None, target=None)
    panel = panel_from_tables({"all": frame}, options)
    _refuse_other_columns(panel.channels, channels)
    if len(panel.values) < length:
        raise DataError(
            f"the network reads the last {length} steps, and the rows hold {len(panel.values)}; give more rows"
            " before the first step that is to be forecast"
        )
    order = [panel.channels.index(name) for name in channels]
    return _scaling(fitted, channels).scale(panel.values[-length:, order]).float()[None]


def decoded(outputs: Tensor, fitted: Mapping[str, Any]) -> list[list[dict[str, float]]]:
    """Return forecasts ([inputs, steps, predicted channels]) as steps of channel -> value, in the data's units."""
    names = fitted["forecast"]
    values = _scaling(fitted, names).unscale(outputs)
    return [[dict(zip(names, step, strict=True)) for step in answer] for answer in values.tolist()]


def _scaling(fitted: Mapping[str, Any], names: Sequence[str]) -> Scaling:
    import torch

    places = [fitted["channels"].index(name) for name in names]
    return Scaling(
        *(torch.tensor([fitted[part][at] for at in places], dtype=torch.float64) for part in ("mean", "deviation"))
    )


def _refuse_other_columns(found: Sequence[str], channels: Sequence[str]) -> None:
    missing = [name for name in channels if name not in found]
    if missing:
        raise DataError(
            f"the rows have no column {listed(missing)}, which the network was trained to read; there are:"
            f" {listed(found)}"
        )
