"""Defines the metrics of the sentiment task, and baselines that ignore the order of words.

Numbers only; scikit-learn is imported when a function runs.
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


_LARGEST_SCORES, _LARGEST_WEIGHTS = 2**27, 2**23
"""Most numbers in memory while a bag of words is fitted: a gibibyte of scores, and as much for weights."""


def metrics(classes: int) -> tuple[Metric, ...]:
    """Return balanced accuracy (1 / classes for a constant answer or a guess), and three more.

    Balanced accuracy is the mean recall of the classes in the split; macro F1 is the mean over classes that are in
    the split or predicted. Both keep two numbers for each text. torchmetrics' own metrics keep a table of all
    pairs of classes, which takes 7 GB for 30,000 classes.
    """

    def balanced_accuracy() -> torchmetrics.Metric:
        return _of_answers(_mean_recall)

    def accuracy() -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassAccuracy

        return MulticlassAccuracy(classes, average="micro")

    def macro_f1() -> torchmetrics.Metric:
        return _of_answers(_macro_f1)

    def mean() -> torchmetrics.Metric:
        from torchmetrics import MeanMetric

        return MeanMetric(nan_strategy="disable")  # torchmetrics would otherwise leave NaN out

    return (
        Metric(
            "balanced_accuracy",
            balanced_accuracy,
            prepare=_answers,
            worst=0.0,
            one_example=_one_text,
            per_example=_hits_by_class,
        ),
        Metric("accuracy", accuracy, worst=0.0, per_example=_hits),
        Metric("macro_f1", macro_f1, prepare=_answers, worst=0.0),
        Metric("loss", mean, best=0.0, is_higher_better=False, prepare=_losses, per_example=_loss_of_each),
    )


def _of_answers(score: Callable[[Tensor], Tensor]) -> torchmetrics.Metric:
    """Return a metric that keeps all answers and scores them together."""
    from torchmetrics import CatMetric
    from torchmetrics.metric import CompositionalMetric

    return CompositionalMetric(score, CatMetric(), None)


def _answers(outputs: Tensor, batch: Batch) -> tuple[Tensor]:
    """Return the right class and the predicted class of each text: [batch, 2]."""
    import torch

    return (torch.stack((batch.targets, outputs.argmax(1)), 1).double(),)


def _hits(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return 1 for each text with the right class, else 0, and 1 for each: [batch]."""
    is_right = outputs.argmax(1) == batch.targets
    return is_right.double(), is_right.new_ones(is_right.shape).double()


def _hits_by_class(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the same in the column of a text's class, 0 in the others: [batch, classes]."""
    from torch.nn.functional import one_hot

    is_class = one_hot(batch.targets, outputs.shape[1]).double()
    return _hits(outputs, batch)[0][:, None] * is_class, is_class


def _loss_of_each(outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    (found,) = _losses(outputs, batch)
    return found, found.new_ones(found.shape)


def _mean_recall(answers: Tensor) -> Tensor:
    """Return the mean recall of the classes that have texts, from right and predicted classes [texts, 2].

    >>> import torch
    >>> float(_mean_recall(torch.tensor([[0.0, 0], [0, 0], [0, 0], [0, 1], [1, 1], [1, 2]])))
    0.625
    """
    right, _, hits = _counts(answers)
    return (hits.double() / right)[right > 0].mean()


def _macro_f1(answers: Tensor) -> Tensor:
    """Return the mean of ``2 hits / (right + predicted)`` over classes that are right or predicted somewhere.

    >>> import torch
    >>> float(_macro_f1(torch.tensor([[0.0, 0], [0, 1], [1, 1], [1, 1]])))  # (2/3 + 4/5) / 2
    0.7333333333333334
    """
    right, said, hits = _counts(answers)
    return (2 * hits.double() / (right + said))[right + said > 0].mean()


def _counts(answers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return how often each class is right, is predicted, and is both: [classes] each."""
    right, said = answers.long().T
    most = int(answers.max()) + 1
    return (
        right.bincount(minlength=most),
        said.bincount(minlength=most),
        right[right == said].bincount(minlength=most),
    )


def _one_text(test: Split) -> float:
    """Return the most that one text moves balanced accuracy: 1 / (classes x texts of the smallest class)."""
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

    The bag of words sees exactly the tokens that a model sees. It is left out, with a warning, if fitting it would
    take gigabytes because of many classes.
    """
    measures = metrics(classes)
    guess = {"balanced_accuracy": 1 / classes, "accuracy": 1 / classes, "loss": math.log(classes)}
    fitted = [] if is_too_large(len(train), words, classes) else [_bag_of_words(train, words)]
    return (
        Baseline("majority class", evaluate(measures, test, _majority(train, classes))),
        *(Baseline("bag of words", evaluate(measures, test, predict)) for predict in fitted),
        Baseline("guess", guess),
    )


def is_too_large(texts: int, words: int, classes: int) -> bool:
    """Say whether fitting a bag of words would take gigabytes.

    scikit-learn holds a score for each text and class at once, and some twenty copies of the weights.
    """
    return texts * classes > _LARGEST_SCORES or words * classes > _LARGEST_WEIGHTS


def _majority(train: Split, classes: int) -> Callable[[Batch], Tensor]:
    """Predict every class with its frequency in the training texts."""
    import torch

    labels = _labels(train)
    logits = (torch.bincount(labels, minlength=classes) / len(labels)).log()
    return lambda batch: logits.expand(len(batch.targets), classes)


def _bag_of_words(train: Split, words: int) -> Callable[[Batch], Tensor]:
    """Predict by logistic regression (L2, C = 1) on the presence of words, ignoring order and number."""
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
