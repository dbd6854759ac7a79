"""How is a text classifier measured, and what does one reach that does not read in order?

Metrics, and the baselines of the sentiment task. Numbers only; scikit-learn is imported when a function runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from seqbench import Baseline, Batch, Metric, Ragged, Split, evaluate

if TYPE_CHECKING:
    import scipy.sparse
    import torchmetrics
    from torch import Tensor


def metrics(classes: int) -> tuple[Metric, ...]:
    """Return balanced accuracy (1 / classes for whoever names one class, or guesses), and three more.

    Balanced accuracy is the mean recall of the classes that the split holds. torchmetrics' macro accuracy
    would count a class of which there is no text as missed, once it is named.
    """

    def balanced_accuracy() -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassConfusionMatrix
        from torchmetrics.metric import CompositionalMetric

        return CompositionalMetric(_mean_recall, MulticlassConfusionMatrix(classes), None)

    def accuracy() -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassAccuracy

        return MulticlassAccuracy(classes, average="micro")

    def macro_f1() -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassF1Score

        return MulticlassF1Score(classes, average="macro")

    def mean() -> torchmetrics.Metric:
        from torchmetrics import MeanMetric

        return MeanMetric(nan_strategy="disable")  # torchmetrics would otherwise leave NaN out

    return (
        Metric("balanced_accuracy", balanced_accuracy, worst=0.0, one_example=_one_text),
        Metric("accuracy", accuracy, worst=0.0),
        Metric("macro_f1", macro_f1, worst=0.0),
        Metric("loss", mean, best=0.0, is_higher_better=False, prepare=_losses),
    )


def _mean_recall(confusion: Tensor) -> Tensor:
    """Return the mean recall of the classes that have texts, from counts [true class, said class].

    >>> import torch
    >>> float(_mean_recall(torch.tensor([[3, 1, 0], [0, 1, 1], [0, 0, 0]])))
    0.625
    """
    texts = confusion.sum(1)
    return (confusion.diagonal().double() / texts)[texts > 0].mean()


def _one_text(test: Split) -> float:
    """Return by how much one text can move balanced accuracy: 1 / (classes x texts of the smallest class)."""
    import torch

    texts = torch.bincount(_labels(test))
    texts = texts[texts > 0]
    return 1 / (len(texts) * int(texts.min()))


def _losses(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return the cross entropy of each text in nats: [batch]."""
    from torch.nn.functional import cross_entropy

    return (cross_entropy(outputs.double(), batch.targets, reduction="none"),)


def baselines(train: Split, test: Split, *, words: int, classes: int) -> tuple[Baseline, ...]:
    """Score the commonest training class, a bag of words and (for comparison) a guess on the test texts.

    The bag of words sees exactly the tokens that a model sees.
    """
    measures = metrics(classes)
    guess = {"balanced_accuracy": 1 / classes, "accuracy": 1 / classes, "loss": math.log(classes)}
    return (
        Baseline("majority class", evaluate(measures, test, _majority(train, classes))),
        Baseline("bag of words", evaluate(measures, test, _bag_of_words(train, words))),
        Baseline("guess", guess, is_reference=False),
    )


def _majority(train: Split, classes: int) -> Callable[[Batch], Tensor]:
    """Predict every class with its share of the training texts."""
    import torch

    labels = _labels(train)
    logits = (torch.bincount(labels, minlength=classes) / len(labels)).log()
    return lambda batch: logits.expand(len(batch.targets), classes)


def _bag_of_words(train: Split, words: int) -> Callable[[Batch], Tensor]:
    """Predict by logistic regression (L2, C = 1) on which words were read, order and number left out."""
    import scipy.sparse
    import torch
    from sklearn.linear_model import LogisticRegression

    present = scipy.sparse.vstack([_present(batch, words) for batch in _batches(train)]).tocsr()
    model = LogisticRegression(max_iter=1000).fit(present, _labels(train).numpy())
    return lambda batch: torch.from_numpy(model.predict_log_proba(_present(batch, words)))


def _labels(split: Split) -> Tensor:
    """Return the class of each text: [texts] int64."""
    if isinstance(split.targets, Ragged):
        raise TypeError("a text has one class")
    return split.targets.long()


def _present(batch: Batch, words: int) -> scipy.sparse.csr_array:
    """Return 1 where a text holds a word: [batch, words]."""
    import scipy.sparse
    import torch

    is_real = (torch.arange(batch.inputs.shape[1]) < batch.lengths[:, None]).float()
    found = torch.zeros(len(batch.inputs), words).scatter_reduce_(1, batch.inputs, is_real, "amax")
    return scipy.sparse.csr_array(found.numpy())


def _batches(split: Split) -> Iterator[Batch]:
    import torch

    rows = torch.arange(len(split))
    return (split.batch(rows[start : start + 256]) for start in range(0, len(split), 256))
