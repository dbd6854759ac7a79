"""Judges texts that a network wrote freely: their probability, their variety, and what they copied.

Copies are found by hashes of runs of tokens (Karp & Rabin 1987), exact but for a chance of about one in 10^9.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from seqbench_next_token.kneser_ney import KneserNey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

RUN = 8
"""Tokens of a run whose copies are counted."""

GRAMS = (1, 2, 3, 4)
"""Lengths of the n-grams whose variety is measured."""

MEANINGS = {
    "kneser_ney_perplexity": "of the texts under the best n-gram model of the training text; low: likely texts",
    **{f"distinct_{n}": f"share of different {n}-grams among all; low: repetition" for n in GRAMS},
    "longest_copied_run": "tokens of the longest run that the training text has too",
    f"copied_{RUN}_grams": f"share of runs of {RUN} tokens that the training text has too",
}
"""What each score means."""

_BASE = 0x9E3779B97F4A7C15
"""An odd number: hashes are taken modulo 2^64."""


def judged(samples: Sequence[Sequence[int]], train: Any, model: KneserNey, order: int) -> dict[str, float]:
    """Return the scores of samples; one that they are too short for is left out.

    Args:
        samples: tokens of each.
        train: [tokens], the training text.
        model: fitted on it.
        order: of the models in it, the one that predicts best.

    Returns:
        ``kneser_ney_perplexity``; ``distinct_1`` to ``distinct_4``, the share of different n-grams among all;
        ``longest_copied_run`` in tokens; ``copied_8_grams``, the share that the training text has too.
    """
    texts = [list(sample) for sample in samples]
    return {
        **_perplexity(texts, model, order),
        **{f"distinct_{n}": share for n in GRAMS if (share := distinct(texts, n)) is not None},
        **copied(texts, train),
    }


def distinct(texts: Sequence[Sequence[int]], n: int) -> float | None:
    """Return the share of different n-grams among all of them; None if there is none (Li et al. 2016).

    >>> distinct([[1, 2, 1, 2]], 2)
    0.6666666666666666
    """
    grams = [tuple(text[at : at + n]) for text in texts for at in range(len(text) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None


def copied(texts: Iterable[Sequence[int]], train: Any) -> dict[str, float]:
    """Return the longest run of tokens that stands in the training text too, and the share of copied 8-grams."""
    import numpy as np

    source = _Hashed(np.asarray(train))
    hashed = [_Hashed(np.asarray(text)) for text in texts if len(text)]
    if not hashed:
        return {}
    found: dict[str, float] = {"longest_copied_run": _longest(hashed, source)}
    runs = [each.runs(RUN) for each in hashed]
    if total := sum(map(len, runs)):
        found["copied_8_grams"] = float(np.isin(np.concatenate(runs), source.runs(RUN)).sum()) / total
    return found


class _Hashed:
    """A text whose runs are hashed: those of one length at once."""

    def __init__(self, tokens: Any) -> None:
        import numpy as np

        self.size = len(tokens)
        # Each token becomes a number of 64 bits, mixed well, so that small tokens do not collide.
        mixed = (tokens.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0x94D049BB133111EB)
        self._inverses = _powers(pow(_BASE, -1, 2**64), self.size)
        # The sum of token i times base^i, up to each place.
        self._sums = np.zeros(self.size + 1, dtype=np.uint64)
        np.cumsum(mixed * _powers(_BASE, self.size)[:-1], out=self._sums[1:])

    def runs(self, length: int) -> Hashes:
        """Return the hash of each run of this length, moved to the same power of the base."""
        import numpy as np

        starts = np.arange(max(0, self.size - length + 1))
        found: Hashes = (self._sums[starts + length] - self._sums[starts]) * self._inverses[starts]
        return found


def _powers(base: int, highest: int) -> Hashes:
    """Return the powers of a number from 0 on, modulo 2^64: [highest + 1]."""
    import numpy as np

    factors = np.full(highest + 1, base, dtype=np.uint64)
    factors[0] = 1
    found: Hashes = np.multiply.accumulate(factors)
    return found


def _longest(texts: Sequence[_Hashed], source: _Hashed) -> int:
    """Return the length of the longest common run; what has one of n tokens has one of n - 1."""
    import numpy as np

    low, high = 0, min(source.size, max(each.size for each in texts))
    while low < high:
        middle = (low + high + 1) // 2
        runs = np.concatenate([each.runs(middle) for each in texts])
        if np.isin(runs, source.runs(middle)).any():
            low = middle
        else:
            high = middle - 1
    return low


def _perplexity(texts: Iterable[Sequence[int]], model: KneserNey, order: int) -> dict[str, float]:
    import numpy as np

    logs = [model.log_probabilities(text)[order - 1] for text in texts if len(text) > 1]
    return {"kneser_ney_perplexity": math.exp(-float(np.concatenate(logs).mean()))} if logs else {}
