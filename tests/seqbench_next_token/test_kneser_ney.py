"""Tests n-gram models against an implementation with dictionaries, written from the equations."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from seqbench_next_token.grammar import VOCABULARY
from seqbench_next_token.kneser_ney import UNKNOWN, KneserNey, modified_discounts, within
from seqbench_next_token.task import NextToken

WORDS = 30


def text(seed: int, tokens: int = 3000) -> list[int]:
    """Return tokens of which a few are frequent, and which follow one another in a pattern."""
    rng = np.random.default_rng(seed)
    drawn = (WORDS * rng.random(tokens) ** 3).astype(int)
    return [int(token) for token in np.where(rng.random(tokens) < 0.4, (np.roll(drawn, 1) * 7 + 3) % WORDS, drawn)]


class Naive:
    """Interpolated Kneser-Ney of one order by dictionaries: Chen & Goodman 1999, section 3."""

    def __init__(self, tokens: Sequence[int], order: int) -> None:
        self.order = order
        self.counts: list[dict[tuple[int, ...], int]] = [{} for _ in range(order + 1)]
        grams = {n: [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)] for n in range(1, order + 1)}
        self.counts[order] = Counter(grams[order])
        for n in range(1, order):
            self.counts[n] = Counter(gram[1:] for gram in set(grams[n + 1]))
            # A gram that only begins the text has nothing before it.
            self.counts[n] |= dict.fromkeys(set(grams[n]) - self.counts[n].keys(), 0)
        self.discounts = [(0.0, 0.0, 0.0), *(self.discounts_of(n) for n in range(1, order + 1))]
        self.after: list[dict[tuple[int, ...], list[int]]] = [defaultdict(list) for _ in range(order + 1)]
        for n in range(1, order + 1):
            for gram, count in self.counts[n].items():
                self.after[n][gram[:-1]].append(count)

    def discounts_of(self, n: int) -> tuple[float, ...]:
        n1, n2, n3, n4 = (sum(count == j for count in self.counts[n].values()) for j in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2) if n1 and n2 else 0.5
        found = [
            j - (j + 1) * y * after / of if of else math.inf
            for j, of, after in ((1, n1, n2), (2, n2, n3), (3, n3, n4))
        ]
        return tuple(d if 0 < d < j else y for j, d in enumerate(found, start=1))

    def probability(self, word: int, context: tuple[int, ...], vocabulary_size: int) -> float:
        n = len(context) + 1
        lower = 1 / vocabulary_size if n == 1 else self.probability(word, context[1:], vocabulary_size)
        following = self.after[n].get(context, [])
        total = sum(following)
        if not total:
            return lower
        discount = self.discounts[n]
        left = sum(discount[min(count, 3) - 1] for count in following if count)
        count = self.counts[n].get((*context, word), 0)
        share = (count - discount[min(count, 3) - 1]) / total if count else 0.0
        return share + left / total * lower


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_are_those_of_the_equations(order: int) -> None:
    train, test = text(0), text(1, 200)
    found = KneserNey.fit(train, WORDS, 5).log_probabilities(test)[order - 1]
    naive = Naive(train, order)
    for at in range(order, len(test)):
        expected = naive.probability(test[at], tuple(test[at - order + 1 : at]), WORDS)
        assert found[at - 1] == pytest.approx(math.log(expected), abs=1e-12)


def test_each_order_sums_to_one_after_a_thousand_contexts() -> None:
    train = text(0)
    model = KneserNey.fit(train, WORDS + 5, 5)  # five words that never occur
    contexts = model.contexts(text(2, 1000))
    words = np.arange(WORDS + 5)
    totals = [
        model.probabilities([np.full(len(words), ids[at]) for ids in contexts], words).sum(1) for at in range(1000)
    ]
    assert np.abs(np.array(totals) - 1).max() < 1e-9
    assert (
        min(
            model.probabilities([np.full(len(words), ids[at]) for ids in contexts], words).min() for at in range(5)
        )
        > 0
    )


def test_first_tokens_of_a_row_are_predicted_by_the_highest_order_that_their_context_allows() -> None:
    train, test = text(0), text(1, 60)
    model = KneserNey.fit(train, WORDS, 3)
    whole = model.log_probabilities(test)
    rows = within(whole, np.arange(59) % 10 + 1)
    # A text of its own for each row: the tokens before it are not there to be read.
    for row in range(5):
        own = model.log_probabilities(test[10 * row : 10 * row + 11])
        assert rows[:, 10 * row : 10 * row + 10] == pytest.approx(own, abs=1e-12)


def test_context_that_was_never_read_leaves_all_to_the_lower_order() -> None:
    model = KneserNey.fit([0, 1, 0, 1, 2], 4, 2)
    unseen = model.probabilities([np.zeros(4, dtype=int), np.full(4, UNKNOWN)], np.arange(4))
    continued = model.orders[0].continued
    assert continued is not None
    assert unseen[1] == pytest.approx(continued.interpolated(np.array([0, 1, 2, UNKNOWN]), np.zeros(4, int), 0.25))


def test_discounts_of_counts_that_give_none_keep_every_token_possible() -> None:
    assert modified_discounts(np.array([900, 800])) == (0.5, 0.5, 0.5)
    model = KneserNey.fit([0, 0, 0, 0, 0, 0], 3, 2)
    assert np.isfinite(model.log_probabilities([1, 2, 0])).all()


def test_text_of_the_grammar_is_predicted_better_by_n_grams_and_best_by_the_grammar() -> None:
    data = NextToken(train_tokens=30_000, test_tokens=2000).load(64, 0)
    losses = [baseline.scores["cross_entropy"] for baseline in data.baselines]
    assert math.log(len(VOCABULARY)) > losses[0] > losses[1] > min(losses[2:])
    assert min(losses) - data.metrics[0].best > 0.5


@pytest.mark.slow
def test_five_grams_on_wikitext_2_have_the_perplexity_that_was_measured(shared_data: Path) -> None:
    task = NextToken(data=str(shared_data / "text-wikitext-2"), vocabulary_size=40_000, carry=True)
    scores = {each.name: each.scores for each in task.load(35, 0).baselines}
    assert scores["Kneser-Ney, order 5"]["stream_perplexity"] == pytest.approx(217.80, abs=0.01)


def test_probability_of_a_token_that_never_comes_goes_to_the_others() -> None:
    model = KneserNey.fit(text(0), WORDS, 3)
    for last in range(1, WORDS):
        rows = [[3, 5, word] for word in range(WORDS) if word != last]
        chances = [np.exp(model.log_probabilities(row, never=last)[:, -1]) for row in rows]
        assert np.sum(chances, axis=0) == pytest.approx(1.0, abs=1e-12)


def test_orders_longer_than_the_text_predict_by_the_lower_ones() -> None:
    model = KneserNey.fit([0, 1, 0], 3, 5)
    found = np.sum([np.exp(model.log_probabilities([0, 1, 0, 1, word])[:, -1]) for word in range(3)], axis=0)
    assert found == pytest.approx(1.0, abs=1e-12)
