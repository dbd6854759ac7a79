#!/usr/bin/env bash
# torch 2.13.0: an initialisation that is written to conv.weight.data after torch.nn.utils.weight_norm has no effect.
#
# The reference code of temporal convolutional networks (Bai et al. 2018) wraps its convolutions in weight_norm and then
# draws weight.data from N(0, 0.01), as the paper says. weight is no parameter any more: it is made anew from g and v before
# each forward pass, and these keep torch's own initialisation. So the network that trains starts with weights about four
# times as large as asked for, and the value that was set can be read until the first forward pass. The newer
# torch.nn.utils.parametrizations.weight_norm does not have the trap: setting weight.data there has no effect at once.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy
"$work/venv/bin/python" -W ignore - <<'PY'
import torch
from torch import nn

torch.manual_seed(0)
inputs = torch.randn(2, 25, 40)


def spreads(wrap) -> list[float]:
    convolution = wrap(nn.Conv1d(25, 25, kernel_size=7))
    convolution.weight.data.normal_(0, 0.01)
    read = float(convolution.weight.std())
    convolution(inputs)
    return [round(read, 4), round(float(convolution.weight.std()), 4)]


old, new = spreads(nn.utils.weight_norm), spreads(nn.utils.parametrizations.weight_norm)
print(f"torch.nn.utils.weight_norm: std {old[0]} as set, {old[1]} after a forward pass")
print(f"torch.nn.utils.parametrizations.weight_norm: std {new[0]} as set, {new[1]} after a forward pass")
assert abs(old[0] - 0.01) < 5e-4
assert old[1] > 0.03
assert new[0] == new[1] > 0.03
PY
