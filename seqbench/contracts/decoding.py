"""Defines how a model generates tokens: after which prefix, until which token, greedily or by beam search.

Torch is imported when a method runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.contracts.examples import UNSCORED, Batch
from seqbench.contracts.inputs import InputKind, Tokens
from seqbench.contracts.targets import StepClass, TargetKind
from seqbench.errors import ContractError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How a test row is decoded: the model reads the row's prefix and generates the rest.

    Inputs are `Tokens`, targets are `StepClass`, and class c is token c: the token written at one step is the
    input of the next. The reference of a row holds, in order, its targets that are not UNSCORED, from the last
    step of the prefix on. ::

        inputs     c  a  >  c  a        prefix=">" gives the model  c a >
        targets    .  .  c  a  $        and stop="$" makes the reference  c a

    Attributes:
        prefix: the token that ends the prefix and belongs to it; its first occurrence in the row counts.
        prefix_steps: the length of the prefix in steps, instead of ``prefix``.
        stop: the token that ends a row; None if each row is ``most_tokens`` long. Neither the written tokens nor
            the reference contain it.
        most_tokens: the largest number of tokens to write, ``stop`` included.
        beams: hypotheses of a beam search; 1 takes the most probable token at each step.

    >>> Decoding(prefix=4, stop=5, most_tokens=9).beams
    1

    Raises:
        ValueError: not exactly one of ``prefix`` and ``prefix_steps`` is given, or a number is out of range.
    """

    prefix: int | None = None
    prefix_steps: int | None = None
    stop: int | None = None
    most_tokens: int
    beams: int = 1

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other or are out of range."""
        if (self.prefix is None) == (self.prefix_steps is None):
            raise ValueError(
                "a Decoding needs either prefix, the token that ends what is given, or prefix_steps, the number of"
                f" steps that are given; here prefix is {self.prefix} and prefix_steps is {self.prefix_steps}"
            )
        for name, least in (("prefix_steps", 1), ("most_tokens", 1), ("beams", 1), ("prefix", 0), ("stop", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"Decoding.{name} is {value}; it must be at least {least}")

    def check_kinds(self, inputs: InputKind, targets: TargetKind) -> None:
        """Refuse kinds of input and target with which an output cannot be the next input.

        Raises:
            ContractError: they are not tokens and classes, or a token that can be written has no embedding.
        """
        if not isinstance(inputs, Tokens) or not isinstance(targets, StepClass):
            raise ContractError(
                f"decoding needs inputs of Tokens and targets of StepClass, and here are {inputs} and {targets};"
                " leave decoding out, or give it such kinds"
            )
        if targets.classes > inputs.vocabulary_size:
            raise ContractError(
                f"decoding feeds what was written back as input, and there are {targets.classes} classes and"
                f" {inputs.vocabulary_size} tokens; give each class the number of its token"
            )

    def prompts(self, batch: Batch) -> Batch:
        """Return the prefix of each row as inputs, and its reference as targets.

        Args:
            batch: whole rows, [batch, time].

        Returns:
            Inputs [batch, longest prefix], padded with 0; targets [batch, longest reference], padded with
            UNSCORED; the lengths of the prefixes, [batch].

        Raises:
            ContractError: a row has no prefix, or its reference is longer than ``most_tokens``.
        """
        given = self._given(batch)
        steps = _steps(batch.inputs)
        inputs = batch.inputs.masked_fill(steps >= given[:, None], 0)[:, : int(given.max())]
        references = _packed(batch.targets, self._is_reference(batch, given))
        self._check_lengths(references)
        return Batch(inputs, self.cut(references), given)

    def cut(self, tokens: Tensor) -> Tensor:
        """Remove each row's first ``stop`` and everything after it: [batch, steps], padded with UNSCORED."""
        if self.stop is not None:
            tokens = tokens.masked_fill((tokens == self.stop).cumsum(1) > 0, UNSCORED)
        longest = int((tokens != UNSCORED).sum(1).max())
        return tokens[:, : max(1, longest)]

    def written(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the tokens that a predictor wrote: [batch, longest], padded with UNSCORED.

        Args:
            outputs: its tokens, [batch, steps] integers padded with UNSCORED, or its logits for whole rows,
                [batch, time, classes]. Of logits the largest counts, at each step of the reference: the answer of
                a predictor that does not read its own tokens.
            batch: whole rows.
        """
        if not outputs.is_floating_point():
            return self.cut(outputs)
        is_reference = self._is_reference(batch, self._given(batch))
        return self.cut(_packed(outputs.argmax(-1), is_reference))

    def _given(self, batch: Batch) -> Tensor:
        """Return the length of each row's prefix in steps: [batch]."""
        import torch

        if self.prefix_steps is not None:
            given = torch.full_like(batch.lengths, self.prefix_steps)
            is_there = batch.lengths >= self.prefix_steps
            what = f"{self.prefix_steps} steps, which Decoding.prefix_steps gives the model"
        else:
            # Padding is 0, which may be a token too.
            found = (batch.inputs == self.prefix) & (_steps(batch.inputs) < batch.lengths[:, None])
            given, is_there = found.int().argmax(1) + 1, found.any(1)
            what = f"token {self.prefix}, after which Decoding.prefix lets the model go on"
        if not bool(is_there.all()):
            row = int(is_there.int().argmin())
            raise ContractError(
                f"a row of {int(batch.lengths[row])} steps has no {what}: it begins with"
                f" {batch.inputs[row, : int(batch.lengths[row])][:10].tolist()}; give each row one, or another"
                " Decoding"
            )
        return given

    def _is_reference(self, batch: Batch, given: Tensor) -> Tensor:
        """Return which steps belong to the reference: [batch, time]."""
        return (batch.targets != UNSCORED) & (_steps(batch.targets) >= given[:, None] - 1)

    def _check_lengths(self, references: Tensor) -> None:
        tokens = (references != UNSCORED).sum(1)
        if self.stop is not None:
            is_stop = references == self.stop
            tokens = tokens.where(~is_stop.any(1), is_stop.int().argmax(1) + 1)
        if int(tokens.max()) > self.most_tokens:
            raise ContractError(
                f"a reference has {int(tokens.max())} tokens, and Decoding.most_tokens lets a model write"
                f" {self.most_tokens}, with stop: nobody could write it; raise most_tokens"
            )


def side_by_side(written: Tensor, prompts: Batch) -> tuple[Tensor, Tensor]:
    """Return the written tokens and the reference, both [batch, longest of both], padded with UNSCORED."""
    width = max(written.shape[1], prompts.targets.shape[1])
    return _padded(written, width), _padded(prompts.targets, width)


def _padded(tokens: Tensor, width: int) -> Tensor:
    from torch.nn.functional import pad

    return pad(tokens, (0, width - tokens.shape[1]), value=UNSCORED)


def _steps(rows: Tensor) -> Tensor:
    """Return the numbers of the steps of some rows: [1, time]."""
    import torch

    return torch.arange(rows.shape[1], device=rows.device)[None]


def _packed(tokens: Tensor, is_kept: Tensor) -> Tensor:
    """Move the kept tokens of each row to its start; the rest is UNSCORED."""
    order = (~is_kept).int().argsort(dim=1, stable=True)
    return tokens.masked_fill(~is_kept, UNSCORED).gather(1, order)
