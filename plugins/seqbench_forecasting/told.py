"""Reports how columns were read: facts, warnings, worked examples, and refusals of channels that never change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from seqbench import DataError
from seqbench_forecasting.numbers import refuse_sizes
from seqbench_forecasting.options import listed
from seqbench_forecasting.panel import Panel
from seqbench_forecasting.problem import Piece, Question
from seqbench_forecasting.scores import LINEAR_LOOKBACK, is_constant
from seqbench_forecasting.windows import Parts

if TYPE_CHECKING:
    from torch import Tensor

Facts = dict[str, float | int | str]
_SHOWN = 8  # numbers of a window that a person is shown


def facts_of(panel: Panel, parts: Sequence[Parts], targets: Sequence[int]) -> Facts:
    """Return facts about a panel: its rows, the roles of its columns, its times."""
    covariates = [name for place, name in enumerate(panel.channels) if place not in targets]
    about = dict(panel.about)
    left_out = about.pop("left_out", "none")
    return {
        "rows": len(panel.values),
        "channels": listed(panel.channels),
        "forecast": listed(panel.channels[place] for place in targets),
        "covariates": listed(covariates),
        "left_out": left_out,
        **about,
        "series": len(panel.names),
        "irregular_steps": panel.irregular_steps,
        "filled_rows": panel.filled_rows,
        "split_rows": "/".join(str(sum(part[place] for part in parts)) for place in range(3)),
        "unused_rows": len(panel.values) - sum(map(sum, parts)),
    }


def facts_of_scores(panel: Panel, pieces: Sequence[Piece], question: Question) -> Facts:
    """Return facts about the baselines and MASE."""
    without = channels_where(panel, [piece.naive == 0 for piece in pieces], question.targets.tolist())
    return {
        "season": question.season or "unknown: no seasonal baseline",
        "linear_lookback": min(question.length, LINEAR_LOOKBACK),
        "left_out_of_mase": listed(without),
    }


def channels_where(panel: Panel, chosen: Sequence[Tensor], channels: Sequence[int]) -> list[str]:
    """Name the chosen channels, with their series if there are several.

    Args:
        panel: names both.
        chosen: for each series, [channels] bool.
        channels: the numbers of these channels.
    """
    return [
        panel.channels[channel] if panel.is_single else f"{panel.channels[channel]} of {name}"
        for name, holds in zip(panel.names, chosen, strict=True)
        for channel, does in zip(channels, holds.tolist(), strict=True)
        if does
    ]


def constant_channels(panel: Panel, pieces: Sequence[Piece], targets: Tensor) -> list[str]:
    """Name the channels that are constant in the training rows.

    Raises:
        DataError: nothing else is to be forecast.
    """
    flat = [is_constant(piece.training) for piece in pieces]
    if all(bool(is_flat[targets].all()) for is_flat in flat):
        names = listed(panel.channels[place] for place in targets.tolist())
        raise DataError(
            f"all that is to be forecast is constant in the {len(pieces[0].training)} training rows: {names}"
        )
    return channels_where(panel, flat, range(len(panel.channels)))


def refuse_unscorable(panel: Panel, parts: Sequence[Parts]) -> None:
    """Refuse channels whose scores floating-point numbers cannot hold: see `refuse_sizes`."""
    import numpy as np

    for (name, values), part in zip(panel.series(), parts, strict=True):
        rows = values[: sum(part)].numpy()
        for place, channel in enumerate(panel.channels):
            stored = np.dtype(panel.stored[place]) if panel.stored else np.dtype("float64")
            refuse_sizes(channel, rows[:, place], rows[: part[0], place], stored, where(name))


def where(series: str) -> str:
    """Return the words that name a series in a message.

    >>> where("H1"), where("")
    (" of series 'H1'", '')
    """
    return f" of series {series!r}" if series else ""


def warnings_of(panel: Panel, data: str | None, gaps: str, constant: Sequence[str]) -> list[str]:
    """Return warnings about steps of different lengths and about constant channels."""
    said = []
    if panel.irregular_steps:
        filled = f"{panel.filled_rows} rows repeat the one before them (gaps=fill)"
        treatment = filled if gaps == "fill" else "rows are used as they come (gaps=keep)"
        said.append(f"{data}: irregular steps between rows: {panel.irregular_steps}; {treatment}")
    if constant:
        said.append(
            f"{data or 'the series'}: constant in the training rows, so taken with a standard deviation"
            f" of 1: {listed(constant)}"
        )
    return said


def shower(
    panel: Panel, parts: Sequence[Parts], length: int, horizon: int, targets: Tensor
) -> Callable[[int], str]:
    """Return a function that writes a test window as text: the end of its input above the start of its target."""

    series = list(panel.series())

    def show(example: int) -> str:
        place = 0
        while example >= (windows := parts[place][2] - horizon + 1):
            example, place = example - windows, place + 1
        name, values = series[place]
        part = parts[place]
        row = part[0] + part[1] + example
        shown = min(length, _SHOWN), min(horizon, _SHOWN)
        lines = [
            f"{f'series {name}: ' if name else ''}rows {row - length + 1} to {row} -> rows {row + 1} to"
            f" {row + horizon}"
        ]
        for channel in targets.tolist():
            past = values[row - shown[0] : row, channel]
            future = values[row : row + shown[1], channel]
            lines += [
                f"{panel.channels[channel]}",
                f"  input, last {shown[0]} of {length}: {_numbers(past)}",
                f"  target, first {shown[1]} of {horizon}: {_numbers(future)}",
            ]
        return "\n".join(lines)

    return show


def _numbers(values: Tensor) -> str:
    return " ".join(f"{value:.4g}" for value in values.tolist())
