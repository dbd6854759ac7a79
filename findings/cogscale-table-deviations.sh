#!/usr/bin/env bash
# cogscale 0.2.0: 36 of the 504 deviations in the published table of networks are not those of the printed means.
#
# The source distribution has the table (mean_std.md) and the 25,760 single scores that it is made of (results.csv): seven
# models, five learning rates for each network, ten seeds; four scores of Mamba are empty. Each printed mean is that of the
# learning rate with the best mean test score. The deviation beside it is mostly that of the same ten scores. In 36
# fields it is that of the scores at another learning rate, 18 of them in the columns of GRU and LSTM; where two rates
# have the same mean, either counts. Whoever needs the spread of a printed mean, as for a tolerance or a test of a
# difference, should compute it from results.csv.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary cogscale \
  --dest "$work" cogscale==0.2.0
tar -xzf "$work/cogscale-0.2.0.tar.gz" -C "$work"
"$work/venv/bin/python" - "$work/cogscale-0.2.0/baseline/results" <<'PY'
import csv
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean, stdev

folder = Path(sys.argv[1])
SIZES = {"1k": "1000", "10k": "10000", "100k": "100000"}
DIFFICULTIES = {"SM": "small", "MD": "medium"}
HALF_A_DIGIT = 0.00501

scores = defaultdict(lambda: defaultdict(list))
with (folder / "results.csv").open(newline="") as file:
    for row in csv.DictReader(file):
        place = row["Task"], row["Difficulty"], row["Target_Params"], row["Model"]
        if row["Test_Score"]:
            scores[place][row["LR"]].append(float(row["Test_Score"]))

lines = (folder / "mean_std.md").read_text().splitlines()
head, *rows = ([field.strip(" *") for field in line.strip("|").split("|")] for line in (lines[0], *lines[2:]))
found = Counter()
for name, *fields in rows:
    named = re.fullmatch(r"(\w+) - (\w+) - (\w+)", name)
    for model, field in zip(head[1:], fields, strict=True):
        if named is None or "±" not in field or model == "ESN":
            continue
        printed_mean, printed_deviation = (float(part.strip(" *")) for part in field.split("±"))
        by_rate = scores[named[1], DIFFICULTIES[named[2]], SIZES[named[3]], model].values()
        least = min(map(mean, by_rate))
        best = [rate for rate in by_rate if mean(rate) - least <= 1e-12]

        def fits(rate):
            return abs(stdev(rate) - printed_deviation) <= HALF_A_DIGIT

        found["fields"] += 1
        found["means of the best rate"] += abs(least - printed_mean) <= HALF_A_DIGIT
        if not any(map(fits, best)):
            found["deviations of another rate"] += any(map(fits, by_rate))
            found["of GRU and LSTM"] += model in ("GRU", "LSTM")
print(dict(found))
assert found == {
    "fields": 504,
    "means of the best rate": 504,
    "deviations of another rate": 36,
    "of GRU and LSTM": 18,
}, found
PY
