"""Tests that charts of gradient norms hide no model without saying so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from seqbench.report.charts.lines import Look, Panel
from seqbench.report.page.gradients import NormLine, norm_panels


def panel_of(**norms: Sequence[float]) -> Panel:
    """Return the panel before training, given log10 of the norms of each model."""
    lines = {
        model: {"init": NormLine(tuple(range(1, len(own) + 1)), tuple(own), (), (), 1)}
        for model, own in norms.items()
    }
    return next(panel for _, panel in norm_panels("copy, T=3", lines, {name: Look(0) for name in norms}, "state"))


def test_a_norm_that_explodes_moves_no_other_line_off_the_axis_and_is_told() -> None:
    for first in (0.0, 40.0):
        found = panel_of(gru=(-0.5, -3.0, -8.0), irnn=(first, 50.0, 63.0))
        assert found.y.low <= -8
        assert 16 <= found.y.high <= 20
        assert found.note == f"cut off above {found.y.ticks[-1].text}: irnn"
    assert panel_of(a=(40.0, 63.0), b=(50.0, 52.0)).y.high >= 52


def test_a_line_that_vanishes_is_cut_at_sixteen_decades_and_one_that_is_not_there_is_told() -> None:
    found = panel_of(gru=(-1.0, -20.0, -60.0))
    assert (found.y.low, found.note) == (pytest.approx(-17, abs=3), "")
    found = panel_of(gru=(-1.0, -2.0), small=(-40.0, -41.0))
    assert found.note == f"cut off below {found.y.ticks[0].text}: small"
