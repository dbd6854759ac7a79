#!/usr/bin/env bash
# mambapy 1.2.0: a block that was moved to float64 computes its decay and its skip in float32.
#
# MambaBlock.forward makes A and D with .float(), whatever the type of the block. The block takes float64 inputs and answers
# in float64, so that nothing tells: but its outputs are those of weights rounded to 24 bits. Whoever checks gradients in
# float64, or compares with another implementation, sees differences of about 1e-9 that no seed explains.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy mambapy==1.2.0
"$work/venv/bin/python" -W ignore - <<'PY'
import torch
from mambapy.mamba import MambaBlock, MambaConfig

torch.manual_seed(0)
block = MambaBlock(MambaConfig(d_model=8, n_layers=1)).double()
with torch.no_grad():
    block.A_log.mul_(1 + 1e-3 * torch.randn_like(block.A_log))
    block.D.mul_(1 + 1e-3 * torch.randn_like(block.D))
    inputs = torch.randn(2, 30, 8, dtype=torch.float64)
    outputs = block(inputs)
    # The same weights, rounded to float32 and kept in float64: outputs that used all bits would move.
    exact = block.D.clone()
    block.D.copy_(exact.float().double())
    rounded = block(inputs)
moved = float((block.D - exact).abs().max())
print(f"outputs are {outputs.dtype}; D moved by up to {moved:.1e}, outputs by {float((rounded - outputs).abs().max())}")
assert outputs.dtype == torch.float64
assert moved > 1e-9
assert torch.equal(rounded, outputs)
PY
