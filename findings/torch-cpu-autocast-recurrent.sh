#!/usr/bin/env bash
# torch 2.13.0 on a CPU: under bfloat16 autocast nn.RNN, nn.LSTM and nn.GRU behave in three different ways.
#
# nn.RNN answers in bfloat16. nn.GRU answers in float32: autocast has no effect on it and nothing says so, so that a
# comparison "in bfloat16" compares two precisions. nn.LSTM goes to oneDNN, which has no bfloat16 LSTM below AVX-512:
# there the forward pass is a RuntimeError about a primitive descriptor, while the same layer after .bfloat16() works.
# ONEDNN_MAX_CPU_ISA=AVX2 makes any x86 processor behave as one without AVX-512.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy
ONEDNN_MAX_CPU_ISA=AVX2 "$work/venv/bin/python" -W ignore - <<'PY'
import torch


def answer(layer: torch.nn.Module, inputs: torch.Tensor) -> str:
    try:
        return str(layer(inputs)[0].dtype)
    except RuntimeError as error:
        return f"RuntimeError: {str(error)[:85]}"


seen = {}
for name in ("RNN", "LSTM", "GRU"):
    layer = getattr(torch.nn, name)(8, 16, batch_first=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen[name] = answer(layer, torch.randn(2, 5, 8))
    seen[f"{name}.bfloat16()"] = answer(layer.bfloat16(), torch.randn(2, 5, 8, dtype=torch.bfloat16))
for name, value in seen.items():
    print(f"{name}: {value}")
assert seen["RNN"] == "torch.bfloat16"
assert seen["GRU"] == "torch.float32"
assert seen["LSTM"].startswith("RuntimeError: could not create a primitive descriptor for the LSTM")
assert all(seen[f"{name}.bfloat16()"] == "torch.bfloat16" for name in ("RNN", "LSTM", "GRU"))
PY
