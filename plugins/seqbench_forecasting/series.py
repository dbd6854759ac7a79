"""Generates the series that is forecast when no data are given.

Three channels whose hours repeat daily, in a second cycle and weekly; one channel shows long before what the
others will do.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from seqbench import generator
from seqbench_forecasting.panel import Panel

if TYPE_CHECKING:
    from torch import Tensor

SEASON = 24
"""Steps in a day, which the seasonal baseline repeats."""

CHANNELS = {"source": 0, "echo_40": 40, "echo_168": 168}
"""Channel -> the steps after which it follows the source."""

_SECOND_CYCLE, _WEEK = 34, 168  # steps
_MEMORY = 12  # steps in which the source's weather falls to 1/e
_REGIME = 300  # mean steps from one draw of the regime to the next
_NOISE = 0.2  # standard deviation
_LEVEL = 10  # far from 0, so that errors in percent mean something
_SLOPE = 0.5 / 10_000  # of the trend, per step
_BEFORE = 1024  # steps that run before the first row, for the echo and for the weather to settle
_BLOCK = 16  # torch draws normal numbers in blocks of this size


def generate_series(rows: int, seed: int, *, name: str = "forecasting") -> Panel:
    """Generate a series whose last rows do not depend on the number of rows before them.

    So every look-back is tested on the same values. In step t, channel c, which follows the source after
    ``d_c`` steps, is::

        x_c(t) = 10 + (1 + r(t)/4) day(t + 4 c) + 1.4 sin(2 pi t/34) + 0.4 sin(2 pi t/168)
                 + 0.3 r(t) + g_c w(t - d_c) + 0.00005 t + 0.2 noise_c(t)
        day(t) = sin(2 pi t/24) + 0.4 sin(2 pi t/12)

    with ``w`` the weather, an autoregressive process that forgets in 12 steps (``g`` is 1 for the source and
    1.2 for the echoes): it cannot be known from a channel's own last day, but the source has shown it 40 and 168
    steps before. ``r`` is the regime, -1 or 1, drawn anew every 300 steps on average.

    >>> bool((generate_series(50, seed=0).values == generate_series(500, seed=0).values[-50:]).all())
    True
    """
    import torch

    steps = torch.arange(1 - rows, 1, dtype=torch.float64)
    regime = _regime(rows, seed, name)
    weather = _weather(rows, seed, name)
    slow = _LEVEL + 1.4 * _wave(steps, _SECOND_CYCLE) + 0.4 * _wave(steps, _WEEK) + 0.3 * regime + _SLOPE * steps
    channels = []
    for place, (channel, lag) in enumerate(CHANNELS.items()):
        hours = steps + place * SEASON / 6
        day = _wave(hours, SEASON) + 0.4 * _wave(hours, SEASON / 2)
        known = weather[_BEFORE - lag : _BEFORE - lag + rows] * (1.2 if lag else 1.0)
        noise = _NOISE * _normal(rows, seed, name, channel)
        channels.append((1 + 0.25 * regime) * day + slow + known + noise)
    return Panel(torch.stack(channels, dim=1), tuple(CHANNELS), season=SEASON)


def _wave(steps: Tensor, period: float) -> Tensor:
    return (math.tau / period * steps).sin()


def _regime(rows: int, seed: int, name: str) -> Tensor:
    """Return -1 or 1 for each row, held until it is drawn anew: [rows]."""
    import torch

    is_drawn = torch.rand(rows, generator=generator(seed, name, "regime times")) < 1 / _REGIME
    is_drawn[0] = True
    signs = torch.randint(2, (rows,), generator=generator(seed, name, "regimes")) * 2.0 - 1
    newest_first = signs[is_drawn][is_drawn.cumsum(0) - 1]
    return newest_first.double().flip(0)


def _weather(rows: int, seed: int, name: str) -> Tensor:
    """Return the autoregressive process of variance 1, also for the steps before: [_BEFORE + rows]."""
    import torch

    kept = math.exp(-1 / _MEMORY)
    pushes = math.sqrt(1 - kept**2) * _normal(_BEFORE + rows, seed, name, "weather")
    states = accumulate(pushes.tolist(), lambda state, push: kept * state + push)
    return torch.tensor(list(states), dtype=torch.float64)


def _normal(rows: int, seed: int, name: str, purpose: str) -> Tensor:
    """Draw normal numbers from the newest row back, so that more rows change none of the newer: [rows]."""
    import torch

    whole = math.ceil(rows / _BLOCK) * _BLOCK
    draws = torch.randn(whole, dtype=torch.float64, generator=generator(seed, name, purpose))
    return draws[:rows].flip(0)
