#!/usr/bin/env bash
# utilsforecast 0.2.17: an infinite forecast has a perfect sMAPE, and forecasts that are missing are left out of the mean.
#
# smape sets 0/0 to 0, as its definition asks, by filling whatever is not a number; inf/inf is filled as well, so the one
# forecast that is infinitely wrong counts as exact: 0.0, with the other three exact. mae of the same forecasts is inf.
# Where two of four forecasts are missing (NaN), mae is the mean over the two that are there: a model that answers only
# where it is easy looks better than one that answers everywhere.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check utilsforecast==0.2.17 pandas==3.0.0
"$work/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pandas as pd
from utilsforecast.losses import mae, smape


def scores(forecasts: list[float]) -> tuple[float, float]:
    table = pd.DataFrame({"unique_id": "a", "ds": range(4), "y": [1.0, 2.0, 3.0, 4.0], "model": forecasts})
    return float(mae(table, models=["model"])["model"].iloc[0]), float(smape(table, models=["model"])["model"].iloc[0])


infinite = scores([1.0, np.inf, 3.0, 4.0])
missing = scores([1.0, np.nan, np.nan, 5.0])
print(f"one of four infinite, the others exact: mae {infinite[0]}, smape {infinite[1]}")
print(f"two of four missing, one exact, one wrong by 1: mae {missing[0]}")
assert infinite == (np.inf, 0.0)
assert missing[0] == 0.5
PY
