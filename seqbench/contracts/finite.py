"""Counts the scored outputs of a network that are not finite, and locates the first ones.

If there are any, no metric is computed: some give NaN, some raise, some count it as 0 or as a right answer.
Padding and steps that are not scored do not count. Torch is imported when used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seqbench.contracts.examples import Batch
from seqbench.contracts.scored import scored_by_marks
from seqbench.contracts.targets import TargetKind

if TYPE_CHECKING:
    from torch import Tensor

KEPT = 3
"""Largest number of non-finite outputs that are reported with their places."""

MOST = 1000
"""Number of outputs of a batch that are searched for places."""

Place = tuple[int, int | None]
"""(example, step); the step is None if an example has one output."""


@dataclass(frozen=True)
class NotFinite:
    """Scored outputs that are not finite. An output is all logits of one item, or a single number.

    Attributes:
        outputs: number of outputs that are not finite.
        scored: number of outputs checked.
        examples: number of examples checked.
        first: the places of the first ones, at most KEPT; examples and steps are counted from 0.
    """

    outputs: int = 0
    scored: int = 0
    examples: int = 0
    first: tuple[Place, ...] = ()

    def add(self, outputs: Tensor, batch: Batch, kind: TargetKind | None = None) -> NotFinite:
        """Return the counts with one more batch added; a batch that is all finite costs one pass over it.

        Args:
            outputs: the outputs of the batch.
            batch: the examples.
            kind: the kind of target, which says which outputs are scored; without it the marks in the targets do.
        """
        is_scored = scored_by_marks(outputs, batch.targets) if kind is None else kind.scored(outputs, batch)
        scored = outputs.numel() if is_scored is None else int(is_scored.sum())
        bad, first = 0, self.first
        # A sum costs a tenth of `isfinite`. It is not finite if a term is not, or if the terms are too large.
        if not bool(outputs.sum().isfinite()):
            places = _bad(outputs, is_scored).nonzero()
            bad = len(places)
            found = ((self.examples + row, steps[0] if steps else None) for row, *steps in places[:MOST].tolist())
            first = (*first, *dict.fromkeys(found))[:KEPT]
        return NotFinite(self.outputs + bad, self.scored + scored, self.examples + len(batch.lengths), first)

    def renumbered(self, order: list[int]) -> NotFinite:
        """Return the same places, with examples numbered as in their split.

        Args:
            order: the numbers of the examples in the order in which they were checked.
        """
        return replace(self, first=tuple((order[example], step) for example, step in self.first))

    def __str__(self) -> str:
        """Return a sentence with their number and places.

        >>> str(NotFinite(outputs=2, scored=640, examples=64, first=((7, 201), (9, None))))
        '2 of 640 scored outputs were not finite (first: example 7, step 201; example 9)'
        """
        places = (f"example {n}" + ("" if step is None else f", step {step}") for n, step in self.first)
        of = "scored output" if self.scored == 1 else "scored outputs"
        return f"{self.outputs:,} of {self.scored:,} {of} were not finite (first: {'; '.join(places)})"


def _bad(outputs: Tensor, is_scored: Tensor | None) -> Tensor:
    is_bad = ~outputs.isfinite()
    if is_scored is None:
        return is_bad
    # The logits of one item lie on the last axes: together they are one output.
    return is_scored & (is_bad.flatten(is_scored.ndim).any(-1) if is_scored.ndim < is_bad.ndim else is_bad)
