"""Defines the metrics of the translation task; torchmetrics and sacrebleu are imported when one is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from seqbench_stepwise.scores import accuracy, loss, mean

from seqbench import UNSCORED, Batch, Metric, Split
from seqbench_translation.vocabulary import Vocabulary

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

BleuTokenizer = Literal["13a", "intl", "char", "zh", "none"]
"""How sacrebleu cuts texts into the words of BLEU."""

BEST = 100.0


def metrics(target: Vocabulary, classes: int, tokenizer: BleuTokenizer) -> tuple[Metric, ...]:
    """Return chrF and BLEU of what a model writes by itself, and how well it guesses the next token.

    Args:
        target: turns tokens into text.
        classes: tokens that can be written, STOP among them.
        tokenizer: of BLEU.
    """

    def make_chrf() -> torchmetrics.Metric:
        from seqbench_translation.corpus_score import CorpusScore, chrf

        return CorpusScore(chrf, target.text)

    def make_bleu() -> torchmetrics.Metric:
        from seqbench_translation.corpus_score import CorpusScore, bleu

        return CorpusScore(partial(bleu, tokenizer=tokenizer), target.text)

    return (
        Metric("chrf", make_chrf, best=BEST, worst=0.0, of="decoded", one_example=longest_share),
        Metric("bleu", make_bleu, best=BEST, worst=0.0, of="decoded", one_example=longest_share),
        Metric("exact_match", mean, worst=0.0, of="decoded", prepare=_is_reference),
        accuracy(classes, "token_accuracy"),
        loss(),
    )


def longest_share(test: Split) -> float:
    """Return the share of the longest reference in the tokens of all references, of 100 points.

    Counts of n-grams are summed over the translations, so that a long one weighs more than a short one.
    """
    import torch

    batch = test.batch(torch.arange(len(test)))
    tokens = (batch.targets != UNSCORED).sum(1).double()
    return BEST * float(tokens.max() / tokens.sum())


def _is_reference(written: Tensor, prompts: Batch) -> tuple[Tensor]:
    """Return 1 for each row that is written as its reference, else 0: [batch]."""
    from torch.nn.functional import pad

    width = max(written.shape[1], prompts.targets.shape[1])
    ours, its = (pad(rows, (0, width - rows.shape[1]), value=UNSCORED) for rows in (written, prompts.targets))
    return ((ours == its).all(1).double(),)
