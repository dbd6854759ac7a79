#!/usr/bin/env bash
# torchmetrics 1.9.0 with torch 2.13.0: rank correlations of predictions that are all NaN are numbers, one of them perfect.
#
# What a network that diverged answers is NaN everywhere. Mean squared error, R2, Pearson's correlation and sMAPE
# are NaN then. SpearmanCorrCoef is 1 to six digits, the best value there is, where the targets rise: ranks come from sorting,
# and NaNs are sorted in the order in which they stand. KendallRankCorrCoef is 0.0, a plausible value; MulticlassAccuracy is
# that of always answering class 0. A harness has to look at the outputs before it asks a metric.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 torchmetrics==1.9.0 scipy
"$work/venv/bin/python" -W ignore - <<'PY'
import torch
from torchmetrics import classification, regression

unknown = torch.full((4,), float("nan"))
targets = torch.tensor([1.0, 2.0, 3.0, 4.0])
seen = {}
for name in ("MeanSquaredError", "R2Score", "PearsonCorrCoef", "SymmetricMeanAbsolutePercentageError",
             "SpearmanCorrCoef", "KendallRankCorrCoef"):
    metric = getattr(regression, name)()
    metric.update(unknown, targets)
    seen[name] = float(metric.compute())
accuracy = classification.MulticlassAccuracy(num_classes=3, average="micro")
accuracy.update(torch.full((4, 3), float("nan")), torch.tensor([0, 0, 1, 2]))
seen["MulticlassAccuracy"] = float(accuracy.compute())
for name, value in seen.items():
    print(f"{name}: {value}")
for name in ("MeanSquaredError", "R2Score", "PearsonCorrCoef", "SymmetricMeanAbsolutePercentageError"):
    assert seen[name] != seen[name], f"{name} is no longer NaN"
assert seen["SpearmanCorrCoef"] > 0.9999
assert seen["KendallRankCorrCoef"] == 0.0
assert seen["MulticlassAccuracy"] == 0.5
PY
