#!/usr/bin/env bash
# torch 2.13.0 on a CPU: under bfloat16 autocast nn.RNN, nn.LSTM and nn.GRU behave in three different ways.
#
# All three round what they multiply to bfloat16. nn.RNN answers in bfloat16; nn.GRU answers in float32, since its gates
# are added to a float32 state, so that the type of an answer does not tell in which arithmetic a layer ran. nn.LSTM
# goes to oneDNN, which has no bfloat16 LSTM below AVX-512: there the forward pass is a RuntimeError about a primitive
# descriptor. With oneDNN switched off, or after .bfloat16(), the same layer runs on the same processor.
# ONEDNN_MAX_CPU_ISA=AVX2 makes any x86 processor behave as one without AVX-512.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy
ONEDNN_MAX_CPU_ISA=AVX2 "$work/venv/bin/python" -W ignore - <<'PY'
import torch

torch.manual_seed(0)
inputs = torch.randn(2, 5, 8)


def answer(layer: torch.nn.Module) -> str:
    with torch.no_grad():
        exact = layer(inputs)[0]
        try:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                rounded = layer(inputs)[0]
        except RuntimeError as error:
            return f"RuntimeError: {str(error)[:72]}"
    moved = float((rounded.float() - exact).abs().max())
    return f"{rounded.dtype}, {'rounded' if 1e-4 < moved < 1e-1 else f'moved by {moved}'}"


seen = {}
for name in ("RNN", "LSTM", "GRU"):
    layer = getattr(torch.nn, name)(8, 16, batch_first=True)
    seen[name] = answer(layer)
    if name == "LSTM":
        torch.backends.mkldnn.enabled = False
        seen["LSTM, oneDNN off"] = answer(layer)
        torch.backends.mkldnn.enabled = True
    seen[f"{name}.bfloat16()"] = str(layer.bfloat16()(inputs.bfloat16())[0].dtype)
for name, value in seen.items():
    print(f"{name}: {value}")
assert seen["RNN"] == "torch.bfloat16, rounded"
assert seen["GRU"] == seen["LSTM, oneDNN off"] == "torch.float32, rounded"
assert seen["LSTM"].startswith("RuntimeError: could not create a primitive descriptor for the LSTM")
assert all(seen[f"{name}.bfloat16()"] == "torch.bfloat16" for name in ("RNN", "LSTM", "GRU"))
PY
