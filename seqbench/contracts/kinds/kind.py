"""Defines a kind of target: what is predicted from a sequence, at which steps, and with which training loss.

Only `head_size`, `outputs` and `losses` have to be written; the rest has a default.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from seqbench.contracts.examples import Batch, Split
from seqbench.contracts.scored import kept, scored_by_marks
from seqbench.contracts.unfit import Unfit

if TYPE_CHECKING:
    from torch import Tensor, nn

NamedAnswers: TypeAlias = "tuple[str, Callable[[Batch], Tensor]]"
"""How it predicts, in a few words, and what makes a batch's outputs."""


class TargetKind(ABC):
    """What is to be predicted, from which steps, and what the training loss is.

    A kind speaks for itself: no code of the harness asks which one it has.
    """

    @property
    @abstractmethod
    def head_size(self) -> int:
        """How many numbers the head gives for each place it reads."""

    @property
    def outputs_per_step(self) -> int:
        """How many numbers the outputs hold for each time step; 0 where they do not grow with the length."""
        return 0

    @property
    def is_stepwise(self) -> bool:
        """Whether each step of input has a target of its own beside it, or a mark that it is not scored."""
        return False

    @property
    def needs_whole_sequence(self) -> bool:
        """Whether `losses` has to see all steps at once, as a loss over alignments does.

        The layer is still fed in chunks; only what it gives is kept for all steps of a batch.
        """
        return False

    @abstractmethod
    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Read ``hidden`` [batch, time, features] with the head and return the outputs that metrics take."""

    @abstractmethod
    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the training loss of each scored item in some steps, and the row that it is of: [items] both.

        The training loss of a batch is the mean over all its items. A long sequence is asked for chunk by
        chunk, so that no memory has to hold what the layer gave at all its steps; a kind that
        `needs_whole_sequence` is asked once.

        Args:
            hidden: what the layer gave at these steps, [batch, steps, features].
            batch: the whole batch, with the targets of all steps. While a GPU trains, its targets and lengths
                are on the processor, where they can be looked at without waiting for the GPU.
            head: reads ``hidden``.
            start: the number of the first of these steps, counted from 0.
        """

    def loss(self, hidden: Tensor, batch: Batch, head: nn.Module) -> Tensor:
        """Return the mean training loss over the scored items of whole sequences: a scalar."""
        return self.losses(hidden, batch, head)[0].mean()

    def scored(self, outputs: Tensor, batch: Batch) -> Tensor | None:
        """Return which outputs are scored: a boolean over the leading axes of ``outputs``; None where all are.

        Padding never is. The default goes by the marks in the targets: UNSCORED among integers, NaN among
        numbers; `Split.batch` pads with them.
        """
        return scored_by_marks(outputs, batch.targets)

    def items(self, outputs: Tensor, batch: Batch) -> tuple[Any, Any]:
        """Return the scored outputs and their targets as a metric's update takes them."""
        return kept(outputs, batch.targets, self.scored(outputs, batch))

    def perfect(self, batch: Batch) -> Tensor | None:
        """Return the outputs of a predictor that knows the targets; None where nobody has said what they are.

        Raises:
            ContractError: the targets are out of range.
        """
        return None

    def ignorant(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield predictors that know at most shares and means of the training targets, random answers first.

        The kit compares declared baselines with their scores. The default knows none.
        """
        yield from ()

    def memoryless(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield predictors that look at the input of the moment and remember nothing of what was before."""
        yield from ()

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Say why the targets of a split are not as this kind has them; None where they are, or nobody can say.

        Args:
            split: the examples.
            what: their name in messages, such as "train targets".
        """
        return None
