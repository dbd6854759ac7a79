"""Defines a kind of target: what is predicted from a sequence, at which steps, and with which training loss.

Only `head_size`, `outputs` and `losses` have to be written; the rest has a default.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from seqbench.contracts.examples import Batch, Split
from seqbench.contracts.kinds.places import Places, at_places, beside
from seqbench.contracts.scored import kept, scored_by_marks
from seqbench.contracts.unfit import Unfit
from seqbench.errors import ContractError

if TYPE_CHECKING:
    from torch import Tensor, nn

NamedAnswers: TypeAlias = "tuple[str, Callable[[Batch], Tensor]]"
"""The name of a predictor, in a few words, and the function from a batch to its outputs."""


class TargetKind(ABC):
    """What is predicted, from which steps, and with which training loss.

    The harness calls these members and never asks which kind it has.
    """

    @property
    @abstractmethod
    def head_size(self) -> int:
        """Number of outputs of the head at each place it reads."""

    def begin(self, head: nn.Linear) -> None:
        """Change the weights that a new head begins with, where those of torch are a bad start; optional."""
        return

    @property
    def outputs_per_step(self) -> int:
        """Numbers in the outputs for each time step; 0 if the outputs do not grow with the length."""
        return 0

    @property
    def is_stepwise(self) -> bool:
        """Whether each step of input has its own target, or a mark that it is not scored."""
        return False

    @property
    def needs_whole_sequence(self) -> bool:
        """Whether `losses` needs all steps at once, as a loss over alignments does.

        The layer is still fed in chunks, but its outputs are kept for all steps of a batch.
        """
        return False

    @abstractmethod
    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Read ``hidden`` [batch, time, features] with the head and return the outputs that metrics take."""

    @abstractmethod
    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return the training loss of each scored item in a range of steps, and its row: both [items].

        The training loss of a batch is the mean over all its items. Long sequences come chunk by chunk, and only
        one chunk of the layer's outputs is in memory; a kind that `needs_whole_sequence` is called once for all
        steps.

        Args:
            hidden: the layer's outputs at these steps, [batch, steps, features].
            batch: the whole batch, with the targets of all steps. In training on a GPU its targets and lengths
                stay on the CPU, where reading them does not wait for the GPU.
            head: reads ``hidden``.
            start: the number of the first of these steps, counted from 0.
        """

    def look_up(self, batch: Batch, start: int, steps: int) -> Places | None:
        """Return the scored items in a range of steps; None if `losses` cannot be split into look-up and losses.

        A kind that defines this and `answer_losses` may write its `losses` as ``self.looked_up_losses(...)``. Its
        training steps can then be captured as a CUDA graph, within which nothing can be looked up on the CPU.

        Args:
            batch: the whole batch, on the CPU.
            start: the number of the first of these steps.
            steps: how many they are.
        """
        return None

    def answer_losses(self, outputs: Tensor, answers: Tensor) -> Tensor:
        """Return the training loss of each item, [items], from the head's outputs there and the items' answers.

        Raises:
            ContractError: the kind defines `look_up` alone.
        """
        raise ContractError(f"{type(self).__name__} has a look_up and no answer_losses; write both, or neither")

    def losses_at(self, hidden: Tensor, places: Places, head: nn.Module) -> Tensor:
        """Return the training loss of each item at these places, [items]; the head runs on those only."""
        outputs = head(at_places(hidden, places))
        return self.answer_losses(outputs, beside(outputs, places.answers))

    def looked_up_losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int) -> tuple[Tensor, Tensor]:
        """Return what `losses` returns, by `look_up` and `answer_losses`.

        Raises:
            ContractError: the kind has no `look_up`.
        """
        places = self.look_up(batch, start, hidden.shape[1])
        if places is None:
            raise ContractError(f"{type(self).__name__} has no look_up; write losses without looked_up_losses")
        return self.losses_at(hidden, places, head), places.rows

    def loss(self, hidden: Tensor, batch: Batch, head: nn.Module) -> Tensor:
        """Return the mean training loss over the scored items of whole sequences: a scalar."""
        return self.losses(hidden, batch, head)[0].mean()

    def scored(self, outputs: Tensor, batch: Batch) -> Tensor | None:
        """Return which outputs are scored: a boolean over the leading axes of ``outputs``; None if all are.

        Padding is never scored. The default follows the marks in the targets: UNSCORED in integers, NaN in floats;
        `Split.batch` pads with them.
        """
        return scored_by_marks(outputs, batch.targets)

    def items(self, outputs: Tensor, batch: Batch) -> tuple[Any, Any]:
        """Return the scored outputs and their targets as a metric's update takes them."""
        return kept(outputs, batch.targets, self.scored(outputs, batch))

    def perfect(self, batch: Batch) -> Tensor | None:
        """Return the outputs of a predictor that knows the targets; None if the kind does not define them.

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
        """Yield predictors that see the current input only and remember nothing."""
        yield from ()

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Return why the targets of a split do not fit this kind; None if they fit, or if the kind has no check.

        Args:
            split: the examples.
            what: their name in messages, such as "train targets".
        """
        return None
