#!/usr/bin/env bash
# torch 2.13.0: a recurrent layer with a parametrised weight can be deep-copied until its first training step, not after it.
#
# nn.RNN, nn.LSTM and nn.GRU keep the weights they last ran with. Where one of them is parametrised (orthogonal,
# spectral_norm, weight_norm) that is the result of a computation, no leaf of the graph, and copy.deepcopy raises. After
# a forward pass without gradients the layer can be copied again; nn.Linear can always be. So whoever copies a
# network to keep its best weights, or to measure it beside the training, fails for an orthogonal RNN only
# once it trains. A layer built anew that loads the state dict is the way round.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy
"$work/venv/bin/python" -W ignore - <<'PY'
import copy

import torch
from torch.nn.utils import parametrizations


def attempt(layer: torch.nn.Module) -> str:
    try:
        copy.deepcopy(layer)
        return "copied"
    except RuntimeError as error:
        return f"RuntimeError: {str(error)[:61]}"


refused = "RuntimeError: Only Tensors created explicitly by the user (graph leaves) su"
for wrap in (parametrizations.orthogonal, parametrizations.spectral_norm, parametrizations.weight_norm):
    for kind in (torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU):
        layer = kind(4, 8, batch_first=True)
        wrap(layer, "weight_hh_l0")
        seen = [attempt(layer)]
        layer(torch.randn(2, 5, 4))[0].sum().backward()
        seen.append(attempt(layer))
        with torch.no_grad():
            layer(torch.randn(2, 5, 4))
        seen.append(attempt(layer))
        print(wrap.__name__, kind.__name__, seen)
        assert seen == ["copied", refused, "copied"], seen
linear = torch.nn.Linear(8, 8)
parametrizations.orthogonal(linear)
linear(torch.randn(2, 8)).sum().backward()
print("orthogonal Linear after a step:", attempt(linear))
assert attempt(linear) == "copied"
PY
