"""Summarises a curve of gradient norms against lag: gain per step, horizon, half-life and verdict.

Plain numbers in and out, without torch, so that a report can use it. Norms are kept as natural logarithms: over
thousands of steps a gradient leaves the range of a float64, but its logarithm does not. Imports nothing of
seqbench.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Quantity = Literal["state", "jacobian", "input"]
Verdict = Literal["vanishing", "stable", "exploding"]

WHOLE = "all"
"""The part that is the whole state; over its parts the squares of the norms add up."""

VANISHED, EXPLODED = 1e-3, 1e3
"""A factor over the whole sequence below the first is ``vanishing``, above the second ``exploding``."""

HORIZON_SHARE = 0.01
"""Smallest share of the gradient at the smallest lag that still counts as a gradient."""

_LN_SMALLEST = math.log(sys.float_info.min)
_LN_LARGEST = math.log(sys.float_info.max)


@dataclass(frozen=True)
class Curve:
    """Norms against lag: median and quartiles over the examples of a batch.

    Attributes:
        quantity: ``state`` is dL/ds_t, ``jacobian`` is v^T ds_T/ds_t, ``input`` is dL/de_t.
        part: ``all``, or one part of the state.
        lags: how many steps before a sequence's last step, or, of dL/ds_t and dL/de_t, its last scored step.
        median, q25, q75: the norm at each lag; None if no float64 holds it, for the reason given.
        ln_median: natural logarithm of the median; None only where the norm is 0 or unknown.
        n: how many examples are behind each lag.
        underflow_share: share of the examples that reach the lags whose norm falls to 0 or below 2.2e-308, or is 0
            at all lags; None without examples. Zeros only at the smallest lags, after the last scored step, do not
            count.
        reason: why a value is None; None if none is.
    """

    quantity: Quantity
    part: str
    lags: tuple[int, ...]
    median: tuple[float | None, ...]
    q25: tuple[float | None, ...]
    q75: tuple[float | None, ...]
    ln_median: tuple[float | None, ...]
    n: tuple[int, ...]
    underflow_share: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Flow:
    """The gradient flow of one network on one batch.

    Attributes:
        length: steps of the longest sequence.
        examples: sequences in the batch.
        draws: random vectors behind the Jacobian of each example.
        curves: one for each quantity, and for each part of a state that has several.
    """

    length: int
    examples: int
    draws: int
    curves: tuple[Curve, ...]

    def curve(self, quantity: Quantity, part: str = WHOLE) -> Curve:
        """Return one curve.

        Raises:
            KeyError: there is none with this part.
        """
        for curve in self.curves:
            if (curve.quantity, curve.part) == (quantity, part):
                return curve
        raise KeyError(f"there is no curve of {quantity}, part {part}")


@dataclass(frozen=True)
class Horizon:
    """The number of steps back at which a gradient still matters.

    Attributes:
        lag: steps; one more than the largest lag if the gradient never falls below the limit: the steps up to the
            last scored one.
        is_censored: the sequence was too short to see the end: read "at least ``lag``".
    """

    lag: int
    is_censored: bool

    def __str__(self) -> str:
        return f">= {self.lag}" if self.is_censored else str(self.lag)


@dataclass(frozen=True)
class Summary:
    """The summary of a curve, or of a whole flow.

    Attributes:
        gain_per_step: factor by which the norm changes with each further step of lag.
        ln_gain: its logarithm; of the Jacobian, an estimate of the largest Lyapunov exponent.
        r_squared: quality of the fit behind it; 1 is a straight line of logarithm against lag.
        horizon: see `Horizon`.
        half_life: steps after which the norm is halved.
        verdict: what ``gain_per_step ** length`` says; ``vanishing`` where the norm is 0 at the largest lag.
        underflow_share: the curve's.
        notes: name of a None -> its reason.
    """

    gain_per_step: float | None
    ln_gain: float | None
    r_squared: float | None
    horizon: Horizon | None
    half_life: float | None
    verdict: Verdict | None
    underflow_share: float | None
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Headline:
    """The one summary that a table shows of a flow, and where it was measured.

    Attributes:
        at: ``state``: gain and verdict of the state Jacobian, horizon of the state gradient; ``input``: all of the
            input gradient.
        summary: the numbers.
        reason: why nothing was measured at the state; None if something was.
    """

    at: Literal["state", "input"]
    summary: Summary
    reason: str | None = None


def headline(state: Summary, of_input: Summary | None) -> Headline:
    """Return the summary to show: that of the input gradient where there is one, as no state was measured then."""
    if of_input is None:
        return Headline("state", state)
    return Headline("input", of_input, state.notes.get("gain_per_step"))


def summarise_input(flow: Flow) -> Summary | None:
    """Return the summary of the input gradient of a layer at whose state nothing is measured; None of others."""
    state = flow.curve("state")
    return summarise(flow.curve("input"), flow.length) if state.lags and not any(state.n) else None


def summarise_flow(flow: Flow) -> Summary:
    """Return the summary at the state: gain and verdict of the Jacobian, horizon of the state gradient."""
    jacobian = summarise(flow.curve("jacobian"), flow.length)
    state = summarise(flow.curve("state"), flow.length)
    notes = {name: reason for name, reason in jacobian.notes.items() if name not in ("horizon", "underflow_share")}
    notes |= {name: reason for name, reason in state.notes.items() if name in ("horizon", "underflow_share")}
    return Summary(
        gain_per_step=jacobian.gain_per_step,
        ln_gain=jacobian.ln_gain,
        r_squared=jacobian.r_squared,
        horizon=state.horizon,
        half_life=jacobian.half_life,
        verdict=jacobian.verdict,
        underflow_share=state.underflow_share,
        notes=notes,
    )


def summarise(curve: Curve, length: int) -> Summary:
    """Return the summary of a curve over a sequence of ``length`` steps.

    >>> norms = [[math.log(0.5) * lag] for lag in (1, 2, 3)]
    >>> found = summarise(curve_of("jacobian", "all", (1, 2, 3), norms), length=100)
    >>> round(found.gain_per_step, 9), found.verdict, round(found.half_life, 9)
    (0.5, 'vanishing', 1.0)
    """
    points = [(lag, ln) for lag, ln in zip(curve.lags, curve.ln_median, strict=True) if ln is not None]
    notes: dict[str, str] = {}
    missing = curve.reason or "fewer than two lags were measured"
    fit = _line(points)
    if fit is None:
        notes |= dict.fromkeys(("gain_per_step", "ln_gain", "r_squared", "half_life"), missing)
        ln_gain = gain = half_life = None
    else:
        ln_gain, gain = fit[0], _number(fit[0])
        half_life = math.log(2) / -ln_gain if ln_gain < 0 else None
        if gain is None:
            notes["gain_per_step"] = "no float64 holds it; ln_gain has it"
        if half_life is None:
            notes["half_life"] = "the norm does not shrink: the gain per step is 1 or more"
        if fit[1] is None:
            notes["r_squared"] = "the norm is the same at every lag"
    verdict = _verdict(curve, ln_gain, length)
    if verdict is None:
        notes["verdict"] = missing
    horizon = _horizon(curve)
    if horizon is None:
        notes["horizon"] = _without_start(curve)
    if curve.underflow_share is None:
        notes["underflow_share"] = missing
    return Summary(
        gain_per_step=gain,
        ln_gain=ln_gain,
        r_squared=fit[1] if fit else None,
        horizon=horizon,
        half_life=half_life,
        verdict=verdict,
        underflow_share=curve.underflow_share,
        notes=notes,
    )


def verdict_of(ln_gain: float, length: int) -> Verdict:
    """Return the effect of a gain per step on a gradient over a whole sequence.

    >>> verdict_of(math.log(0.99), 100), verdict_of(math.log(0.99), 1000)
    ('stable', 'vanishing')
    """
    ln_factor = ln_gain * length
    if ln_factor < math.log(VANISHED):
        return "vanishing"
    return "exploding" if ln_factor > math.log(EXPLODED) else "stable"


def _verdict(curve: Curve, ln_gain: float | None, length: int) -> Verdict | None:
    """Return the verdict of a curve, which a fit of its numbers other than 0 does not tell if it ends in zeros."""
    if _ends_in_zeros(curve) and any(ln is not None for ln in curve.ln_median):
        return "vanishing"
    return None if ln_gain is None else verdict_of(ln_gain, length)


def _ends_in_zeros(curve: Curve) -> bool:
    """Say whether the median is 0 at the largest lag, and not unknown or infinite."""
    is_missing = bool(curve.lags) and curve.ln_median[-1] is None and curve.n[-1] > 0
    return is_missing and (curve.underflow_share or 0.0) >= 0.5


def _line(points: Sequence[tuple[int, float]]) -> tuple[float, float | None] | None:
    """Fit a line by least squares; return its slope and R^2 (None if the points lie level)."""
    if len(points) < 2:
        return None
    mean_x = math.fsum(x for x, _ in points) / len(points)
    mean_y = math.fsum(y for _, y in points) / len(points)
    xx = math.fsum((x - mean_x) ** 2 for x, _ in points)
    xy = math.fsum((x - mean_x) * (y - mean_y) for x, y in points)
    yy = math.fsum((y - mean_y) ** 2 for _, y in points)
    return xy / xx, xy**2 / (xx * yy) if yy > 0 else None


def _without_start(curve: Curve) -> str:
    """Return why there is no horizon, which is measured against the norm at the smallest lag."""
    if any(ln is not None for ln in curve.ln_median[1:]):
        return f"the norm at lag {curve.lags[0]}, against which it is measured, is 0 (is that step not scored?)"
    return curve.reason or "the norm at the smallest lag is unknown"


def _horizon(curve: Curve) -> Horizon | None:
    """Return the largest lag with at least HORIZON_SHARE of the norm at the smallest lag.

    Between two measured lags the logarithm is interpolated linearly, which is exact if the norm shrinks by the
    same factor at each step.
    """
    if not curve.lags or curve.ln_median[0] is None:
        return None
    enough = curve.ln_median[0] + math.log(HORIZON_SHARE)
    felt = [i for i, ln in enumerate(curve.ln_median) if ln is not None and ln >= enough]
    last = felt[-1]
    if last == len(curve.lags) - 1:
        return Horizon(curve.lags[-1] + 1, is_censored=True)
    lag, ln, next_ln = curve.lags[last], curve.ln_median[last], curve.ln_median[last + 1]
    if ln is None or next_ln is None:
        return Horizon(lag, is_censored=False)
    share = (ln - enough) / (ln - next_ln)
    # Rounding in a logarithm must not lose a step.
    return Horizon(math.floor(lag + share * (curve.lags[last + 1] - lag) + 1e-9), is_censored=False)


def curve_of(quantity: Quantity, part: str, lags: Sequence[int], ln_norms: Sequence[Sequence[float]]) -> Curve:
    """Return the curve over the examples of a batch.

    Args:
        quantity, part, lags: as in `Curve`.
        ln_norms: [lags][examples] natural logarithms of norms; -inf is a norm of 0, NaN one that is missing
            because the sequence is shorter than the lag, or unknown.
    """
    known = [sorted(ln for ln in row if not math.isnan(ln)) for row in ln_norms]
    quantiles = {share: [_quantile(row, share) for row in known] for share in (0.25, 0.5, 0.75)}
    examples = [norms for example in zip(*ln_norms, strict=True) if (norms := [ln for ln in example if ln == ln])]
    return Curve(
        quantity=quantity,
        part=part,
        lags=tuple(lags),
        median=tuple(_number(ln) for ln in quantiles[0.5]),
        q25=tuple(_number(ln) for ln in quantiles[0.25]),
        q75=tuple(_number(ln) for ln in quantiles[0.75]),
        ln_median=tuple(ln if math.isfinite(ln) else None for ln in quantiles[0.5]),
        n=tuple(len(row) for row in known),
        underflow_share=sum(map(_underflows, examples)) / len(examples) if examples else None,
        reason=_reason([ln for lns in quantiles.values() for ln in lns]),
    )


def unknown_curve(quantity: Quantity, lags: Sequence[int], reason: str) -> Curve:
    """Return a curve that is None everywhere, and says why."""
    nothing = (None,) * len(lags)
    return Curve(quantity, WHOLE, tuple(lags), nothing, nothing, nothing, nothing, (0,) * len(lags), None, reason)


def _underflows(ln_norms: Sequence[float]) -> bool:
    """Say whether an example's norm, from the smallest lag to the largest, falls below what a float64 holds.

    After the last scored step there is no gradient: a norm that is 0 at the smallest lags and larger further back
    has not fallen.
    """
    begins = next((i for i, ln in enumerate(ln_norms) if ln > -math.inf), 0)
    return any(ln < _LN_SMALLEST for ln in ln_norms[begins:])


def _quantile(ln_norms: Sequence[float], share: float) -> float:
    """Return the logarithm of a quantile of sorted norms, linear between neighbours; NaN if there are none."""
    if not ln_norms:
        return math.nan
    place = share * (len(ln_norms) - 1)
    low, weight = int(place), place % 1
    if weight == 0 or ln_norms[low] == ln_norms[low + 1]:
        return ln_norms[low]
    high = ln_norms[low + 1]
    # ln((1 - w) a + w b), a <= b, without leaving the logarithms.
    return high if high == math.inf else high + math.log(weight + (1 - weight) * math.exp(ln_norms[low] - high))


def _number(ln: float) -> float | None:
    return math.exp(ln) if _LN_SMALLEST <= ln <= _LN_LARGEST else None


def _reason(lns: Sequence[float]) -> str | None:
    found = []
    if not lns:
        found.append("a sequence of one step has no lag")
    if any(math.isnan(ln) for ln in lns):
        found.append("no example has a norm that is a number (too short, or a value overflowed)")
    if any(ln == -math.inf for ln in lns):
        found.append("the norm is 0: nothing flows back")
    if any(-math.inf < ln < _LN_SMALLEST for ln in lns):
        found.append("the norm is below 2.2e-308, the smallest float64; ln_median has it")
    if any(_LN_LARGEST < ln < math.inf for ln in lns):
        found.append("the norm is above 1.8e308, the largest float64; ln_median has it")
    if any(ln == math.inf for ln in lns):
        found.append("the norm is infinite: a value overflowed")
    return "; ".join(found) if found else None
