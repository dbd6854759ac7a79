"""Adds up what each test example gives to a score, and estimates how far another draw of examples moves it.

The score is a mean over groups, or over the one group, of ratios of sums. An example is the unit: its steps are
not independent of each other. Torch is imported when a method runs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seqbench.errors import ContractError

if TYPE_CHECKING:
    from torch import Tensor

ALIKE = 1e-12
"""Standard error, as a share of the score or of 1, up to which examples are alike but for rounding."""
CLOSE = 1e-4
"""Largest distance of the score from what the examples add up to, as a share of the score or of 1."""


class ExampleSums:
    """What each example gives to the numerator and to the denominator of a score.

    Args:
        name: of the metric, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._sums: list[Tensor] = []
        self._counts: list[Tensor] = []

    def add(self, sums: Tensor, counts: Tensor) -> None:
        """Add some examples: [batch] each, or [batch, groups].

        Raises:
            ContractError: the two differ in shape, or have more axes.
        """
        if sums.shape != counts.shape or sums.ndim not in (1, 2):
            raise ContractError(
                f"per_example of the metric {self._name} is to return two tensors [batch] or [batch, groups], and"
                f" returned {list(sums.shape)} and {list(counts.shape)}; give the sum and the number of items of"
                " each example"
            )
        for kept, added in ((self._sums, sums), (self._counts, counts)):
            kept.append((added if added.ndim == 2 else added[:, None]).detach().double().cpu())

    def standard_error(self, score: float) -> float | None:
        """Return the standard error of the score over draws of the examples; None if unknown.

        It is unknown where a group has fewer than two examples, and where all examples are alike but do not count
        as one answer each. Examples of which nothing is scored do not count.

        With s and c an example's sum and count in a group, S and C those of all n examples, and R = S / C,
        the variance is ``n / (n - 1)`` times the sum over examples of ``u * u``, where u is the mean over groups
        of ``(s - R c) / C`` (the linearised variance of a ratio; Cochran 1977, Sampling Techniques, section 6.3).

        Raises:
            ContractError: the examples do not add up to the score.
        """
        import torch

        sums, counts = torch.cat(self._sums), torch.cat(self._counts)
        is_scored, is_there = (counts > 0).any(1), counts.sum(0) > 0
        sums, counts = sums[is_scored][:, is_there], counts[is_scored][:, is_there]
        if not math.isfinite(score) or not sums.numel():
            return None
        whole = counts.sum(0)
        ratios = sums.sum(0) / whole
        self._check(score, float(ratios.mean()))
        moved = ((sums - ratios * counts) / whole).mean(1)
        if int((counts > 0).sum(0).min()) < 2:
            return None
        n = len(moved)
        error = math.sqrt(n / (n - 1) * float(moved.square().sum()))
        if error > ALIKE * max(1.0, abs(score)):
            return error
        is_one_answer_each = bool(is_scored.all()) and bool((whole == whole[0]).all())
        return 0.0 if is_one_answer_each else None

    def _check(self, score: float, together: float) -> None:
        if not abs(score - together) <= CLOSE * max(1.0, abs(score)):
            raise ContractError(
                f"per_example of the metric {self._name} adds up to {together:.6g} over the examples, and the"
                f" metric scores {score:.6g}; correct it, or leave it out: there is then no interval over examples"
            )


def standard_errors(found: dict[str, ExampleSums], scores: dict[str, float]) -> dict[str, float]:
    """Return metric -> standard error, of the metrics where it is known."""
    errors = {name: sums.standard_error(scores[name]) for name, sums in found.items()}
    return {name: error for name, error in errors.items() if error is not None}
