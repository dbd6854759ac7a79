"""Tests that the fitted lexicon is that of model 1, against dictionaries and loops written from the equations."""

from __future__ import annotations

import math
import random
from collections import defaultdict

import numpy as np
import pytest
from seqbench_translation.lexicon_model import _linked, fitted, fitted_lexicon

Pairs = list[tuple[list[str], list[str]]]


def some_pairs(seed: int, sentences: int = 40) -> Pairs:
    rng = random.Random(seed)

    def words(letters: str) -> list[str]:
        return [rng.choice(letters) for _ in range(rng.randint(1, 6))]

    return [(words("abcdef"), words("uvwxyz")) for _ in range(sentences)]


def plainly(pairs: Pairs, rounds: int) -> tuple[dict[tuple[str, str], float], list[float]]:
    """Return t(e | f) by (f, e) and the log-likelihood before each round (Brown et al. 1993, section 4.1)."""
    with_null = [(["", *source], target) for source, target in pairs]
    words = {e for _, target in pairs for e in target}
    t = {(f, e): 1 / len(words) for source, target in with_null for f in source for e in target}
    likelihoods = []
    for _ in range(rounds):
        count: dict[tuple[str, str], float] = defaultdict(float)
        total: dict[str, float] = defaultdict(float)
        likelihood = 0.0
        for source, target in with_null:
            for e in target:
                norm = sum(t[f, e] for f in source)
                likelihood += math.log(norm / len(source))
                for f in source:
                    count[f, e] += t[f, e] / norm
                    total[f] += t[f, e] / norm
        likelihoods.append(likelihood)
        t = {(f, e): c / total[f] for (f, e), c in count.items()}
    return t, likelihoods


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_are_those_of_the_equations(seed: int) -> None:
    pairs = some_pairs(seed)
    given, written = {"": 0}, {}
    links = _linked(pairs, given, written)
    table = fitted(links, len(given), len(written), rounds=7)
    expected, likelihoods = plainly(pairs, 7)
    sources, targets = list(given), list(written)
    found = {
        (sources[f], targets[e]): p for f, e, p in zip(table.source, table.target, table.probability, strict=True)
    }
    assert found.keys() == expected.keys()
    assert max(abs(found[each] - expected[each]) for each in expected) < 1e-12
    assert likelihoods == sorted(likelihoods)
    for f in range(len(given)):
        assert math.isclose(table.probability[table.source == f].sum(), 1.0, rel_tol=1e-12)


def test_a_word_always_seen_beside_another_is_its_translation_whatever_stands_around_it() -> None:
    rng = random.Random(1)
    words = {f"s{i}": f"t{i}" for i in range(30)}
    sources = [rng.sample(list(words), 6) for _ in range(300)]
    pairs = [(source, rng.sample([words[word] for word in source], 6)) for source in sources]
    assert fitted_lexicon(pairs) == words


def test_of_equal_probabilities_the_first_word_of_the_text_is_taken() -> None:
    assert fitted_lexicon([(["a"], ["y", "x"]), (["a"], ["x", "y"])]) == {"a": "y"}


def test_links_are_counted_and_a_long_text_is_cut_where_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqbench_translation.lexicon_model.MOST_LINKS", 12)
    given, written = {"": 0}, {}
    links = _linked([(["a", "b"], ["x", "y"]), (["c", "d"], ["x", "z"]), (["e"], ["q"])], given, written)
    assert len(links.source) == 12
    assert "e" not in given
    assert np.array_equal(np.bincount(links.place), [3, 3, 3, 3])
