"""Tests that the estimator's picks lie in the space, come from results alone, and go where scores are good."""

from __future__ import annotations

import math
import statistics
import sys
from typing import Any

import pytest

from seqbench import ExperimentError
from seqbench.experiment.search_space import read_values
from seqbench.records.search import Place
from seqbench.tuning.tpe import TpePicker, check_installed
from tests.tuning.test_proposals import row

PLACE = Place("last", "small", 4)
SPACE = {
    "learning_rate": read_values("log 1e-4..1e-1"), "weight_decay": read_values("uniform 0..0.5"),
    "small.layers": read_values("1..3"), "small.hidden_size": read_values([4, 8, None]),
}  # fmt: skip


def test_picks_lie_in_the_space_and_go_where_trials_were_good() -> None:
    pytest.importorskip("optuna")
    rates = [10 ** -(1 + 3 * n / 19) for n in range(20)]
    rows = [
        row(
            number, 1 - abs(math.log10(rate) + 2), setting={
                "learning_rate": rate, "weight_decay": 0.25, "small.layers": 2, "small.hidden_size": None,
            },
        )
        for number, rate in enumerate(rates)
    ]  # fmt: skip
    picked = TpePicker(0).settings(PLACE, SPACE, range(20, 32), rows)
    assert picked == TpePicker(0).settings(PLACE, SPACE, range(20, 32), rows)
    assert picked != TpePicker(1).settings(PLACE, SPACE, range(20, 32), rows)
    for setting in picked:
        assert 1e-4 <= setting["learning_rate"] <= 1e-1
        assert 0 <= setting["weight_decay"] <= 0.5
        assert setting["small.layers"] in (1, 2, 3)
        assert setting["small.hidden_size"] in (4, 8, None)
    # Of draws that are uniform in the logarithm the mean distance from 1e-2 would be 0.83.
    assert statistics.fmean(abs(math.log10(each["learning_rate"]) + 2) for each in picked) < 0.6


def test_trials_without_a_score_count_as_the_worst() -> None:
    pytest.importorskip("optuna")
    space = {"learning_rate": SPACE["learning_rate"]}
    rates = [10 ** -(1 + 3 * n / 19) for n in range(20)]
    # What diverges at a high rate had the best scores by then.
    ends = [("diverged", None) if rate > 3e-3 else ("ok", 0.5) for rate in rates]

    def low(ended: list[tuple[str, Any]]) -> float:
        rows = [
            row(n, 0.9, setting={"learning_rate": rates[n]}, status=status, score=score)
            for n, (status, score) in enumerate(ended)
        ]
        picked = TpePicker(0).settings(PLACE, space, range(20, 50), rows)
        return statistics.fmean(each["learning_rate"] < 3e-3 for each in picked)

    assert low(ends) > low([("ok", score or 0.9) for _, score in ends]) + 0.2


def test_without_optuna_it_is_said_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ExperimentError, match=r"pip install 'seqbench\[tune\]'"):
        check_installed()
