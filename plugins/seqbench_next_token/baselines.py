"""Scores unigrams and Kneser-Ney models of order 2 to 5 on the test tokens, with a network's context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench import Baseline, Split
from seqbench_next_token.kneser_ney import KneserNey, within
from seqbench_next_token.windows import contexts

if TYPE_CHECKING:
    from torch import Tensor

    from seqbench_next_token.scores import Items, Measures

HIGHEST = 5
"""The highest order of the Kneser-Ney models."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What n-gram models predict at each test token but the first of the text.

    Attributes:
        logs: [n, tokens], ln p by the models of order 1 to n, with the whole text before each token as context.
        is_commonest: [tokens], whether the token is the commonest one of the training text.
    """

    logs: Tensor
    is_commonest: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """Return the predictions as tensors only, to be cached."""
        return {"logs": self.logs, "is_commonest": self.is_commonest}

    @staticmethod
    def of(train: Tensor, test: Tensor, vocabulary_size: int, never: int | None = None) -> Predictions:
        """Fit models on a text, and predict another.

        Args:
            train, test: [tokens]
            vocabulary_size: how many tokens there are.
            never: a token that is no target.
        """
        import torch

        logs = KneserNey.fit(train, vocabulary_size, HIGHEST).log_probabilities(test, never)
        targets = train if never is None else train[train != never]
        commonest = torch.bincount(targets.long(), minlength=vocabulary_size).argmax()
        return Predictions(torch.from_numpy(logs), test[1:] == commonest)

    @staticmethod
    def of_documents(train: Tensor, test: Tensor, vocabulary_size: int) -> Predictions:
        """Fit models on documents, and predict each token but the first of others; [documents, tokens] each.

        The first token is the same in all of them, and no other token is: a network learns that, and gives it no
        probability.
        """
        import torch

        found = Predictions.of(train.flatten(), test.flatten(), vocabulary_size, never=int(train[0, 0]))
        steps = test.shape[1]
        is_target = torch.arange(1, test.numel()) % steps != 0
        return Predictions(found.logs[:, is_target], found.is_commonest[is_target])


def baselines(
    predictions: Predictions, test: Split, measures: Measures, items: Callable[..., Items]
) -> Iterator[Baseline]:
    """Yield the unigrams and the Kneser-Ney models of order 2 and more.

    Args:
        predictions: for each target of the test split, in its order.
        test: says how much context each target has.
        measures: the scores.
        items: makes scored steps of losses, contexts, and whether the most probable token was right.
    """
    import torch

    context = contexts(test)
    in_rows = -torch.from_numpy(within(predictions.logs, context))
    in_text = -predictions.logs
    unigram = items(in_rows[0], context, predictions.is_commonest)
    yield Baseline("unigram", measures.scores(unigram))
    for order in range(2, len(in_rows) + 1):
        found = measures.scores(items(in_rows[order - 1], context), in_text[order - 1])
        yield Baseline(f"Kneser-Ney, order {order}", found)
