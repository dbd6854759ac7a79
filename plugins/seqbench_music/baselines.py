"""Predicts notes by the frequency of each key, and by a logistic regression on the step before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from seqbench import Baseline, Split, StepLabels, evaluate
from seqbench_music.rolls import Rolls
from seqbench_music.scores import metrics, step_losses

if TYPE_CHECKING:
    from seqbench_music.scores import Answer

MOST_STEPS = 15_000
"""Steps that the regression is fitted to, at most: evenly spread ones."""
MOST_PASSES = 60
"""Passes over them, at most."""


def fitted(train: Rolls) -> dict[str, Tensor]:
    """Fit both to the training pieces.

    Returns:
        ``frequency``: [keys], logits of the share of steps at which each key is down, of n + 1/2 in N + 1 steps,
        so that no note is impossible. ``weights`` [keys, keys before] and ``bias`` [keys]: the regression's.
    """
    after = train.predicted().double()
    frequency = ((after.sum(0) + 0.5) / (len(after) + 1)).logit()
    weights, bias = torch.zeros(len(frequency), len(frequency), dtype=torch.float64), frequency.clone()
    chosen = torch.linspace(0, len(after) - 1, min(len(after), MOST_STEPS)).round().long()
    before, after = train.before()[chosen].double(), after[chosen]
    # A key that is always up or down there keeps its frequency, and one that is always up tells nothing.
    is_fitted, tells = (after.mean(0) > 0) & (after.mean(0) < 1), before.any(0)
    if bool(is_fitted.any()):
        found, bias[is_fitted] = regression(before[:, tells], after[:, is_fitted])
        weights[is_fitted.nonzero(), tells.nonzero().T] = found
    return {"frequency": frequency, "weights": weights, "bias": bias}


def regression(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """Fit p(note) = s(W x + b) for each note; return W [notes, inputs] and b [notes].

    Minimises the negative log likelihood plus |W|^2 / 2, as scikit-learn's LogisticRegression does by default.
    """
    weights = torch.zeros(after.shape[1], before.shape[1], dtype=torch.float64, requires_grad=True)
    bias = ((after.mean(0)).logit()).requires_grad_()
    search = torch.optim.LBFGS([weights, bias], max_iter=MOST_PASSES, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        # In units of a step, so that the tolerances of the search fit.
        found = (step_losses(before @ weights.T + bias, after).sum() + weights.square().sum() / 2) / len(after)
        found.backward()  # type: ignore[no-untyped-call]
        return found

    with torch.enable_grad():
        search.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach(), bias.detach()


def baselines(found: Mapping[str, Tensor], test: Split, kind: StepLabels) -> Iterator[Baseline]:
    """Score both on the test pieces.

    Args:
        found: by `fitted`.
        test: the test split.
        kind: of its targets.
    """
    answers: dict[str, Answer] = {
        "frequency of each key": lambda batch: found["frequency"].expand(batch.targets.shape),
        "logistic regression on the step before": lambda batch: (
            batch.inputs.double() @ found["weights"].T + found["bias"]
        ),
    }
    for name, answer in answers.items():
        yield Baseline(name, evaluate(metrics(kind), test, answer, batch_size=16, targets=kind))
