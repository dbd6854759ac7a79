#!/usr/bin/env bash
# cogscale 0.2.0: an argument of build_task stays for all later calls, so a benchmark's task depends on what ran before.
#
# build_task(name, difficulty) makes a task by presets, and further arguments are said to be passed on for this task.
# They are written into the presets themselves. Who once makes a longer adding problem gets the longer one from then on,
# in the same process, under the preset's name: later calls without arguments no longer make the task that the
# published scores are of. A program that uses the package should give every argument in every call, or restore
# cogscale.evals after each.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cogscale==0.2.0
"$work/venv/bin/python" - <<'PY'
import cogscale


def steps(**arguments: int) -> int:
    return cogscale.build_task("adding_problem", difficulty="small", seed=0, **arguments)["X_train"].shape[1]


first = steps()
longer = steps(sequence_length=20)
again = steps()
print(f"steps by the preset: {first}; asked for 20: {longer}; by the preset again: {again}")
# The task has two steps more than asked for.
assert (first, longer, again) == (12, 22, 22)
PY
