"""Defines the kind of target that is a shorter row of symbols, without an alignment to the steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.base.seeds import generator
from seqbench.contracts.examples import UNSCORED, Batch, Split, numbers
from seqbench.contracts.kinds.kind import NamedAnswers, TargetKind
from seqbench.contracts.unfit import Unfit, not_integers
from seqbench.errors import ContractError

if TYPE_CHECKING:
    from torch import Tensor, nn

CERTAIN = 100.0
"""Logit of the right symbol at a step of a perfect prediction; the others have 0."""

MOST_CONSTANTS = 10
"""Largest number of symbols at which every constant answer is tried."""

BLANK_AT_START = 0.95
"""Probability of no symbol at a step, before training, about."""

BLANK = 0
"""The output that stands for no symbol; symbol s is output 1 + s."""


@dataclass(frozen=True)
class Transcript(TargetKind):
    """A row of symbols from 0 to ``symbols - 1``, shorter than the input, without an alignment.

    Targets are `Ragged`, or [examples, longest] with UNSCORED (-100) behind the end of a row. Outputs are
    log-probabilities, [batch, time, 1 + symbols]; output 0 is the blank, output 1 + s is symbol s. The loss of a
    sequence is that of connectionist temporal classification in nats: minus the logarithm of the probability of
    all alignments that collapse to the row (Graves et al. 2006, equations 3 and 12). A row fits where the input
    has at least one step for each symbol and one more between two that are equal.

    Metrics get texts, the symbols with spaces between (``"0 2 2"``): the best path, collapsed (Graves et al. 2006,
    section 3.2), and the target. ``torchmetrics.text.WordErrorRate`` is then the error rate of symbols.

    ```
    input    . a a . b b b . b .
    target   0 1 1
    ```
    """

    symbols: int

    @property
    def head_size(self) -> int:
        """One logit for the blank and one for each symbol."""
        return 1 + self.symbols

    def begin(self, head: nn.Linear) -> None:
        """Make the blank probable, so that all steps stand open to a symbol.

        Where all outputs are alike, training first learns blanks at all steps but those that it can tell from
        others at once, as the first one, and a causal layer then writes there, before it has heard anything.
        """
        import torch

        with torch.no_grad():
            head.bias[BLANK] = math.log(self.symbols * BLANK_AT_START / (1 - BLANK_AT_START))

    @property
    def outputs_per_step(self) -> int:
        """One number for the blank and one for each symbol."""
        return 1 + self.symbols

    @property
    def needs_whole_sequence(self) -> bool:
        """An alignment runs from the first step to the last."""
        return True

    def outputs(self, hidden: Tensor, lengths: Tensor, head: nn.Module) -> Tensor:
        """Return log-probabilities: [batch, time, 1 + symbols]."""
        outputs: Tensor = head(hidden).log_softmax(-1)
        return outputs

    def losses(self, hidden: Tensor, batch: Batch, head: nn.Module, start: int = 0) -> tuple[Tensor, Tensor]:
        """Return minus the log-probability of each row in nats; a row that no alignment leads to is left out.

        Such a row would be infinite, and its gradient NaN, in all weights.

        Raises:
            ContractError: these are not all steps of the sequences, or no row can be aligned.
        """
        import torch
        from torch.nn.functional import ctc_loss

        steps = int(batch.lengths.max())
        if start or hidden.shape[1] < steps:
            raise ContractError(
                f"the loss of {self} is over whole sequences of {steps} steps, and was asked for"
                f" {hidden.shape[1]} from step {start} on; a kind that needs_whole_sequence is asked once"
            )
        log_probabilities = self.outputs(hidden, batch.lengths, head)
        if log_probabilities.dtype != torch.float64:
            log_probabilities = log_probabilities.float()
        fits = _fits(batch).cpu()
        # On the processor: the backward pass of CUDA is not deterministic.
        losses = ctc_loss(
            log_probabilities.cpu()[fits].transpose(0, 1),
            1 + batch.targets.cpu()[fits].clamp(min=0),
            batch.lengths.cpu()[fits],
            _row_lengths(batch.targets).cpu()[fits],
            blank=BLANK,
            reduction="none",
        )
        return losses.to(hidden.device), fits.to(batch.lengths.device)

    def scored(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the real steps, [batch, time]: an alignment runs over all of them."""
        import torch

        return torch.arange(outputs.shape[1], device=outputs.device) < batch.lengths[:, None]

    def items(self, outputs: Tensor, batch: Batch) -> tuple[list[str], list[str]]:
        """Return the best paths of the outputs, and the targets, as texts."""
        lengths = _row_lengths(batch.targets).tolist()
        targets = [row[:length] for row, length in zip(batch.targets.tolist(), lengths, strict=True)]
        return [_text(row) for row in best_paths(outputs, batch.lengths)], [_text(row) for row in targets]

    def perfect(self, batch: Batch) -> Tensor:
        """Return outputs that give the earliest alignment all probability: [batch, time, 1 + symbols].

        Raises:
            ContractError: a target is out of range.
        """
        targets, is_symbol = batch.targets, batch.targets != UNSCORED
        if bool((targets[is_symbol] < 0).any()) or bool((targets[is_symbol] >= self.symbols).any()):
            raise ContractError("targets are out of range; see the checks of that name")
        alignment = targets.new_zeros(batch.inputs.shape[:2])
        rows, places = is_symbol.nonzero(as_tuple=True)
        steps = (places + _repeats(targets).cumsum(1)[rows, places]).clamp(max=alignment.shape[1] - 1)
        alignment[rows, steps] = 1 + targets[rows, places]
        return self._sure(alignment)

    def ignorant(self, train: Split) -> Iterator[NamedAnswers]:
        """Yield random and uniform answers, no symbol at all, and each constant symbol."""
        import torch

        rng = generator(0, "seqbench.testing", "random answers")
        yield (
            "random answers",
            lambda batch: torch.randn(*batch.inputs.shape[:2], self.head_size, generator=rng).log_softmax(-1),
        )
        yield "equal probabilities", _always(torch.zeros(self.head_size).log_softmax(0))
        yield "no symbol", _always(self._sure(torch.tensor(BLANK)))
        if self.symbols <= MOST_CONSTANTS:
            for symbol in range(self.symbols):
                yield f"always symbol {symbol}", _always(self._sure(torch.tensor(1 + symbol)))

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Check that targets are rows of integers from 0 to ``symbols - 1`` that fit into their inputs."""
        import torch

        values = numbers(split.targets)
        said = f"{self} or {UNSCORED} behind a row's end"
        if wrong := not_integers(values[values != UNSCORED], what, self.symbols, said):
            return wrong
        for rows in torch.split(torch.arange(len(split)), 1024):
            batch = split.batch(rows)
            needed = steps_needed(batch.targets)
            is_short = needed > batch.lengths
            if bool(is_short.any()):
                first = int(is_short.int().argmax())
                steps = int(batch.lengths[first])
                return Unfit(
                    f"{what} fit into the steps of their inputs: one for each symbol, one more between two equal",
                    f"example {int(rows[first])} needs {int(needed[first])} steps and has {steps}",
                    "give it more input, or leave it out: no alignment leads to such a row",
                )
        return None

    def _sure(self, alignment: Tensor) -> Tensor:
        from torch.nn.functional import one_hot

        return (CERTAIN * one_hot(alignment, self.head_size).float()).log_softmax(-1)


def best_paths(outputs: Tensor, lengths: Tensor) -> list[list[int]]:
    """Return the symbols that each row's likeliest path collapses to: repeats are one, blanks are none.

    Args:
        outputs: [batch, time, 1 + symbols].
        lengths: [batch], the real steps.
    """
    found = outputs.argmax(-1).tolist()
    return [
        [
            here - 1
            for here, before in zip(path[:length], [BLANK, *path], strict=False)
            if here != BLANK and here != before
        ]
        for path, length in zip(found, lengths.tolist(), strict=True)
    ]


def steps_needed(targets: Tensor) -> Tensor:
    """Return how many steps an alignment to each row takes: one a symbol, one more between two equal: [batch]."""
    return _row_lengths(targets) + _repeats(targets).sum(1)


def _fits(batch: Batch) -> Tensor:
    """Return the numbers of the rows that an alignment leads to: [rows].

    Raises:
        ContractError: there is none.
    """
    needed = steps_needed(batch.targets)
    fits: Tensor = (needed <= batch.lengths).nonzero()[:, 0]
    if not len(fits):
        raise ContractError(
            f"no row of this batch can be aligned: the first needs {int(needed[0])} steps, one for each symbol and"
            f" one more between two equal, and has {int(batch.lengths[0])}; leave such rows out of the data"
        )
    return fits


def _row_lengths(targets: Tensor) -> Tensor:
    return (targets != UNSCORED).sum(1)


def _repeats(targets: Tensor) -> Tensor:
    """Return which symbols are the same as the one before: [batch, longest]."""
    import torch

    is_repeat = torch.zeros_like(targets, dtype=torch.bool)
    is_repeat[:, 1:] = (targets[:, 1:] == targets[:, :-1]) & (targets[:, 1:] != UNSCORED)
    return is_repeat


def _text(row: list[int]) -> str:
    return " ".join(map(str, row))


def _always(outputs: Tensor) -> Callable[[Batch], Tensor]:
    return lambda batch: outputs.expand(*batch.inputs.shape[:2], len(outputs))
