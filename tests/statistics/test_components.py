"""Tests variance components by an example worked by hand, by known variances, and by what must be left out."""

from __future__ import annotations

import numpy as np
import pytest

from seqbench.statistics import LAST, components, mean_shares, shares_by_task


def test_components_of_a_table_worked_by_hand() -> None:
    # Means of rows 2 and 5, of columns 2, 3, 5.5, of all 3.5: M = 3 * 4.5 / 1, S = 2 * 6.5 / 2, rest 1 / 2.
    found = components([[1, 1, 4], [3, 5, 7]])
    assert (found.model, found.seed, found.both) == pytest.approx(((13.5 - 0.5) / 3, (6.5 - 0.5) / 2, 0.5))
    assert sum(found.shares or ()) == pytest.approx(1)


def test_components_of_many_tables_are_the_variances_they_were_drawn_with() -> None:
    random = np.random.default_rng(0)
    found = []
    for _ in range(300):
        table = random.normal(0, 2, (5, 1)) + random.normal(0, 1, (1, 6)) + random.normal(0, 0.5, (5, 6))
        found.append(components(table.tolist()))
    means = [np.mean([getattr(each, name) for each in found]) for name in ("model", "seed", "both")]
    assert means == pytest.approx([4, 1, 0.25], rel=0.1)


def test_an_effect_that_is_lost_in_the_rest_is_none() -> None:
    found = components([[1.0, 0.0], [0.0, 1.0]])
    assert (found.model, found.seed) == (0, 0)
    assert components([[1.0, 1.0], [1.0, 1.0]]).shares is None


def test_lengths_where_a_model_has_no_skill_are_left_out_and_said() -> None:
    skills = {(length, seed): 0.1 * length + 0.01 * seed for length in (1, 2, 3) for seed in (0, 1)}
    whole = {("copy", *at): skill for at, skill in skills.items()}
    lost = {**{place: skill / 2 for place, skill in whole.items()}, ("copy", 2, 1): LAST}
    del lost["copy", 3, 0]
    (found,) = shares_by_task({"a": whole, "b": lost, "c": {}})
    assert (found.task, found.lengths, found.left_out, found.models, found.seeds) == ("copy", 1, 2, 2, 2)
    assert shares_by_task({"a": {("copy", 1, 0): 0.5}, "b": {("copy", 1, 0): 0.6}}) == []


def test_mean_of_shares_has_an_interval_over_tasks() -> None:
    def skills(apart: float) -> dict[tuple[str, int, int], float]:
        return {(f"t{t}", 8, s): apart * (1 + t) + 0.1 * s * (-1) ** t for t in range(4) for s in range(3)}

    means = mean_shares(shares_by_task({"a": skills(0.0), "b": skills(0.1)}))
    assert means is not None
    assert sum(each.mean for each in means) == pytest.approx(1)
    assert all(each.n == 4 and each.interval and each.interval.low >= 0 for each in means)
    assert mean_shares([]) is None


def test_models_that_are_all_alike_have_a_small_share_at_any_number_of_lengths() -> None:
    random = np.random.default_rng(0)
    found = []
    for _ in range(200):
        skills = {m: {("copy", t, s): random.normal() for t in range(4) for s in range(6)} for m in "abc"}
        found += [each.shares for each in shares_by_task(skills)]
    model, seed, both = np.mean([each for each in found if each], axis=0)
    # Cut at each length, they are 0.06 and 0.09.
    assert model < 0.045
    assert seed < 0.06
    assert both > 0.9
