"""Tests the summaries of curves of gradient norms."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import pytest

from seqbench.gradients.flow import (
    Curve,
    Flow,
    Horizon,
    curve_of,
    headline,
    summarise,
    summarise_flow,
    summarise_input,
    unknown_curve,
    verdict_of,
)


def falling(gain: float, lags: tuple[int, ...]) -> Curve:
    return curve_of("state", "all", lags, [[math.log(gain) * lag] for lag in lags])


def test_quantiles_are_those_of_the_norms_not_of_their_logarithms() -> None:
    norms = [4.0, 1.0, 3.0, 10.0]
    curve = curve_of("state", "all", (1,), [[math.log(norm) for norm in norms]])
    # Sorted 1 3 4 10: the quartiles lie at places 0.75, 1.5, 2.25.
    assert curve.q25[0] == pytest.approx(2.5)
    assert curve.median[0] == pytest.approx(3.5)
    assert curve.q75[0] == pytest.approx(5.5)
    assert curve.n == (4,)
    assert curve.reason is None


def test_norms_that_no_float_holds_are_none_with_the_reason() -> None:
    rows = [[0.0, 0.0], [-800.0, -800.0], [800.0, 800.0], [-math.inf, -math.inf], [math.nan, math.nan]]
    curve = curve_of("state", "all", (1, 2, 3, 4, 5), rows)
    assert curve.median == (1.0, None, None, None, None)
    assert curve.ln_median == (0.0, -800.0, 800.0, None, None)
    assert curve.n == (2, 2, 2, 2, 0)
    for word in ("below 2.2e-308", "above 1.8e308", "is 0", "no example"):
        assert word in (curve.reason or "")
    json.dumps(asdict(curve), allow_nan=False)


def test_examples_shorter_than_a_lag_are_missing_there_and_underflow_counts_examples() -> None:
    curve = curve_of("state", "all", (1, 2), [[0.0, -800.0, 1.0, math.nan], [-900.0, math.nan, 1.0, math.nan]])
    assert curve.n == (3, 2)
    assert curve.underflow_share == pytest.approx(2 / 3)


def test_underflow_is_a_fall_and_not_the_steps_behind_the_last_scored_one() -> None:
    nothing, one, tiny = -math.inf, 0.0, -800.0
    examples = {
        "unscored end": ([nothing, nothing, one, -1.0], False),
        "unscored end, then a fall": ([nothing, one, -1.0, tiny], True),
        "falls to 0": ([one, -1.0, nothing, nothing], True),
        "falls, and comes back at a step that is scored": ([one, tiny, one, one], True),
        "0 throughout": ([nothing] * 4, True),
    }
    for name, (norms, expected) in examples.items():
        curve = curve_of("state", "all", (1, 2, 3, 4), [[norm] for norm in norms])
        assert curve.underflow_share == expected, name


@pytest.mark.parametrize("lags", [tuple(range(1, 64)), (1, 7, 40, 60, 63), (1, 44, 45, 63)])
def test_horizon_of_a_geometric_fall_is_exact_on_any_grid(lags: tuple[int, ...]) -> None:
    # 0.9**43 is 0.0108 and 0.9**44 is 0.0097, both counted from lag 1.
    found = summarise(falling(0.9, lags), length=64)
    assert found.horizon == Horizon(44, is_censored=False)
    assert found.gain_per_step == pytest.approx(0.9, rel=1e-12)
    assert found.half_life == pytest.approx(6.578813478960585, rel=1e-12)
    assert found.r_squared == pytest.approx(1.0, abs=1e-12)
    assert (found.verdict, found.notes) == ("stable", {})


def test_horizon_where_a_share_falls_on_a_lag_exactly_includes_it() -> None:
    # A tenth with each step: at lag 3 it is 1% of the norm at lag 1.
    assert summarise(falling(0.1, (1, 2, 3, 4, 5)), 6).horizon == Horizon(3, is_censored=False)


def test_horizon_that_is_never_reached_is_at_least_the_length() -> None:
    found = summarise(falling(0.99, (1, 2, 99)), length=100).horizon
    assert found == Horizon(100, is_censored=True)
    assert str(found) == ">= 100"


def test_horizon_takes_the_largest_lag_even_after_a_dip() -> None:
    curve = curve_of("state", "all", (1, 2, 3, 4), [[0.0], [-9.0], [-4.0], [-math.inf]])
    assert summarise(curve, 5).horizon == Horizon(3, is_censored=False)


def test_r_squared_is_the_share_of_variance_that_the_line_explains() -> None:
    curve = curve_of("jacobian", "all", (1, 2, 3), [[0.0], [-1.0], [-4.0]])
    found = summarise(curve, 4)
    # Slope -2; residuals 1/3, -2/3, 1/3 of a variance sum 26/3.
    assert found.ln_gain == pytest.approx(-2.0)
    assert found.r_squared == pytest.approx(1 - (6 / 9) / (26 / 3))


def test_gain_is_fitted_on_what_is_finite_and_not_zero() -> None:
    curve = curve_of("jacobian", "all", (1, 2, 3, 4), [[-1.0], [-2.0], [-math.inf], [math.nan]])
    assert summarise(curve, 5).ln_gain == pytest.approx(-1.0)


def test_verdict_follows_from_the_factor_over_the_whole_sequence() -> None:
    ln = math.log(1e3) / 100
    assert verdict_of(-ln * 1.001, 100) == "vanishing"
    assert verdict_of(-ln * 0.999, 100) == verdict_of(ln * 0.999, 100) == "stable"
    assert verdict_of(ln * 1.001, 100) == "exploding"


def test_half_life_of_what_does_not_shrink_is_none_with_the_reason() -> None:
    found = summarise(falling(1.9, (1, 2, 3)), 100)
    assert (found.half_life, found.verdict) == (None, "exploding")
    assert "half_life" in found.notes


def test_curve_without_a_number_gives_only_reasons() -> None:
    lags = (1, 2)
    curves = tuple(unknown_curve(quantity, lags, "no state") for quantity in ("state", "jacobian"))
    flow = Flow(3, 1, 3, (*curves, falling(0.5, lags)))
    found = summarise_flow(flow)
    for name in ("gain_per_step", "ln_gain", "r_squared", "horizon", "half_life", "verdict", "underflow_share"):
        assert getattr(found, name) is None
        assert found.notes[name] == "no state"


def test_curve_that_ends_in_zeros_has_vanished_whatever_its_other_numbers_say() -> None:
    level = curve_of("input", "all", (1, 2, 3, 4), [[-1.0], [-1.0], [-1.0], [-math.inf]])
    assert (summarise(level, 5).gain_per_step, summarise(level, 5).verdict) == (1.0, "vanishing")
    first = summarise(curve_of("input", "all", (1, 2), [[-1.0], [-math.inf]]), 3)
    assert (first.gain_per_step, first.verdict, str(first.horizon)) == (None, "vanishing", "1")
    unknown = curve_of("input", "all", (1, 2, 3), [[-1.0], [-1.0], [math.inf]])
    assert summarise(unknown, 5).verdict == "stable"
    assert summarise(curve_of("input", "all", (1, 2), [[-math.inf], [-math.inf]]), 3).verdict is None


def test_headline_is_of_the_inputs_where_nothing_was_measured_at_a_state_and_says_so() -> None:
    lags = (1, 2, 3)
    of_state = tuple(unknown_curve(quantity, lags, "it grows") for quantity in ("state", "jacobian"))
    inputs = curve_of("input", "all", lags, [[-1.0], [-3.0], [-9.0]])
    flow = Flow(4, 1, 3, (*of_state, inputs))
    found = headline(summarise_flow(flow), summarise_input(flow))
    assert (found.at, found.reason, str(found.summary.horizon)) == ("input", "it grows", "2")
    measured = Flow(4, 1, 3, (falling(0.5, lags), replace(falling(0.5, lags), quantity="jacobian"), inputs))
    found = headline(summarise_flow(measured), summarise_input(measured))
    assert (found.at, found.reason, found.summary.gain_per_step) == ("state", None, pytest.approx(0.5))


def test_summary_takes_the_gain_from_the_jacobian_and_the_horizon_from_the_state() -> None:
    lags = (1, 2, 3)
    jacobian = curve_of("jacobian", "all", lags, [[-1.0], [-2.0], [-3.0]])
    found = summarise_flow(Flow(4, 1, 3, (falling(0.1, lags), jacobian)))
    assert found.ln_gain == pytest.approx(-1.0)
    assert found.horizon == Horizon(4, is_censored=True)
