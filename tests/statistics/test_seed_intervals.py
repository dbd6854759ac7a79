"""Tests resamples of seeds: against tables that are written out, and usable lengths against the plain ones."""

from __future__ import annotations

import numpy as np
import pytest

from seqbench.statistics import Pair, SeedDraws, spearman, spearman_within, summary, usable_again, usable_length
from seqbench.statistics.seed_intervals import DRAWS, draw_seeds


def cells(random: np.random.Generator, tasks: int = 2, seeds: int = 4) -> list[Pair]:
    """Return cells of two lengths and three models, with ties."""
    found = []
    for task in range(tasks):
        for length in (16, 64):
            for seed in range(seeds):
                for model in range(3):
                    x = round(model + random.normal(), 1)
                    found.append(Pair(task, (task, length), x, round(x + random.normal(), 1), seed))
    return found


@pytest.mark.parametrize("correlation", [spearman, spearman_within])
def test_spread_is_that_of_tables_in_which_the_drawn_cells_are_written_out(correlation: type) -> None:
    seen = cells(np.random.default_rng(0))
    found = correlation(seen)
    draws = draw_seeds([(pair.cluster, pair.seed) for pair in seen])
    assert draws is not None
    again = []
    for times in draws.times:
        often = {place: int(times[i]) for place, i in draws.places.items()}
        again.append(correlation([pair for pair in seen for _ in range(often[pair.cluster, pair.seed])]).rho)
    # Two tasks of four seeds: six degrees of freedom, t = 2.447; four of three in the variance of four values.
    half = 2.4469 * np.std(again, ddof=1) * (4 / 3) ** 0.5
    assert found.over_seeds is not None
    assert found.over_seeds.low == pytest.approx(max(-1, found.rho - half), abs=1e-4)
    assert found.over_seeds.high == pytest.approx(min(1, found.rho + half), abs=1e-4)


def test_single_seed_of_any_task_leaves_no_interval() -> None:
    seen = cells(np.random.default_rng(0))
    assert spearman([pair for pair in seen if pair.cluster == 0 or pair.seed == 0]).over_seeds is None
    assert spearman([pair for pair in seen if pair.cluster == 0]).over_seeds is not None


def test_resamples_that_tell_no_spread_give_no_interval() -> None:
    # One model: two seeds of which one is drawn twice are copies of one cell at each length.
    alone = [
        Pair("copy", ("copy", t), float(x), float(y), s) for s, x, y in ((0, 1, 1), (1, 2, 2)) for t in (16, 64)
    ]
    assert spearman_within(alone).over_seeds is None
    # Whatever is drawn, the order is the same.
    same = [Pair("copy", "copy", float(x), float(x), seed) for seed in (0, 1) for x in range(3)]
    assert (spearman(same).rho, spearman(same).over_seeds) == (1.0, None)


def test_usable_length_of_a_resample_is_that_of_the_drawn_skills() -> None:
    random = np.random.default_rng(0)
    skills: dict[int, dict[int, float | None]] = {
        length: {seed: float(random.normal(0.6 - length / 400, 0.3)) for seed in range(3)}
        for length in (16, 64, 128)
    }
    skills[16] |= {1: None, 2: None}
    diverged = {64: [2]}
    skills[64][2] = None
    draws = draw_seeds([("adding", seed) for seed in range(3)])
    assert draws is not None
    found = usable_again(skills, diverged, "adding", draws)
    for steps, times in zip(found, draws.times, strict=True):
        known = {
            length: [s for seed, s in own.items() if s is not None for _ in range(int(times[seed]))]
            for length, own in skills.items()
        }
        if not known[16]:
            assert np.isnan(steps)
            continue
        plain = usable_length({t: summary(own) for t, own in known.items()}, [64] if times[2] else []).estimate
        assert steps == (plain.length or 0) + (0.5 if plain.is_open and plain.unknown is None else 0)


def test_seed_that_is_not_drawn_is_there_once() -> None:
    draws = SeedDraws({("copy", 0): 0}, np.full((DRAWS, 1), 2.0), 1, 0)
    assert draws.of("copy", [0, 7])[0].tolist() == [2.0, 1.0]
