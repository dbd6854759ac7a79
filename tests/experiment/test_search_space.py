"""Tests what a search may try: its forms, its refusals, and how its draws are spread.

Modules: seqbench.experiment.settings, seqbench.experiment.trials, seqbench.experiment.tune.
"""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench import Experiment, ExperimentError
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import load
from seqbench.experiment.search_space import (
    ValueRange,
    grid_settings,
    grid_size,
    random_setting,
    read_values,
    share,
)

DRAWS = 4000


def kolmogorov(shares: list[float]) -> float:
    """Return the largest distance between the empirical distribution of numbers and that of 0..1."""
    ordered, n = sorted(shares), len(shares)
    return max(max((i + 1) / n - x, x - i / n) for i, x in enumerate(ordered))


def test_log_draws_lie_between_the_ends_and_are_uniform_in_the_logarithm() -> None:
    values = read_values("log 1e-4..3e-2")
    drawn = [random_setting({"learning_rate": values}, 0, k)["learning_rate"] for k in range(DRAWS)]
    assert min(drawn) >= 1e-4
    assert max(drawn) <= 3e-2
    shares = [math.log(x / 1e-4) / math.log(3e-2 / 1e-4) for x in drawn]
    # The critical value of Kolmogorov and Smirnov at 0.1%.
    assert kolmogorov(shares) < 1.95 / math.sqrt(DRAWS)


def test_whole_draws_reach_both_ends_equally_often() -> None:
    drawn = [random_setting({"layers": read_values("1..8")}, 3, k)["layers"] for k in range(DRAWS)]
    counts = [drawn.count(n) for n in range(1, 9)]
    expected = DRAWS / 8
    assert sum(counts) == DRAWS
    # Chi-square with 7 degrees of freedom, at 0.1%.
    assert sum((n - expected) ** 2 / expected for n in counts) < 24.3


def test_log_draws_of_whole_numbers_are_uniform_over_doublings() -> None:
    drawn = [random_setting({"units": read_values("log 16..255")}, 1, k)["units"] for k in range(DRAWS)]
    assert all(isinstance(n, int) and 16 <= n <= 255 for n in drawn)
    octaves = [sum(2**n <= each < 2 ** (n + 1) for each in drawn) for n in range(4, 8)]
    assert max(octaves) / min(octaves) < 1.2


@given(
    st.floats(0, 1, exclude_max=True), st.sampled_from(["log 1e-4..3e-2", "uniform 0..0.5", "1..8", "log 2..9"])
)
def test_no_share_leads_out_of_a_range(at: float, text: str) -> None:
    values = read_values(text)
    assert isinstance(values, ValueRange)
    assert values.low <= values.at(at) <= values.high


def test_draws_of_one_parameter_do_not_depend_on_the_others_or_on_the_model() -> None:
    alone = {"learning_rate": read_values("log 1e-4..3e-2")}
    more = {"lstm.hidden_size": read_values([64, 128]), **alone}
    for k in range(20):
        assert random_setting(alone, 0, k)["learning_rate"] == random_setting(more, 0, k)["learning_rate"]
    between = [share(0, "a", k) - share(0, "b", k) for k in range(1000)]
    assert abs(statistics.fmean(between)) < 0.05
    assert len({share(seed, "a", k) for seed in range(10) for k in range(10)}) == 100


def test_draws_have_four_digits_so_that_a_logarithm_of_another_machine_moves_none() -> None:
    drawn = random_setting({"x": read_values("log 1e-4..3e-2")}, 0, 7)["x"]
    assert drawn == float(f"{drawn:.4g}")


def test_a_grid_is_the_product_in_the_order_of_the_space() -> None:
    space = {"learning_rate": read_values([1e-3, 1e-2]), "layers": read_values("1..3")}
    assert grid_size(space) == 6
    assert grid_settings(space)[1] == {"learning_rate": 1e-3, "layers": 2}
    with pytest.raises(ValueError, match="a grid needs each value"):
        grid_size({"learning_rate": read_values("log 1e-4..1e-2")})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (64, "write a list such as"), ("1e-4..3e-2", "'log 1e-4..3e-2' or 'uniform"), ("8..1", "goes up"),
        ("log 0..1", "begins above 0"), ([], "one or more"), ([64, 64], "twice"), ([[1]], "one or more"),
        ("log 1e-4", "write a list"), ("uniform 0..1e999", "goes up"),
    ],
)  # fmt: skip
def test_what_is_no_list_and_no_range_is_refused(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_values(value)


GOOD = """\
tasks: [copy]
models: [lstm]
lengths: [8]
tune:
  space: {learning_rate: log 1e-4..3e-2, lstm.hidden_size: [8, 16]}
  trials: 3
"""


def test_a_file_and_the_command_line_give_the_section(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    tune = load(path, settings(["tune.trials=12", "tune.space.lstm.hidden_size=[4]", "tune.seed=3"])).tune
    assert tune is not None
    assert (tune.trials, tune.seed, tune.trial_seeds) == (12, 3, (10_000,))
    assert tune.told["space"] == {"learning_rate": "log 1e-4..3e-2", "lstm.hidden_size": [4]}
    assert load(path, settings(["tune=off"])).tune is None
    path.write_text(GOOD.partition("tune:")[0] + "tune: off\n")
    assert load(path).tune is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trials: 3", "trails: 3", "mine.yaml:6: no field of tune is called 'trails'; did you mean 'trials'"),
        ("trials: 3", "trials: 0", "mine.yaml:6: tune.trials is to be 1 or more"),
        ("log 1e-4..3e-2", "1e-4..3e-2", "mine.yaml:5: tune.space.learning_rate: write how"),
        ("  trials: 3\n", "", "mine.yaml:4: tune: the budget is missing"),
        ("trials: 3", "trials: 3\n  compute: 1e9", "tune: the budget is trials"),
        ("trials: 3", "trials: 3\n  trial_seeds: [0]", "mine.yaml:4: tune: trial_seeds has 0, which is a seed"),
        ("trials: 3", "trials: 3\n  trial_seeds: [7, 7]", "a seed stands here twice"),
        ("trials: 3", "method: grid\n  prune: true", "leave prune out"),
        (
            GOOD.splitlines()[4],
            "  space: {}",
            "mine.yaml:5: tune.space is to be a mapping of names",
        ),
    ],
)
def test_faults_of_the_section_are_told_with_their_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ExperimentError) as caught:
        load(path)
    assert said in str(caught.value)


def test_python_has_the_same_section() -> None:
    fields: Any = {"tasks": ["copy"], "models": ["lstm"], "lengths": [8]}
    made = Experiment(**fields, tune={"space": {"learning_rate": [1e-3, 1e-2]}, "method": "grid"})
    assert made.tune is not None
    assert made.tune.trials is None


@pytest.mark.parametrize(
    ("told", "inside", "outside"),
    [
        ("log 1e-3..1e-1", [1e-3, 0.02, 0.1], [0.5, 9e-4, "0.02", None, True]),
        ("1..8", [1, 8, 3.0], [0, 9, 2.5]),
        ([64, None, "a"], [64, None, "a"], [65, "b", 0]),
        ([0, 1], [0, 1.0], [True, False]),
    ],
)
def test_a_value_that_no_draw_gives_is_not_held(told: Any, inside: list[Any], outside: list[Any]) -> None:
    values = read_values(told)
    assert all(values.holds(each) for each in inside)
    assert not any(values.holds(each) for each in outside)
