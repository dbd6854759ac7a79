"""Makes windows, metrics and baselines of one series, or of several that are scored side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench import Baseline, Forecast, Metric, TargetKind, cached_tensors
from seqbench_forecasting.panel import Panel
from seqbench_forecasting.scores import (
    LINEAR,
    LINEAR_LOOKBACK,
    Scaling,
    baseline_scores,
    forecast_metrics,
    naive_errors,
)
from seqbench_forecasting.several import Scaled, SeriesForecast, held_out_windows, series_metrics, windows_of
from seqbench_forecasting.windows import Parts, Windows, cut, cut_test

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Piece:
    """One series, split and scaled.

    Attributes:
        training: [training rows, channels] float64, from which its scale is measured.
        scaling: of all channels.
        naive: [predicted channels], from `naive_errors`.
        rows: its rows on its own scale, as windows are cut from them.
    """

    training: Tensor
    scaling: Scaling
    naive: Tensor
    rows: Scaled


@dataclass(frozen=True, eq=False)
class Question:
    """The forecasting question, the same for every series.

    Attributes:
        length, horizon: steps of input and of target.
        season: steps in a season; None if it is unknown.
        targets: [predicted channels], their numbers.
        identity: identifies the question in a cache: the task's name and version.
    """

    length: int
    horizon: int
    season: int | None
    targets: Tensor
    identity: tuple[str, int]


@dataclass(frozen=True, eq=False)
class Problem:
    """Windows of train, validation and test, and how forecasts of them are scored."""

    windows: tuple[Windows, Windows, Windows]
    kind: TargetKind
    metrics: tuple[Metric, ...]
    baselines: tuple[Baseline, ...]


def piece_of(values: Tensor, parts: Parts, measured: int, question: Question) -> Piece:
    """Scale a series by the last ``measured`` of its training rows.

    Args:
        values: [rows, channels] float64.
        parts: rows of train, validation and test.
        measured: number of training rows from which the scale is measured.
        question: names the season and the predicted channels.
    """
    training = values[parts[0] - measured : parts[0]]
    scaling = Scaling.of(training)
    inputs = scaling.scale(values[: sum(parts)]).float()
    naive = naive_errors(scaling.scale(training), question.season or 1)[question.targets]
    has_all = len(question.targets) == values.shape[1]
    outputs = inputs if has_all else inputs[:, question.targets].contiguous()
    return Piece(training, scaling, naive, Scaled(inputs, outputs, parts))


def problem_of(pieces: Sequence[Piece], panel: Panel, question: Question) -> Problem:
    """Return the problem of one series, or of several that are scored side by side."""
    if panel.is_single:
        return _single_problem(pieces[0], panel.values, question)
    return _several_problem(pieces, panel, question)


def _single_problem(piece: Piece, values: Tensor, question: Question) -> Problem:
    """Return the problem of one series, whose windows are views of it."""
    rows, length, horizon = piece.rows, question.length, question.horizon
    lookback = min(length, LINEAR_LOOKBACK)
    metrics = forecast_metrics(piece.scaling.take(question.targets), piece.naive)

    def score() -> dict[str, Tensor]:
        train, _, _ = cut(rows.outputs, rows.outputs, rows.parts, length, horizon)
        recent = Windows(train.inputs[:, -lookback:], train.targets)
        test = cut_test(rows.outputs, rows.outputs, rows.parts, max(lookback, question.season or 1), horizon)
        return baseline_scores(metrics, recent, test, question.season)

    # By position, not by name: the same numbers may return under other headers.
    source = (_digest(values), str(question.targets.tolist()), len(piece.training))
    identity = (
        question.identity[0],
        "baselines",
        question.identity[1],
        *source,
        *rows.parts,
        length,
        horizon,
        question.season,
    )
    return Problem(
        cut(rows.inputs, rows.outputs, rows.parts, length, horizon),
        Forecast(horizon, len(question.targets)),
        metrics,
        _baselines(metrics, cached_tensors(identity, score)),
    )


def _several_problem(pieces: Sequence[Piece], panel: Panel, question: Question) -> Problem:
    """Return the problem of several series: their windows one after the other, each score a mean over series."""
    import torch

    length, horizon = question.length, question.horizon
    lookback = min(length, LINEAR_LOOKBACK)
    scalings = [piece.scaling.take(question.targets) for piece in pieces]
    metrics = series_metrics(scalings, torch.stack([piece.naive for piece in pieces]))
    alone = [Scaled(piece.rows.outputs, piece.rows.outputs, piece.rows.parts) for piece in pieces]

    def score() -> dict[str, Tensor]:
        train, _, _ = windows_of(alone, length, horizon)
        recent = Windows(train.inputs[:, -lookback:], train.targets[..., :-1])
        test = held_out_windows(alone, max(lookback, question.season or 1), horizon)
        return baseline_scores(metrics, recent, test, question.season)

    # The end of each series is part of the identity: rows after its parts are in no window.
    shapes = str([(ends, piece.rows.parts) for ends, piece in zip(panel.ends, pieces, strict=True)])
    shapes += str(question.targets.tolist())
    identity = (
        question.identity[0],
        "baselines of series",
        question.identity[1],
        _digest(panel.values),
        shapes,
        length,
        horizon,
        question.season,
    )
    return Problem(
        windows_of([piece.rows for piece in pieces], length, horizon),
        SeriesForecast(horizon, len(question.targets)),
        metrics,
        _baselines(metrics, cached_tensors(identity, score)),
    )


def _baselines(metrics: Sequence[Metric], scores: Mapping[str, Tensor]) -> tuple[Baseline, ...]:
    names = [metric.name for metric in metrics]
    return tuple(
        Baseline(name, dict(zip(names, numbers.tolist(), strict=True)), name != LINEAR)
        for name, numbers in scores.items()
    )


def _digest(values: Tensor) -> str:
    return hashlib.sha256(values.numpy().tobytes()).hexdigest()
