"""Measures how wide the window of learning rates is in which a model learns: in factors of ten.

A window needs a level that counts as learned, and a stretch of the searched range for each trial.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

FEWEST = 4
"""With fewer scores there is no lower quartile to speak of."""

CLOSE = 0.2
"""Best and nothing learned are not told apart where they differ by at most this share of the larger one."""


@dataclass(frozen=True)
class LearnedLevel:
    """The score that counts as learned on a task.

    Attributes:
        level: from here on a trial counts as one that learned.
        nothing: what a network is estimated to score that has learned nothing.
    """

    level: float
    nothing: float

    @property
    def best(self) -> float:
        """The best score."""
        return 2 * self.level - self.nothing

    @property
    def is_clear(self) -> bool:
        """Whether the best score is far enough from nothing learned for a window to mean something.

        It is not where no trial learns, and noise sets the level, nor where nearly all do.

        >>> LearnedLevel(0.55, nothing=0.2).is_clear, LearnedLevel(0.127, nothing=0.124).is_clear
        (True, False)
        """
        return abs(self.best - self.nothing) > CLOSE * max(abs(self.best), abs(self.nothing))


@dataclass(frozen=True)
class Window:
    """The window of one model at one task and length.

    Attributes:
        decades: its width in factors of ten: log10 of the largest over the smallest rate, all stretches added up.
        of: the width of the searched range, which it cannot exceed.
        is_open: whether a trial at either end of what was tried lies in it, so that it may be wider than is known.
        trials: how many trials, which tell how fine the measurement is.
    """

    decades: float
    of: float
    is_open: bool
    trials: int


def learned_level(scores: Sequence[float], *, is_higher_better: bool) -> LearnedLevel | None:
    """Return the score that counts as learned on a task: half of the way from nothing learned to the best.

    Best is the best score of any trial of any model, at any length. What a network scores that has learned nothing
    is estimated by the lower quartile of these scores, since trials look at validation data only and baselines are
    scores on test data. The worst score would not do: one that nearly diverged may lie anywhere. All lengths share
    the level, because at the long ones most trials learn nothing, and so that windows may close with the length.

    >>> learned_level([0.1, 0.1, 0.1, 0.2, 0.9], is_higher_better=True)
    LearnedLevel(level=0.5, nothing=0.1)
    """
    if len(scores) < FEWEST:
        return None
    best = max(scores) if is_higher_better else min(scores)
    low, _, high = statistics.quantiles(scores, n=4, method="inclusive")
    nothing = low if is_higher_better else high
    return LearnedLevel((best + nothing) / 2, nothing)


def window(reached: Mapping[float, Sequence[bool]], low: float, high: float) -> Window:
    """Return the window of a model from its trials.

    Each rate stands for the rates up to halfway, in logarithm, to its neighbours, and the outermost ones up to the
    ends of the range; a rate that was tried with several other settings counts by the share that learned.
    So the width estimates from how many factors of ten of the range a setting may come and be learned with.

    Args:
        reached: learning rate -> for each trial with it, whether its score reaches the level.
        low, high: the searched range.

    >>> tried = {1e-4: [False], 1e-3: [True], 1e-2: [True, False]}
    >>> found = window(tried, 1e-4, 1e-2)
    >>> round(found.decades, 3), round(found.of, 3), found.is_open, found.trials
    (1.25, 2.0, True, 4)
    """
    rates = sorted(reached)
    places = [math.log10(rate) for rate in rates]
    ends = [math.log10(low), *((a + b) / 2 for a, b in pairwise(places)), math.log10(high)]
    shares = [sum(reached[rate]) / len(reached[rate]) for rate in rates]
    decades = math.fsum(share * (ends[i + 1] - ends[i]) for i, share in enumerate(shares))
    is_open = bool(shares) and (shares[0] > 0 or shares[-1] > 0)
    return Window(decades, ends[-1] - ends[0], is_open, sum(len(each) for each in reached.values()))
