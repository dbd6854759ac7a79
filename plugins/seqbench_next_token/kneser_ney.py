"""Estimates the probability of a token after up to four others by interpolated, modified Kneser-Ney smoothing.

The equations are those of Chen & Goodman (1999), section 3; every order is interpolated, the lowest one with the
uniform distribution, so that each token of the vocabulary has a probability. Imports nothing of seqbench.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Numbers = NDArray[np.float64]

UNKNOWN = -1
"""The id of an n-gram that the training text does not have."""

_DEFAULT_DISCOUNT = 0.5
"""Used where the counts of counts give none, as in a text whose characters are all frequent."""


@dataclass(frozen=True, eq=False)
class Smoothed:
    """The n-grams of one order, as one term of the interpolation: p(w | h) = share(hw) + weight(h) p(w | h').

    Attributes:
        shares: [n-grams + 1], (c(hw) - D(c(hw))) / sum over w of c(hw); the last one, 0, is of unknown n-grams.
        weights: [contexts + 1], what the discounts of the context leave over; 1 for unknown contexts.
    """

    shares: Numbers
    weights: Numbers

    @staticmethod
    def of(counts: Ids, contexts: Ids, number: int, discounts: Sequence[float] | None = None) -> Smoothed:
        """Smooth counts.

        Args:
            counts: [n-grams], c(hw): occurrences, or different tokens before it.
            contexts: [n-grams], the id of h.
            number: how many contexts there are.
            discounts: D1, D2 and D3+; by default those that the counts give.
        """
        import numpy as np

        by_count = np.array([0.0, *(discounts or modified_discounts(counts))])
        discount = by_count[np.minimum(counts, 3)]
        totals = np.bincount(contexts, counts, number)
        left = np.bincount(contexts, discount, number)
        is_known = totals > 0
        weights = np.divide(left, totals, out=np.ones(number), where=is_known)
        shares = (counts - discount) / np.where(is_known, totals, 1.0)[contexts]
        return Smoothed(np.append(shares, 0.0), np.append(weights, 1.0))

    def interpolated(self, grams: Ids, contexts: Ids, lower: Numbers) -> Numbers:
        """Return p(w | h) of some n-grams, given p(w | h') with the first token of the context left out."""
        return self.shares[grams] + self.weights[contexts] * lower


def modified_discounts(counts: Ids) -> tuple[float, float, float]:
    """Return D1, D2 and D3+ from the numbers n1 to n4 of n-grams with these counts (Chen & Goodman 1999).

    D1 = 1 - 2Y n2/n1, D2 = 2 - 3Y n3/n2, D3+ = 3 - 4Y n4/n3 with Y = n1 / (n1 + 2 n2). Where one is not between 0
    and its count, as for counts of a small text, it is Y, or 0.5 without n1 and n2.

    >>> import numpy as np
    >>> [round(each, 3) for each in modified_discounts(np.repeat([1, 2, 3, 4], [400, 100, 50, 30]))]
    [0.667, 1.0, 1.4]
    """
    import numpy as np

    n1, n2, n3, n4 = (int((counts == count).sum()) for count in (1, 2, 3, 4))
    single = n1 / (n1 + 2 * n2) if n1 and n2 else _DEFAULT_DISCOUNT
    pairs = zip((1, 2, 3), (n1, n2, n3), (n2, n3, n4), strict=True)
    found = [j - (j + 1) * single * after / n if n else np.inf for j, n, after in pairs]
    first, second, third = (each if 0 < each < j else single for j, each in enumerate(found, start=1))
    return first, second, third


@dataclass(frozen=True, eq=False)
class Order:
    """The n-grams of one order.

    Attributes:
        keys: [n-grams], sorted: the id of the context times the size of the vocabulary, and the last token.
        highest: by occurrences; for this order as the highest one.
        continued: by the number of different tokens before the n-gram, N1+(. w); for this order as a lower one.
            None for the last order.
    """

    keys: Ids
    highest: Smoothed
    continued: Smoothed | None

    def find(self, contexts: Ids, words: Any, vocabulary_size: int) -> Ids:
        """Return the ids of the n-grams of a context and a token each, UNKNOWN where there is none."""
        import numpy as np

        keys = contexts * vocabulary_size + words
        if not len(self.keys):
            return np.full_like(keys, UNKNOWN)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where((contexts != UNKNOWN) & (self.keys[places] == keys), places, UNKNOWN)


@dataclass(frozen=True, eq=False)
class KneserNey:
    """Kneser-Ney models of order 1 to n that share their counts.

    Attributes:
        vocabulary_size: tokens are 0 to ``vocabulary_size - 1``.
        orders: the n-grams of order 1, 2, ..., n.
    """

    vocabulary_size: int
    orders: tuple[Order, ...]

    @staticmethod
    def fit(
        tokens: Any, vocabulary_size: int, order: int, discounts: Sequence[Sequence[float]] | None = None
    ) -> KneserNey:
        """Count the n-grams of a text.

        Args:
            tokens: [tokens] integers, one at least. An order of which it has no n-gram predicts by the lower ones.
            vocabulary_size: of the uniform distribution.
            order: n, the highest order.
            discounts: D1, D2 and D3+ of each order; by default those that its counts give.
        """
        import numpy as np

        text = np.asarray(tokens, dtype=np.int64)
        ending = np.zeros(len(text) + 1, dtype=np.int64)  # the id of the (k-1)-gram that ends before each token
        found: list[tuple[Ids, Ids]] = []
        before: list[Ids] = []
        for k in range(1, order + 1):
            keys, first, ids, counts = np.unique(
                ending[:-1] * vocabulary_size + text[k - 1 :],
                return_index=True,
                return_inverse=True,
                return_counts=True,
            )
            # Each different k-gram has one more token before the (k-1)-gram that it ends with.
            before.append(np.bincount(ending[first + 1], minlength=len(found[-1][0]) if found else 1))
            found.append((keys, counts))
            ending = ids
        own = discounts or [None] * order  # type: ignore[list-item]
        orders = [
            _order(
                keys, counts, _following(before, k), (vocabulary_size, len(found[k - 1][0]) if k else 1), own[k]
            )
            for k, (keys, counts) in enumerate(found)
        ]
        return KneserNey(vocabulary_size, tuple(orders))

    def contexts(self, tokens: Any) -> list[Ids]:
        """Return for k = 0, 1, ..., n - 1 the ids of the k tokens up to each token of a text: [tokens] each."""
        import numpy as np

        text = np.asarray(tokens, dtype=np.int64)
        found = [np.zeros(len(text), dtype=np.int64)]
        for order in self.orders[:-1]:
            before = np.append(0 if len(found) == 1 else UNKNOWN, found[-1][:-1])
            found.append(order.find(before, text, self.vocabulary_size))
        return found

    def probabilities(self, contexts: Sequence[Ids], words: Any) -> Numbers:
        """Return p(word | context) by the models of order 1 to n: [n, words].

        Args:
            contexts: for k = 0, ..., n - 1 the id of the k tokens before each word: [words] each.
            words: [words]
        """
        import numpy as np

        lower = np.full(np.shape(words), 1 / self.vocabulary_size)
        found = np.empty((len(self.orders), *np.shape(words)))
        for k, (order, before) in enumerate(zip(self.orders, contexts, strict=True)):
            grams = order.find(before, words, self.vocabulary_size)
            found[k] = order.highest.interpolated(grams, before, lower)
            if order.continued is not None:
                lower = order.continued.interpolated(grams, before, lower)
        return found

    def log_probabilities(self, tokens: Any, never: int | None = None) -> Numbers:
        """Return ln p of each token but the first, given those before it, by order 1 to n: [n, tokens - 1].

        A model of order k reads the k - 1 tokens before; a token that has fewer before it in this text is
        predicted by the highest order that they allow.

        Args:
            tokens: [tokens]
            never: a token that is known not to come; the others share its probability in proportion to theirs.
        """
        import numpy as np

        text = np.asarray(tokens, dtype=np.int64)
        contexts = [ids[:-1] for ids in self.contexts(text)]
        found = self.probabilities(contexts, text[1:])
        if never is not None:
            found /= 1.0 - self.probabilities(contexts, np.full_like(text[1:], never))
        return within(np.log(found), np.arange(1, len(text)))


def within(log_probabilities: Any, context: Any) -> Numbers:
    """Return ln p by models that see only part of what is before each token.

    A model of order k reads k - 1 tokens. Where fewer may be read, the highest order that they allow predicts.

    Args:
        log_probabilities: [n, tokens], by order 1 to n.
        context: [tokens], how many tokens before each may be read.
    """
    import numpy as np

    numbers = np.asarray(log_probabilities)
    orders = np.minimum(np.arange(len(numbers))[:, None], np.asarray(context)[None])
    return np.take_along_axis(numbers, orders, 0)


def _following(before: Sequence[Ids], k: int) -> Ids | None:
    """Return how many different tokens stand before each n-gram of a place in the list of orders."""
    return before[k + 1] if k + 1 < len(before) else None


def _order(
    keys: Ids, counts: Ids, continued: Ids | None, sizes: tuple[int, int], discounts: Sequence[float] | None
) -> Order:
    """Return an order, given the sizes of the vocabulary and of the list of its contexts."""
    vocabulary_size, number = sizes
    contexts = keys // vocabulary_size
    return Order(
        keys,
        Smoothed.of(counts, contexts, number, discounts),
        None if continued is None else Smoothed.of(continued, contexts, number, discounts),
    )
