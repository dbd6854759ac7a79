"""Scores orders of words: the metrics, chance, a bigram model and a model of word positions.

Two equal words of a sentence are interchangeable in everything here. Sentences are handled side by side, so that
the cost grows with the text, and with the square of the length only within a sentence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from seqbench import Batch, Metric, scored_items
from seqbench_word_order.sentences import UNKNOWN
from seqbench_word_order.text import DELIMITER

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

PADDING = -1


@dataclass(frozen=True, eq=False)
class Sentences:
    """The sentences of a batch side by side, one in each row, without their marks.

    Attributes:
        row: [sentences], the example that the sentence is in.
        step: [sentences, words], the step at which each of its words is the target.
        given: [sentences, words], its words as they were given; PADDING after the last.
        right: [sentences, words], its words in the right order; PADDING after the last.
    """

    row: Tensor
    step: Tensor
    given: Tensor
    right: Tensor

    @property
    def is_word(self) -> Tensor:
        """[sentences, words]: which places are not padding."""
        return self.given != PADDING


def metrics() -> tuple[Metric, ...]:
    """Return position accuracy (the primary one), perfect sentences, Kendall's tau and the loss."""

    def rated(rate: Callable[[Tensor, Sentences], Tensor]) -> Callable[[Tensor, Batch], tuple[Tensor, ...]]:
        return partial(_rate_outputs, rate)

    def by_text(rate: Callable[[Tensor, Sentences], Tensor]) -> Callable[[Tensor, Batch], tuple[Tensor, Tensor]]:
        return partial(_sums_by_text, rate)

    hits, perfect, order = word_hits, perfect_sentences, kendall_tau
    return (
        Metric("position_accuracy", _mean, prepare=rated(hits), worst=0.0, per_example=by_text(hits)),
        Metric("perfect_sentences", _mean, prepare=rated(perfect), worst=0.0, per_example=by_text(perfect)),
        Metric("kendall_tau", _mean, prepare=rated(order), worst=-1.0, per_example=by_text(order)),
        Metric("loss", _mean, best=0.0, is_higher_better=False, prepare=_losses),
    )


def _mean() -> torchmetrics.Metric:
    """Return a mean that lets NaN through; torchmetrics would otherwise leave such values out."""
    from torchmetrics import MeanMetric

    return MeanMetric(nan_strategy="disable")


def rates(said: Tensor, sentences: Sentences) -> dict[str, float]:
    """Score an order of words that was not decoded from outputs: metric -> score, without the loss."""
    return {
        "position_accuracy": float(word_hits(said, sentences).mean()),
        "perfect_sentences": float(perfect_sentences(said, sentences).mean()),
        "kendall_tau": float(kendall_tau(said, sentences).mean()),
    }


def _rate_outputs(
    rate: Callable[[Tensor, Sentences], Tensor], outputs: Tensor, batch: Batch
) -> tuple[Tensor, ...]:
    sentences = sentences_of(batch)
    return (rate(decode(outputs, sentences), sentences),)


def _sums_by_text(
    rate: Callable[[Tensor, Sentences], Tensor], outputs: Tensor, batch: Batch
) -> tuple[Tensor, Tensor]:
    """Return the sum and the number of the rated words or sentences of each text: [batch] each."""
    sentences = sentences_of(batch)
    found = rate(decode(outputs, sentences), sentences)
    is_of_words = len(found) > len(sentences.row)
    row = sentences.row.repeat_interleave(sentences.is_word.sum(1)) if is_of_words else sentences.row
    zeros = found.new_zeros(len(batch.targets))
    return zeros.index_add(0, row, found), zeros.index_add(0, row, found.new_ones(found.shape))


