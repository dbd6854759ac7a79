"""Scores the translations of a whole split with sacrebleu: chrF and BLEU, from 0 to 100.

chrF: Popovic 2015, with 6 orders of characters and beta 2; BLEU: Papineni et al. 2002. Both sum their counts over
all translations before they divide. BLEU's order is the largest that the translations have (``eff:yes``):
sacrebleu's default scores a perfect corpus of two-word sentences 0. Both agree where a translation has four words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from seqbench import ContractError
from seqbench_translation.scores import BleuTokenizer


def chrf(written: Sequence[str], references: Sequence[str]) -> float:
    """Return the chrF of translations, each beside its reference.

    Raises:
        ContractError: there are more of one than of the other.
    """
    _check_counts(written, references)
    return min(100.0, float(_chrf().corpus_score(written, [references]).score))


def bleu(written: Sequence[str], references: Sequence[str], tokenizer: BleuTokenizer = "13a") -> float:
    """Return the BLEU of translations, each beside its reference.

    Raises:
        ContractError: there are more of one than of the other.
    """
    _check_counts(written, references)
    return min(100.0, float(_bleu(tokenizer).corpus_score(written, [references]).score))


def signatures(tokenizer: BleuTokenizer) -> dict[str, str]:
    """Return how sacrebleu says that the scores were taken, its version among them."""
    metrics = {"chrf_signature": _chrf(), "bleu_signature": _bleu(tokenizer)}
    for metric in metrics.values():
        metric.corpus_score(["one"], [["one"]])  # a signature tells the number of references
    return {name: str(metric.get_signature()) for name, metric in metrics.items()}


class CorpusScore(Metric):
    """The score of all translations of a split, held as texts until it is computed.

    An empty translation is one more translation, and a wrong one.

    Args:
        score: translations and references -> score.
        text: tokens of a row, UNSCORED among them -> text.
    """

    def __init__(
        self, score: Callable[[Sequence[str], Sequence[str]], float], text: Callable[[Iterable[int]], str]
    ) -> None:
        super().__init__()
        self._score, self._text = score, text
        self._written: list[str] = []
        self._references: list[str] = []

    def update(self, written: Tensor, references: Tensor) -> None:
        """Add translations and references: both [batch, longest], padded with UNSCORED."""
        self._written += map(self._text, written.tolist())
        self._references += map(self._text, references.tolist())

    def compute(self) -> Tensor:
        """Return the score of all that was added."""
        return torch.tensor(self._score(self._written, self._references), dtype=torch.float64)

    def reset(self) -> None:
        """Forget all that was added."""
        super().reset()
        self._written, self._references = [], []


def _check_counts(written: Sequence[str], references: Sequence[str]) -> None:
    # sacrebleu takes a list of references the wrong way round for many references of few sentences.
    if isinstance(written, str) or not all(isinstance(text, str) for text in (*written, *references)):
        raise ContractError("translations and references are to be two lists of texts, and here is something else")
    if len(written) != len(references) or not written:
        raise ContractError(
            f"each translation needs its reference, and here are {len(written)} translations and"
            f" {len(references)} references"
        )


def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def _bleu(tokenizer: BleuTokenizer) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    # Without `force` it warns of texts whose full stops stand apart, as if they had been cut into words.
    return BLEU(tokenize=tokenizer, effective_order=True, force=True)
