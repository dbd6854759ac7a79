"""Tests that tokens are drawn with the probabilities that temperature, top-k and top-p define."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from seqbench import Sampling
from seqbench.decoding.sampling import GREEDY, draw, probabilities
from seqbench.errors import ExperimentError

SCORES = torch.tensor([1.0, -0.5, 2.0, 2.0, -3.0, 0.3, -torch.inf, 1.5])


def naive(scores: list[float], temperature: float, top_k: int | None, top_p: float) -> list[float]:
    """Return the probabilities by their definition: sort, keep, divide by what is kept."""
    most = max(scores)
    weights = [math.exp((score - most) / temperature) for score in scores]
    chances = [weight / math.fsum(weights) for weight in weights]
    ranked = sorted(range(len(chances)), key=lambda token: (-chances[token], token))[: top_k or len(chances)]
    total = math.fsum(chances[token] for token in ranked)
    kept, mass = [], 0.0
    for token in ranked:
        if mass >= top_p:
            break
        kept.append(token)
        mass += chances[token] / total
    total = math.fsum(chances[token] for token in kept)
    return [chances[token] / total if token in kept else 0.0 for token in range(len(chances))]


SETTINGS = [
    Sampling(),
    Sampling(temperature=0.7),
    Sampling(temperature=1.6, top_k=3),
    Sampling(top_p=0.6),
    Sampling(temperature=2.0, top_k=5, top_p=0.9),
]


@pytest.mark.parametrize("sampling", SETTINGS, ids=str)
def test_tokens_come_as_often_as_the_probabilities_say(sampling: Sampling) -> None:
    expected = torch.tensor(
        naive(SCORES.tolist(), sampling.temperature, sampling.top_k, sampling.top_p), dtype=torch.float64
    )
    found, rng, draws = probabilities(SCORES, sampling), torch.Generator().manual_seed(5), 2000
    assert torch.allclose(found, expected, rtol=1e-12, atol=0)
    counts = torch.bincount(torch.tensor([draw(found, rng) for _ in range(draws)]), minlength=len(SCORES))
    is_possible = expected > 0
    assert int(counts[~is_possible].sum()) == 0
    assert chisquare(counts[is_possible], draws * expected[is_possible]).pvalue > 0.001


@settings(max_examples=60)
@given(
    st.lists(st.floats(-30, 30), min_size=1, max_size=12),
    st.floats(0.05, 20),
    st.none() | st.integers(1, 14),
    st.floats(0.01, 1),
)
def test_top_k_and_top_p_keep_what_the_definition_keeps(
    scores: list[float], temperature: float, top_k: int | None, top_p: float
) -> None:
    given_scores = torch.tensor(scores, dtype=torch.float64)
    found = probabilities(given_scores, Sampling(temperature=temperature, top_k=top_k, top_p=top_p))
    assert float(found.sum()) == pytest.approx(1.0, abs=1e-12)
    expected = naive(scores, temperature, top_k, top_p)
    # Where the mass before a token equals top_p up to rounding, either answer is right.
    if all((a > 0) == (b > 0) for a, b in zip(found.tolist(), expected, strict=True)):
        assert found.tolist() == pytest.approx(expected, rel=1e-9)
    else:
        assert any(abs(naive_mass - top_p) < 1e-9 for naive_mass in masses(scores, temperature, top_k))


def masses(scores: list[float], temperature: float, top_k: int | None) -> list[float]:
    """Return the probabilities of the most probable tokens, summed up."""
    ranked = sorted(naive(scores, temperature, top_k, 1.0), reverse=True)
    return [math.fsum(ranked[: n + 1]) for n in range(len(ranked))]


def test_a_low_temperature_tends_to_greedy_and_of_equals_the_first_is_taken() -> None:
    scores = torch.tensor([0.1, 3.0, 2.9, 3.0])
    assert probabilities(scores, GREEDY).tolist() == [0, 1, 0, 0]
    assert Sampling(temperature=0.0).is_greedy
    assert not Sampling(temperature=1e-300).is_greedy
    scores = torch.tensor([0.1, 3.0, 2.9])
    for temperature in (1e-3, 1e-30, 1e-300):
        assert torch.allclose(
            probabilities(scores, Sampling(temperature=temperature)), probabilities(scores, GREEDY)
        )


def test_of_equal_tokens_exactly_top_k_are_kept_the_first_ones() -> None:
    assert probabilities(torch.zeros(5), Sampling(top_k=2)).tolist() == [0.5, 0.5, 0, 0, 0]
    assert probabilities(torch.zeros(4), Sampling(top_p=0.5)).tolist() == [0.5, 0.5, 0, 0]
    assert probabilities(torch.zeros(4), Sampling(top_p=1e-9)).tolist() == [1, 0, 0, 0]


def test_a_token_without_probability_is_never_drawn_at_either_end() -> None:
    found = torch.tensor([0.0, 0.4, 0.0, 0.6, 0.0], dtype=torch.float64)
    rng = torch.Generator()
    assert {draw(found, rng.manual_seed(seed)) for seed in range(200)} == {1, 3}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("top_k", 0),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("top_p", math.nan),
        ("temperature", "a"),
        ("temperature", None),
        ("temperature", True),
        ("top_k", 2.5),
        ("top_k", "3"),
        ("top_p", "a"),
    ],
)
def test_what_is_no_number_or_out_of_range_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ExperimentError, match=f"{field} is {value!r}; it must be a"):
        Sampling(**{field: value})