def _losses(outputs: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    from torch.nn.functional import cross_entropy

    scored, targets = scored_items(outputs, batch)
    return (cross_entropy(scored, targets, reduction="none"),)


def sentences_of(batch: Batch) -> Sentences:
    """Put the sentences of a batch (text, delimiter, a blank for each token of text) side by side."""
    import torch

    tokens = (batch.lengths - 1) // 2
    text = batch.inputs[:, : int(tokens.max())]
    place = torch.arange(text.shape[1], device=text.device)
    is_text = place < tokens[:, None]
    is_word = is_text & (text >= UNKNOWN)
    ended = (is_text & ~is_word).cumsum(1) + torch.arange(len(text), device=text.device)[:, None] * text.shape[1]
    row, column = is_word.nonzero(as_tuple=True)
    _, sentence, sizes = torch.unique_consecutive(ended[row, column], return_inverse=True, return_counts=True)
    first = sizes.cumsum(0) - sizes
    within = torch.arange(len(row), device=text.device) - first[sentence]

    def aside(values: Tensor, padding: int) -> Tensor:
        table = values.new_full((len(sizes), int(sizes.max())), padding)
        table[sentence, within] = values
        return table

    step = tokens[row] + 1 + column
    right = batch.targets[row, step]
    return Sentences(row[first], aside(step, 0), aside(text[row, column], PADDING), aside(right, PADDING))


def decode(outputs: Tensor, sentences: Sentences) -> Tensor:
    """Decode the words of each sentence in order, at each step the likeliest unused word.

    Args:
        outputs: [batch, time, vocabulary] logits.
        sentences: of the same batch.

    Returns:
        [sentences, words], PADDING after the last word.
    """
    words = sentences.given.clamp(min=0)
    logits = outputs[sentences.row[:, None, None], sentences.step[:, :, None], words[:, None, :]]
    return _greedy(sentences, lambda place, _: logits[:, place])


def bigram_order(sentences: Sentences, bigrams: Bigrams) -> Tensor:
    """Start each sentence with its commonest first word, and continue with the word that most often came next."""
    return _greedy(sentences, lambda _, last: bigrams.count(last[:, None], sentences.given))


def place_order(sentences: Sentences, tokens: Tensor, size: int) -> Tensor:
    """Choose at each place of a sentence the word that most often stood there in the training ``tokens``.

    This is the best without a memory of the words; ``tokens`` and ``size`` as in `Bigrams.fit`.
    """
    is_word = tokens >= UNKNOWN
    so_far = is_word.cumsum(0)
    place = so_far - (so_far * ~is_word).cummax(0).values - 1
    most = sentences.given.shape[1]
    counted = is_word & (place < most)
    counts = (place * size + tokens)[counted].bincount(minlength=most * size).reshape(most, size)
    return _greedy(sentences, lambda at, _: counts[at][sentences.given.clamp(min=0)])


def _greedy(sentences: Sentences, score: Callable[[int, Tensor], Tensor]) -> Tensor:
    """Take the unused word with the highest ``score(place, last word)``; of equal ones, the first given."""
    import torch

    is_free = sentences.is_word
    last = torch.full_like(sentences.row, DELIMITER)
    said = torch.full_like(sentences.given, PADDING)
    for place in range(said.shape[1]):
        # A sentence's own -inf or NaN must not look like a used word.
        scores = score(place, last).double().nan_to_num(nan=-1e300, neginf=-1e300)
        choice = scores.masked_fill(~is_free, -math.inf).argmax(1, keepdim=True)
        last = sentences.given.gather(1, choice)[:, 0]
        said[:, place] = last
        is_free = is_free.scatter(1, choice, False)
    return said.masked_fill(~sentences.is_word, PADDING)


@dataclass(frozen=True, eq=False)
class Bigrams:
    """Counts of pairs of consecutive tokens in the training sentences.

    There is no smoothing: adding a constant to every count would not change which of two words is more common.

    Attributes:
        pairs: [distinct pairs], ``previous * size + next``, ascending.
        counts: [distinct pairs].
        size: the number of tokens.
    """

    pairs: Tensor
    counts: Tensor
    size: int

    @staticmethod
    def fit(tokens: Tensor, size: int) -> Bigrams:
        """Count in sentences that lie one after the other ([tokens]), each closed by its mark."""
        import torch

        following = tokens.long()
        previous = following.roll(1)
        previous[0] = DELIMITER
        # A mark, or the delimiter, stands for the start of a sentence.
        previous[previous < UNKNOWN] = DELIMITER
        pairs = (previous * size + following)[following >= UNKNOWN]
        distinct, counts = torch.unique(pairs, return_counts=True)
        return Bigrams(distinct, counts, size)

    def count(self, previous: Tensor, following: Tensor) -> Tensor:
        """Return how often ``following`` came after ``previous``: tensors that broadcast."""
        import torch

        pairs = previous * self.size + following
        at = torch.searchsorted(self.pairs, pairs).clamp(max=len(self.pairs) - 1)
        return self.counts[at] * (self.pairs[at] == pairs)


def word_hits(said: Tensor, sentences: Sentences) -> Tensor:
    """Return 1 for each word at its right place, else 0: [words]."""
    is_word = sentences.is_word
    return (said[is_word] == sentences.right[is_word]).double()


def perfect_sentences(said: Tensor, sentences: Sentences) -> Tensor:
    """Return 1 for each sentence without a word out of place, else 0: [sentences]."""
    return (said == sentences.right).all(1).double()


def kendall_tau(said: Tensor, sentences: Sentences) -> Tensor:
    """Return Kendall's rank correlation of said and right order for each sentence: [sentences].

    ``1 - 4 d / (n (n - 1))`` with d the least number of swaps of neighbours that restores the order (Kendall
    1938, "A new measure of rank correlation", as the distance form of tau-a). Equal words are matched in the
    order in which they occur, which is what makes d least.
    """
    import torch

    rank = torch.empty_like(said)
    rank.scatter_(1, said.argsort(dim=1, stable=True), sentences.right.argsort(dim=1, stable=True))
    is_later = torch.ones(said.shape[1], said.shape[1], dtype=torch.bool, device=said.device).triu(1)
    swaps = ((rank[:, :, None] > rank[:, None, :]) & is_later).sum((1, 2))
    size = sentences.is_word.sum(1)
    return 1 - 4 * swaps / (size * (size - 1)).double()


def chance(sentences: Sentences) -> dict[str, float]:
    """Return the expected value of each metric when all orders of a sentence's words are equally likely."""
    rows = [_words(row) for row in sentences.right.tolist()]
    hits = sum(sum(n * n for n in Counter(row).values()) / len(row) for row in rows)
    perfect = sum(math.prod(map(math.factorial, Counter(row).values())) / math.factorial(len(row)) for row in rows)
    return {
        "position_accuracy": hits / sum(map(len, rows)),
        "perfect_sentences": perfect / len(rows),
        "kendall_tau": sum(map(_chance_tau, rows)) / len(rows),
    }


def _words(row: Sequence[int]) -> list[int]:
    return [word for word in row if word != PADDING]


def _chance_tau(row: Sequence[int]) -> float:
    """Return the expected tau of a random order; not 0 if words repeat, because equal words are never swapped."""
    counts = Counter(row)
    if len(counts) == len(row):
        return 0.0
    occurrences = list(_numbered(row))
    swaps = sum(
        0.0 if word == other else 1 - _comes_first(nth, counts[word], other_nth, counts[other])
        for i, (word, nth) in enumerate(occurrences)
        for other, other_nth in occurrences[i + 1 :]
    )
    return 1 - 4 * swaps / (len(row) * (len(row) - 1))


def _numbered(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield each word with which occurrence of it this is, from 1."""
    seen: Counter[int] = Counter()
    for word in row:
        seen[word] += 1
        yield word, seen[word]


def _comes_first(i: int, m: int, j: int, n: int) -> float:
    """Return the probability that the i-th of m a's stands before the j-th of n b's in a random order.

    It does when fewer than j b's stand before it.

    >>> _comes_first(1, 2, 1, 1)
    0.6666666666666666
    """
    ways = sum(math.comb(i - 1 + k, k) * math.comb(m - i + n - k, n - k) for k in range(j))
    return ways / math.comb(m + n, m)
